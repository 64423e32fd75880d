"""Numbers that tell how good a reconstruction is.

Every function takes the images and their reconstructions in one of the layouts `(n, 28, 28, 1)`,
`(n, 28, 28)` or `(n, 784)`, both in the same one, and returns one number per image: take the mean
over the images yourself, where it shows. Images lie in [0, 1] (`uint8` images are divided by 255).
Reconstructions may leave that range a little, as those of PCA or of a linear decoder do; only
`binary_crossentropy` needs probabilities.
"""

import functools
import warnings

import numpy as np

from aehelpers.data import check_images

__all__ = [
    "active_units",
    "auroc",
    "binary_crossentropy",
    "effective_beta",
    "firing_rates",
    "frechet_distance",
    "importance_weighted_bound",
    "kl_divergence",
    "l0",
    "linear_probe",
    "mse",
    "principal_angles",
    "psnr",
    "sse",
    "ssim",
]

_AT_ONCE = 1000  # images


def _by_parts(measure):
    """Gives a measure so many images at a time: between, it takes several times their memory."""

    @functools.wraps(measure)
    def by_parts(x_true, x_pred, *args, **kwargs):
        arrays = isinstance(x_true, np.ndarray) and isinstance(x_pred, np.ndarray)
        if not arrays or x_true.shape != x_pred.shape or len(np.atleast_1d(x_true)) <= _AT_ONCE:
            return measure(x_true, x_pred, *args, **kwargs)
        parts = (slice(i, i + _AT_ONCE) for i in range(0, len(x_true), _AT_ONCE))
        numbers = [measure(x_true[part], x_pred[part], *args, **kwargs) for part in parts]
        return np.concatenate(numbers)

    return by_parts


@_by_parts
def sse(x_true, x_pred):
    """Squared error summed over the pixels: `sum_i (x_i - x'_i)^2`.

    Args:
        x_true: Images in [0, 1], `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`.
        x_pred: Their reconstructions, in the same shape.

    Returns:
        Array of shape `(n,)`: squared error per image, in squared grey levels (white is 1).

    Raises:
        ValueError: If the shapes differ, or an array holds no images.

    Example:
    >>> black, grey = np.zeros((1, 28, 28, 1)), np.full((1, 28, 28, 1), 0.5)
    >>> print(sse(black, grey))
    [196.]

    Source: the measure of Hinton and Salakhutdinov, "Reducing the dimensionality of data with
    neural networks", Science 313 (2006), figure 2.
    """
    x_true, x_pred = _pair(x_true, x_pred)
    return np.square(x_true - x_pred).sum(axis=1, dtype="float64")


def mse(x_true, x_pred):
    """Squared error averaged over the pixels: `sse / 784`.

    Args:
        x_true: Images in [0, 1], `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`.
        x_pred: Their reconstructions, in the same shape.

    Returns:
        Array of shape `(n,)`: mean squared error per image, in squared grey levels (white is 1).

    Raises:
        ValueError: If the shapes differ, or an array holds no images.

    Example:
    >>> black, grey = np.zeros((1, 28, 28, 1)), np.full((1, 28, 28, 1), 0.5)
    >>> print(mse(black, grey))
    [0.25]
    """
    return sse(x_true, x_pred) / (28 * 28)


