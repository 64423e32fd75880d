"""Pictures of images: grids, rows to compare, signed values, the way through the bottleneck."""

import textwrap

import numpy as np
from matplotlib.ticker import MaxNLocator

from aehelpers._check import dictionary, integer
from aehelpers.plots.figure import SHARPNESS, WIDTH, Figure, count, wrap
from aehelpers.plots.palette import INK, PALETTE, SIGNED_MAP

GAP = 2  # pixels between two images


def tile(images, columns=10, fill=1.0):
    """Lays images out in rows as one array, which is drawn much faster than many small plots.

    Args:
        images: Images, `(n, height, width)`, `(n, height, width, 1)` or `(n, 784)`.
        columns: Images in a row.
        fill: Value of the gaps and of what the last row lacks; 1 is white.

    Returns:
        Array of shape `(rows * (height + 2) - 2, columns * (width + 2) - 2)`: two pixels lie
            between two images.

    Raises:
        ValueError: If `images` are no images or `columns` is not positive.

    Example:
    >>> tile(np.zeros((20, 28, 28, 1)), columns=10).shape
    (58, 298)
    """
    images, columns = as_images(images), integer("columns", columns)
    n, height, width = images.shape
    rows = -(-n // columns)
    cells = np.full((rows * columns, height + GAP, width + GAP), fill)
    cells[:n, :height, :width] = images
    grid = cells.reshape(rows, columns, height + GAP, width + GAP).swapaxes(1, 2)
    grid = grid.reshape(rows * (height + GAP), columns * (width + GAP))
    return grid[: grid.shape[0] - GAP, : grid.shape[1] - GAP]


def digits(images, labels=None, columns=10, title=None, alt=None):
    """Draws a grid of grey-scale images, black 0 and white 1.

    Args:
        images: Images in [0, 1], `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`. What lies a
            little outside, as in PCA's reconstructions, is drawn black or white.
        labels: What to write above each image: `n` numbers or short texts.
        columns: Images in a row.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If `images` are no images, or `labels` are not one for each image.

    Example:
    >>> digits(np.zeros((10, 28, 28, 1)), labels=range(10)).alt
    'Grid of 10 grey-scale images in 1 row and 10 columns. Labels: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.'
    """
    images = _grey(images, "images")
    n, height, width = images.shape
    columns = min(integer("columns", columns), n)
    strip = 0
    if labels is not None:
        if not hasattr(labels, "__iter__"):
            raise ValueError(f"labels must be one for each image. Received: labels={labels!r}")
        labels = [str(label) for label in labels]
        if len(labels) != n:
            raise ValueError(
                f"labels must be one for each of the {n} images. Received: {len(labels)} labels"
            )
        strip = -(-18 * SHARPNESS // _scale(columns * (width + GAP)))
        images = np.pad(images, ((0, 0), (strip, 0), (0, 0)), constant_values=1)
    if alt is None:
        rows = -(-n // columns)
        alt = f"Grid of {count(n, 'grey-scale image')} in {count(rows, 'row')} and "
        alt += f"{count(columns, 'column')}"
        if labels is not None:
            alt += f". Labels: {', '.join(labels)}" if n <= 20 else ", each with its label"
        alt += "."
    figure, ax = _picture(tile(images, columns), title=title, alt=alt)
    for i, label in enumerate(labels or ()):
        row, column = divmod(i, columns)
        x, y = column * (width + GAP) + width / 2, row * (height + strip + GAP) + 0.8 * strip
        ax.text(x - 0.5, y - 0.5, label, ha="center", va="baseline", color=INK)
    return figure


def comparison(rows, notes=None, title=None, alt=None):
    """Draws originals over their reconstructions, one row of images for each method.

    Args:
        rows: Dictionary from the name of a row to its images in [0, 1], `(n, 28, 28, 1)`,
            `(n, 28, 28)` or `(n, 784)`, at most 16 of them and as many in every row.
        notes: Dictionary from the name of a row to what stands at its right, such as "9.1 nats".
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If there is no row, a row holds no images or more or fewer than the first one,
            or a note belongs to no row.

    Example:
    >>> x = np.zeros((10, 28, 28, 1))
    >>> comparison({"original": x, "PCA": x + 0.5}, notes={"PCA": "196 squared error"}).alt
    '10 images in 2 rows, from top to bottom: original; PCA (196 squared error).'
    """
    rows = dictionary("rows", rows, "from names to images")
    notes = dictionary("notes", {} if notes is None else notes, "from names of rows to texts")
    rows = {str(name): images for name, images in rows.items()}
    notes = {str(name): str(note) for name, note in notes.items()}
    if not rows:
        raise ValueError("rows must hold at least one row of images. Received: rows={}")
    if unknown := set(notes) - set(rows):
        raise ValueError(f"notes must belong to rows {list(rows)}. Received: {sorted(unknown)}")
    images = {name: _grey(x, f"rows[{name!r}]") for name, x in rows.items()}
    shapes = {name: x.shape for name, x in images.items()}
    n, height, _ = next(iter(shapes.values()))
    if len(set(shapes.values())) > 1 or n > 16:
        raise ValueError(
            "Every row must hold the same number of images, at most 16, of the same size. "
            f"Received shapes: {shapes}"
        )
    grid = tile(np.concatenate(list(images.values())), columns=n)
    if alt is None:
        names = (f"{name} ({notes[name]})" if name in notes else name for name in rows)
        alt = f"{count(n, 'image')} in {count(len(rows), 'row')}, from top to bottom: "
        alt += f"{'; '.join(names)}."
    centres = np.arange(len(rows)) * (height + GAP) + height / 2 - 0.5
    left = [(y, wrap(name, 20)) for y, name in zip(centres, rows)]
    right = [(y, wrap(notes[name], 14)) for y, name in zip(centres, rows) if name in notes]
    return _picture(grid, left, right, title, alt)[0]


def bottleneck(x, z, x_hat, title=None, alt=None):
    """Draws one image's way through an autoencoder: the image, its code, its reconstruction.

    Args:
        x: The image, in [0, 1], `(28, 28, 1)`, `(28, 28)` or `(784,)`.
        z: Its code, `(latent_dim,)`.
        x_hat: Its reconstruction, of the shape of `x`.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If `x` and `x_hat` are not one image each, or `z` is not one code.

    Example:
    >>> bottleneck(np.zeros((28, 28)), np.ones(32), np.zeros((28, 28))).alt
    'From left to right: an image, its code of 32 numbers as bars, and its reconstruction.'
    """
    z = np.asarray(z, dtype="float64")
    if z.ndim != 1 or not z.size or not np.isfinite(z).all():
        raise ValueError(f"z must be one code, (latent_dim,), finite. Received shape: {z.shape}")
    pair = _grey(np.stack([x, x_hat]), "x and x_hat")
    alt = alt or (
        f"From left to right: an image, its code of {count(z.size, 'number')} as bars, and its "
        "reconstruction."
    )
    figure = Figure(WIDTH, 250 + 25 * bool(title), alt)
    axes = figure.subplots(1, 5, width_ratios=[3, 1, 4, 1, 3])
    names = (f"image: {pair[0].size} numbers", "reconstruction")
    for ax, image, name in zip(axes[[0, 4]], pair, names, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        ax.set_title(name, size=10, color=INK)
        ax.set_axis_off()
    for ax, name in zip(axes[[1, 3]], ("encoder", "decoder"), strict=True):
        ax.set_axis_off()
        ax.annotate(
            "", (1, 0.5), (0, 0.5), arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.5}
        )
        ax.text(0.5, 0.56, name, ha="center", color=INK)
    middle = axes[2]
    middle.bar(np.arange(1, z.size + 1), z, color=PALETTE[0])
    middle.axhline(0, color="#999999", linewidth=0.8)
    middle.spines[:].set_visible(False)
    middle.tick_params(color="#999999", labelcolor=INK)
    middle.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    middle.set_title(f"code: {count(z.size, 'number')}", size=10, color=INK)
    middle.set_xlabel("latent unit", color=INK)
    if title:
        figure.suptitle(title, x=0.01, ha="left", size=11, weight="bold", color=INK)
    return figure


def components(images, columns=10, title=None, label="weight", alt=None):
    """Draws images of signed values, such as PCA's components or a layer's weights.

    The colours diverge from white at 0: red above, blue below, equally far on both sides, and on
    one scale for all the images.

    Args:
        images: Images, `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`, of any finite values.
        columns: Images in a row.
        title: Title of the figure.
        label: What the values are, with their unit; stands beside the colour bar.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If `images` are no images.

    Example:
    >>> components(np.linspace(-1, 1, 784)[None], columns=5).alt
    '1 image of signed values (weight) between -1 and 1: red above 0, blue below.'
    """
    images = as_images(images)
    limit = np.abs(images).max() or 1
    columns = min(integer("columns", columns), len(images))
    if alt is None:
        alt = f"{count(len(images), 'image')} of signed values ({label}) between "
        alt += f"{images.min():.2g} and {images.max():.2g}: red above 0, blue below."
    # Without a frame the images, white where they are 0, would run into each other.
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)), constant_values=2 * limit)
    grid = tile(framed, columns, fill=0.0)
    return _picture(grid, title=title, alt=alt, signed=(limit, label))[0]


