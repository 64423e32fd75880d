"""Images of one's own, made like MNIST's."""

import warnings
from pathlib import Path

import numpy as np

# HEIC can't be read, but is what phones write: it is named rather than passed over.
_KINDS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".heic", ".heif"}
_SIDE = 800  # pixels of the longer side that are enough to find a digit


def load_folder(folder, centre=True, invert=None):
    """Loads images of your own from a folder, made like MNIST's: white ink on black, 28x28.

    Scans and photographs will do: of the paper, its lines and its shades nothing remains. Write
    one digit to a picture.

    Args:
        folder: a folder with image files (png, jpg, jpeg, bmp, gif, tif, tiff, webp); folders in it
            are not looked into, and hidden files are passed over.
        centre: `True` for digits: as in MNIST, the ink is cut out, made to fit into 20x20 pixels,
            and moved so that its centre of mass is in the middle. `False` for pictures that fill
            their frame: they are only made grey and to fit into 28x28.
        invert: whether dark and bright change places; `None` for digits that are darker than their
            paper and, with `centre=False`, for images whose border is brighter than half.

    Returns:
        The images, float32 in [0, 1] of shape `(n, 28, 28, 1)`, and the list of their file names,
        both in the order of the names. A warning names each file that can't be read and is left
        out, each sheet that is empty and comes out black, and each picture with several digits, of
        which the largest is taken.

    Raises:
        ValueError: there is no such folder, or no image in it that can be read.

    Example:

    >>> images, names = load_folder("my_digits")  # doctest: +SKIP
    """
    try:
        paths = sorted(Path(folder).expanduser().iterdir())
    except (OSError, RuntimeError) as error:  # RuntimeError: the ~ of a user who doesn't exist
        raise ValueError(
            "folder must be a folder that exists and may be read. "
            f"Received: {str(folder)!r} ({getattr(error, 'strerror', None) or error})"
        ) from error
    paths = [
        path
        for path in paths
        if path.suffix.lower() in _KINDS and not path.name.startswith(".") and path.is_file()
    ]
    if not paths:
        raise ValueError(
            f"folder must hold image files ({', '.join(sorted(_KINDS))}). Received: {str(folder)!r}"
        )
    images, names, unread = [], [], []
    for path in paths:
        try:
            grey = _read(path)
        except Exception as error:  # damaged files fail in a dozen ways, each with its own type
            unread.append(f"{path.name} must be an image. Received: {_why(path, error)}")
            continue
        if centre:
            grey, shapes = _ink(grey, invert)
            images.append(_centred(grey))
            if shapes == 0:
                warnings.warn(f"{path.name}: no ink found on the paper", stacklevel=2)
            elif shapes > 1:
                warnings.warn(
                    f"{path.name} must show one digit. Received: {shapes} shapes apart from one "
                    "another; the largest is taken",
                    stacklevel=2,
                )
        else:
            border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
            if np.median(border) > 0.5 if invert is None else invert:
                grey = 1 - grey
            images.append(_fitted(grey, 28))
        names.append(path.name)
    if not images:
        raise ValueError("; ".join(unread))
    for message in unread:
        warnings.warn(f"{message}. It is left out", stacklevel=2)
    return np.stack(images)[..., None], names


def _why(path, error):
    with open(path, "rb") as file:
        if file.read(12)[4:] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
            return "HEIC, an iPhone's format; save it as JPEG or PNG"
    return error


def _read(path):
    """Returns the image in a file, upright, grey from 0 to 1, no side longer than `_SIDE`."""
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", Image.DecompressionBombWarning
        )  # phones have 108 megapixels
        with Image.open(path) as file:
            file.draft("L", (_SIDE, _SIDE))  # a JPEG is made smaller while it is decoded
            ImageOps.exif_transpose(file, in_place=True)
            # Bytes are made smaller before they become floats of four times their size.
            grey = _grey(_reduced(file) if file.mode in ("L", "RGB") else file)
    return np.asarray(_reduced(Image.fromarray(grey)))


