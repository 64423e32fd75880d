"""A stored code, bit by bit."""

import numpy as np
import traitlets

from aehelpers import data, metrics, plots
from aehelpers._bundle import bundle
from aehelpers.widgets import _base

_MOST_DIGITS = 10
_PLACES = (8, 4, 2, 1)  # what the bits of a number are worth, in steps
_LEVELS = 16
_MIDDLE = 8  # the level of the number 0


class Bits(_base.Widget):
    """What `bits` returns.

    Attributes:
        digit: Which of the digits, from 0.
        flips: For each number of the code what its flipped bits are worth together, 0 to 15. They
            stay when another digit is taken.
        levels: The numbers as they are stored, with these bits flipped, integers `(latent_dim,)`.
        z: The code that is read from them, `(latent_dim,)`.
        image: What is decoded from it, `(28, 28)`.
    """

    view = "bits"
    _esm = bundle(_base.FOLDER / "bits.js")
    title = "A code, bit by bit"
    height = 545
    shown = ("digit", "flips")

    digit = traitlets.Int(0).tag(sync=True)
    flips = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, model, codes, x=None):
        encoder, decoder, (size,) = _base.check_model(model)
        if size > _base.MOST_UNITS:
            raise ValueError(
                f"model must have codes of at most {_base.MOST_UNITS} numbers. "
                f"Received: latent_dim={size}"
            )
        codes = _check_codes(codes, size)
        x = _base.bundled_digits()[0] if x is None else data.check_images(x)
        x = self._digits = x[:_MOST_DIGITS]
        self.step = float(codes.std(axis=0).max()) / 2
        self._stored = self._levels_of(_base.check_finite(_base.Coder(encoder)(x), "codes of x"))
        counts = [np.bincount(each, minlength=_LEVELS) for each in self._levels_of(codes).T]
        share = (np.array(counts) + 0.5) / (len(codes) + 0.5 * _LEVELS)  # as in notebook 08
        self._decode = _base.Coder(decoder, inputs=self._code(self._stored))

        def pack(packer):
            return {
                "images": packer.images(x),
                "levels": packer.numbers(self._stored),
                "costs": packer.numbers(-np.log2(share)),
                "step": self.step,
            }

        super().__init__(model, {"decoder": self._decode}, pack, flips=[0] * size)

    def _levels_of(self, codes):
        low, high = -_MIDDLE, _LEVELS - _MIDDLE - 1
        return (np.rint(codes / self.step).clip(low, high) + _MIDDLE).astype("int64")

    def _code(self, levels):
        return ((levels - _MIDDLE) * self.step).astype("float32")

    def _images(self, levels):
        return np.clip(self._decode(self._code(levels)).reshape(-1, 28, 28), 0, 1)

    @traitlets.validate("digit")
    def _check_digit(self, proposal):
        most = len(self._stored) - 1
        if not 0 <= proposal.value <= most:
            raise traitlets.TraitError(
                f"digit must lie between 0 and {most}. Received: digit={proposal.value}"
            )
        return proposal.value

    @traitlets.validate("flips")
    def _check_flips(self, proposal):
        size, flips = self._stored.shape[1], proposal.value
        if len(flips) != size or not all(0 <= each < _LEVELS for each in flips):
            raise traitlets.TraitError(
                f"flips must be {size} integers from 0 to {_LEVELS - 1}. Received: flips={flips}"
            )
        return flips

    @property
    def levels(self):
        return self._stored[self.digit] ^ np.array(self.flips)

    @property
    def z(self):
        return self._code(self.levels)

    @property
    def image(self):
        return self._images(self.levels[None])[0]

    @classmethod
    def example(cls, model, digits=None):
        (seen, _), _ = data.bundled()
        encoder = _base.Coder(model.encoder)
        parts = (encoder(data.check_images(seen[i : i + 500])) for i in range(0, len(seen), 500))
        return cls(model, np.concatenate(list(parts)), digits)

    def _figure(self):
        flipped = np.repeat(self._stored[None], self._stored.shape[1], axis=0)
        flipped[range(len(flipped)), :, range(len(flipped))] ^= _PLACES[0]
        number = int(np.argmax([self._error(levels) for levels in flipped]))  # that matters most
        rows = {"original": self._digits, "as stored": self._images(self._stored)}
        errors = {"as stored": self._error(self._stored)}
        for worth in _PLACES[::-1]:
            levels = self._stored.copy()
            levels[:, number] ^= worth
            rows[f"bit worth {worth}"] = self._images(levels)
            errors[f"bit worth {worth}"] = self._error(levels)
        return plots.comparison(
            rows,
            {name: f"error {error:.1f}" for name, error in errors.items()},
            alt=f"Digits, the same from their stored codes, and from codes with one bit of number "
            f"{number + 1} flipped, worth {', '.join(map(str, _PLACES[::-1]))} steps. "
            f"Mean squared errors: {', '.join(f'{error:.1f}' for error in errors.values())}.",
        )

    def _error(self, levels):
        return metrics.sse(self._digits, self._images(levels)[..., None]).mean()


def _check_codes(codes, size):
    """Returns codes as an array, or says what is wrong."""
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.shape[1] != size or codes.dtype.kind not in "fiu":
        raise ValueError(
            f"codes must be numbers of shape (n, {size}), as the decoder of model takes. "
            f"Received: {codes.dtype} of shape {codes.shape}"
        )
    _base.check_finite(codes, "codes")
    if len(codes) < 2 or not codes.std(axis=0).max():
        raise ValueError(f"codes must be different ones. Received: {len(codes)} of one kind")
    return codes


def bits(model, codes, x=None):
    """Shows the bits in which a digit's code is stored; flip them, and see what is drawn.

    Each number is rounded to a multiple of a step, half the largest standard deviation of the
    codes. From -8 to 7 steps there are 16 levels, so a number has four bits: their sum, worth 8, 4,
    2 and 1, less 8. An entropy coder needs fewer bits for levels that are frequent among `codes`;
    what it needs stands beside each number.

    Args:
        model: A model with `.encoder` and `.decoder` whose codes are vectors, of at most 32
            numbers, around 0.
        codes: Codes of many images, `(n, latent_dim)`.
        x: Images in [0, 1], `(n, 28, 28, 1)`; the first ten can be chosen. By default ten of the
            package's own test digits.

    Returns:
        A widget. `w.digit` (which image, from 0) and `w.flips` (what the flipped bits of each
        number are worth together) can be assigned and observed; `w.levels` and `w.z` are the code
        with these flips, `(latent_dim,)`, and `w.image` is what is decoded, `(28, 28)`.

    Raises:
        ValueError: If the model has no encoder or decoder, its codes are no vectors or too long,
            its weights are not finite, `codes` are none of its codes or all the same, or `x` holds
            no images in [0, 1].

    Example: flip the highest bit of the first number.

    >>> import numpy as np
    >>> from aehelpers import models, widgets
    >>> codes = np.random.default_rng(0).normal(size=(100, 4))
    >>> w = widgets.bits(models.deep(4, sizes=(8,)), codes)
    >>> before = w.levels
    >>> w.flips = [8, 0, 0, 0]
    >>> print(np.abs(w.levels - before))
    [8 0 0 0]
    """
    return Bits(model, codes, x)
