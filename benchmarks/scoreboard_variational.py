"""Rows of the scoreboard about -ln p(x) of variational autoencoders with 50 numbers.

The images are drawn to be black and white anew in every epoch; the test images once for each seed.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aehelpers import data, models
from benchmarks.scoreboard_rows import row, training_images
from scripts import weights

SCORED = "scored by the importance-weighted bound with 5,000 codes for each image"
COMMON = {
    "unit": "-ln p(x) in nats, summed over the pixels of an image",
    "variant": "each pixel is drawn to be 0 or 1, with its grey level as the probability of 1; the "
    "test images are drawn once for each seed",
}
PAPER = "Burda, Grosse and Salakhutdinov, Importance Weighted Autoencoders (2016), table 1"


@row(
    name="Variational, 50 numbers",
    source=f"{PAPER}: VAE with one stochastic layer, k = 1, 3,280 epochs",
    protocol="784-200-200-50 and back with tanh as there, 100 epochs on the ELBO with one code for "
    f"each image, a new draw of the pixels in every epoch; {SCORED}",
    published="86.76",
    target=None,
    **COMMON,
)
def variational_50(mnist, seed, tiny):
    model = models.variational(50, sizes=(200, 200), activation="tanh", seed=seed)
    train = drawn_images(mnist, model.decoder, batch_size=128, seed=seed)
    weights.fit_variational(model, train, epochs=1 if tiny else 100)
    return score(model, mnist, seed, tiny)


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
    pixels = model.decoder.get_layer("pixels")
    hidden = keras.Model(model.decoder.inputs, pixels.input)

    @tf.function(jit_compile=True)
    def bound(image, noise):
        z_mean, z_log_var = model.posterior(image[None])
        z = z_mean + ops.exp(z_log_var / 2) * noise
        logits = hidden(z) @ pixels.kernel + pixels.bias
        log_p = ops.sum(ops.reshape(image, (1, -1)) * logits - ops.softplus(logits), axis=1)
        log_ratio = ops.sum(ops.square(noise) + z_log_var - ops.square(z), axis=1) / 2
        return ops.logsumexp(log_p + log_ratio) - np.log(samples)

    def noise(number):
        return tf.random.stateless_normal((samples, hidden.input_shape[1]), (seed, number))

    return np.array([bound(image, noise(i)).numpy() for i, image in enumerate(x)])
