"""The exercises of notebook 05: the KL divergence, and four losses that went wrong."""

import numpy as np

from aehelpers.checks.exercise import Exercise
from aehelpers.checks.inputs import reconstructions

__all__ = ["ex05_1", "ex05_2", "ex05_3", "ex05_4", "ex05_5"]


def _gaussians(seed, n=6, latent_dim=3, spread=1):
    """Makes means and log-variances of codes."""
    rng = np.random.default_rng(seed)
    z_mean = spread * rng.normal(size=(n, latent_dim))
    return z_mean.astype("float32"), rng.uniform(-3, 0.5, (n, latent_dim)).astype("float32")


def kl_numpy(z_mean, z_log_var):
    """Returns each image's KL divergence from N(0, 1) in nats."""
    return 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(axis=1)


def _half(terms):
    return 0.5 * terms.sum(axis=1)


_MEAN_OF_UNITS = (
    "Mean where the sum belongs: each unit has a price of its own, and an image pays them all. "
    "With the mean over the units, beta is silently divided by latent_dim."
)
_SUMMED_OVER_IMAGES = "You summed over the images too. Keep one number for each image: axis=1 only."
_NO_LOGARITHM = (
    "You took z_log_var for sigma, or for the variance. It is a logarithm, and may be negative: "
    "the variance is exp(z_log_var)."
)
_LOG_AGAIN = (
    "You take the logarithm of a logarithm. z_log_var is the logarithm of the variance already, so "
    "the last term is z_log_var itself."
)

