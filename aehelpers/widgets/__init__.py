"""Widgets for notebooks: latent spaces to move in, noise to add, bits to flip, digits to draw.

Every widget has values to read and to assign, such as `w.z` and `w.image`, and
`w.save("page.html")` writes a page that works without a kernel.

`draw` is made by `_draw.py` and seen through `draw.js` beside it, and so are the others. The Python
files begin with an underscore because the functions have the names without: a module `draw` would
be hidden by its own function. What all of them share is in `_base.py` (models, values, pages),
`_net.py` (models for the browser) and `_page.py`; in the browser in `common.js` (elements, and the
way to Python), `keys.js`, `plane.js` (maps of codes), `pixels.js` (arithmetic on images),
`forward.js` (the forward pass), `paper.js` (a place to draw), `page.js` and `style.css`.

`playground` trains its nets in the browser: `train.js` and `backward.js` (losses, layers, Adam),
`kernels.js` and `wasm.js` (their inner loops), `random.js`, `trainer.js` (one training),
`session.js` and `worker.js` (the worker's side), `runner.js` (the page's); what is seen of it is in
`playground.js` and the `playground_*.js` beside it.
"""

from aehelpers.widgets._bits import bits
from aehelpers.widgets._draw import draw
from aehelpers.widgets._features import features
from aehelpers.widgets._latent_map import latent_map
from aehelpers.widgets._latent_sliders import latent_sliders
from aehelpers.widgets._morph import morph
from aehelpers.widgets._noise import noise
from aehelpers.widgets._playground import playground
from aehelpers.widgets._walk import walk

__all__ = [
    "bits",
    "draw",
    "features",
    "latent_map",
    "latent_sliders",
    "morph",
    "noise",
    "playground",
    "walk",
]
