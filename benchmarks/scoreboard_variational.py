"""Rows of the scoreboard about -ln p(x) of variational autoencoders with 50 numbers.

The images are drawn to be black and white anew in every epoch; the test images once for each seed.
"""

import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aehelpers import data, models
from aehelpers._check import integer
from benchmarks.scoreboard_rows import row, training_images
from scripts import weights

SCORED = "scored by the importance-weighted bound with 5,000 codes for each image"
# How the recipes were looked for; the figures of that search are not comparable with the rows'.
CHOSEN = (
    "Chosen on 5,000 validation images (55,000 for training, 500 codes for the score, one seed, in "
    "JAX on a GPU, with the epochs that a count of operations gave for equal minutes); all figures "
    "here are of these images."
)
COMMON = {
    "unit": "-ln p(x) in nats, summed over the pixels of an image",
    "variant": "each pixel is drawn to be 0 or 1, with its grey level as the probability of 1; the "
    "test images are drawn once for each seed",
}
PAPER = "Burda, Grosse and Salakhutdinov, Importance Weighted Autoencoders (2016), table 1"
QUOTED = "as the repository nbip/IWAE quotes it beside its own repeat"


@row(
    name="Variational, 50 numbers",
    source=f"{PAPER}: VAE with one stochastic layer, k = 1, 3,280 epochs",
    protocol="784-200-200-50 and back with tanh as there, 110 epochs in batches of 256 on the "
    "ELBO with one code for each image, a new draw of the pixels in every epoch; a rate of 0.004 "
    "after a fiftieth of the steps that falls along a cosine, a weight decay of 0.003; "
    f"{SCORED}",
    published="86.76",
    target=None,
    tried=f"{CHOSEN} This recipe has 90.35. A rate of 0.003 or 0.006 has 90.49 or 90.37, a decay "
    "of 0.01 or 0.02 90.47 or 90.66, batches of 128 90.68 at best, of 64 91.26. 100 epochs in "
    "batches of 128 at 0.003, with a decay of 0.05 and no warm-up, were this row before: 91.75, "
    "and 90.65 ± 0.08 on the test images.",
    **COMMON,
)
def variational_50(mnist, seed, tiny):
    model = models.variational(50, sizes=(200, 200), activation="tanh", seed=seed)
    train = drawn_images(mnist, model.decoder, batch_size=256, seed=seed)
    minutes = fit(model, train, 1 if tiny else 110, learning_rate=0.004, weight_decay=0.003)
    return score(model, mnist, seed, tiny), minutes


@row(
    name="Importance-weighted, 50 numbers",
    source=f"{PAPER}: IWAE with one stochastic layer, k = 5; {QUOTED}",
    protocol="784-200-200-50 and back with tanh, and about the minutes of CPU of the ELBO's row: "
    "40 epochs in place of 110, on the bound with five codes for each image, by its doubly "
    "reparameterised gradient (Tucker et al., 2019); batches of 256, a rate of 0.006 after a "
    f"fiftieth of the steps that falls along a cosine, a weight decay of 0.01; {SCORED}",
    published="85.54",
    target=88.38,
    tried=f"The target is 0.8 below the ELBO's row; this row ended above it. {CHOSEN} This row's "
    "recipe has 90.65, that of the ELBO's row 90.35. So at about equal minutes, each side tuned, "
    "five codes gained nothing; the published gain of 1.22 is after 3,280 epochs each. The plain "
    "gradient of five codes has 91.15 at best, with decays of 0.003 to 0.02; batches of 128 90.69, "
    "of 64 91.04, of 512 90.76; the ELBO for the first half of the minutes and five codes after it "
    "90.32.",
    **COMMON,
)
def variational_50_iwae(mnist, seed, tiny):
    vae = models.variational(50, sizes=(200, 200), activation="tanh", seed=seed)
    model = ImportanceWeighted(vae.posterior, vae.decoder, k=5, seed=seed)
    train = drawn_images(mnist, model.decoder, batch_size=256, seed=seed)
    minutes = fit(model, train, 1 if tiny else 40, learning_rate=0.006, weight_decay=0.01)
    return score(model, mnist, seed, tiny), minutes