@_by_parts
def binary_crossentropy(x_true, x_pred, per="image"):
    """Cross-entropy of grey levels read as probabilities: `-sum_i x_i ln p_i + (1-x_i) ln(1-p_i)`.

    Predictions are clipped to [1e-7, 1 - 1e-7] before the logarithm, as Keras does. For images that
    are not purely black and white the smallest possible value is the images' own entropy, not 0.

    Args:
        x_true: Images in [0, 1], `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`.
        x_pred: Their reconstructions in [0, 1], in the same shape.
        per: `"image"` sums over the 784 pixels, the loss of this course; `"pixel"` takes their
            mean, which is what `loss="binary_crossentropy"` reports in Keras.

    Returns:
        Array of shape `(n,)`: nats per image or nats per pixel, for each image.

    Raises:
        ValueError: If the shapes differ, an array holds no images, `x_pred` leaves [0, 1], or
            `per` is neither of the two.

    Example:
    >>> black, grey = np.zeros((1, 28, 28, 1)), np.full((1, 28, 28, 1), 0.5)
    >>> print(binary_crossentropy(black, grey, per="pixel").round(4))  # ln 2
    [0.6931]
    """
    if per not in ("image", "pixel"):
        raise ValueError(f'per must be "image" or "pixel". Received: per={per!r}')
    x_true, p = _pair(x_true, check_images(x_pred, "x_pred").reshape(np.shape(x_pred)))
    p = np.clip(p, 1e-7, 1 - 1e-7)
    nats = -(x_true * np.log(p) + (1 - x_true) * np.log1p(-p)).sum(axis=1, dtype="float64")
    return nats if per == "image" else nats / (28 * 28)


def psnr(x_true, x_pred):
    """Peak signal-to-noise ratio, `10 log10(1 / mse)`, for a data range of 1. Higher is better.

    Args:
        x_true: Images in [0, 1], `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`.
        x_pred: Their reconstructions, in the same shape.

    Returns:
        Array of shape `(n,)`: decibels per image, `inf` where the two are identical. The mean of
        decibels is not the decibels of the mean: say which one you print.

    Raises:
        ValueError: If the shapes differ, or an array holds no images.

    Example:
    >>> black, grey = np.zeros((1, 28, 28, 1)), np.full((1, 28, 28, 1), 0.1)
    >>> print(psnr(black, grey).round(2))
    [20.]
    """
    with np.errstate(divide="ignore"):
        return -10 * np.log10(mse(x_true, x_pred))


@_by_parts
def ssim(x_true, x_pred):
    """Structural similarity: 1 for identical images, near 0 for unrelated ones.

    Compares means, contrasts and patterns under a Gaussian window (sigma 1.5, cut off at 11x11) and
    averages over the image, with the constants `K1 = 0.01` and `K2 = 0.03` of the paper.

    Args:
        x_true: Images in [0, 1], `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`.
        x_pred: Their reconstructions, in the same shape.

    Returns:
        Array of shape `(n,)`: mean structural similarity per image, between -1 and 1. About 4,000
        images take a second.

    Raises:
        ValueError: If the shapes differ, or an array holds no images.

    Example:
    >>> x = np.eye(28)[None]
    >>> print(ssim(x, x))
    [1.]

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", IEEE Transactions on Image Processing 13 (2004), section III.
    """
    from skimage.metrics import structural_similarity

    x_true, x_pred = _pair(x_true, x_pred)
    wang = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1}
    x_true, x_pred = (x.reshape(-1, 28, 28).astype("float64") for x in (x_true, x_pred))
    return np.array([structural_similarity(a, b, **wang) for a, b in zip(x_true, x_pred)])


def principal_angles(a, b):
    """Angles between the subspaces that the columns of two matrices span.

    All angles are 0 where the subspaces are the same, whatever bases `a` and `b` are: this is how
    to see that a linear autoencoder has learned PCA's subspace though not PCA's components.

    Args:
        a: Matrix of shape `(features, j)`.
        b: Matrix of shape `(features, k)`.

    Returns:
        Array of shape `(min(j, k),)`: angles in degrees, from 0 to 90, largest first.

    Raises:
        ValueError: If `a` and `b` are not matrices with the same number of rows.

    Example: the xy-plane, and a line that rises from it at 45 degrees.

    >>> plane, line = np.array([[1, 0], [0, 1], [0, 0]]), np.array([[0], [1], [1]])
    >>> print(principal_angles(plane, line).round(1))
    [45.]

    Source: Björck and Golub, "Numerical methods for computing angles between linear subspaces",
    Mathematics of Computation 27 (1973).
    """
    from scipy.linalg import subspace_angles

    a, b = np.asarray(a), np.asarray(b)
    if a.ndim != 2 or b.ndim != 2 or len(a) != len(b):
        raise ValueError(
            "a and b must be matrices with the same number of rows. "
            f"Received shapes: {a.shape} and {b.shape}"
        )
    return np.degrees(subspace_angles(a, b))


