"""Figures for the course: arrays in, a Matplotlib figure out.

Every function builds a `Figure` of its own and returns it, so that a cell that ends in a call shows
the picture. Nothing here touches pyplot or Matplotlib's settings: figures can be drawn in widget
callbacks, which run in other threads, and appear exactly once.

`images.py` draws images, `curves.py` lines, `charts.py` bars, paths and tables, `codes.py` what
lies in between encoder and decoder; `figure.py` is what they are made of and `palette.py` has the
colours.
"""

from aehelpers.plots.charts import bars, heatmap, path
from aehelpers.plots.codes import arrows, gaussians, histograms, latent_map
from aehelpers.plots.curves import curves, line
from aehelpers.plots.figure import Figure
from aehelpers.plots.images import bottleneck, comparison, components, digits, tile
from aehelpers.plots.palette import INK, PALETTE, SIGNED

__all__ = [
    "INK",
    "PALETTE",
    "SIGNED",
    "Figure",
    "arrows",
    "bars",
    "bottleneck",
    "comparison",
    "components",
    "curves",
    "digits",
    "gaussians",
    "heatmap",
    "histograms",
    "latent_map",
    "line",
    "path",
    "tile",
]
