"""Pictures of the course's site: files of their own, with a second one for dark pages.

Figures are stored as PNG on white. In a dark page that would be a white box, and turning all of it
round would draw digits black on white. So paper, letters and lines get the opposite lightness and
keep their hue, while images of digits and maps of values stay as they are.
"""

import base64
import html
import io

import numpy as np
from matplotlib import colormaps
from PIL import Image
from scipy import ndimage

PAPER = np.array([20, 24, 30]) / 255  # of dark pages; book/static/course.css has the same
INK = np.array([206, 214, 221]) / 255
_SIDE = 44  # pixels of a PNG; letters are smaller
_VALUES = 255 * colormaps["viridis"](np.linspace(0, 1, 64))[:, :3]


def dark(png):
    """Returns a figure for dark pages.

    Args:
        png: The figure on white, the bytes of a PNG file.

    Returns:
        Bytes of a PNG file of the same size.
    """
    picture = Image.open(io.BytesIO(png))
    if picture.mode not in ("L", "P"):  # as the course's figures are stored: grey, or a palette
        picture = picture.convert("RGB").quantize(dither=Image.Dither.NONE)
    picture = picture.convert("P")
    number = np.asarray(picture)
    palette = np.reshape(picture.getpalette(), (-1, 3)).astype("uint8")
    pixels, turned = palette[number], _turned(palette)[number]
    for place in images(pixels):
        turned[place] = pixels[place]
    file = io.BytesIO()
    Image.fromarray(turned).quantize(dither=Image.Dither.NONE).save(file, "png")
    return file.getvalue()


def _turned(pixels):
    """Returns pixels with the opposite lightness: white becomes the paper, black the ink."""
    x = pixels / 255
    low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    turned = x + 1 - low - high  # lightness L becomes 1 - L, hue and chroma stay
    return np.rint(255 * (PAPER + np.clip(turned, 0, 1) * (INK - PAPER))).astype("uint8")


def images(pixels):
    """Returns where in a figure images are: digits on black, or cells of a map of values.

    Args:
        pixels: The figure, `(height, width, 3)`, uint8.

    Returns:
        List of pairs of slices.
    """
    marked = (pixels < 246).any(axis=-1)
    grey = pixels.max(axis=-1).astype(int) - pixels.min(axis=-1) < 24
    black = grey & (pixels.max(axis=-1) < 60)
    labels, _ = ndimage.label(marked)
    found = []
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        if min(side.stop - side.start for side in place) < _SIDE:
            continue
        own = labels[place] == number
        if black[place].mean() > 0.3 or (own.mean() > 0.75 and _of_values(pixels[place][own])):
            found.append(place)
    return found


def _of_values(colours):
    some = colours[:: max(1, len(colours) // 500)].astype(float)
    nearest = np.linalg.norm(some[:, None] - _VALUES, axis=-1).min(axis=1)
    return (nearest < 30).mean() > 0.6


class Figures:
    """Writes pictures into a folder of the site.

    Args:
        folder: Where they go.
        address: Of that folder, from the pages.
    """

    def __init__(self, folder, address):
        self.folder, self.address = folder, address
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name, content, about):
        """Writes a picture and its dark one; returns the HTML that shows the one that fits.

        Args:
            name: Of the file, without an ending.
            content: The PNG as a notebook stores it, in base64.
            about: Its metadata: `alt`, `width` and `height` in CSS pixels.
        """
        png = base64.b64decode("".join(content.split()))
        (self.folder / f"{name}.png").write_bytes(png)
        (self.folder / f"{name}.dark.png").write_bytes(dark(png))
        size = "".join(f' {side}="{about[side]}"' for side in ("width", "height") if side in about)
        rest = f'alt="{html.escape(about["alt"])}"{size} loading="lazy"'
        return "".join(
            f'<img class="only-{mode}" src="{self.address}/{name}{end}.png" {rest}>'
            for mode, end in (("light", ""), ("dark", ".dark"))
        )