ex05_1 = Exercise(
    "5.1",
    section="2 · The idea: a cloud in place of a point",
    reference=kl_numpy,
    cases=lambda: {
        "six images and codes of three units": _gaussians(0),
        "one image": (np.array([[1.0, -2.0]], "float32"), np.array([[0.5, -1.0]], "float32")),
        "as many images as units": _gaussians(1, n=4, latent_dim=4),
        "codes that are N(0, 1) themselves": (np.zeros((2, 3), "float32"),) * 2,
        "Gaussians wider than N(0, 1)": (_gaussians(2)[0], -_gaussians(3)[1].clip(-3, -0.1)),
    },
    atol=1e-5,
    what="There should be one number for each image.",
    mistakes=[
        (lambda m, v: kl_numpy(m, v) / m.shape[1], _MEAN_OF_UNITS),
        (
            lambda m, v: -kl_numpy(m, v),
            "The sign is turned: a divergence is never negative. See how the ELBO uses it.",
        ),
        (lambda m, v: 2 * kl_numpy(m, v), "Twice too much: the factor 1/2 is missing."),
        (
            lambda m, v: -2 * kl_numpy(m, v),
            "The sign is turned, and the factor 1/2 is missing: a divergence is never negative.",
        ),
        (
            lambda m, v: kl_numpy(m, v) / 2,
            "Half of it: the factor 1/2 comes in only once.",
        ),
        (
            lambda m, v: kl_numpy(m, v) / len(m),
            "You divided by the number of images. Keep one number for each image, undivided.",
        ),
        (
            lambda m, v: kl_numpy(m, v) / np.log(2),
            "That is in bits. Nats come without the division by log(2).",
        ),
        (
            lambda m, v: kl_numpy(m, 2 * v),
            "You took z_log_var for the logarithm of sigma. It is the logarithm of the variance, "
            "sigma squared: exp(z_log_var) is the variance already.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(v) ** 2 - 1 - v),
            "exp(z_log_var) is the variance already: don't square it.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(v) - 1 - 2 * v),
            "The logarithm counts twice. It is the variance's, not that of sigma, and it stands "
            "within the bracket of the factor 1/2.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(v) - 1 - v / 2),
            "The last term is z_log_var itself, not half of it: the factor 1/2 stands before the "
            "whole bracket already.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(v / 2) - 1 - v),
            "exp(z_log_var / 2) is sigma. The formula has the variance, sigma squared: "
            "exp(z_log_var).",
        ),
        (
            lambda m, v: kl_numpy(m, v / 2),
            "exp(z_log_var / 2) is sigma, and you took it for the variance. The formula has the "
            "variance, exp(z_log_var), and its logarithm, z_log_var.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(v) - v),
            "The -1 is missing: a unit that is N(0, 1) itself should cost nothing.",
        ),
        (
            lambda m, v: kl_numpy(m, v) + 0.5 * (m.shape[1] - 1),
            "The -1 is subtracted only once. Each unit has its own: subtract it before the sum.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(v) + 1 - v),
            "The sign of the 1 is turned: a unit that is N(0, 1) itself should cost nothing.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(v) - 1 + v),
            "The sign of the logarithm is turned: it is subtracted, so that a narrow Gaussian "
            "costs more, not less.",
        ),
        (
            lambda m, v: _half((m**2 + 1) * np.exp(-v) - 1 + v),
            "That is the divergence the other way round, of N(0, 1) from the code's Gaussian. It "
            "isn't symmetric: here the code's Gaussian comes first.",
        ),
        (
            lambda m, v: kl_numpy(v, m),
            "The two are swapped: z_mean is squared, and the exponential is of z_log_var.",
        ),
        (
            lambda m, v: kl_numpy(m, -v),
            "The sign of z_log_var is turned: exp(z_log_var) is the variance, and exp(-z_log_var) "
            "1 over it.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(-v) - 1 - v),
            "exp(-z_log_var) is 1 over the variance. The variance is exp(z_log_var).",
        ),
        (
            lambda m, v: _half(m + np.exp(v) - 1 - v),
            "The mean isn't squared: z_mean**2. A mean below 0 costs as much as one above.",
        ),
        (
            lambda m, v: _half(np.abs(m) + np.exp(v) - 1 - v),
            "The mean isn't squared: z_mean**2 in place of its absolute value.",
        ),
        (
            lambda m, v: 0.5 * (m.sum(axis=1) ** 2 + (np.exp(v) - 1 - v).sum(axis=1)),
            "You squared the sum of the means, where means of opposite sign cancel. Square first, "
            "then sum.",
        ),
        (
            lambda m, v: (0.5 * m**2 + np.exp(v) - 1 - v).sum(axis=1),
            "The factor 1/2 stands before the first term only. It belongs to all four: put a "
            "bracket around them.",
        ),
        (
            lambda m, v: (0.5 * (m**2 + np.exp(v)) - 1 - v).sum(axis=1),
            "The factor 1/2 stands before two terms only. It belongs to all four: put a bracket "
            "around them.",
        ),
        (
            lambda m, v: _half(np.exp(v) - m**2 - 1 - v),
            "The sign of z_mean**2 is turned: a mean far from 0 costs more.",
        ),
        (
            lambda m, v: _half(m**2 - np.exp(v) - 1 - v),
            "The sign of the variance is turned: exp(z_log_var) is added.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(v) - 1 - v / np.log(2)),
            "The logarithm's base is 2. The natural one is asked for, which z_log_var is already.",
        ),
        (
            lambda m, v: _half(m**2 + np.exp(v) - 1 - v / np.log(10)),
            "The logarithm's base is 10. The natural one is asked for, which z_log_var is already.",
        ),
        (
            lambda m, v: (m**2 + np.exp(v) - 1 - 0.5 * v).sum(axis=1),
            "The factor 1/2 stands before the last term only. It belongs to all four: put a "
            "bracket around them.",
        ),
        (
            lambda m, v: _half(np.exp(v) - 1 - v),
            "The mean's term is missing: a code far from 0 costs z_mean**2.",
        ),
        (lambda m, v: _half(m**2 - 1 - v), "The variance is missing: add exp(z_log_var)."),
        (
            lambda m, v: _half(m**2 + np.exp(v) - 1),
            "The logarithm is missing: without - z_log_var a variance of 0 would be best.",
        ),
        (
            lambda m, v: _half(m**2),
            "Only the mean's term is there. The variance has a price too: exp(z_log_var) - 1 - "
            "z_log_var.",
        ),
        (lambda m, v: _half(m**2 + v - 1 - np.log(v)), _NO_LOGARITHM),
        (lambda m, v: _half(m**2 + v**2 - 1 - np.log(v**2)), _NO_LOGARITHM),
        (lambda m, v: _half(m**2 + v**2 - 1 - 2 * np.log(v)), _NO_LOGARITHM),
        (lambda m, v: _half(m**2 + v**2 - 1 - np.log(v)), _NO_LOGARITHM),
        (lambda m, v: _half(m**2 + v - 1 - np.exp(v)), _NO_LOGARITHM),
        (lambda m, v: _half(m**2 + v**2 - 1 - v), _NO_LOGARITHM),
        (lambda m, v: _half(m**2 + np.exp(v) - 1 - np.log(v)), _LOG_AGAIN),
        (lambda m, v: _half(m**2 + np.exp(v) - 1 - np.log(np.abs(v))), _LOG_AGAIN),
        (
            lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v).sum(axis=0),
            "You summed over the images. An image pays for all its units: sum over axis=1.",
        ),
    ],
    shapes=[
        (
            lambda m, v: m,
            "You kept the units apart. An image pays for all of them: sum over axis=1.",
        ),
        (lambda m, v: np.float64(0), _SUMMED_OVER_IMAGES),
        (
            lambda m, v: m[0],
            "You have one number for each unit. An image pays for all its units: sum over axis=1.",
        ),
    ],
    praise="One number for each image, in nats, and never below zero.",
    steps=[
        "Write the formula of the section as it stands: four terms in a bracket, 1/2 before it.",
        "z_log_var is the logarithm of the variance: v is np.exp(z_log_var), and ln v is z_log_var "
        "itself.",
        "Each unit has a price, and an image pays for all its units: sum over axis=1.",
    ],
)