def as_images(x, name="images"):
    """Returns images as a finite array `(n, height, width)`; `uint8` is scaled to [0, 1]."""
    x = np.asarray(x)
    shape = x.shape
    if shape in ((28, 28, 1), (28, 28), (784,)) or (len(shape) == 3 and shape[2] == 1):
        raise ValueError(
            f"{name} must be images with a batch axis, also a single one: image[None]. "
            f"Received shape: {shape}"
        )
    if x.ndim == 2 and shape[1] == 784:
        x = x.reshape(-1, 28, 28)
    elif x.ndim == 4 and shape[3] == 1:
        x = x[..., 0]
    if x.ndim != 3 or not x.size:
        raise ValueError(
            f"{name} must be at least one image of shape (n, 28, 28, 1), (n, 28, 28) or (n, 784). "
            f"Received shape: {shape}"
        )
    x = x / 255 if x.dtype == np.uint8 else x.astype("float64")
    if not np.isfinite(x).all():
        raise ValueError(f"{name} must be finite. Received: {np.sum(~np.isfinite(x))} NaN or inf")
    return x


def _grey(x, name):
    """Returns images to be drawn from black 0 to white 1, which what is far off would not show."""
    x = as_images(x, name)
    if x.min() < -1 or x.max() > 2:
        raise ValueError(
            f"{name} must lie in [0, 1], or near it. Received: values from {x.min():g} to "
            f"{x.max():g}. Divide by 255, or use np.clip(images, 0, 1)"
        )
    return x