@row(
    name="Variational, 50 numbers, any net",
    source=f"{PAPER}: VAE, k = 1, and IWAE, k = 50, with one stochastic layer after 3,280 epochs; "
    f"{QUOTED}",
    protocol="784-400-400-50 and 50-300-300-784 with GELU; the prior is a mixture of 200 "
    "Gaussians, each with means, variances and a weight, learnt with the net. 100 epochs in "
    "batches of 256 on the ELBO with one code for each image, by a gradient that holds the "
    "encoder's Gaussian fixed but for the code drawn from it (Roeder et al., 2017); a rate of "
    "0.004 after a fiftieth of the steps that falls along a cosine, a weight decay of 0.05; "
    f"{SCORED}",
    published="86.76 (VAE), 84.78 (IWAE)",
    target=84.78,
    tried="20 minutes of CPU were allowed for training, and little more than half of them are "
    f"used. {CHOSEN} Nearest to this recipe, which wasn't among them itself: 784-300-300-50 and "
    "back for 176 epochs 84.76; this net with three codes in the last two fifths of the minutes, "
    "139 epochs, 84.39; with five codes in the last third and a mixture of 500 84.63, of 50 84.74; "
    "with residual layers and three codes 84.66. 784-512-512-50 and back for 190 epochs: 83.68, "
    "for half as many 84.72; with N(0, 1) as the prior 86.16, and dropout of 0.1 in its encoder "
    "87.19; with a flow of four couplings as the prior 83.82.",
    **COMMON,
)
def variational_50_better(mnist, seed, tiny):
    posterior = models.variational(50, sizes=(400, 400)).posterior
    decoder = models.variational(50, sizes=(300, 300)).decoder
    model = ImportanceWeighted(posterior, decoder, Mixture(200, seed=seed), seed=seed)
    train = drawn_images(mnist, model.decoder, batch_size=256, seed=seed)
    minutes = fit(model, train, 1 if tiny else 100, learning_rate=0.004, weight_decay=0.05)
    return score(model, mnist, seed, tiny), minutes


