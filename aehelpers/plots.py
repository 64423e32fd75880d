"""Figures for the course: arrays in, a Matplotlib figure out.

Every function builds a `Figure` of its own and returns it, so that a cell that ends in a call shows
the picture. Nothing here touches pyplot or Matplotlib's settings: figures can be drawn in widget
callbacks, which run in other threads, and appear exactly once.
"""

import base64
import io
import itertools
import sys
import textwrap

import matplotlib.figure
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator
from PIL import Image

# Petroff, "Accessible color sequences for data visualization", arXiv:2107.02270 (2021), in an order
# of our own: the colours that are dark enough for a line on white come first.
PALETTE = (
    "#3f90da",
    "#bd1f01",
    "#832db6",
    "#e76300",
    "#717581",
    "#a96b59",
    "#94a4a2",
    "#ffa90e",
    "#b9ac70",
    "#92dadd",
)
INK = "#333333"
WIDTH = 800  # of a notebook's column, in CSS pixels
INCH = 100  # CSS pixels
SHARPNESS = 2  # pixels of the PNG to a CSS pixel, which is what most screens show


class Figure(matplotlib.figure.Figure):
    """A Matplotlib figure that shows itself in notebooks, with a description in words.

    The description is stored as the picture's plain-text form, and as `alt` in its metadata. That
    is where nbconvert's classic template takes the `alt` of its images from; JupyterLab 4.6 and the
    template named after it don't read it yet.

    Args:
        width: Width on the screen, in CSS pixels (a notebook's column has about 800).
        height: Height on the screen, in CSS pixels.
        alt: What the picture shows, for those who can't see it.

    Example:
    >>> figure = Figure(400, 300, alt="A straight line.")
    >>> _ = figure.subplots().plot([0, 1])
    >>> data, metadata = figure._repr_mimebundle_()
    >>> print(data["text/plain"], metadata["image/png"])
    A straight line. {'alt': 'A straight line.', 'width': 400, 'height': 300}
    """

    def __init__(self, width=WIDTH, height=WIDTH // 2, alt=""):
        super().__init__(
            figsize=(width / INCH, height / INCH),
            dpi=SHARPNESS * INCH,
            facecolor="white",  # stays readable in a dark theme
            layout="constrained",
        )
        FigureCanvasAgg(self)
        self.alt = alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        self.canvas.draw()
        pixels = np.asarray(self.canvas.buffer_rgba())[..., :3]
        # Grey, or 256 colours that keep areas of one colour exact: half the size of a notebook.
        if (pixels == pixels[..., :1]).all():
            image = Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
        else:
            image = Image.fromarray(np.ascontiguousarray(pixels)).quantize(
                method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
            )
        png = io.BytesIO()
        image.save(png, "png", optimize=True)
        width, height = (side // SHARPNESS for side in image.size)
        return (
            {"image/png": base64.b64encode(png.getvalue()).decode(), "text/plain": self.alt},
            {"image/png": {"alt": self.alt, "width": width, "height": height}},
        )


def _keep_from_pyplot():
    """Stops IPython from drawing our figures a second time, without size and description.

    As soon as a notebook imports pyplot, IPython gets a PNG printer for all Matplotlib figures that
    would replace the picture of `_repr_mimebundle_`. A printer that returns None leaves it.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.display_formatter.formatters["image/png"].for_type(Figure, lambda figure: None)


_keep_from_pyplot()


def tile(images, columns=10, gap=2, fill=1.0):
    """Lays images out in rows as one array, which is drawn much faster than many small plots.

    Args:
        images: Images, `(n, height, width)`, `(n, height, width, 1)` or `(n, 784)`.
        columns: Images in a row.
        gap: Pixels between two images.
        fill: Value of the gaps and of what the last row lacks; 1 is white.

    Returns:
        Array of shape `(rows * (height + gap) - gap, columns * (width + gap) - gap)`.

    Raises:
        ValueError: If `images` are no images or `columns` is not positive.

    Example:
    >>> tile(np.zeros((20, 28, 28, 1)), columns=10).shape
    (58, 298)
    """
    images = _images(images)
    if columns < 1:
        raise ValueError(f"columns must be a positive integer. Received: columns={columns}")
    n, height, width = images.shape
    rows = -(-n // columns)
    cells = np.full((rows * columns, height + gap, width + gap), fill)
    cells[:n, :height, :width] = images
    grid = cells.reshape(rows, columns, height + gap, width + gap).swapaxes(1, 2)
    grid = grid.reshape(rows * (height + gap), columns * (width + gap))
    return grid[: grid.shape[0] - gap, : grid.shape[1] - gap]


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
    columns = min(columns, n)
    strip = 0
    if labels is not None:
        labels = [str(label) for label in labels]
        if len(labels) != n:
            raise ValueError(
                f"labels must be one for each of the {n} images. Received: {len(labels)} labels"
            )
        strip = -(-18 * SHARPNESS // _scale(columns * (width + 2)))
        images = np.pad(images, ((0, 0), (strip, 0), (0, 0)), constant_values=1)
    if alt is None:
        rows = -(-n // columns)
        alt = f"Grid of {_count(n, 'grey-scale image')} in {_count(rows, 'row')} and "
        alt += f"{_count(columns, 'column')}"
        if labels is not None:
            alt += f". Labels: {', '.join(labels)}" if n <= 20 else ", each with its label"
        alt += "."
    figure, ax = _picture(tile(images, columns), title=title, alt=alt)
    for i, label in enumerate(labels or ()):
        row, column = divmod(i, columns)
        x, y = column * (width + 2) + width / 2, row * (height + strip + 2) + 0.8 * strip
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
    rows = {str(name): images for name, images in rows.items()}
    notes = {str(name): str(note) for name, note in (notes or {}).items()}
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
        alt = f"{_count(n, 'image')} in {_count(len(rows), 'row')}, from top to bottom: "
        alt += f"{'; '.join(names)}."
    centres = np.arange(len(rows)) * (height + 2) + height / 2 - 0.5
    left = [(y, _wrap(name, 20)) for y, name in zip(centres, rows)]
    right = [(y, _wrap(notes[name], 14)) for y, name in zip(centres, rows) if name in notes]
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
        f"From left to right: an image, its code of {_count(z.size, 'number')} as bars, and its "
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
    middle.set_title(f"code: {_count(z.size, 'number')}", size=10, color=INK)
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
    images = _images(images)
    limit = np.abs(images).max() or 1
    columns = min(columns, len(images))
    if alt is None:
        alt = f"{_count(len(images), 'image')} of signed values ({label}) between "
        alt += f"{images.min():.2g} and {images.max():.2g}: red above 0, blue below."
    # Without a frame the images, white where they are 0, would run into each other.
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)), constant_values=2 * limit)
    grid = tile(framed, columns, fill=0.0)
    return _picture(grid, title=title, alt=alt, signed=(limit, label))[0]


def curves(
    histories,
    ylabel="loss (nats per image)",
    metric="loss",
    references=None,
    title=None,
    alt=None,
):
    """Draws loss curves: training solid, validation dashed, each named at its end.

    Args:
        histories: What `model.fit` returned, or its `history` dictionary; or a dictionary from
            names to several of them.
        ylabel: Label of the vertical axis, with its unit.
        metric: Which of the recorded numbers to draw, together with its `val_` partner.
        references: Dictionary from names to values that are drawn as horizontal lines.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If there is nothing to draw.

    Example:
    >>> print(curves({"loss": [200.0, 120.0], "val_loss": [150.0, 110.0]}).alt)
    Line chart of loss (nats per image) against epoch. training: from 200 at 1 to 120 at 2. \
validation: from 150 at 1 to 110 at 2.
    """
    histories = getattr(histories, "history", histories)
    several = not any(np.ndim(values) for values in histories.values())
    if not several or not histories:
        histories = {"": histories}
    lines, labels = [], []
    for (name, history), colour in zip(histories.items(), itertools.cycle(PALETTE)):
        history = getattr(history, "history", history)
        if not len(history.get(metric, ())):
            raise ValueError(
                f"Each history must hold {metric!r} of at least one epoch. "
                f"Received numbers of epochs: { {k: len(v) for k, v in history.items()} }"
            )
        for key, kind, style in [(metric, "training", "-"), (f"val_{metric}", "validation", "--")]:
            if key in history:
                full = f"{name}, {kind}" if several else kind
                epochs = np.arange(1, len(history[key]) + 1)
                lines.append((full, epochs, history[key], colour, style))
        if several:
            labels.append((name, *lines[-1][1:4]))
    key = several and any(style == "--" for *_, style in lines)
    return _lines(lines, labels, "epoch", ylabel, references, title, alt, key=key)


def line(x, ys, xlabel, ylabel, logx=False, references=None, title=None, alt=None):
    """Draws one or more lines, each named at its end.

    Args:
        x: Positions, `(n,)`, such as latent sizes; or a dictionary from the names of lines to
            positions of their own.
        ys: Dictionary from the names of lines to their values, `(n,)`.
        xlabel: Label of the horizontal axis, with its unit.
        ylabel: Label of the vertical axis, with its unit.
        logx: Whether equal factors are equally far apart on the horizontal axis.
        references: Dictionary from names to values that are drawn as horizontal lines.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If there is nothing to draw, or a line has another length than `x`.

    Example:
    >>> line([2, 4, 8], {"PCA": [38, 28, 19]}, "latent units", "squared error").alt
    'Line chart of squared error against latent units. PCA: from 38 at 2 to 19 at 8.'
    """
    xs = x if isinstance(x, dict) else dict.fromkeys(ys, x)
    positions = {name: len(values) for name, values in xs.items()}
    lengths = {name: len(y) for name, y in ys.items()}
    if not ys or positions != lengths or 0 in lengths.values():
        raise ValueError(
            "ys must hold at least one line of as many values as x has positions, "
            f"{positions}. Received lengths: {lengths}"
        )
    lines = [
        (name, xs[name], y, c, "-") for (name, y), c in zip(ys.items(), itertools.cycle(PALETTE))
    ]
    points = None if isinstance(x, dict) else x
    return _lines(lines, (), xlabel, ylabel, references, title, alt, points=points, logx=logx)


def bars(values, ylabel, names=None, xlabel=None, references=None, title=None, alt=None):
    """Draws one bar for each value, in the given order: sort the values first if that helps.

    Args:
        values: Finite numbers, `(n,)`.
        ylabel: What the values are, with their unit.
        names: What stands below each bar, `n` short texts or numbers; 1 to `n` by default.
        xlabel: What the bars are.
        references: Dictionary from names to values that are drawn as horizontal lines.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If `values` are not finite numbers, or `names` are not one for each of them.

    Example:
    >>> print(bars([3.0, 0.5], "KL (nats)", names=["z7", "z1"], xlabel="latent unit").alt)
    Bar chart of KL (nats) by latent unit. z7: 3. z1: 0.5.
    """
    values = np.asarray(values, "float64")
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise ValueError(f"values must be finite, of shape (n,). Received shape: {values.shape}")
    names = range(1, len(values) + 1) if names is None else names
    names = [str(name) for name in names]
    if len(names) != len(values):
        raise ValueError(
            f"names must be one for each of the {len(values)} values. Received: {len(names)} names"
        )
    references = references or {}
    if alt is None:
        alt = f"Bar chart of {ylabel}" + (f" by {xlabel}. " if xlabel else ". ")
        if len(values) <= 30:
            alt += " ".join(f"{name}: {value:.3g}." for name, value in zip(names, values))
        else:
            alt += f"{len(values)} bars from {values.min():.3g} to {values.max():.3g}."
        for name, value in references.items():
            alt += f" Horizontal line: {name} at {value:.3g}."
    figure = Figure(WIDTH, 300, alt)
    ax = _axes(figure, xlabel or "", ylabel, title)
    ax.grid(visible=False, axis="x")
    ax.bar(range(len(values)), values, color=PALETTE[0], width=0.8)
    step = -(-len(values) // 40)
    ax.set_xticks(range(0, len(values), step), names[::step])
    ax.set_xlim(-0.8, len(values) - 0.2)
    for name, value in references.items():
        ax.axhline(value, color="#777777", linewidth=1, linestyle=":")
        style = {"ha": "right", "va": "bottom", "color": "#666666"}
        ax.annotate(f"{name} ({value:g})", (1, value), xycoords=("axes fraction", "data"), **style)
    return figure


def path(x, y, names, xlabel, ylabel, title=None, alt=None):
    """Draws points that belong to a sequence, such as one for each beta, joined and named.

    Args:
        x: Positions on the horizontal axis, `(n,)`.
        y: Positions on the vertical axis, `(n,)`.
        names: What stands beside each point, `n` short texts or numbers.
        xlabel: Label of the horizontal axis, with its unit.
        ylabel: Label of the vertical axis, with its unit.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If there is no point, or `x`, `y` and `names` have different lengths.

    Example:
    >>> print(path([25, 5], [80, 150], ["β = 1", "β = 8"], "rate (nats)", "distortion (nats)").alt)
    Points of distortion (nats) against rate (nats), joined. β = 1: (25, 80). β = 8: (5, 150).
    """
    x, y, names = np.asarray(x), np.asarray(y), [str(name) for name in names]
    if x.shape != (len(names),) or y.shape != x.shape or not names:
        raise ValueError(
            "x, y and names must have the same length, 1 or more. "
            f"Received: shapes {x.shape} and {y.shape}, {len(names)} names"
        )
    if alt is None:
        alt = f"Points of {ylabel} against {xlabel}, joined. "
        alt += " ".join(f"{name}: ({a:.3g}, {b:.3g})." for a, b, name in zip(x, y, names))
    figure = Figure(600, 420, alt)
    ax = _axes(figure, xlabel, ylabel, title)
    ax.margins(x=0.12, y=0.08)
    ax.plot(x, y, "-o", color=PALETTE[0], linewidth=2, markersize=6)
    for a, b, name in zip(x, y, names):
        ax.annotate(name, (a, b), (7, 4), textcoords="offset points", color=INK)
    return figure


def gaussians(panels, names=None, title=None, alt=None):
    """Draws Gaussian densities over a latent unit, panel beside panel, each with N(0, 1) in grey.

    Args:
        panels: Dictionary from the name of a panel to its means and its standard deviations, two
            sequences of the same length, one Gaussian for each entry.
        names: What the Gaussians are, as many as the first panel has.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`. The vertical axis ends at a density of 2: sharper peaks are cut off.

    Raises:
        ValueError: If there is no panel, or means and deviations don't belong together.

    Example:
    >>> print(gaussians({"far": ([-1, 1], [0.1, 0.1])}).alt)
    Densities of Gaussians over one latent unit, beside N(0, 1). \
far: mean -1, deviation 0.1; mean 1, deviation 0.1.
    """
    panels = {str(name): np.array(pair, "float64") for name, pair in panels.items()}
    if not panels or any(
        p.ndim != 2 or len(p) != 2 or not (p[1] > 0).all() for p in panels.values()
    ):
        raise ValueError(
            "panels must hold at least one pair of means and positive deviations of the same "
            f"length. Received: {panels}"
        )
    if alt is None:
        alt = "Densities of Gaussians over one latent unit, beside N(0, 1)."
        for name, (means, deviations) in panels.items():
            each = (f"mean {m:.2g}, deviation {d:.2g}" for m, d in zip(means, deviations))
            alt += f" {name}: {'; '.join(each)}."
    z = np.linspace(-3, 3, 301)
    figure = Figure(WIDTH, 230 + 25 * bool(title), alt)
    if title:
        figure.suptitle(title, x=0.01, ha="left", size=11, weight="bold", color=INK)
    for ax, (name, pair) in zip(
        np.atleast_1d(figure.subplots(1, len(panels), sharey=True)), panels.items()
    ):
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.spines["bottom"].set_color("#999999")
        ax.tick_params(color="#999999", labelcolor=INK)
        ax.set(xlim=(-3, 3), ylim=(0, 2), yticks=[], xticks=[-2, 0, 2])
        ax.set_title(name, size=10, color=INK)
        ax.set_xlabel("z", color=INK)
        ax.fill_between(z, np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), color="#dddddd", linewidth=0)
        for i, (mean, deviation) in enumerate(pair.T):
            density = np.exp(-(((z - mean) / deviation) ** 2) / 2) / (
                deviation * np.sqrt(2 * np.pi)
            )
            colour, style = PALETTE[i % len(PALETTE)], ("-", "--")[i % 2]
            ax.plot(z, density, style, color=colour, linewidth=2)
    if names is not None:
        style = {"frameon": False, "labelcolor": INK, "ncols": len(names)}
        figure.legend(figure.axes[0].lines, names, loc="outside upper right", **style)
    return figure


def latent_map(z, y, title=None, alt=None):
    """Draws two-dimensional codes in the colours of their digits, and the digits on top.

    Args:
        z: Codes, `(n, 2)`; a few thousand make the clearest picture.
        y: Class of each code, `(n,)`, integers from 0 to 9.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`. The numbers on badges stand at the medians of their classes, moved aside where
        they would cover one another.

    Raises:
        ValueError: If `z` is not finite, of shape `(n, 2)`, or `y` is not one class from 0 to 9 for
            each code.

    Example:
    >>> print(latent_map(np.eye(2), [3, 8]).alt)
    Scatter plot of 2 two-dimensional codes, z2 against z1, by class. Medians of the classes: \
3 at (1, 0); 8 at (0, 1).
    """
    z, y = _map(z, y)
    medians = _medians(z, y)
    if alt is None:
        places = (f"{c} at ({m[0]:.3g}, {m[1]:.3g})" for c, m in medians.items())
        alt = f"Scatter plot of {len(z):,} two-dimensional codes, z2 against z1, by class. "
        alt += f"Medians of the classes: {'; '.join(places)}."
    figure = Figure(580, 560, alt)
    ax = _axes(figure, "z1", "z2", title)
    # Drawn in one go and in the given order, so that no class covers all the others.
    colours = np.array(PALETTE)[y]
    ax.scatter(*z.T, s=6, c=colours, linewidths=0)
    ax.set_aspect("equal", adjustable="datalim")
    _badges(figure, ax, medians)
    return figure


def heatmap(values, rows, columns, ylabel, xlabel, label, title=None, alt=None):
    """Draws a table of numbers, each on a field that is the brighter the larger the number.

    Args:
        values: Numbers, `(len(rows), len(columns))`; NaN where there is none: that field stays
            empty.
        rows: Names of the rows, from top to bottom.
        columns: Names of the columns, from left to right.
        ylabel: What the rows are.
        xlabel: What the columns are.
        label: What the values are, with their unit; stands beside the colour bar.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If `values` are infinite, all NaN, or not one for each row and column.

    Example:
    >>> print(heatmap([[9.4, 20]], ["none"], [0.5, 0.2], "trained on", "tested on", "dB").alt)
    Table of dB. Rows: trained on, columns: tested on. none: 9.4 (0.5), 20.0 (0.2).
    """
    values = np.asarray(values, "float64")
    rows, columns = [str(row) for row in rows], [str(column) for column in columns]
    if values.shape != (len(rows), len(columns)) or not values.size:
        raise ValueError(
            "values must be one for each row and column, of shape "
            f"{(len(rows), len(columns))}. Received shape: {values.shape}"
        )
    if np.isinf(values).any() or np.isnan(values).all():
        raise ValueError(f"values must be finite, or NaN for none. Received: {values.tolist()}")
    if alt is None:
        texts = (
            ", ".join(
                f"{'none' if np.isnan(value) else f'{value:.1f}'} ({column})"
                for value, column in zip(line, columns)
            )
            for line in values
        )
        alt = f"Table of {label}. Rows: {ylabel}, columns: {xlabel}. "
        alt += " ".join(f"{row}: {text}." for row, text in zip(rows, texts))
    figure = Figure(np.clip(240 + 90 * len(columns), 500, WIDTH), 110 + 44 * len(rows), alt)
    ax = _axes(figure, xlabel, ylabel, title)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    picture = ax.imshow(values, cmap="viridis", aspect="auto")
    ax.set_xticks(range(len(columns)), [_wrap(column, 12) for column in columns])
    ax.set_yticks(range(len(rows)), [_wrap(row, 20) for row in rows])
    for (i, j), value in np.ndenumerate(values):
        if np.isnan(value):
            ax.text(j, i, "\N{EN DASH}", ha="center", va="center_baseline", color=INK)
            continue
        ink = "white" if _contrast(picture.to_rgba(value)[:3]) > 4.5 else "black"
        ax.text(j, i, f"{value:.1f}", ha="center", va="center_baseline", color=ink)
    bar = figure.colorbar(picture, ax=ax, ticks=MaxNLocator(5))
    bar.outline.set_visible(False)
    bar.ax.tick_params(color="#999999", labelcolor=INK)
    bar.set_label(label, color=INK)
    return figure


def arrows(z, y, stations, title=None, alt=None):
    """Draws where codes go, as arrows over a pale map of all the codes.

    Args:
        z: Codes of the map, `(n, 2)`.
        y: Class of each of them, `(n,)`, integers from 0 to 9.
        stations: Dictionary from at least two names to codes, `(m, 2)` each: an arrow leads from
            each station to the next.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure` with a panel for each stage, all over the same map.

    Raises:
        ValueError: If `z` or a station is not finite, of shape `(n, 2)`, the stations are not at
            least two of the same length, or `y` is not one class for each of `z`.

    Example:
    >>> print(arrows(np.eye(2), [3, 8], {"clean": [[0, 1]], "noisy": [[3, 5]]}).alt)
    Map of 2 two-dimensional codes, with 1 arrow from clean to noisy, 5 long in the mean.
    """
    z, y = _map(z, y)
    names = list(stations)
    stations = [_plane(place, f"stations[{name!r}]") for name, place in stations.items()]
    if len(stations) < 2 or len({len(place) for place in stations}) > 1:
        raise ValueError(
            "stations must be at least two sets of as many codes. Received: "
            f"{ {name: len(place) for name, place in zip(names, stations)} }"
        )
    stages = list(zip(itertools.pairwise(names), itertools.pairwise(stations)))
    if alt is None:
        alt = f"Map of {len(z):,} two-dimensional codes, with "
        alt += ", then ".join(
            f"{_count(len(a), 'arrow')} from {start} to {end}, "
            f"{np.linalg.norm(b - a, axis=1).mean():.2g} long in the mean"
            for (start, end), (a, b) in stages
        )
        alt += "."
    width, height = np.ptp(np.concatenate([z, *stations]), axis=0)
    shape = np.clip(height / width, 0.5, 1.5) if width else 1.5  # of a panel
    figure = Figure(WIDTH, int(shape * (WIDTH - 60) / len(stages)) + 80 + 25 * bool(title), alt)
    if title:
        figure.suptitle(title, x=0.01, ha="left", size=11, weight="bold", color=INK)
    panels = figure.subplots(1, len(stages), sharex=True, sharey=True, squeeze=False)[0]
    for ax, ((start, end), (a, b)) in zip(panels, stages):
        _tidy(ax, "z1", "z2" if ax is panels[0] else "")
        ax.set_title(f"{start} to {end}", size=10, color=INK)
        ax.scatter(*z.T, s=6, c=np.array(PALETTE)[y], alpha=0.25, linewidths=0)
        style = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.006}
        ax.quiver(*a.T, *(b - a).T, color=INK, zorder=5, **style)
        ax.scatter(*a.T, s=16, c=INK, zorder=5)
        ax.update_datalim(np.concatenate(stations))
        ax.set_aspect("equal", adjustable="box")
    for ax in panels:
        _badges(figure, ax, _medians(z, y))
    return figure


def histograms(z, normal=False, columns=8, title=None, alt=None):
    """Draws a histogram of each latent unit, over the same values and each to its own height.

    Args:
        z: Codes, `(n, latent_dim)`.
        normal: Whether the density of the standard normal distribution N(0, 1) is drawn over each.
        columns: Histograms in a row.
        title: Title of the figure.
        alt: Description in words; written from the content by default.

    Returns:
        A `Figure`.

    Raises:
        ValueError: If `z` is not a finite array of the shape `(n, latent_dim)`.

    Example:
    >>> print(histograms(np.array([[0.0, 1.0], [2.0, 3.0]])).alt)
    Histograms of 2 latent units over 2 codes. Means from 1 to 2, standard deviations from 1 to 1.
    """
    z = np.asarray(z, "float64")
    if z.ndim != 2 or not z.size or not np.isfinite(z).all():
        raise ValueError(f"z must be finite, of shape (n, latent_dim). Received shape: {z.shape}")
    n, units = z.shape
    means, deviations = z.mean(axis=0), z.std(axis=0)
    if alt is None:
        alt = f"Histograms of {_count(units, 'latent unit')} over {_count(n, 'code')}"
        alt += ", each under the density of N(0, 1). " if normal else ". "
        alt += f"Means from {means.min():.2g} to {means.max():.2g}, "
        alt += f"standard deviations from {deviations.min():.2g} to {deviations.max():.2g}."
    # One set of axes for all, in which each unit has a cell 1 wide and 1 high.
    columns = min(columns, units)
    rows = -(-units // columns)
    low, high = z.min(), z.max()
    if normal:
        low, high = min(low, -3.5), max(high, 3.5)
    elif low == high:
        low, high = low - 0.5, high + 0.5

    def across(values):
        return 0.05 + 0.9 * (np.asarray(values) - low) / (high - low)

    edges = np.linspace(low, high, 41)
    grid = np.linspace(low, high, 101)
    density = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    figure = Figure(WIDTH, 50 + 85 * rows + 25 * bool(title), alt)
    ax = _axes(figure, "value of the unit", "", title)
    outlines = []
    for i, unit in enumerate(z.T):
        left, bottom = i % columns, -1 - i // columns
        heights = np.histogram(unit, edges, density=True)[0]
        scale = 0.72 / max(heights.max(), density.max() if normal else 0)
        steps = scale * np.concatenate([[0], np.repeat(heights, 2), [0]])
        outlines.append(np.stack([left + across(np.repeat(edges, 2)), bottom + steps], axis=1))
        ax.hlines(bottom, left + 0.05, left + 0.95, color="#bbbbbb", linewidth=0.8)
        ax.text(left + 0.05, bottom + 0.92, f"z{i + 1}", va="top", size=9, color=INK)
        if normal:
            ax.plot(left + across(grid), bottom + scale * density, color=INK, linewidth=1)
    ax.add_collection(PolyCollection(outlines, facecolors=PALETTE[0], edgecolors="none"))
    ticks = MaxNLocator(3).tick_values(low, high)
    ticks = ticks[(across(ticks) > 0.04) & (across(ticks) < 0.9)]
    last = units - columns * (rows - 1)
    places = np.arange(last)[:, None] + across(ticks)
    names = [f"{tick:g}".replace("-", "\N{MINUS SIGN}") for tick in ticks]
    ax.set_xticks(places.ravel(), names * last)
    ax.set_yticks([])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.set(xlim=(0, columns), ylim=(-rows, 0))
    return figure


def _plane(z, name="z"):
    """Returns codes as a finite array `(n, 2)`."""
    z = np.asarray(z)
    if z.ndim != 2 or z.shape[1] != 2 or not z.size or not np.isfinite(z).all():
        raise ValueError(f"{name} must be finite, of shape (n, 2). Received shape: {z.shape}")
    return z


def _map(z, y):
    """Returns two-dimensional codes and their classes, checked."""
    z, y = _plane(z), np.asarray(y)
    if y.shape != z.shape[:1] or not np.isin(y, range(len(PALETTE))).all():
        raise ValueError(
            f"y must be one integer from 0 to 9 for each of the {len(z)} codes. "
            f"Received: shape {y.shape}, values such as {np.unique(y)[-3:]}"
        )
    return z, y.astype(int)


def _medians(z, y):
    return {c: np.median(z[y == c], axis=0) for c in np.unique(y)}


def _badges(figure, ax, medians):
    """Draws the classes' numbers at their medians, moved aside where they would overlap."""
    figure.draw_without_rendering()
    places = _push_apart(ax.transData.transform(list(medians.values())), 26 * SHARPNESS)
    for c, place in zip(medians, ax.transData.inverted().transform(places)):
        ink = "white" if _contrast(PALETTE[c]) > 4 else "black"
        ax.scatter(*place, s=300, c=PALETTE[c], edgecolors="white", linewidths=1.5, zorder=3)
        style = {"ha": "center", "va": "center_baseline", "size": 12, "weight": "bold"}
        ax.text(*place, str(c), color=ink, **style)


def _images(x, name="images"):
    """Returns images as a finite array `(n, height, width)`; `uint8` is scaled to [0, 1]."""
    x = np.asarray(x)
    shape = x.shape
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
    x = _images(x, name)
    if x.min() < -1 or x.max() > 2:
        raise ValueError(
            f"{name} must lie in [0, 1], or near it. Received: values from {x.min():g} to "
            f"{x.max():g}. Divide by 255, or use np.clip(images, 0, 1)"
        )
    return x


def _count(n, noun):
    return f"{n:,} {noun}" + ("s" if n != 1 else "")


def _wrap(text, width):
    """Returns the text in two lines of about the same length where it is longer than `width`."""
    if len(text) <= width:
        return text
    cuts = [i for i, letter in enumerate(text) if letter == " "]
    cut = min(cuts, key=lambda i: abs(i - len(text) / 2), default=len(text))
    return text[:cut] + "\n" + text[cut + 1 :]


def _ink(colour):
    """Returns the colour, darkened where it must be for letters on white (contrast 4.5 to 1)."""
    rgb = np.array(to_rgb(colour))
    while _contrast(rgb) < 4.5:
        rgb = rgb * 0.95
    return tuple(rgb)


def _contrast(colour):
    """Returns a colour's contrast with white as WCAG 2 defines it, from 1 to 21."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05)


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
        cmap = matplotlib.colormaps["RdBu_r"].resampled(127).with_extremes(over="#cccccc")
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


def _tidy(ax, xlabel, ylabel):
    """Frees axes of clutter: two light spines, a faint grid."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color("#999999")
    ax.tick_params(color="#999999", labelcolor=INK)
    ax.grid(color="#eeeeee", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.set_xlabel(xlabel, color=INK)
    ax.set_ylabel(ylabel, color=INK)


def _axes(figure, xlabel, ylabel, title=None):
    """Adds axes without clutter, with a title at the left."""
    ax = figure.subplots()
    _tidy(ax, xlabel, ylabel)
    if title:
        ax.set_title(textwrap.fill(title, 90), loc="left", size=11, weight="bold", color=INK)
    return ax


def _lines(lines, labels, xlabel, ylabel, references, title, alt, key=False, points=(), logx=False):
    """Draws `lines`, tuples (name, x, y, colour, style), and names what `labels` holds at its end.

    Without labels, every line gets its own. Few `points` are marked, and are the ticks;
    with `None` the lines' own are marked. A line that ends early is named above its end.
    """
    references = references or {}
    if alt is None:
        alt = f"Line chart of {ylabel} against {xlabel}."
        for name, x, y, *_ in lines:
            alt += f" {name}: from {y[0]:.4g} at {x[0]:g} to {y[-1]:.4g} at {x[-1]:g}."
        for name, y in references.items():
            alt += f" Horizontal line: {name} at {y:.4g}."
    figure = Figure(WIDTH, 380, alt)
    ax = _axes(figure, xlabel, ylabel, title)
    ax.margins(x=0.02)
    if logx:
        ax.set_xscale("log")
    few = points is not None and 0 < len(points) <= 12
    for _, x, y, colour, style in lines:
        marker = "o" if few or (points is None and len(x) <= 12) or len(x) == 1 else None
        ax.plot(x, y, style, color=colour, linewidth=2, marker=marker, markersize=5)
    for y in references.values():
        ax.axhline(y, color="#777777", linewidth=1, linestyle=":")
    if few:
        ax.set_xticks(points, [f"{point:g}" for point in points])
        ax.xaxis.set_minor_locator(NullLocator())
    elif not logx:
        ticks = {"integer": True, "min_n_ticks": 1} if xlabel == "epoch" else {}
        ax.xaxis.set_major_locator(MaxNLocator(**ticks, steps=[1, 2, 5, 10]))
    if key:
        styles = {"training": "-", "validation": "--"}
        handles = [Line2D([], [], color=INK, linestyle=style) for style in styles.values()]
        ax.legend(handles, styles, frameon=False, labelcolor=INK, loc="upper right")
    right = ax.get_xlim()[1]
    ends = [(name, x[-1], y[-1], _ink(colour)) for name, x, y, colour, *_ in labels or lines]
    ends += [(f"{name} ({y:g})", right, y, "#666666") for name, y in references.items()]
    # Only the layout tells how far apart the names are; they change its width, not its height.
    figure.draw_without_rendering()
    pixels = ax.transData.transform([(x, y) for _, x, y, _ in ends])
    places = ax.transAxes.inverted().transform(pixels)
    early = places[:, 0] < places[: len(ends) - len(references), 0].max() - 0.1
    heights = iter(_spread(places[~early, 1], 15 * SHARPNESS / ax.bbox.height))
    for (name, x, y, colour), before_the_others in zip(ends, early):
        if before_the_others:
            ax.annotate(name, (x, y), (4, 5), textcoords="offset points", color=colour)
            continue
        ax.annotate(
            name,
            (x, y),
            (1.025, next(heights)),
            textcoords="axes fraction",
            va="center",
            color=colour,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.7,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )
    return figure


def _spread(positions, gap):
    """Moves positions apart until neighbours keep the gap, each group around its own middle."""
    order = np.argsort(positions)
    groups = []
    for position in np.asarray(positions)[order]:
        groups.append([position])
        while len(groups) > 1:
            below, above = groups[-2:]
            if np.mean(above) - np.mean(below) >= gap * (len(below) + len(above)) / 2:
                break
            groups[-2:] = [below + above]
    spread = np.empty(len(order))
    spread[order] = np.concatenate(
        [np.mean(g) + gap * (np.arange(len(g)) - (len(g) - 1) / 2) for g in groups]
    )
    return spread


def _push_apart(places, gap, rounds=50):
    """Moves points of the plane, `(n, 2)`, apart until (nearly) all keep the gap."""
    # A little turn each, so that points in the same place have a direction to part in.
    turn = np.arange(len(places))
    places = places + 0.01 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for _ in range(rounds):
        apart = places[:, None] - places
        distance = np.linalg.norm(apart, axis=-1, keepdims=True) + np.eye(len(places))[..., None]
        places = places + (apart / distance * np.maximum(gap - distance, 0) / 2).sum(axis=1)
    return places