def _nats(x, x_hat):
    return -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)).sum(axis=(1, 2, 3))


def negative_elbo(x, x_hat, z_mean, z_log_var):
    """Returns the negative ELBO of each image."""
    nats = -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)).sum(axis=(1, 2, 3))
    return nats + kl_numpy(z_mean, z_log_var)


def _batch(seed, n=6, latent_dim=3):
    """Makes grey images, reconstructions and their codes."""
    x, x_hat = reconstructions(seed, n), reconstructions(seed + 1, n).clip(0.05, 0.95)
    return x, x_hat, *_gaussians(seed, n, latent_dim, spread=3)


_BETA_784 = (
    "Mean where the sum belongs: the reconstruction is a mean over 784 pixels, beside a KL that is "
    "a sum. That is a beta of 784, and every unit will collapse."
)

_TABLE = (
    "Each image was added to each other one, as an axis of length 1 was left in one of the two "
    "parts: sum over axis=(1, 2, 3) in the one, over axis=1 in the other."
)

ex05_2 = Exercise(
    "5.2",
    section="4 · The loss, in five lines",
    reference=negative_elbo,
    cases=lambda: {
        "three images and codes of three units": _batch(1, n=3),
        "six images and codes of three units": _batch(7),
        "one image": _batch(3, n=1),
        "four images and codes of ten units": _batch(5, n=4, latent_dim=10),
    },
    rtol=1e-4,  # the KL is a small part of the sum
    what="There should be one number for each image.",
    mistakes=[
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + 0.5 * (m**2 + np.exp(v) - 1 - v),
            "The units are still apart: sum the KL over axis=1.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + 0.5 * (m**2 + np.exp(v) - 1 - v).sum(axis=0),
            "You summed the KL over the images. An image pays for its units: axis=1.",
        ),
        (lambda x, x_hat, m, v: _nats(x, x_hat) / 784 + kl_numpy(m, v), _BETA_784),
        (lambda x, x_hat, m, v: _nats(x, x_hat).mean() / 784 + kl_numpy(m, v), _BETA_784),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) / 784 + kl_numpy(m, v) / m.shape[1],
            "Mean where the sum belongs, twice. Two means don't cancel: one divides by 784, the "
            "other by latent_dim. With codes of 3 units that is a beta of 784 / 3 = 261.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + kl_numpy(m, v) / m.shape[1],
            "Mean where the sum belongs: the KL is a mean over the units, and so its price is "
            "divided by latent_dim.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) - kl_numpy(m, v),
            "The KL is subtracted: a code far from N(0, 1) would be rewarded.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat),
            "The KL is missing: what is left is the loss of a plain autoencoder.",
        ),
        (
            lambda x, x_hat, m, v: kl_numpy(m, v),
            "The reconstruction is missing: with the KL alone no unit would say anything.",
        ),
        (
            lambda x, x_hat, m, v: kl_numpy(m, v) - _nats(x, x_hat),
            "The sign of the reconstruction is turned: it is a cost, like the KL.",
        ),
        (
            lambda x, x_hat, m, v: -negative_elbo(x, x_hat, m, v),
            "That is the ELBO itself, which grows as the model improves. Turn its sign.",
        ),
        (
            lambda x, x_hat, m, v: negative_elbo(x_hat, x, m, v),
            "The images and the reconstructions are swapped: the logarithm is taken of x_hat, and "
            "x is the weight before it. The images come first.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + kl_numpy(v, m),
            "z_mean and z_log_var are swapped in the KL: the mean is squared, and the exponential "
            "is of z_log_var.",
        ),
        (
            lambda x, x_hat, m, v: np.square(x - x_hat).sum(axis=(1, 2, 3)) + kl_numpy(m, v),
            "That is the squared error plus the KL. The reconstruction loss here is the "
            "cross-entropy, which is measured in nats, as the KL is.",
        ),
        (
            lambda x, x_hat, m, v: np.square(x - x_hat).mean(axis=(1, 2, 3)) + kl_numpy(m, v),
            "That is the squared error plus the KL, and a mean besides. The reconstruction loss "
            "here is the cross-entropy, which is measured in nats, summed over the pixels.",
        ),
        (
            lambda x, x_hat, m, v: np.square(x - x_hat).sum(axis=(1, 2, 3)),
            "That is the squared error alone. The loss is the cross-entropy plus the KL.",
        ),
        (
            lambda x, x_hat, m, v: kl_numpy(m, v) - (x * np.log(x_hat)).sum(axis=(1, 2, 3)),
            "Half of the cross-entropy is missing: (1 - x) * log(1 - x_hat) counts too.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + 784 * kl_numpy(m, v),
            "The KL is multiplied by 784, which makes its price far too high. Sum the "
            "reconstruction over the pixels, and leave the KL as it is.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) / 784 + 784 * kl_numpy(m, v),
            "The KL is multiplied by 784, which makes its price still higher. Sum the "
            "reconstruction over the pixels, and leave the KL as it is.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) / 784 - kl_numpy(m, v),
            "The KL is subtracted, so that a code far from N(0, 1) would be rewarded; and the "
            "reconstruction is a mean still.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + _half(m**2 + np.exp(v) - v),
            "In the KL the -1 is missing: a unit that is N(0, 1) itself should cost nothing.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + 2 * kl_numpy(m, v),
            "The KL counts twice: the factor 1/2 is missing.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + kl_numpy(m, v) / 2,
            "The KL counts half: the factor 1/2 comes in only once.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + kl_numpy(m, 2 * v),
            "In the KL you took z_log_var for the logarithm of sigma. It is the logarithm of the "
            "variance: exp(z_log_var) is the variance already.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + _half(m**2 + np.exp(v / 2) - 1 - v),
            "In the KL exp(z_log_var / 2) is sigma. The formula has the variance, exp(z_log_var).",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + kl_numpy(m, v).sum(),
            "The KL is summed over the images too: each image pays for its own units, axis=1.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat) + kl_numpy(m, v).mean(),
            "The KL is a mean over the images: each image pays for its own units, axis=1.",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat).sum() + kl_numpy(m, v),
            "The cross-entropy is summed over the images too. Each image has its own: "
            "axis=(1, 2, 3).",
        ),
        (
            lambda x, x_hat, m, v: _nats(x, x_hat).mean() + kl_numpy(m, v),
            "The cross-entropy is a mean over the images. Each image has its own: axis=(1, 2, 3).",
        ),
        (
            lambda x, x_hat, m, v: negative_elbo(x, x_hat, m, v) / 784,
            "All of it is divided by 784. The optimum stays where it is, but these are no nats of "
            "an image any more: sum over the pixels, and leave the division out.",
        ),
    ],
    shapes=[
        (
            lambda x, x_hat, m, v: np.zeros((2, len(x))),
            "Return one sum for each image: the two parts are added.",
        ),
        (
            lambda x, x_hat, m, v: np.zeros((len(x), 1, 1, len(x))),
            _TABLE,
        ),
        (
            lambda x, x_hat, m, v: np.float64(0),
            "Keep one number for each image; Keras takes the mean over the batch itself.",
        ),
        (
            lambda x, x_hat, m, v: np.zeros((len(x), len(x))),
            _TABLE,
        ),
        (
            lambda x, x_hat, m, v: x + 0 * kl_numpy(m, v),
            "The pixels are still apart: sum the cross-entropy over axis=(1, 2, 3).",
        ),
        (
            lambda x, x_hat, m, v: x,
            "The pixels are still apart: sum the cross-entropy over axis=(1, 2, 3).",
        ),
    ],
    praise="Sums over pixels and units, one number for each image: beta is 1.",
    steps=[
        "Look at how each of the two parts is reduced. Which one is 784 times smaller than the "
        "table of the section says?",
        "Line (5) of the derivation holds for sums over the pixels and over the units, with one "
        "number left for each image.",
        "Write ops.sum in place of ops.mean, over the same axes, and leave the KL as it is.",
    ],
)