class ImportanceWeighted(keras.Model):
    """A variational autoencoder trained on a bound of ln p(x) from `k` codes for each image.

    The bound is `ln 1/k sum_i w_i` with `w_i = p(x | z_i) p(z_i) / q(z_i | x)`; with `k = 1` it is
    the ELBO. Its plain gradient tells the encoder the less the more codes there are. So the
    encoder gets the doubly reparameterised one: each code passes on its share of the sum, squared,
    and `q` is held fixed but for the codes drawn from it.

    Args:
        posterior: A model from images to `z_mean` and `z_log_var`, both `(batch_size, latent_dim)`.
        decoder: A model from codes to images, whose layer `pixels` ends in a sigmoid.
        prior: A layer from codes to `ln p(z)` without the constant of a Gaussian; `None` for
            N(0, 1).
        k: Codes for each image, a positive integer.
        seed: An integer that fixes the noise.

    Source: Burda, Grosse and Salakhutdinov (2016), equation 8; the gradient: Tucker et al.,
    "Doubly Reparameterized Gradient Estimators for Monte Carlo Objectives" (2019).
    """

    def __init__(self, posterior, decoder, prior=None, k=1, seed=None):
        super().__init__()
        self.posterior, self.decoder = posterior, decoder
        self.prior = prior
        if prior is not None and not prior.built:
            prior.build(decoder.input_shape)
        self.k = integer("k", k)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.logits = logits(decoder)

    def call(self, inputs):
        """Returns what the decoder makes of `z_mean`."""
        return self.decoder(self.posterior(inputs)[0])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Computes the negative bound, a mean over the batch, in nats."""
        return -ops.mean(self.bound(x))

    def bound(self, x):
        """Computes the bound of each image, `(batch_size,)`, from newly drawn codes."""
        z_mean, z_log_var = (ops.repeat(a, self.k, axis=0) for a in self.posterior(x))
        noise = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        shares = []  # known only once the codes have been decoded, which is before any gradient
        z = _scale_gradient(z_mean + ops.exp(z_log_var / 2) * noise, shares)
        z_mean, z_log_var = ops.stop_gradient(z_mean), ops.stop_gradient(z_log_var)
        log_q = -0.5 * ops.sum(z_log_var + (z - z_mean) ** 2 * ops.exp(-z_log_var), axis=1)
        log_p = log_bernoulli(ops.repeat(x, self.k, axis=0), self.logits(z))
        log_w = ops.reshape(log_p + log_prior(self.prior, z) - log_q, (-1, self.k))
        log_sum = ops.logsumexp(log_w, axis=1)
        share = ops.reshape(ops.exp(log_w - log_sum[:, None]), (-1, 1))
        shares.append(ops.stop_gradient(share))
        return log_sum - np.log(self.k)


def _scale_gradient(z, scale):
    @tf.custom_gradient
    def same(z):
        return tf.identity(z), lambda gradient: gradient * scale[0]

    return same(z)


class Mixture(layers.Layer):
    """The logarithm of a mixture of Gaussians' density, learnt with the net; a prior of codes.

    Each Gaussian has a mean and a variance for each number of the code, and a weight. The constant
    `-latent_dim / 2 ln 2 pi` is left out, as `q` leaves it out, too.

    Args:
        parts: How many Gaussians, a positive integer.
        seed: An integer that fixes where they start.
    """

    def __init__(self, parts, seed=None):
        super().__init__()
        self.parts = integer("parts", parts)
        self.seed = seed

    def build(self, shape):
        start = keras.initializers.RandomNormal(stddev=0.5, seed=self.seed)
        size = (self.parts, shape[-1])
        self.mean = self.add_weight(size, start, name="prior_mean")
        self.log_var = self.add_weight(size, "zeros", name="prior_log_var")
        self.logit = self.add_weight((self.parts,), "zeros", name="prior_logit")

    def call(self, z):
        # The squared distance as matrix products: (z - m)^2 / v = z^2 / v - 2 z m / v + m^2 / v.
        precision = ops.exp(-self.log_var)
        far = ops.matmul(ops.square(z), ops.transpose(precision))
        far -= 2 * ops.matmul(z, ops.transpose(self.mean * precision))
        far += ops.sum(ops.square(self.mean) * precision + self.log_var, axis=1)
        return ops.logsumexp(ops.log_softmax(self.logit) - far / 2, axis=1)


def log_prior(prior, z):
    """Returns ln p(z), `(n,)`, without the constant of a Gaussian; without a layer of N(0, 1)."""
    return -0.5 * ops.sum(ops.square(z), axis=1) if prior is None else prior(z)


def logits(decoder):
    """Returns a function from codes to what the decoder has before its sigmoid, `(n, 784)`."""
    pixels = decoder.get_layer("pixels")
    hidden = keras.Model(decoder.inputs, pixels.input)
    return lambda z: ops.matmul(hidden(z), pixels.kernel) + pixels.bias


def log_bernoulli(x, logits):
    """Returns ln p(x | z) of pixels that are 0 or 1, `(n,)`."""
    return ops.sum(ops.reshape(x, (-1, 784)) * logits - ops.softplus(logits), axis=1)


def fit(model, train, epochs, learning_rate, weight_decay):
    """Trains by AdamW, with a rate that rises in a fiftieth of the steps, then falls to 0.

    Args:
        model: One whose loss is a negative bound of ln p(x).
        train: A dataset of batches.
        epochs: How often all images are seen.
        learning_rate: The largest rate.
        weight_decay: Of kernels; neither biases nor the prior have one.

    Returns:
        Minutes of CPU.
    """
    start = time.process_time()
    steps = epochs * len(train)
    warmup = max(1, steps // 50)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warmup), warmup_target=learning_rate, warmup_steps=warmup
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=weight_decay, beta_2=0.99)
    optimizer.exclude_from_weight_decay(var_names=["bias", "prior"])
    model.compile(optimizer, jit_compile=True)
    model.fit(train, epochs=epochs, verbose=2)
    return (time.process_time() - start) / 60


def drawn_images(mnist, decoder, batch_size, seed):
    """Returns batches of all training images, drawn anew in every epoch.

    The decoder starts at their mean.
    """
    images = training_images(mnist)[0]
    weights.start_at_mean_image(decoder, images)
    train = data.pipeline(images, batch_size, corruption=binarised, seed=seed)
    return train.map(lambda drawn, grey: (drawn, drawn))


def binarised(x, seed=None):
    """Draws each pixel to be 0 or 1, with its grey level as the probability of 1."""
    return (np.random.default_rng(seed).random(x.shape, dtype="float32") < x).astype("float32")


def score(model, mnist, seed, tiny):
    """Returns -ln p(x) of the test images, drawn with this seed, in nats."""
    x_test = binarised(mnist.x_test, seed=seed)
    return -log_likelihood(model, x_test, samples=10 if tiny else 5000, seed=seed).mean()


def log_likelihood(model, x, samples, seed=0):
    """Estimates ln p(x) as `metrics.importance_weighted_bound` does, all codes of an image at once.

    XLA and logits in place of probabilities: 10,000 images with 5,000 codes each take minutes. The
    draws are made outside, since XLA makes them more than ten times as slowly.
    """
    before_sigmoid, prior = logits(model.decoder), getattr(model, "prior", None)

    @tf.function(jit_compile=True)
    def bound(image, noise):
        z_mean, z_log_var = model.posterior(image[None])
        z = z_mean + ops.exp(z_log_var / 2) * noise
        log_q = -0.5 * ops.sum(ops.square(noise) + z_log_var, axis=1)
        log_p = log_bernoulli(image, before_sigmoid(z))
        return ops.logsumexp(log_p + log_prior(prior, z) - log_q) - np.log(samples)

    def noise(number):
        shape = samples, model.decoder.input_shape[1]
        return tf.random.stateless_normal(shape, (seed, number))

    return np.array([bound(image, noise(i)).numpy() for i, image in enumerate(x)])
