"""A map of encoded digits to move over."""

import keras
import numpy as np

from aehelpers import data, plots
from aehelpers._bundle import bundle
from aehelpers.widgets import _base

_MOST_POINTS = 1000
_STATIC_POINTS = 300


class LatentMap(_base.CodeWidget):
    """What `latent_map` returns."""

    view = "latent_map"
    _esm = bundle(_base.FOLDER / "latent_map.js")
    title = "Latent map"
    height = 465
    shown = ("z",)

    def __init__(self, model, x, y, draw=False):
        encoder, decoder, (size,) = _base.check_model(model)
        if size < 2:
            raise ValueError(
                f"model must have codes of at least 2 numbers. Received: latent_dim={size}"
            )
        x = data.check_images(x)
        y = check_labels(y, len(x))
        x, y = x[:_MOST_POINTS], y[:_MOST_POINTS]
        spread = _spread(model)
        if draw and spread is None:
            raise ValueError(
                "draw=True needs a variational model, with a .posterior of mean and log-variance. "
                f"Received: {type(model).__name__}"
            )
        encoder = _base.Coder(encoder, inputs=x[:20] if draw else None)
        self._codes, self._labels = _base.check_finite(encoder(x), "codes of x"), y
        middle = self._codes.mean(axis=0)
        decoder = _base.Coder(decoder, inputs=np.concatenate([self._codes[:20], middle[None]]))
        prefix = "z" if size == 2 else "component\N{NO-BREAK SPACE}"

        def pack(packer):
            return {
                "plane": plane(self._codes, y, packer),
                "images": packer.images(x),
                "start": middle.tolist(),
                "names": [f"{prefix}1", f"{prefix}2"],
                "draws": bool(draw),
                **({} if spread is None else _clouds(self._codes, spread(x), packer)),
            }

        nets = {"encoder": encoder, "spread": spread} if draw else {}
        super().__init__(model, encoder, decoder, middle, pack, nets)

    @classmethod
    def example(cls, model, digits=None):
        _, (x, y) = data.bundled()
        return cls(model, data.check_images(x), y.astype("int64"))

    def _figure(self):
        origin, axes = _axes(self._codes)
        z = ((self._codes - origin) @ axes.T)[:_STATIC_POINTS]
        return plots.latent_map(z, self._labels[: len(z)])


def _spread(model):
    """Returns what gives the logarithms of the variances of codes, or `None`."""
    posterior = getattr(model, "posterior", None)
    outputs = getattr(posterior, "outputs", None)
    if not isinstance(outputs, list | tuple) or len(outputs) < 2:
        return None
    return _base.Coder(keras.Model(posterior.inputs, outputs[1]))


def _clouds(codes, log_variances, packer):
    variances = _base.check_finite(np.exp(log_variances), "variances of x")
    return {"means": packer.numbers(codes), "variances": packer.numbers(variances)}


def plane(codes, labels, packer):
    """Packs what `plane.js` needs to show codes on a plane.

    Args:
        codes: Codes of any shape, `(n, ...)`.
        labels: Their classes, `(n,)`.
        packer: A `Packer`.
    """
    codes = codes.reshape(len(codes), -1)
    origin, axes = _axes(codes)
    points = (codes - origin) @ axes.T
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.06 * (high - low) + 1e-3
    return {
        "points": packer.numbers(points),
        "labels": labels.tolist(),
        "origin": packer.numbers(origin),
        "axes": packer.numbers(axes),
        "low": (low - margin).tolist(),
        "high": (high + margin).tolist(),
    }


def _axes(codes):
    """Returns a point and two directions: for short codes their own, else of the largest variance.

    A code of one number lies on a line: its second direction leads nowhere.
    """
    size = codes.shape[1]
    if size == 1:
        return np.zeros(1, "float32"), np.array([[1], [0]], "float32")
    if size == 2:
        return np.zeros(2, "float32"), np.eye(2, dtype="float32")
    origin = codes.mean(axis=0)
    centred = (codes - origin).astype("float64")
    if size <= len(codes):
        _, vectors = np.linalg.eigh(centred.T @ centred)
        axes = vectors[:, :-3:-1].T
    else:  # fewer codes than numbers in one: the same directions from a smaller matrix
        _, vectors = np.linalg.eigh(centred @ centred.T)
        axes = np.zeros((2, size))  # a single code has no directions
        axes[: len(codes)] = vectors[:, :-3:-1].T @ centred
        axes /= np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-12)
    # The sign is chance: the largest number is positive.
    axes *= np.sign(axes[[0, 1], np.abs(axes).argmax(axis=1)])[:, None]
    return origin.astype("float32"), axes.astype("float32")


def check_labels(y, n):
    """Returns labels as integers, or says what is wrong."""
    y = np.asarray(y)
    if y.shape != (n,) or not np.issubdtype(y.dtype, np.integer) or y.min() < 0 or y.max() > 9:
        raise ValueError(
            f"y must be a label from 0 to 9 for each of the {n} images. "
            f"Received: shape {y.shape}, dtype {y.dtype}"
        )
    return y


def latent_map(model, x, y, draw=False):
    """Shows where the encoder puts digits; a drag over the map decodes what lies between them.

    A code of 2 numbers is its own map. Longer ones are shown on the plane through their mean on
    which they are spread most (their first two principal components).

    Of a variational model it shows a digit's cloud, too: the Gaussian that the encoder gives it, as
    ellipses at one and two standard deviations, with its KL divergence from N(0, 1). "New noise"
    decodes another code drawn from it.

    Args:
        model: A model with `.encoder` and `.decoder` whose codes are vectors.
        x: Images in [0, 1], `(n, 28, 28, 1)`; the first 1,000 are shown.
        y: Their labels, integers from 0 to 9, `(n,)`.
        draw: Whether there is a place to draw a digit, whose cloud follows the pen; for variational
            models.

    Returns:
        A widget. `w.z` is the code, `(latent_dim,)`, and `w.image` the decoded digit, `(28, 28)`;
        both can be assigned, and observed with `w.observe(f, "z")`.

    Raises:
        ValueError: If the model has no encoder or decoder, its codes are no vectors, its weights
            are not finite, `x` holds no images in [0, 1], `y` no labels for them, or `draw` is
            asked of a model without a `posterior`.

    Example:

    >>> import numpy as np
    >>> from aehelpers import models, widgets
    >>> vae = models.variational(latent_dim=2, sizes=(8,))
    >>> w = widgets.latent_map(vae, np.random.default_rng(0).random((3, 784)), np.array([3, 5, 8]))
    >>> w.z = [1, -1]
    >>> w.image.shape
    (28, 28)
    """
    return LatentMap(model, x, y, draw)