def sample(z_mean, z_log_var, noise):
    """Returns codes drawn from the Gaussians."""
    return z_mean + np.exp(z_log_var / 2) * noise


def _drawn(seed, n=6, latent_dim=3):
    noise = np.random.default_rng(seed + 100).standard_normal((n, latent_dim)).astype("float32")
    return *_gaussians(seed, n, latent_dim), noise


_SCALES = (0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 0.7, 0.8, 0.9, 2, 3, 5, 10)
_VARIANCE = (
    "Sigma and variance mixed up: exp(z_log_var) is the variance. Noise is multiplied by sigma, "
    "the root of it."
)
_LOG_VARIANCE = (
    "Sigma mistaken for log-variance: z_log_var is a logarithm, and may be negative. First make "
    "sigma of it, exp(z_log_var / 2)."
)

ex05_3 = Exercise(
    "5.3",
    section="3 · Noise that lets gradients pass",
    reference=sample,
    cases=lambda: {
        "six codes of three units": _drawn(2),
        "one code": _drawn(3, n=1, latent_dim=2),
        "four codes of ten units": _drawn(4, n=4, latent_dim=10),
        "noise that happens to be 0": (*_gaussians(5, n=2), np.zeros((2, 3), "float32")),
    },
    atol=1e-5,
    what="One code for each image, of the shape of z_mean.",
    unusual=[
        (
            lambda m, v, noise: m - np.exp(v / 2) * noise,
            "(The minus is unusual and makes no difference: the noise is as often below 0 as "
            "above.)",
        ),
    ],
    mistakes=[
        (
            lambda m, v, noise: m,
            "There is no noise in the code: this is a plain autoencoder.",
        ),
        (lambda m, v, noise: m + np.exp(v) * noise, _VARIANCE),
        (lambda m, v, noise: m - np.exp(v) * noise, _VARIANCE),
        (
            lambda m, v, noise: m - 0.1 * np.exp(v) * noise,
            f"{_VARIANCE} And the noise is scaled by 0.1, as before: the sign makes no difference.",
        ),
        (
            lambda m, v, noise: m + np.exp(v) / 2 * noise,
            "That is half the variance. The 2 belongs into the exponent: exp(z_log_var / 2) is "
            "sigma, the root of the variance.",
        ),
        *(
            (
                lambda m, v, noise, scale=scale: m + scale * np.exp(v / 2) * noise,
                f"Sigma is right, but the noise is scaled by {scale}. The KL is computed for one "
                "Gaussian and the decoder trained on another: codes drawn from N(0, 1) will fall "
                "between those it has seen."
                if scale < 1
                else f"Sigma is right, but the noise is scaled by {scale}. The KL is computed for "
                "one Gaussian and the decoder trained on another, a wider one.",
            )
            for scale in _SCALES
        ),
        *(
            (
                lambda m, v, noise, scale=scale: m + scale * np.exp(v) * noise,
                f"{_VARIANCE} And the noise is scaled by {scale}.",
            )
            for scale in _SCALES
            if scale != 0.5
        ),
        (lambda m, v, noise: m + v * noise, _LOG_VARIANCE),
        (lambda m, v, noise: m + 0.1 * v * noise, _LOG_VARIANCE),
        (lambda m, v, noise: m + v / 2 * noise, _LOG_VARIANCE),
        (lambda m, v, noise: m + np.sqrt(v) * noise, _LOG_VARIANCE),
        (lambda m, v, noise: m + np.sqrt(np.abs(v)) * noise, _LOG_VARIANCE),
        (
            lambda m, v, noise: m + np.exp(np.sqrt(v)) * noise,
            "The root is taken of the logarithm. The root of the variance is exp(z_log_var / 2).",
        ),
        (
            lambda m, v, noise: m + np.exp(2 * v) * noise,
            "exp(z_log_var) is the variance, and you squared it. Sigma is its root: "
            "exp(z_log_var / 2).",
        ),
        (
            lambda m, v, noise: m + np.exp(v / 4) * noise,
            "You took the root of sigma, exp(z_log_var / 2) once more.",
        ),
        (
            lambda m, v, noise: m + np.exp(-v / 2) * noise,
            "You divide by sigma: the sign in the exponent is turned. Multiply the noise by sigma.",
        ),
        (
            lambda m, v, noise: m + np.exp(0.1 * v) * noise,
            "The factor 0.1 is still there, in the exponent: sigma is exp(z_log_var / 2).",
        ),
        (
            lambda m, v, noise: np.exp(v / 2) * noise,
            "The mean is missing: every image would get its code from around 0.",
        ),
        (
            lambda m, v, noise: np.exp(v) * noise,
            "The mean is missing, and exp(z_log_var) is the variance, not sigma.",
        ),
        (
            lambda m, v, noise: noise,
            "Only the noise is left: the code says nothing about the image.",
        ),
        (
            lambda m, v, noise: m + noise,
            "Sigma is missing: every code gets the same amount of noise, and the encoder has no "
            "say in it.",
        ),
        (
            lambda m, v, noise: m + np.exp(v / 2),
            "The noise is missing: sigma itself is added, the same at every call.",
        ),
        (
            lambda m, v, noise: m + np.exp(v / 2) + noise,
            "Sigma is added. It is what the noise is multiplied by.",
        ),
        (
            lambda m, v, noise: (m + np.exp(v / 2)) * noise,
            "The mean is multiplied by the noise too. Leave the bracket out.",
        ),
        (
            lambda m, v, noise: (m + noise) * np.exp(v / 2),
            "The mean is multiplied by sigma too. Leave the bracket out.",
        ),
        (
            lambda m, v, noise: m * np.exp(v / 2) + noise,
            "Sigma multiplies the mean. It is the noise that it belongs to.",
        ),
        (
            lambda m, v, noise: m * np.exp(v / 2) * noise,
            "The mean is multiplied. Add it to sigma times the noise.",
        ),
        (
            lambda m, v, noise: m + np.exp(v / 2 * noise),
            "The noise is in the exponent. Sigma is exp(z_log_var / 2), and the noise is "
            "multiplied by that.",
        ),
        (
            lambda m, v, noise: m + np.sqrt(np.exp(v) * noise),
            "The noise is under the root. Sigma is the root of the variance alone.",
        ),
        (
            lambda m, v, noise: m + np.exp(v / 2) * noise[:1],
            "All images get the noise of the first. Each has a row of its own.",
        ),
        (
            lambda m, v, noise: m + np.exp(v / 2) * np.abs(noise),
            "The noise is never negative with you. N(0, 1) is below 0 as often as above.",
        ),
        (
            lambda m, v, noise: v + np.exp(m / 2) * noise,
            "z_mean and z_log_var are swapped.",
        ),
    ],
    praise="Mean plus sigma times noise.",
    steps=[
        "Compare the line with the formula of the section: what is the noise multiplied by?",
        "z_log_var is the logarithm of the variance, and sigma is the root of the variance. What "
        "does a root do to a logarithm?",
        "Sigma is ops.exp(z_log_var / 2), and there is no other factor before the noise.",
    ],
)


