"""Widgets for notebooks: latent spaces to move in, noise to add, digits to draw.

Their nets run in the browser; `forward.js` is the forward pass, and each widget's view is the
JavaScript file of its name. Every widget has values to read and to assign, such as `w.z` and
`w.image`, and `w.save("page.html")` writes a page that works without a kernel.
"""

from aehelpers.widgets._draw import draw
from aehelpers.widgets._features import features
from aehelpers.widgets._latent_map import latent_map
from aehelpers.widgets._latent_sliders import latent_sliders
from aehelpers.widgets._morph import morph
from aehelpers.widgets._noise import noise

__all__ = ["draw", "features", "latent_map", "latent_sliders", "morph", "noise"]