def _scale(columns, margins=0):
    """Returns how many of the PNG's pixels a pixel of an image takes, 5 at most."""
    return int(np.clip((SHARPNESS * WIDTH - margins) // columns, 1, 5))


def _picture(grid, left=(), right=(), title=None, alt="", signed=None):
    """Draws a tiled array so that each of its pixels covers a whole number of the PNG's pixels.

    The texts of `left` and `right`, pairs of a row of pixels and a text, stand beside it. `signed`
    is the largest value and the label of a colour bar. All lengths are in pixels of the PNG.
    """
    figure = Figure(alt=alt)
    figure.set_layout_engine("none")
    renderer = figure.canvas.get_renderer()
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    if signed:
        cmap = SIGNED_MAP.with_extremes(over="#cccccc")
        norm = {"vmin": -signed[0], "vmax": signed[0], "cmap": cmap}
    else:
        norm = {"vmin": 0, "vmax": 1, "cmap": "gray"}
    picture = ax.imshow(grid, interpolation="nearest", aspect="auto", **norm)
    pad, margins = 4 * SHARPNESS, []
    for side, x, align in [(left, 0, "right"), (right, 1, "left")]:
        place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        style = {"ha": align, "va": "center", "color": INK}
        texts = [ax.annotate(text, (x, y), (12 * x - 6, 0), **place, **style) for y, text in side]
        widths = [text.get_window_extent(renderer).width for text in texts]
        margins.append(pad + (np.ceil(max(widths)) + 10 * SHARPNESS if widths else 0))
    if signed:
        margins[1] += 96 * SHARPNESS
    height, width = grid.shape
    scale = _scale(width, sum(margins))
    width, height = width * scale, height * scale
    foot = pad
    if signed:  # the colour bar's label may be longer than a single row of images is high
        label = figure.text(0, 0, signed[1])
        foot += max(0, np.ceil((label.get_window_extent(renderer).width - height) / 2))
        label.remove()
    total, header = np.ceil(width + sum(margins)), foot
    if title:
        title = textwrap.fill(title, max(24, int(total / SHARPNESS / 8.5)))
        title = figure.text(0, 0, title, va="bottom", size=11, weight="bold", color=INK)
        box = title.get_window_extent(renderer)
        total = max(total, np.ceil(box.width) + 2 * pad)
        top = height + 2 * foot
        header += np.ceil(box.height) + 2 * pad
        title.set_position((pad / total, top / (height + foot + header)))
    size = np.array([total, height + foot + header])
    figure.set_size_inches(size / figure.dpi)
    ax.set_position((margins[0] / total, foot / size[1], width / total, height / size[1]))
    if signed:
        corner = np.array([margins[0] + width + 10 * SHARPNESS, foot + 0.05 * height])
        sides = np.array([10 * SHARPNESS, 0.9 * height])
        cax = figure.add_axes((*(corner / size), *(sides / size)))
        bar = figure.colorbar(picture, cax=cax, ticks=MaxNLocator(4))
        bar.outline.set_visible(False)
        bar.ax.tick_params(color="#999999", labelcolor=INK)
        bar.set_label(signed[1], color=INK)
    return figure, ax
