"""Sliders over latent space."""

import numpy as np

from aehelpers import data, plots
from aehelpers._bundle import bundle
from aehelpers.widgets import _base

_MOST_SLIDERS = 10  # unless `dims` says more
_MOST_DIGITS = 10
_STEPS, _ROWS = 7, 5  # of the static picture, which has to be small


class LatentSliders(_base.CodeWidget):
    """What `latent_sliders` returns."""

    view = "latent_sliders"
    _esm = bundle(_base.FOLDER / "latent_sliders.js")
    title = "Latent sliders"
    height = 430
    shown = ("z",)

    def __init__(self, model, x=None, dims=None):
        encoder, decoder, (size,) = _base.check_model(model, bare=True)
        if encoder is None and x is not None:
            raise ValueError("x needs a model with an .encoder. Received: a decoder alone")
        codes = labels = None
        if encoder is not None:
            if x is None:
                x, labels = _base.bundled_digits()
            x = data.check_images(x)
            encoder = _base.Coder(encoder)
            codes = _base.check_finite(encoder(x), "codes of x")
        low, high, centre, spread = ranges(
            codes, size, normal=encoder is None or _base.is_variational(model)
        )
        start = np.zeros(size, "float32") if codes is None else codes[0]
        anywhere = np.random.default_rng(0).uniform(low, high, (16, size))
        decoder = _base.Coder(decoder, inputs=np.concatenate([start[None], anywhere]))
        self.units = (
            _by_effect(decoder, start, centre, spread)[:_MOST_SLIDERS]
            if dims is None
            else _check_dims(dims, size)
        )
        self._low, self._high = low, high
        self._digits = None if codes is None else x[:_MOST_DIGITS]

        def pack(packer):
            config = {
                "units": [
                    {
                        "dim": dim,
                        "low": float(low[dim]),
                        "high": float(high[dim]),
                        "step": 0.05 if high[dim] - low[dim] <= 10 else 0.1,
                    }
                    for dim in self.units
                ],
                "sorted": dims is None,
                "start": start.tolist(),
                "centre": packer.numbers(centre),
                "spread": packer.numbers(spread),
            }
            if codes is not None:
                config["images"] = packer.images(x[:_MOST_DIGITS])
                config["digits"] = None if labels is None else labels.tolist()
                config["codes"] = packer.numbers(codes[:_MOST_DIGITS])
            return config

        super().__init__(model, encoder, decoder, start, pack)

    @classmethod
    def example(cls, model, digits=None):
        return cls(model, digits)

    def _figure(self):
        steps = np.linspace(0, 1, _STEPS)
        rows, notes = {}, {}
        for dim in self.units[:_ROWS]:
            codes = np.repeat(self.z[None], _STEPS, axis=0)
            low, high = self._low[dim], self._high[dim]
            codes[:, dim] = low + steps * (high - low)
            rows[f"z{dim + 1}"] = np.clip(self.decode(codes).reshape(-1, 28, 28), 0, 1)
            notes[f"z{dim + 1}"] = f"{low:.3g} to {high:.3g}"
        return plots.comparison(
            rows,
            notes,
            alt=f"What sliders over {len(self.units)} latent units do: in each row one "
            "unit goes over its range while the others stay. From top to bottom: "
            f"{', '.join(rows)}.",
        )


def ranges(codes, size, normal):
    """Returns for each unit where its slider begins and ends, and the middle and spread of codes.

    Args:
        codes: Codes of images, `(n, size)`, or `None`.
        size: Numbers in a code.
        normal: Whether the codes to decode are those from N(0, 1).
    """
    low, high = np.full(size, -3.0), np.full(size, 3.0)
    centre, spread = np.zeros(size), np.ones(size)
    if codes is not None and normal:
        low, high = np.minimum(low, codes.min(axis=0)), np.maximum(high, codes.max(axis=0))
    elif codes is not None:
        centre, spread = codes.mean(axis=0), codes.std(axis=0)
        low, high = codes.min(axis=0), codes.max(axis=0)
        same = high - low < 1e-3  # a unit that is always off, or all of a single image
        low, high = np.where(same, low - 1, low), np.where(same, high + 1, high)
    low, high = np.floor(2 * low) / 2, np.ceil(2 * high) / 2
    return [values.astype("float32") for values in (low, high, centre, spread)]


def _by_effect(decoder, start, centre, spread):
    """Sorts the units by how much the picture changes between both ends of one deviation."""
    size = len(start)
    up, down = (np.repeat(start[None], size, axis=0) for _ in range(2))
    np.fill_diagonal(up, centre + spread)
    np.fill_diagonal(down, centre - spread)
    change = np.square(decoder(up) - decoder(down)).reshape(size, -1).sum(axis=1)
    return np.argsort(-change, kind="stable").tolist()


def _check_dims(dims, size):
    try:
        dims = [int(dim) for dim in dims]
    except (TypeError, ValueError):
        dims = []
    if not dims or len(set(dims)) < len(dims) or not set(dims) <= set(range(size)):
        raise ValueError(
            f"dims must be different units from 0 to {size - 1}. Received: dims={dims}"
        )
    if len(dims) > _base.MOST_UNITS:
        raise ValueError(
            f"dims must be at most {_base.MOST_UNITS} units. Received: {len(dims)} of them"
        )
    return dims


def latent_sliders(model, x=None, dims=None):
    """Shows what the decoder draws while latent units are moved by sliders.

    The decoder runs in the browser, so that the digit follows a slider within one frame, while a
    cell trains too. What is shown are the weights at the time of the call.

    Args:
        model: A model with `.encoder` and `.decoder`, such as `models.variational()`, whose codes
            are vectors, of at most 32 numbers unless `dims` says which; or a decoder alone.
        x: Images to start from, `(n, 28, 28, 1)` in [0, 1]: the first ten are offered, and all say
            how far the sliders reach. By default ten of the package's own test digits.
        dims: Which units get a slider, in this order; by default the ten that change the picture
            most, these first. The others stay where the image puts them.

    Returns:
        A widget. `w.z` is the code, `(latent_dim,)`, and `w.image` the digit, `(28, 28)`; both
        can be assigned, and observed with `w.observe(f, "z")`.

    Raises:
        ValueError: If the model has no decoder, its codes are no vectors, or longer than 32 without
            `dims`, its weights are not finite, `x` holds no images in [0, 1], or `dims` no units.

    Example:

    >>> from aehelpers import models, widgets
    >>> vae = models.variational(latent_dim=2, sizes=(8,))
    >>> w = widgets.latent_sliders(vae, dims=[0, 1])
    >>> w.z = [0.5, -1]
    >>> print(w.z, w.image.shape)
    [ 0.5 -1. ] (28, 28)
    """
    if dims is None:
        _base.check_few_units(model)
    return LatentSliders(model, x, dims)
