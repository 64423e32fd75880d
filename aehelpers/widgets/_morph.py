"""The way from one digit to another."""

import numpy as np
import traitlets

from aehelpers import plots
from aehelpers._bundle import bundle
from aehelpers.widgets import _base

_STEPS = 9  # of the static picture


class Morph(_base.CodeWidget):
    """What `morph` returns."""

    view = "morph"
    _esm = bundle(_base.FOLDER / "morph.js")
    title = "Morph between two digits"
    height = 325
    shown = ("t",)

    t = traitlets.Float(0.5).tag(sync=True)
    z = _base.Array()  # the view needs `t` only

    def __init__(self, model, a, b):
        encoder, decoder, (size,) = _base.check_model(model)
        self._pair = np.stack([_base.check_image(a, "a"), _base.check_image(b, "b")])
        self._digits = self._pair
        encoder = _base.Coder(encoder)
        self._ends = _base.check_finite(encoder(self._pair), "codes of a and b")
        decoder = _base.Coder(decoder, inputs=self._ends)

        def pack(packer):
            return {
                "codes": packer.numbers(self._ends),
                "images": packer.images(self._pair),
                "size": size,
            }

        super().__init__(model, encoder, decoder, self._between(0.5), pack)

    def _between(self, t):
        return self._ends[0] + np.float32(t) * (self._ends[1] - self._ends[0])

    @traitlets.validate("t")
    def _check_t(self, proposal):
        if not 0 <= proposal.value <= 1:
            raise traitlets.TraitError(f"t must lie in [0, 1]. Received: t={proposal.value}")
        return proposal.value

    @traitlets.observe("t")
    def _move(self, change):
        self.z = self._between(self.t)

    def _check_z(self, z):
        """Takes any code to the nearest one on the way."""
        z = super()._check_z(z)
        way = self._ends[1] - self._ends[0]
        length = float(way @ way)
        t = float(np.clip((z - self._ends[0]) @ way / length, 0, 1)) if length else self.t
        if abs(t - self.t) > 1e-5:
            self.t = t
        return _base.frozen(self._between(self.t))

    @classmethod
    def example(cls, model, digits=None):
        a, b = _base.bundled_digits()[0][[4, 9]] if digits is None else digits
        return cls(model, a, b)

    def _figure(self):
        t = np.linspace(0, 1, _STEPS)[:, None]
        a, b = self._pair.reshape(2, 1, 784)
        decoded = self.decode(np.concatenate([self._between(share)[None] for share in t[:, 0]]))
        return plots.comparison(
            {
                "in latent space": np.clip(decoded.reshape(-1, 784), 0, 1),
                "in pixel space": a + t * (b - a),
            },
            alt="From one digit to another in nine steps. Above: decoded from codes on the line "
            "between theirs. Below: the two images faded into each other.",
        )


def morph(model, a, b):
    """Shows the way between two digits, in latent space and, beside it, in pixel space.

    Args:
        model: A model with `.encoder` and `.decoder` whose codes are vectors.
        a: An image in [0, 1], `(28, 28, 1)`.
        b: Another one.

    Returns:
        A widget. `w.t` is how far along the way it is, from 0 at `a` to 1 at `b`, `w.z` the code
        there, `(latent_dim,)`, and `w.image` what is decoded from it, `(28, 28)`. All can be
        assigned (a code or an image leads to the nearest place on the way) and observed.

    Raises:
        ValueError: If the model has no encoder or decoder, its codes are no vectors, its weights
            are not finite, or `a` or `b` is no image in [0, 1].

    Example:

    >>> import numpy as np
    >>> from aehelpers import models, widgets
    >>> w = widgets.morph(models.vanilla(4), np.zeros((28, 28)), np.ones((28, 28)))
    >>> w.t = 1
    >>> w.z.shape
    (4,)
    """
    return Morph(model, a, b)
