"""Noise to add, and a model that takes it away."""

import numpy as np
import traitlets

from aehelpers import data, metrics, plots
from aehelpers._bundle import bundle
from aehelpers.data.noise import with_block, with_gaussian, with_masking, with_salt_and_pepper
from aehelpers.widgets import _base

_DRAWS = 8  # of noise, which the browser goes round
_MOST_DIGITS = 10
KINDS = {
    "gaussian": {"name": "σ", "start": 0.5, "high": 1.0, "step": 0.01, "digits": 2},
    "salt and pepper": {"name": "rate", "start": 0.25, "high": 1.0, "step": 0.01, "digits": 2},
    "masking": {"name": "rate", "start": 0.5, "high": 1.0, "step": 0.01, "digits": 2},
    "block": {"name": "side", "start": 10, "high": 28, "step": 1, "digits": 0},
}


class Noise(_base.Widget):
    """What `noise` returns.

    Attributes:
        kind: Of the noise: "gaussian", "salt and pepper", "masking" or "block".
        strength: Standard deviation, rate, or side of the block in pixels.
        draw: Which of eight draws of the noise, 0 to 7.
        clean: The clean digit, `(28, 28)`. Assign your own.
        noisy: The damaged digit, `(28, 28)`.
        z: Its code.
        image: What the model makes of it, `(28, 28)`.
    """

    view = "noise"
    _esm = bundle(_base.FOLDER / "noise.js")
    title = "Noise and its removal"
    height = 400
    shown = ("kind", "strength", "draw", "clean")

    kind = traitlets.Enum(list(KINDS), "gaussian").tag(sync=True)
    strength = traitlets.Float(0.5).tag(sync=True)
    draw = traitlets.Int(0, min=0, max=_DRAWS - 1).tag(sync=True)
    clean = _base.Array(sync=True)
    noisy = _base.Array(read_only=True)
    z = _base.Array(read_only=True)
    image = _base.Array(read_only=True)

    def __init__(self, model, x):
        encoder, decoder, _ = _base.check_model(model, vectors=False)
        x = self._digits = data.check_images(x)[:_MOST_DIGITS]
        self._encode = _base.Coder(encoder, inputs=x)
        codes = _base.check_finite(self._encode(x), "codes of x")
        self._decode = _base.Coder(decoder, inputs=codes)
        rng = np.random.default_rng(0)
        self._normal = rng.standard_normal((_DRAWS, 28, 28), dtype="float32")
        self._uniform = rng.random((_DRAWS, 28, 28), dtype="float32")

        def pack(packer):
            return {
                "images": packer.images(x),
                "normal": packer.numbers(self._normal),
                "uniform": packer.numbers(self._uniform),
                "draws": _DRAWS,
                "kinds": KINDS,
            }

        nets = {"encoder": self._encode, "decoder": self._decode}
        super().__init__(model, nets, pack, clean=x[0])

    def _check_clean(self, image):
        return _base.frozen(_base.check_image(image, "clean")[..., 0])

    @traitlets.validate("strength")
    def _check_strength(self, proposal):
        high = KINDS[self.kind]["high"]
        if not 0 <= proposal.value <= high:
            raise traitlets.TraitError(
                f"strength must lie in [0, {high}] for {self.kind} noise. "
                f"Received: strength={proposal.value}"
            )
        return proposal.value

    @traitlets.observe("kind")
    def _begin(self, change):
        # What is a rate would make no block.
        if change.old is not traitlets.Undefined and "strength" not in self._property_lock:
            self.strength = KINDS[self.kind]["start"]

    @traitlets.observe("kind", "strength", "draw", "clean")
    def _compute(self, change):
        noisy = damage(
            self.clean, self.kind, self.strength, self._normal[self.draw], self._uniform[self.draw]
        )
        code = self._encode(noisy[None])
        image = self._decode(code)[0].reshape(28, 28)
        for name, value in {"noisy": noisy, "z": code[0], "image": image}.items():
            self.set_trait(name, value)

    @classmethod
    def example(cls, model, digits=None):
        return cls(model, _base.bundled_digits()[0] if digits is None else digits)

    def _figure(self):
        rows = {"noisy": self.noisy, "denoised": np.clip(self.image, 0, 1), "clean": self.clean}
        scores = {name: _psnr(self.clean, rows[name]) for name in ("noisy", "denoised")}
        return plots.comparison(
            {name: image[None] for name, image in rows.items()},
            notes=scores,
            alt=f"A digit with {self.kind} noise ({scores['noisy']}), what the model makes of it "
            f"({scores['denoised']}), and the clean digit.",
        )


def damage(clean, kind, strength, normal, uniform):
    """Adds noise that is told by fields of chance; `pixels.js` computes the same."""
    if kind == "gaussian":
        return with_gaussian(clean, strength, normal)
    if kind == "masking":
        return with_masking(clean, strength, uniform)
    if kind == "salt and pepper":
        return with_salt_and_pepper(clean, strength, uniform)
    side = int(strength)
    return with_block(clean, side, *(int(chance * (29 - side)) for chance in uniform[0, :2]))


def _psnr(clean, image):
    decibels = float(metrics.psnr(clean[None], image[None])[0])
    return f"PSNR {decibels:.1f} dB" if np.isfinite(decibels) else "no difference"


def noise(model, x):
    """Shows a digit with noise, what a model makes of it, and the clean digit.

    Args:
        model: A model with `.encoder` and `.decoder`, such as `models.denoising()`.
        x: Clean images in [0, 1], `(n, 28, 28, 1)`; the first ten can be chosen.

    Returns:
        A widget. `w.kind`, `w.strength` and `w.clean` can be assigned; `w.noisy` is the damaged
        digit, `w.z` its code and `w.image` what the model makes of it, `(28, 28)`. All can be
        observed.

    Raises:
        ValueError: If the model has no encoder or decoder, its weights are not finite, or `x`
            holds no images in [0, 1].

    Example:

    >>> import numpy as np
    >>> from aehelpers import models, widgets
    >>> w = widgets.noise(models.vanilla(4), np.ones((1, 28, 28, 1)))
    >>> w.kind, w.strength = "masking", 1
    >>> print(w.noisy.max(), w.image.shape)
    0.0 (28, 28)
    """
    return Noise(model, x)
