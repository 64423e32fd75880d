"""Three exercises of notebook 05: a layer, a loss and a beta that went wrong."""

import numpy as np

from aehelpers.checks.exercise import Exercise
from aehelpers.checks.inputs import gaussians

__all__ = ["ex05_3", "ex05_4", "ex05_5"]


def sample(z_mean, z_log_var, noise):
    """Returns codes drawn from the Gaussians."""
    return z_mean + np.exp(z_log_var / 2) * noise


def _drawn(seed, n=6, latent_dim=3):
    noise = np.random.default_rng(seed + 100).standard_normal((n, latent_dim)).astype("float32")
    return *gaussians(seed, n, latent_dim), noise


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
        "noise that happens to be 0": (*gaussians(5, n=2), np.zeros((2, 3), "float32")),
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