def kl_divergence(z_mean, z_log_var, per="image"):
    """Divergence of Gaussians from N(0, 1): `sum_j (m_j^2 + v_j - 1 - ln v_j) / 2`, `v` a variance.

    Args:
        z_mean: Means, `(n, latent_dim)`.
        z_log_var: Logarithms of the variances, `(n, latent_dim)`.
        per: `"image"` sums over the latent units; `"unit"` takes each unit's mean over the images,
            which shows which units carry something.

    Returns:
        Nats, of shape `(n,)` for each image or `(latent_dim,)` for each unit.

    Raises:
        ValueError: If the shapes differ or are not `(n, latent_dim)`, a value is not finite, or
            `per` is neither of the two.

    Example: a Gaussian moved by two of its standard deviations.
    >>> print(kl_divergence([[0.0, 2.0]], [[0.0, 0.0]]))
    [2.]

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), appendix B.
    """
    if per not in ("image", "unit"):
        raise ValueError(f'per must be "image" or "unit". Received: per={per!r}')
    z_mean, z_log_var = _codes(z_mean=z_mean, z_log_var=z_log_var)
    nats = (z_mean**2 + np.expm1(z_log_var) - z_log_var) / 2
    return nats.sum(axis=1) if per == "image" else nats.mean(axis=0)


def active_units(z_mean, threshold=0.01):
    """Which latent units answer to the image: `Var_x(E[z_j | x]) > threshold`.

    Args:
        z_mean: Means of the codes of many images, `(n, latent_dim)`.
        threshold: The variance from which on a unit counts as active.

    Returns:
        Array of booleans, `(latent_dim,)`; its sum is the number of active units.

    Raises:
        ValueError: If `z_mean` is not finite or not of shape `(n, latent_dim)`.

    Example: the second unit gives nearly the same for all images.
    >>> print(active_units([[-1.0, 0.01], [0.5, 0.02], [0.5, 0.01]]))
    [ True False]

    Source: Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), section 5.2.
    """
    (z_mean,) = _codes(z_mean=z_mean)
    return z_mean.var(axis=0) > threshold


def effective_beta(
    pixels, latent_dim, reconstruction="sum", kl="sum", reconstruction_weight=1.0, kl_weight=1.0
):
    """The beta that a loss really has, once its reconstruction is a sum over the pixels.

    A loss may be multiplied by any number without a change of what it is best for, so that only
    the ratio of its two parts counts. A mean over `pixels` makes the reconstruction that many times
    smaller, and so the KL divergence that many times more important.

    Args:
        pixels: Numbers in an image, such as 784; colours count.
        latent_dim: Numbers in the code.
        reconstruction: `"sum"` or `"mean"` over the pixels.
        kl: `"sum"` or `"mean"` over the latent units.
        reconstruction_weight: What the reconstruction is multiplied by.
        kl_weight: What the KL divergence is multiplied by.

    Returns:
        The weight of the KL divergence summed over the units, relative to that of the
        reconstruction summed over the pixels; 1 for the ELBO.

    Raises:
        ValueError: If a size or `reconstruction_weight` is not positive, `kl_weight` is negative,
            or a reduction is neither `"sum"` nor `"mean"`.

    Example: both averaged, with a code of two numbers.
    >>> effective_beta(784, 2, reconstruction="mean", kl="mean")
    392.0
    """
    for name, value in (("reconstruction", reconstruction), ("kl", kl)):
        if value not in ("sum", "mean"):
            raise ValueError(f'{name} must be "sum" or "mean". Received: {name}={value!r}')
    if min(pixels, latent_dim) < 1 or not reconstruction_weight > 0 or not kl_weight >= 0:
        raise ValueError(
            "pixels, latent_dim and reconstruction_weight must be positive, kl_weight 0 or more. "
            f"Received: pixels={pixels}, latent_dim={latent_dim}, "
            f"reconstruction_weight={reconstruction_weight}, kl_weight={kl_weight}"
        )
    beta = kl_weight / reconstruction_weight
    if reconstruction == "mean":
        beta *= pixels
    return beta / latent_dim if kl == "mean" else beta