def loss(reconstruction_loss, kl_loss, beta, training):
    """Returns the loss, the same in training and in validation."""
    return reconstruction_loss + beta * kl_loss


_UNPRICED = "The KL is there, but beta is not: multiply the KL by it, in validation too."
_PLAIN = "Training needs the KL above all: without it this is a plain autoencoder."

_WEIGHED = (
    "You weigh the two parts against each other. The reconstruction always counts fully; only the "
    "KL is multiplied by beta."
)

ex05_4 = Exercise(
    "5.4",
    section="5 · The model",
    reference=loss,
    cases=lambda: {
        f"beta = {beta:g} in {'training' if training else 'validation'}": (
            reconstruction,
            kl,
            beta,
            training,
        )
        for reconstruction, kl, beta in (
            (90.0, 25.0, 2.0),
            (80.0, 12.0, 0.5),
            (100.0, 20.0, 1.0),
            (70.0, 30.0, 0.0),
        )
        for training in (True, False)
    },
    what="The loss is one number.",
    mistakes=[
        (
            lambda r, kl, beta, training: r + beta * kl if training else r,
            "KL left out of validation: there the loss is the reconstruction alone. A model whose "
            "KL explodes would look as if it improved, and early stopping would choose it.",
        ),
        (lambda r, kl, beta, training: r, _PLAIN),
        (lambda r, kl, beta, training: r if training else r + beta * kl, _PLAIN),
        (lambda r, kl, beta, training: r + kl, _UNPRICED),
        (lambda r, kl, beta, training: r + beta * kl if training else r + kl, _UNPRICED),
        (lambda r, kl, beta, training: r + kl if training else r + beta * kl, _UNPRICED),
        (
            lambda r, kl, beta, training: r + kl if training else r,
            "Beta is missing, and the KL is left out of validation. Multiply the KL by beta, and "
            "add it in both.",
        ),
        (
            lambda r, kl, beta, training: r + beta * kl if training else kl,
            "In validation the loss is the KL alone. It is the same loss in both.",
        ),
        (
            lambda r, kl, beta, training: r + beta * kl if training else beta * kl,
            "In validation the loss is the KL alone. It is the same loss in both.",
        ),
        (
            lambda r, kl, beta, training: r + beta * kl if training else r - beta * kl,
            "In validation the KL is subtracted. It is the same loss in both.",
        ),
        (
            lambda r, kl, beta, training: r + 2 * beta * kl if training else r + beta * kl,
            "In training the KL is added twice, before the `if` and in it.",
        ),
        (
            lambda r, kl, beta, training: beta * r + kl,
            "Beta is the price of the KL, and you multiplied the reconstruction by it.",
        ),
        (
            lambda r, kl, beta, training: beta * (r + kl),
            "Beta is the price of the KL alone, and you multiplied both parts by it.",
        ),
        (
            lambda r, kl, beta, training: (1 - beta) * r + beta * kl,
            _WEIGHED,
        ),
        (lambda r, kl, beta, training: beta * r + (1 - beta) * kl, _WEIGHED),
        (
            lambda r, kl, beta, training: r - beta * kl,
            "The KL is subtracted: a code far from N(0, 1) would be rewarded.",
        ),
        (
            lambda r, kl, beta, training: beta * kl,
            "The reconstruction is missing: with the KL alone no unit would say anything.",
        ),
        (
            lambda r, kl, beta, training: r + beta + kl,
            "Beta is added. It is what the KL is multiplied by.",
        ),
        (
            lambda r, kl, beta, training: r + kl / beta,
            "The KL is divided by beta. It is its price: multiply.",
        ),
        (
            lambda r, kl, beta, training: (r + beta * kl) / 2,
            "That is the mean of the two parts. Add them up.",
        ),
    ],
    praise="The same loss in training and in validation, so that the two can be compared.",
    steps=[
        "When does the loss in the exercise contain the KL, and when doesn't it?",
        "Validation is to tell how good the model is by the same measure. What should differ "
        "between the two?",
        "Nothing should: return reconstruction_loss + beta * kl_loss, whatever training is.",
    ],
)


