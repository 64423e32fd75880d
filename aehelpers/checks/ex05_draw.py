"""An exercise of notebook 05: images that nobody wrote, from a decoder and random codes."""

import numpy as np

from aehelpers.checks.answer import Hint, as_numbers
from aehelpers.checks.exercise import Exercise

__all__ = ["ex05_6"]


def draw(decoder, n, rng):
    """Returns new images, decoded from random codes."""
    z = rng.standard_normal((n, decoder.input_shape[1]))
    return decoder(z)


def _decoder(latent_dim):
    """Makes a decoder whose first pixels tell the code: each is the sigmoid of one number."""
    import keras

    z = keras.Input((latent_dim,))
    dense = keras.layers.Dense(784, use_bias=False, activation="sigmoid")
    decoder = keras.Model(z, keras.layers.Reshape((28, 28, 1))(dense(z)))
    kernel = np.random.default_rng(0).normal(size=(latent_dim, 784))
    kernel[:, :latent_dim] = np.eye(latent_dim)
    dense.kernel.assign(kernel)
    decoder.__deepcopy__ = lambda memo: decoder  # a copy takes longer than all the rest
    return decoder


def _codes(images, latent_dim):
    """Returns the codes that `_decoder` made images of."""
    pixels = images.reshape(len(images), -1)[:, :latent_dim].clip(1e-7, 1 - 1e-7)
    return np.log(pixels / (1 - pixels))


def _images(answer, decoder, n, rng):
    """Returns what an answer draws, or raises a hint unless it is `n` images of this decoder."""
    latent_dim = decoder.input_shape[1]
    try:
        images = as_numbers(answer(decoder, n, rng))
    except Hint as hint:
        if "stopped with" not in str(hint):
            raise
        raise Hint(
            f"{hint} Besides: this decoder takes codes of shape {(n, latent_dim)}, one row for "
            "each image. decoder.input_shape tells how long they are."
        ) from hint
    if images.shape == (n, latent_dim):
        raise Hint("You return the codes. Give them to the decoder, which makes images of them.")
    if images.shape != (n, 28, 28, 1):
        received = images.shape or "a single number"
        raise Hint(
            f"With n={n} there should be {(n, 28, 28, 1)} pixels, as the decoder gives them. "
            f"Received: {received}"
        )
    decoded = decoder(_codes(images, latent_dim))
    if not np.allclose(images, decoded, atol=1e-3):
        raise Hint("The images aren't what the decoder gives. Return them as they are.")
    return images


def _check_generator(answer, decoder):
    """Raises a hint unless the codes are drawn from the generator that is given."""
    first, same, other = (
        _images(answer, decoder, 2, np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    if np.allclose(first, other, atol=1e-6):
        raise Hint(
            "Every call gives the same images. Draw the codes from rng, and not from a generator "
            "made in your function."
        )
    if not np.allclose(first, same, atol=1e-6):
        raise Hint(
            "The codes aren't drawn from rng: generators of the same seed should give the same "
            "images. np.random, keras.random and generators of your own have other states."
        )


def _check_gaussian(z):
    """Raises a hint unless codes are of N(0, 1), each number drawn by itself."""
    if np.ptp(z, axis=0).max() < 1e-3:
        raise Hint("All images are the same: each needs a code of its own, a row of z.")
    if np.ptp(z, axis=1).max() < 1e-3:
        raise Hint(
            "All numbers of a code are the same. Each unit needs a number of its own: draw n rows "
            "of latent_dim numbers."
        )
    if abs(z.mean()) > 0.1:
        raise Hint(
            f"The mean of your codes is {z.mean():.2f}. The KL keeps codes close to N(0, 1), whose "
            "mean is 0."
        )
    if abs(z.std() - 1) > 0.1:
        raise Hint(
            f"The standard deviation of your codes is {z.std():.2f}. The KL keeps codes close to "
            "N(0, 1), and there it is 1: a narrower or wider cloud isn't what the decoder learnt."
        )
    if abs(np.mean(np.abs(z) < 1) - 0.683) > 0.05:
        raise Hint(
            "Mean and deviation are right, but the codes aren't Gaussian: of N(0, 1) 68 % lie "
            f"between -1 and 1. Received: {100 * np.mean(np.abs(z) < 1):.0f} %. "
            "Use rng.standard_normal."
        )
    if np.abs(np.corrcoef(z, rowvar=False) - np.eye(z.shape[1])).max() > 0.3:
        raise Hint("Some units go together. Each is drawn by itself: one number for each unit.")


def _judge_images(answer):
    """Judges a maker of images by the codes that it decodes."""
    small, large = _decoder(3), _decoder(8)
    _images(answer, small, 1, np.random.default_rng(0))
    images = _images(answer, large, 400, np.random.default_rng(1))
    _check_gaussian(_codes(images, 8))
    _check_generator(answer, small)
    return "Codes from N(0, 1), one row for each image, through the decoder."


ex05_6 = Exercise(
    "5.6",
    section="6 · What it learned",
    reference=draw,
    judge=_judge_images,
    steps=[
        "Which codes does the decoder know? Those that the KL keeps close to N(0, 1).",
        "z has a row for each image and a column for each unit: (n, decoder.input_shape[1]). "
        "rng.standard_normal takes such a shape.",
        "decoder.predict(z, verbose=0) makes images of the rows.",
    ],
)