def importance_weighted_bound(x, z_mean, z_log_var, decode, samples=100, seed=0):
    """Estimates `ln p(x)` of each image from many codes, a bound tighter than the ELBO.

    `ln 1/k sum_i w_i` with `w_i = p(x | z_i) p(z_i) / q(z_i | x)` for `k` codes `z_i` drawn from
    the encoder's Gaussian. One sample gives the ELBO; more come closer to `ln p(x)`, from below on
    average. Grey levels count as probabilities, as in `binary_crossentropy`.

    Args:
        x: Images in [0, 1], `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`.
        z_mean: Means of their codes, `(n, latent_dim)`.
        z_log_var: Logarithms of the variances, `(n, latent_dim)`.
        decode: Function from codes, `(n, latent_dim)`, to images in [0, 1], such as
            `lambda z: vae.decoder.predict_on_batch(z)`. It is called `samples` times.
        samples: Codes that are drawn for each image, a positive integer.
        seed: Integer that fixes the noise.

    Returns:
        Array of shape `(n,)`: nats per image, negative; higher is better.

    Raises:
        ValueError: If the arrays don't belong together, or `samples` is not positive.

    Example: a decoder that ignores its code has nothing to gain from more of them.
    >>> x, zeros = np.full((1, 784), 0.5), np.zeros((1, 2))
    >>> print(importance_weighted_bound(x, zeros, zeros, lambda z: x, samples=10).round(2))
    [-543.43]

    Source: Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders" (2016), equation 8.
    """
    z_mean, z_log_var = _codes(z_mean=z_mean, z_log_var=z_log_var)
    x = check_images(x).reshape(-1, 784)
    if len(x) != len(z_mean) or samples < 1:
        raise ValueError(
            "There must be a code for each image, and samples must be positive. "
            f"Received: {len(x)} images, {len(z_mean)} codes, samples={samples}"
        )
    rng = np.random.default_rng(seed)
    log_w = np.empty((samples, len(x)))
    for i in range(samples):
        noise = rng.standard_normal(z_mean.shape)
        z = z_mean + np.exp(z_log_var / 2) * noise
        images = np.asarray(decode(z.astype("float32"))).reshape(-1, 784)
        # ln p(z) - ln q(z | x): the constants of the two Gaussians cancel.
        log_ratio = ((noise**2 + z_log_var - z**2) / 2).sum(axis=1)
        log_w[i] = log_ratio - binary_crossentropy(x, images)
    return np.logaddexp.reduce(log_w, axis=0) - np.log(samples)


def firing_rates(z, threshold=0.0):
    """How often each unit of a sparse code is on: the share of images with `z_j > threshold`.

    Args:
        z: Codes, `(n, latent_dim)`.
        threshold: What a unit must exceed to count as on.

    Returns:
        Array of shape `(latent_dim,)`: shares from 0 to 1. Their mean is the mean rate, and their
        sum the mean of `l0`; a unit with a rate of 0 over many images is dead.

    Raises:
        ValueError: If `z` is not finite or not of shape `(n, latent_dim)`.

    Example:
    >>> print(firing_rates([[0.0, 2.0, 0.1], [0.0, 1.0, 0.0]]))
    [0.  1.  0.5]
    """
    (z,) = _codes(z=z)
    return (z > threshold).mean(axis=0)


