"""The course's colours, for figures and widgets alike."""

import matplotlib
import numpy as np
from matplotlib.colors import to_hex, to_rgb

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

SIGNED_MAP = matplotlib.colormaps["RdBu_r"].resampled(127)
# Signed values, from the lowest to the highest: blue below 0, white in the middle, red above.
SIGNED = tuple(to_hex(colour) for colour in SIGNED_MAP(range(SIGNED_MAP.N)))


def dark_enough(colour):
    """Returns the colour, darkened where it must be for letters on white (contrast 4.5 to 1)."""
    rgb = np.array(to_rgb(colour))
    while contrast(rgb) < 4.5:
        rgb = rgb * 0.95
    return tuple(rgb)


def contrast(colour):
    """Returns a colour's contrast with white as WCAG 2 defines it, from 1 to 21."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05)
