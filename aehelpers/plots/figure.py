"""What all figures are made of: the figure itself, its axes and its texts."""

import base64
import io
import sys
import textwrap

import matplotlib.figure
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from aehelpers.plots.palette import INK

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
        # 64 greys, or 256 colours that keep areas of one colour exact: half the size of a notebook.
        if (pixels == pixels[..., :1]).all():
            greys = np.round(pixels[..., 0] / 255 * 63) * 255 / 63
            image = Image.fromarray(np.round(greys).astype("uint8"))
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


def axes(figure, xlabel, ylabel, title=None):
    """Adds axes without clutter, with a title at the left."""
    ax = figure.subplots()
    tidy(ax, xlabel, ylabel)
    if title:
        ax.set_title(textwrap.fill(title, 90), loc="left", size=11, weight="bold", color=INK)
    return ax


def tidy(ax, xlabel, ylabel):
    """Frees axes of clutter: two light spines, a faint grid."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color("#999999")
    ax.tick_params(color="#999999", labelcolor=INK)
    ax.grid(color="#eeeeee", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.set_xlabel(xlabel, color=INK)
    ax.set_ylabel(ylabel, color=INK)


def count(n, noun):
    """Returns "1 image" or "2 images"."""
    return f"{n:,} {noun}" + ("s" if n != 1 else "")


def wrap(text, width):
    """Returns the text in two lines of about the same length where it is longer than `width`."""
    if len(text) <= width:
        return text
    cuts = [i for i, letter in enumerate(text) if letter == " "]
    cut = min(cuts, key=lambda i: abs(i - len(text) / 2), default=len(text))
    return text[:cut] + "\n" + text[cut + 1 :]