def l0(z, threshold=0.0):
    """How many units of each sparse code are on: the number of `z_j > threshold`.

    Args:
        z: Codes, `(n, latent_dim)`.
        threshold: What a unit must exceed to count as on.

    Returns:
        Array of shape `(n,)`: units per image.

    Raises:
        ValueError: If `z` is not finite or not of shape `(n, latent_dim)`.

    Example:
    >>> print(l0([[0.0, 2.0, 0.1], [0.0, 1.0, 0.0]]))
    [2 1]
    """
    (z,) = _codes(z=z)
    return (z > threshold).sum(axis=1)


def linear_probe(z_train, y_train, z_test, y_test, C=0.03, max_iter=100):
    """How well a linear classifier reads the labels from codes: its accuracy on test codes.

    The classifier is scikit-learn's logistic regression (L-BFGS, from zeros: the same result on
    every call). All codes are divided by one number first, the root of the mean square of the
    training codes, so that one `C` fits codes of any size.

    Args:
        z_train: Codes or flat images to fit to, `(n, features)`. Of SciPy's sparse arrays, only
            what they store takes memory and time.
        y_train: Their labels, `(n,)`, of at least two classes.
        z_test: Codes to score on, `(m, features)`, sparse or not.
        y_test: Their labels, `(m,)`.
        C: Inverse strength of the squared penalty on the weights, positive. Choose it on
            validation images.
        max_iter: Steps of the optimiser; it may stop earlier.

    Returns:
        Share of the test codes that are classified correctly, from 0 to 1.

    Raises:
        ValueError: If the arrays don't belong together.

    Example:
    >>> linear_probe([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1], [[0.1], [2.9]], [0, 1])
    1.0
    """
    from scipy import sparse
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    # float32 halves the time; scikit-learn would keep float64.
    z_train, z_test = (
        sparse.csr_array(z, dtype="float32") if sparse.issparse(z) else np.asarray(z, "float32")
        for z in (z_train, z_test)
    )
    y_train, y_test = np.asarray(y_train), np.asarray(y_test)
    shapes = [values.shape for values in (z_train, y_train, z_test, y_test)]
    if (
        z_train.ndim != 2
        or z_test.shape[1:] != z_train.shape[1:]
        or y_train.shape != z_train.shape[:1]
        or y_test.shape != z_test.shape[:1]
    ):
        raise ValueError(
            "z_train, y_train, z_test and y_test must have the shapes (n, features), (n,), "
            f"(m, features) and (m,). Received shapes: {shapes}"
        )
    if sparse.issparse(z_train):
        squares = z_train.multiply(z_train).sum(dtype="float64")
    else:  # row by row: the squares of all codes at once would need as much memory as the codes
        squares = np.einsum("ij,ij->i", z_train, z_train).sum(dtype="float64")
    scale = np.sqrt(squares / np.prod(z_train.shape)).astype("float32") or 1
    probe = LogisticRegression(C=C, max_iter=max_iter, tol=1e-3)
    # One thread is faster: several would spend most of the time waiting for one another.
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        # Stopping early costs next to nothing in accuracy.
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe.fit(z_train / scale, y_train)
    return float(probe.score(z_test / scale, y_test))


def auroc(scores, anomalous):
    """How well scores tell anomalies from normal cases, for all thresholds at once.

    The area under the receiver operating characteristic is the probability that an anomaly has a
    higher score than a normal case, both drawn at random; ties count half. 1 is perfect, 0.5 is
    guessing.

    Args:
        scores: Numbers that are meant to be high for anomalies, `(n,)`.
        anomalous: For each score whether it belongs to an anomaly, `(n,)`; both kinds must occur.

    Returns:
        The area, from 0 to 1.

    Raises:
        ValueError: If the arrays are not of one length, a score is NaN, or a kind is missing.

    Example: of the four pairs, one is in the wrong order.
    >>> auroc([0.1, 0.5, 0.4, 0.9], [False, False, True, True])
    0.75

    Source: Hanley and McNeil, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve", Radiology 143 (1982).
    """
    from sklearn.metrics import roc_auc_score

    scores, anomalous = np.asarray(scores, "float64"), np.asarray(anomalous, bool)
    n = anomalous.sum()
    if scores.ndim != 1 or scores.shape != anomalous.shape or not 0 < n < len(scores):
        raise ValueError(
            "scores and anomalous must have the shape (n,), with at least one anomaly and one "
            f"normal case. Received shapes: {scores.shape} and {anomalous.shape}, {n} anomalies"
        )
    if np.isnan(scores).any():
        raise ValueError(f"scores must be numbers. Received: {np.isnan(scores).sum()} NaN")
    if not np.isfinite(scores).all():  # only their order counts, and scikit-learn takes no infinity
        scores = np.unique(scores, return_inverse=True)[1]
    return float(roc_auc_score(anomalous, scores))