def _reduced(image):
    return image.reduce(-(-max(image.size) // _SIDE))


def _grey(image):
    """Returns a PIL image as an array of floats from 0 to 1, on paper where it is transparent."""
    if image.mode[0] in "IF":  # more than 8 bits, which Pillow would clip at 255
        grey = np.asarray(image, np.float32)
        if not np.isfinite(grey).all():
            raise ValueError("pixels that are NaN or infinite")
        low, high = grey.min(), grey.max()
        if low < 0:
            return (grey - low) / (high - low)
        white = next((white for white in (1, 255, 65535) if high <= white), high)
        return grey / np.float32(white)
    if not image.has_transparency_data:
        return np.asarray(image.convert("L"), np.float32) / 255
    grey, alpha = np.moveaxis(np.asarray(image.convert("RGBA").convert("LA"), np.float32), 2, 0)
    ink = grey[alpha > 127]
    if 2 * len(ink) > grey.size:  # the paper is in the picture, and transparent around it
        paper = np.median(ink)
    else:
        paper = 255 if len(ink) == 0 or np.median(ink) < 128 else 0
    return (paper + (grey - paper) * alpha / 255) / 255


def _ink(grey, invert=None):
    """Returns the ink of one digit, from 0 to 1 on black, and how many shapes were there."""
    from scipy import ndimage
    from skimage import filters

    side = max(grey.shape)
    if invert is None:
        # There is more paper than ink, so the rarer of bright and dark is the ink, once the shades
        # are taken away.
        local = grey - ndimage.uniform_filter(grey, side // 2)
        invert = ((local - local.mean()) ** 3).mean() < 0
    paper = grey if invert else 1 - grey
    smooth = ndimage.gaussian_filter(paper, side / 250)
    light = _light(smooth)
    # Ink takes a share of the light, wherever there is more of it than noise.
    dark, smooth = ((light - layer) / np.maximum(light, 0.25) for layer in (paper, smooth))
    lines = _lines(smooth) | _lines(smooth.T).T
    if lines.any():
        dark, smooth = (_without(layer, lines) for layer in (dark, smooth))
    noise = 1.5 * np.median(np.abs(smooth - np.median(smooth)))
    top = max(filters.threshold_otsu(smooth), min(8 * noise, 0.3), 0.06)
    mask, shapes = _largest(filters.apply_hysteresis_threshold(smooth, top / 2, top))
    if shapes == 0:
        return np.zeros_like(grey), 0
    low, high = np.median(smooth[~mask]), smooth[mask].max()
    edge = ndimage.binary_dilation(mask, iterations=1 + side // 250)  # strokes end softly
    return np.clip((dark - low) / (high - low), 0, 1) * edge, shapes


def _light(paper):
    """Returns how bright the paper is everywhere, under the ink as well."""
    from scipy import ndimage

    side, white = max(paper.shape), np.percentile(paper, 95)
    if side <= 64 and (paper > 0.97 * white).sum() > 0.5 * (paper > 0.5 * white).sum():
        return np.full_like(paper, white)  # drawn, not photographed, and perhaps cut close
    # Closing fills what is narrower than the square, the strokes, and follows what is wider, the
    # shades. The odd mirror continues a slope beyond the edge.
    reach = side // 4 + 1
    inside = (slice(reach, -reach),) * 2
    calm = ndimage.uniform_filter(paper, side // 30 + 1)  # or noise at the edge is mirrored, too
    padded = np.pad(calm, reach, mode="reflect", reflect_type="odd")
    padded[inside] = paper
    return ndimage.grey_closing(padded, reach)[inside]


def _lines(dark):
    """Returns where thin lines run from the left edge to the right one, as on ruled paper."""
    from scipy import ndimage

    height, width = dark.shape
    thickest = max(dark.shape) // 40
    if thickest == 0:
        return np.zeros(dark.shape, bool)
    rows, columns = np.ogrid[:height, :width]

    def level(fall, step):
        """How dark three quarters of each row are, where rows fall by `fall` pixels."""
        sheared = rows + np.rint(fall * columns[:, ::step] / width).astype(int)
        return np.percentile(np.take_along_axis(dark[:, ::step], sheared % height, 0), 25, axis=1)

    falls = range(-width // 10, width // 10 + 1, 2)
    fall = max(falls, key=lambda fall: np.abs(np.diff(level(fall, 1 + width // 32))).sum())
    dark_rows = level(fall, 1)
    dark_rows = dark_rows - np.median(dark_rows)
    on = dark_rows > max(0.04, 6 * np.median(np.abs(dark_rows)))
    on &= ~ndimage.binary_opening(on, np.ones(thickest + 1))
    on = ndimage.binary_dilation(on)
    back = (rows - np.rint(fall * columns / width).astype(int)) % height
    # What is far darker than the line itself is ink that crosses it.
    line = ndimage.maximum_filter1d(dark_rows, 3)[back]
    return on[back] & (dark < 1.5 * line + 0.1)


def _without(dark, lines):
    """Fills the lines with what lies around them: ink where there is ink on both sides."""
    from scipy import ndimage

    cleared = np.where(lines, 0, dark)
    width = 2 * (max(dark.shape) // 40) + 1
    return np.where(lines, ndimage.grey_closing(cleared, (width, width)), dark)


def _largest(mask):
    """Returns the largest shape in a mask, and how many there are that are no specks."""
    from scipy import ndimage

    parts, _ = ndimage.label(mask, np.ones((3, 3)))
    if not mask.any():
        return mask, 0
    largest = np.argmax(np.bincount(parts[mask]))
    size = max(np.ptp(index) + 1 for index in np.nonzero(parts == largest))
    # Digits may be broken: what is close together is one shape.
    near = ndimage.distance_transform_edt(~mask) <= 0.075 * size
    shapes, _ = ndimage.label(near, np.ones((3, 3)))
    areas = np.bincount(shapes[mask])
    if areas.max() < max(mask.shape) ** 2 / 2000:
        return mask, 0
    return mask & (shapes == np.argmax(areas)), int((areas > 0.1 * areas.max()).sum())


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