def effective_beta(pixels, latent_dim, reconstruction, kl):
    """Returns the effective beta of a loss."""
    beta = pixels if reconstruction == "mean" else 1
    return beta / latent_dim if kl == "mean" else beta


def _without_pixels(pixels, latent_dim, reconstruction, kl):
    return effective_beta(1, latent_dim, reconstruction, kl)


def _both_the_same(pixels, latent_dim, reconstruction, kl):
    return 1 if reconstruction == kl else effective_beta(pixels, latent_dim, reconstruction, kl)


_OTHER = {"sum": "mean", "mean": "sum"}

ex05_5 = Exercise(
    "5.5",
    section="7 · The loss-scaling clinic",
    reference=effective_beta,
    cases=lambda: {
        f"{pixels} pixels and {units} units, reconstruction={r!r} and kl={kl!r}": (
            pixels,
            units,
            r,
            kl,
        )
        for pixels, units in ((784, 20), (1024, 2), (12288, 200), (30, 50))
        for r in ("sum", "mean")
        for kl in ("sum", "mean")
    },
    atol=1e-9,
    what="Beta is one number.",
    mistakes=[
        (
            _both_the_same,
            "Two means don't cancel: one divides the reconstruction by 784, say, the other the KL "
            "by 20.",
        ),
        (
            lambda pixels, latent_dim, r, kl: effective_beta(pixels, 1 / latent_dim, r, kl),
            "A mean over the units makes the KL smaller: it divides beta by latent_dim.",
        ),
        (
            lambda pixels, latent_dim, r, kl: effective_beta(1 / pixels, latent_dim, r, kl),
            "A mean over the pixels makes the reconstruction smaller, and so the KL weighs more: "
            "it multiplies beta by the number of pixels.",
        ),
        (
            lambda *args: 1 / effective_beta(*args),
            "Upside down. A mean over the pixels makes the reconstruction small, and that makes "
            "the KL weigh more, not less.",
        ),
        (
            lambda pixels, latent_dim, r, kl: 1,
            "The two words matter: a mean divides its part of the loss, a sum doesn't.",
        ),
        (
            lambda pixels, latent_dim, r, kl: effective_beta(pixels, 1, r, kl),
            "The reduction of the KL counts too: a mean over the units divides it.",
        ),
        (
            _without_pixels,
            "The reduction of the reconstruction counts too: a mean over the pixels divides it, "
            "and so the KL weighs more.",
        ),
        (
            lambda pixels, latent_dim, r, kl: effective_beta(784, 20, r, kl),
            "784 pixels and 20 units are written into your function. The sizes are its arguments "
            "pixels and latent_dim.",
        ),
        (
            lambda pixels, latent_dim, r, kl: effective_beta(784, latent_dim, r, kl),
            "784 pixels are written into your function. Their number is its argument pixels.",
        ),
        (
            lambda pixels, latent_dim, r, kl: effective_beta(pixels, 20, r, kl),
            "20 units are written into your function. Their number is its argument latent_dim.",
        ),
        (
            lambda pixels, latent_dim, r, kl: effective_beta(pixels, latent_dim, kl, r),
            "The two words are swapped: reconstruction is the one about the pixels, kl the one "
            "about the units.",
        ),
        (
            lambda pixels, latent_dim, r, kl: effective_beta(latent_dim, pixels, r, kl),
            "The two sizes are swapped: the reconstruction is reduced over the pixels, the KL over "
            "the latent_dim units.",
        ),
        (
            lambda pixels, latent_dim, r, kl: effective_beta(
                pixels, latent_dim, _OTHER[r], _OTHER[kl]
            ),
            "Sum and mean are mixed up: a sum leaves its part as it is, a mean divides it.",
        ),
        (
            lambda pixels, latent_dim, r, kl: pixels / latent_dim,
            "That is right for two means. A sum doesn't divide its part: ask for both words.",
        ),
        (
            lambda pixels, latent_dim, r, kl: (
                (pixels if r == "mean" else 1) // (latent_dim if kl == "mean" else 1)
            ),
            "// cuts the places after the point off. Divide with /.",
        ),
        (
            lambda pixels, latent_dim, r, kl: np.sqrt(effective_beta(pixels, latent_dim, r, kl)),
            "You took a root. A mean divides by the number itself.",
        ),
    ],
    praise="A mean over the pixels multiplies beta by 784, a mean over the units divides it by 20.",
    steps=[
        "A mean over the pixels is the sum divided by pixels, and a mean over the units the sum "
        "divided by latent_dim.",
        "A loss may be multiplied by any number. Multiply it so that the reconstruction is a sum: "
        "what stands before the summed KL is beta.",
        "Begin with 1. A mean over the pixels multiplies it by pixels, a mean over the units "
        "divides it by latent_dim.",
    ],
)