def frechet_distance(a, b):
    """How far two sets of features are apart, each seen as a Gaussian.

    `|m_a - m_b|^2 + trace(C_a + C_b - 2 (C_a C_b)^(1/2))`, with the means `m` and the covariances
    `C` of the two sets. It is 0 for sets with the same mean and covariance. A few thousand images
    are needed: with fewer the distance comes out too large.

    Args:
        a: Features of one set of images, `(n, features)`.
        b: Features of another set, `(m, features)`.

    Returns:
        The distance, in squared units of the features.

    Raises:
        ValueError: If `a` and `b` are not finite matrices with the same number of columns, or have
            fewer than two rows.

    Example: two Gaussians on a line, 3 apart, with standard deviations 1 and 2: 3^2 + (2 - 1)^2.
    >>> frechet_distance([[-1.0], [1.0]], [[1.0], [5.0]])
    10.0

    Source: Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium" (2017), equation 6; Dowson and Landau, "The Fréchet distance between multivariate
    normal distributions", Journal of Multivariate Analysis 12 (1982).
    """
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(
            "a and b must be matrices with the same number of columns and at least two rows. "
            f"Received shapes: {a.shape} and {b.shape}"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("a and b must be finite. Received: NaN or infinity")
    c_a, c_b = (np.atleast_2d(np.cov(x, rowvar=False, bias=True)) for x in (a, b))
    values, vectors = np.linalg.eigh(c_a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    # The root of C_a C_b has the trace of the root of this matrix, which is symmetric.
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ c_b @ root), 0)).sum()
    distance = np.square(a.mean(axis=0) - b.mean(axis=0)).sum() + np.trace(c_a + c_b) - 2 * cross
    return float(max(distance, 0.0))


def _codes(**arrays):
    """Returns arrays `(n, latent_dim)` as float64, or says what is wrong with them."""
    arrays = {name: np.asarray(values, "float64") for name, values in arrays.items()}
    shapes = {name: values.shape for name, values in arrays.items()}
    if len(set(shapes.values())) > 1 or any(v.ndim != 2 or not v.size for v in arrays.values()):
        raise ValueError(
            f"{' and '.join(shapes)} must have the shape (n, latent_dim). Received shapes: {shapes}"
        )
    if not all(np.isfinite(values).all() for values in arrays.values()):
        raise ValueError(f"{' and '.join(shapes)} must be finite. Received: NaN or infinity")
    return arrays.values()


def _pair(x_true, x_pred):
    """Returns both arrays checked and flat, `(n, 784)` float32; `x_pred` may leave [0, 1]."""
    x_pred = np.asarray(x_pred)
    if np.shape(x_true) != x_pred.shape:
        raise ValueError(
            "x_true and x_pred must have the same shape. "
            f"Received shapes: {np.shape(x_true)} and {x_pred.shape}"
        )
    x_true = check_images(x_true, "x_true")
    if np.issubdtype(x_pred.dtype, np.floating):
        check_images(np.clip(x_pred, 0, 1), "x_pred")
    else:
        x_pred = check_images(x_pred, "x_pred")
    return x_true.reshape(-1, 784), x_pred.astype("float32", copy=False).reshape(-1, 784)
