"""Images of one's own, made like MNIST's."""

from pathlib import Path

import numpy as np


def load_folder(folder, centre=True, invert=None):
    """Loads images of your own from a folder, made like MNIST's: white ink on black, 28x28.

    Colours become grey, and what is transparent becomes white paper.

    Args:
        folder: a folder with image files (png, jpg, jpeg, bmp, gif, tif, tiff, webp); folders in it
            are not looked into.
        centre: `True` for digits: as in MNIST, the ink is cut out, made to fit into 20x20 pixels,
            and moved so that its centre of mass is in the middle. `False` for pictures that fill
            their frame: they are only made to fit into 28x28.
        invert: whether dark and bright change places; `None` for those images whose border is
            brighter than half.

    Returns:
        The images, float32 in [0, 1] of shape `(n, 28, 28, 1)`, and the list of their file names,
        both in the order of the names.

    Raises:
        ValueError: there is no such folder, no image in it, or one that can't be read.

    Example:

    >>> images, names = load_folder("my_digits")  # doctest: +SKIP
    """
    from PIL import Image, UnidentifiedImageError

    folder = Path(folder).expanduser()
    kinds = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
    if not folder.is_dir():
        raise ValueError(f"folder must be a folder that exists. Received: {str(folder)!r}")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in kinds)
    if not paths:
        raise ValueError(
            f"folder must hold image files ({', '.join(sorted(kinds))}). Received: {str(folder)!r}"
        )
    images = []
    for path in paths:
        try:
            with Image.open(path) as file:
                colours = file.convert("RGBA")
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise ValueError(f"{path.name} must be an image. Received: {error}") from error
        paper = Image.new("RGBA", colours.size, "white")
        grey = np.asarray(Image.alpha_composite(paper, colours).convert("L"), np.float32) / 255
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        if np.median(border) > 0.5 if invert is None else invert:
            grey = 1 - grey
        images.append(_centred(grey) if centre else _fitted(grey, 28))
    return np.stack(images)[..., None], [path.name for path in paths]


def _fitted(grey, side):
    """Scales an image, black around it, to fit into a square of 28x28 at the size `side`."""
    from PIL import Image

    height, width = grey.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))
    top, left = (28 - size[1]) // 2, (28 - size[0]) // 2
    canvas = np.zeros((28, 28), np.float32)
    canvas[top : top + size[1], left : left + size[0]] = np.clip(small, 0, 1)
    return canvas


def _centred(grey):
    """Cuts out the ink, fits it into 20x20 and moves its centre of mass to the middle."""
    rows, columns = np.nonzero(grey > max(0.1, 0.2 * grey.max()))
    if len(rows) == 0:  # an empty sheet
        return np.zeros((28, 28), np.float32)
    cut = grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    canvas = _fitted(cut, 20)
    places = np.arange(28) - 14  # MNIST counts this pixel as the middle
    down = round(float((canvas.sum(axis=1) * places).sum() / canvas.sum()))
    right = round(float((canvas.sum(axis=0) * places).sum() / canvas.sum()))
    # At least 4 pixels are free on each side.
    return np.roll(canvas, (-np.clip(down, -4, 4), -np.clip(right, -4, 4)), axis=(0, 1))
