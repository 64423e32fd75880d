"""Models of codes: a mixture of Gaussians, and images from whatever draws codes.

An autoencoder makes codes, and says nothing of how they are distributed. So they get a model of
their own: a `CodeMixture`, a `CodeFlow` (`flow.py`) or a `CodeBits` (`bits.py`), each with `fit`
and `sample`. `draw` decodes what they give.
"""

import numpy as np
from keras import ops

from aehelpers._check import integer, number

__all__ = ["CodeMixture", "check_codes", "draw"]


def check_codes(codes, name="codes", least=1):
    """Returns codes as an array `(n, latent_dim)` of float32, or says what is wrong with them.

    Args:
        codes: What was given.
        name: What the message calls it.
        least: How many codes there must be.

    Raises:
        ValueError: If the array has another shape, fewer codes, or NaN or infinity in it.

    Example:

    >>> check_codes(np.zeros((5, 28, 28, 1)))
    Traceback (most recent call last):
        ...
    ValueError: codes must have the shape (n, latent_dim), as an encoder gives them; pass images
    through the encoder first. Received: shape (5, 28, 28, 1)
    """
    codes = np.asarray(codes)
    if codes.ndim != 2 or codes.shape[1] < 1 or codes.dtype.kind not in "fiub":
        kind = "" if codes.dtype.kind in "fiub" else f" of {codes.dtype}"
        raise ValueError(
            f"{name} must have the shape (n, latent_dim), as an encoder gives them; pass images "
            f"through the encoder first. Received: shape {codes.shape}{kind}"
        )
    if len(codes) < least:
        raise ValueError(f"{name} must be at least {least}. Received: {len(codes)} codes")
    if not np.isfinite(codes).all():
        bad = np.count_nonzero(~np.isfinite(codes).all(axis=1))
        raise ValueError(f"{name} must be finite. Received: NaN or infinity in {bad} codes")
    return codes.astype("float32", copy=False)


class CodeMixture:
    """A mixture of Gaussians over codes, each with a full covariance.

    Args:
        gaussians: How many Gaussians, a positive integer. Choose it by `score` on validation codes.
        seed: An integer that fixes where the fit begins.
        tol: The fit ends when a step gains less than this many nats a code.

    Example: codes on two heaps.

    >>> rng = np.random.default_rng(0)
    >>> codes = rng.normal(size=(400, 2)) * 0.1 + np.repeat([[-1], [1]], 200, axis=0)
    >>> mixture = CodeMixture(gaussians=2).fit(codes)
    >>> print(np.sort(mixture.means[:, 0]).round(1))
    [-1.  1.]
    >>> mixture.sample(3, seed=0).shape
    (3, 2)

    Source: Ghosh et al., "From Variational to Deterministic Autoencoders" (2020), section 4: a
    density that is fitted to the codes afterwards.
    """

    def __init__(self, gaussians=30, seed=0, tol=0.02):
        self.gaussians = integer("gaussians", gaussians)
        self.seed = integer("seed", seed, least=0)
        self.tol = number("tol", tol)
        self.fitted = None

    def fit(self, codes):
        """Fits the mixture to codes, `(n, latent_dim)`, and returns it.

        Raises:
            ValueError: If there are fewer codes than Gaussians, or they aren't finite codes.
        """
        from sklearn.mixture import GaussianMixture

        codes = check_codes(codes)
        if len(codes) < max(self.gaussians, 2):
            raise ValueError(
                "A mixture must have at least as many codes as Gaussians, and two. "
                f"Received: {len(codes)} codes for {self.gaussians} Gaussians"
            )
        mixture = GaussianMixture(self.gaussians, tol=self.tol, random_state=self.seed)
        self.fitted = mixture.fit(codes.astype("float64"))  # float32 has no room for the roots
        return self

    @property
    def means(self):
        """The middles of the Gaussians, `(gaussians, latent_dim)`."""
        return self._own().means_

    @property
    def covariances(self):
        """Their covariances, `(gaussians, latent_dim, latent_dim)`."""
        return self._own().covariances_

    @property
    def shares(self):
        """The share of each Gaussian, `(gaussians,)`; their sum is 1."""
        return self._own().weights_

    def score(self, codes):
        """Returns the mean over codes, `(n, latent_dim)`, of their log-density, in nats."""
        return float(self._own().score(self._fitting(codes).astype("float64")))

    def sample(self, n, seed=None):
        """Draws codes.

        Args:
            n: How many, a positive integer.
            seed: An integer, for the same codes each time.

        Returns:
            An array `(n, latent_dim)` of float32.
        """
        own, rng = self._own(), np.random.default_rng(seed)
        which = rng.choice(len(own.weights_), integer("n", n), p=own.weights_)
        noise = rng.standard_normal((n, own.means_.shape[1]))
        roots = np.linalg.cholesky(own.covariances_)
        moved = np.empty_like(noise)
        for k in np.unique(which):
            moved[which == k] = own.means_[k] + noise[which == k] @ roots[k].T
        return moved.astype("float32")

    def _own(self):
        if self.fitted is None:
            raise ValueError("A mixture must be fitted to codes first: call fit(codes)")
        return self.fitted

    def _fitting(self, codes):
        codes = check_codes(codes)
        if codes.shape[1] != self.means.shape[1]:
            raise ValueError(
                f"codes must have {self.means.shape[1]} numbers each, as those of the fit. "
                f"Received: shape {codes.shape}"
            )
        return codes


def draw(model, sampler, n, seed=None, **options):
    """Draws new images: codes from a model of codes, decoded by an autoencoder.

    Args:
        model: An autoencoder, with a `.decoder`.
        sampler: A model of its codes, with a `.sample`.
        n: How many, a positive integer.
        seed: An integer, for the same images each time.
        **options: What else `sampler.sample` takes.

    Returns:
        Images in [0, 1], `(n, 28, 28, 1)`.

    Raises:
        ValueError: If `model` can't decode, `sampler` can't draw, or the codes don't fit.

    Example:

    >>> from aehelpers import models
    >>> mixture = models.CodeMixture(2).fit(np.random.default_rng(0).random((50, 4)))
    >>> models.draw(models.vanilla(4), mixture, 3).shape
    (3, 28, 28, 1)
    >>> models.draw(mixture, mixture, 3)
    Traceback (most recent call last):
        ...
    ValueError: model must be an autoencoder with an .encoder and a .decoder, to make images of
    codes. Received: CodeMixture
    """
    if not all(hasattr(model, part) for part in ("encoder", "decoder")):
        raise ValueError(
            "model must be an autoencoder with an .encoder and a .decoder, to make images of "
            f"codes. Received: {type(model).__name__}"
        )
    if not hasattr(sampler, "sample"):
        raise ValueError(
            "sampler must be a model of codes with a .sample, such as a CodeMixture. "
            f"Received: {type(sampler).__name__}"
        )
    codes = sampler.sample(n, seed=seed, **options)
    wanted = model.decoder.inputs[0].shape[1:]
    if codes.shape[1:] != tuple(wanted):
        raise ValueError(
            f"sampler must draw codes of the shape that the decoder takes, {tuple(wanted)}. "
            f"Received: {codes.shape[1:]}"
        )
    images = [
        ops.convert_to_numpy(model.decoder(codes[i : i + 500], training=False))
        for i in range(0, len(codes), 500)
    ]
    return np.clip(np.concatenate(images), 0, 1)
