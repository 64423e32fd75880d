"""The units of a sparse code."""

import numpy as np

from aehelpers import data, plots
from aehelpers._bundle import bundle
from aehelpers.widgets import _base

_MOST_DIGITS = 10
_MOST_TILES = 36


class Features(_base.CodeWidget):
    """What `features` returns."""

    view = "features"
    _esm = bundle(_base.FOLDER / "features.js")
    title = "Features of a sparse code"
    height = 430
    shown = ("z",)

    def __init__(self, model, x):
        encoder, decoder, _ = _base.check_model(model)
        x = self._digits = data.check_images(x)[:_MOST_DIGITS]
        encoder = _base.Coder(encoder)
        codes = _base.check_finite(encoder(x), "codes of x")
        decoder = _base.Coder(decoder, inputs=codes)

        def pack(packer):
            return {
                "images": packer.images(x),
                "codes": packer.numbers(codes),
                "most": _MOST_TILES,
            }

        super().__init__(model, encoder, decoder, codes[0], pack)

    @classmethod
    def example(cls, model, digits=None):
        return cls(model, _base.bundled_digits()[0] if digits is None else digits)

    def _figure(self):
        units = np.argsort(-np.abs(self.z), kind="stable")[:10]
        units = units[self.z[units] != 0]
        if not len(units):
            return plots.digits(np.clip(self.image[None], 0, 1))
        without = np.repeat(self.z[None], len(units), axis=0)
        without[np.arange(len(units)), units] = 0
        return plots.components(
            self.image.reshape(1, -1) - self.decode(without).reshape(len(units), -1),
            columns=5,
            label="ink that it adds",
            alt=f"What the {len(units)} strongest units of a sparse code draw, those of the digit "
            "that is shown first: red adds ink, blue takes it away.",
        )


def features(model, x):
    """Shows which units are on in a sparse code, and what each of them draws; switch them off.

    What a unit draws is the difference between the image with it and the image without it; where
    the decoder is linear, its atom times its number in the code.

    Args:
        model: A model with `.encoder` and `.decoder` whose codes are vectors, such as
            `models.sparse()`. The 36 units that are furthest from 0 can be switched.
        x: Images in [0, 1], `(n, 28, 28, 1)`; the codes of the first ten can be chosen.

    Returns:
        A widget. `w.z` is the code as it is switched, `(latent_dim,)`, and `w.image` what the
        decoder draws from it, `(28, 28)`; both can be assigned, and observed.

    Raises:
        ValueError: If the model has no encoder or decoder, its codes are no vectors, its weights
            are not finite, or `x` holds no images in [0, 1].

    Example:

    >>> import numpy as np
    >>> from aehelpers import models, widgets
    >>> w = widgets.features(models.sparse(50, k=5), np.ones((1, 28, 28, 1)))
    >>> print(np.count_nonzero(w.z))
    5
    """
    return Features(model, x)
