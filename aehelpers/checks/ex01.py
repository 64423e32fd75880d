"""The exercises of notebook 01: squared error, a mirrored net, a walk through latent space."""

import numpy as np

from aehelpers.checks import nets
from aehelpers.checks.answer import Hint
from aehelpers.checks.exercise import Exercise
from aehelpers.checks.inputs import digits, reconstructions

__all__ = ["ex01_1", "ex01_2", "ex01_3"]


def squared_error(x, x_hat):
    """Returns the squared error of each image."""
    return np.square(x - x_hat).sum(axis=(1, 2, 3))


ex01_1 = Exercise(
    "1.1",
    section="Which loss?",
    reference=squared_error,
    cases=lambda: {
        "six images and reconstructions": (digits(1), reconstructions(2)),
        "one image": (digits(3, n=1), reconstructions(4, n=1)),
        "two images that are rebuilt exactly": (digits(5, n=2), digits(5, n=2)),
    },
    what="There should be one number for each image.",
    mistakes=[
        (
            lambda x, x_hat: squared_error(x, x_hat).mean(),
            "That is the mean over the images. Keep one number for each image, so that you can see "
            "which image is hard: sum over axis=(1, 2, 3) only.",
        ),
        (
            lambda x, x_hat: squared_error(x, x_hat) / 784,
            "That is the mean over the pixels, 784 times too small. This course sums over the "
            "pixels of an image; see “Which loss?”.",
        ),
        (
            lambda x, x_hat: squared_error(x, x_hat) / len(x),
            "You divided by the number of images. Each image has an error of its own: leave the "
            "division out.",
        ),
        (
            lambda x, x_hat: squared_error(x, x_hat) / 2,
            "Half of it: the factor 1/2 that some books put before the squared error isn't in "
            "ours.",
        ),
        (
            lambda x, x_hat: np.sqrt(squared_error(x, x_hat)),
            "That is the distance, the root of the squared error. Leave the root out.",
        ),
        (
            lambda x, x_hat: np.abs(x - x_hat).sum(axis=(1, 2, 3)),
            "That is the absolute error. Square the differences before you sum them.",
        ),
        (
            lambda x, x_hat: (x - x_hat).sum(axis=(1, 2, 3)),
            "Errors of opposite sign cancel in your sum. Square the differences before you sum.",
        ),
        (
            lambda x, x_hat: (x_hat - x).sum(axis=(1, 2, 3)),
            "Errors of opposite sign cancel in your sum. Square the differences before you sum.",
        ),
        (
            lambda x, x_hat: np.square((x - x_hat).sum(axis=(1, 2, 3))),
            "You squared the sum. Errors of opposite sign have cancelled by then: square the "
            "differences first, then sum.",
        ),
        (
            lambda x, x_hat: (np.square(x) - np.square(x_hat)).sum(axis=(1, 2, 3)),
            "You subtracted the squares. Square the difference: (x - x_hat)**2.",
        ),
        (
            lambda x, x_hat: np.square(x + x_hat).sum(axis=(1, 2, 3)),
            "You squared the sum of the two images. Square their difference.",
        ),
    ],
    shapes=[
        (
            lambda x, x_hat: np.float64(0),
            "You summed over the images too. Keep the first axis: axis=(1, 2, 3).",
        ),
        (
            lambda x, x_hat: x,
            "That is the error of each pixel. Sum over the pixels of an image, axis=(1, 2, 3).",
        ),
    ],
    praise="One number for each image, summed over its 784 pixels.",
    steps=[
        "Subtract the reconstructions from the images, and square each difference.",
        "The pixels lie on the three axes after the first. Sum over them: axis=(1, 2, 3).",
    ],
)


def build(latent_dim):
    """Builds a mirrored encoder and decoder."""
    import keras
    from keras import layers

    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(latent_dim),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
            layers.Reshape((28, 28, 1)),
        ]
    )
    return encoder, decoder


def _judge_halves(answer):
    """Judges a builder of an encoder and a decoder."""
    for latent_dim in (7, 3):
        halves = answer(latent_dim)
        if not isinstance(halves, tuple | list) or len(halves) != 2:
            raise Hint("Return two models: `return encoder, decoder`.")
        encoder, decoder = halves
        nets.check_model(encoder, "The encoder")
        nets.check_model(decoder, "The decoder")
        if encoder is decoder:
            raise Hint("You return the same model twice. The encoder and the decoder are two.")
        _check_shapes(encoder, decoder, latent_dim)
        _check_layers(encoder, decoder, latent_dim)
    weights = build(7)
    count = sum(half.count_params() for half in weights)
    return f"{count:,} weights with 7 numbers in the code."


def _check_shapes(encoder, decoder, latent_dim):
    images, codes = digits(0, n=2), np.zeros((2, latent_dim))
    z = nets.result(encoder, images, "The encoder should take images")
    if z.shape == (2, 28, 28, latent_dim):
        raise Hint(
            "A layer is missing before the first Dense. It works along the last axis only, so each "
            "pixel got a code of its own: put Flatten first."
        )
    if z.shape == (2, 28, 28, 1):
        raise Hint(
            "The encoder gives images. Does it hold the whole autoencoder, or are the two swapped?"
        )
    if z.shape != (2, latent_dim):
        raise Hint(
            f"Called with latent_dim={latent_dim}, the encoder should give codes of shape "
            f"{(None, latent_dim)}. Received: {(None, *z.shape[1:])}. Is the size written out as a "
            "number?"
        )
    x_hat = nets.result(decoder, codes, "The decoder needs an Input of its own, for codes")
    if x_hat.shape == (2, 784):
        raise Hint(
            "The decoder should give images, (None, 28, 28, 1). Received: (None, 784). A Reshape "
            "at the end does it."
        )
    if x_hat.shape != (2, 28, 28, 1):
        raise Hint(
            "The decoder should give images, (None, 28, 28, 1). "
            f"Received: {(None, *x_hat.shape[1:])}"
        )


def _check_layers(encoder, decoder, latent_dim):
    """Raises a hint unless both halves have the layers asked for."""
    codes = np.random.default_rng(0).normal(size=(2, latent_dim))
    (down, down_names), (up, up_names) = (
        zip(*(nets.stages(half, x) or [(None, "linear")]))
        for half, x in ((encoder, digits(0, n=2)), (decoder, codes))
    )
    sizes = [[getattr(layer, "units", None) for layer in half] for half in (down, up)]
    if sizes[0] != [128, 64, latent_dim]:
        raise Hint(
            f"The encoder's Dense layers should have 128, 64 and {latent_dim} units, not {sizes[0]}"
        )
    if sizes[1] != [64, 128, 784]:
        raise Hint(f"The decoder should mirror the encoder: 64, 128 and 784 units, not {sizes[1]}")
    if up_names[-1] != "sigmoid":
        raise Hint(
            f"The last layer's activation is {up_names[-1]}: pixels lie in [0, 1], and a "
            "cross-entropy needs outputs between 0 and 1. Use a sigmoid there."
        )
    hidden = down_names[:-1] + up_names[:-1]
    if "linear" in hidden:
        raise Hint(
            "A hidden layer has no activation. Two linear layers in a row are one linear layer; "
            "see “A linear autoencoder is PCA”."
        )
    if others := sorted(set(hidden) - {"relu"}):
        raise Hint(
            f"A hidden layer has {others[0]} as its activation. The exercise asks for ReLU there."
        )
    if down_names[-1] == "relu":
        raise Hint(
            "The code passes through ReLU, by habit: numbers below 0 can't be codes then, and a "
            "unit that is 0 for all images is lost. Leave the code linear."
        )
    if down_names[-1] != "linear":
        raise Hint(
            f"The code passes through {down_names[-1]}, which squeezes it into a small range. "
            "Leave the code linear."
        )


ex01_2 = Exercise(
    "1.2",
    section="Encoder, decoder, autoencoder",
    reference=build,
    judge=_judge_halves,
    steps=[
        "The encoder: an Input of (28, 28, 1), Flatten, then Dense layers of 128, 64 and "
        "latent_dim units.",
        "The decoder has an Input of its own, (latent_dim,), then Dense layers of 64, 128 and 784 "
        "units, then Reshape((28, 28, 1)).",
        "ReLU in the hidden layers. The code has no activation, so that it can be any number; the "
        "pixels need a sigmoid, which keeps them between 0 and 1.",
    ],
)


def interpolate(a, b, steps):
    """Returns codes evenly spaced on the line from `a` to `b`."""
    t = np.linspace(0, 1, steps)[:, None]
    return (1 - t) * a + t * b


ex01_3 = Exercise(
    "1.3",
    section="From one digit to another",
    reference=interpolate,
    cases=lambda: {
        "two codes of three numbers": (np.array([0.0, 2.0, -1.0]), np.array([4.0, 0.0, 1.0]), 5),
        "both ends only": (np.array([1.0, -2.0]), np.array([3.0, 0.5]), 2),
        "as many steps as numbers": (np.array([1.0, 5.0, -2.0]), np.array([4.0, 2.0, 8.0]), 3),
        "two codes of 30 numbers": (
            np.random.default_rng(0).normal(size=30),
            np.random.default_rng(1).normal(size=30),
            10,
        ),
    },
    what="One code for each step.",
    mistakes=[
        (
            lambda a, b, steps: interpolate(b, a, steps),
            "The walk goes from b to a. Start at a: its weight is 1 at the first step.",
        ),
        (
            lambda a, b, steps: np.linspace(a, b, steps, endpoint=False),
            "The walk stops before b. The weight of b should reach 1 at the last step: "
            "i / (steps - 1).",
        ),
        (
            lambda a, b, steps: np.linspace(a, b, steps + 1)[1:],
            "The walk begins after a. The weight of b should be 0 at the first step: "
            "i / (steps - 1).",
        ),
        (
            lambda a, b, steps: np.linspace(a, b, steps + 2)[1:-1],
            "Both ends are missing. The first step is a itself, the last one b.",
        ),
        (
            lambda a, b, steps: np.linspace(a, b, steps).T,
            "The axes are swapped: one row for each step, one column for each latent unit.",
        ),
        (
            lambda a, b, steps: a + np.linspace(0, 1, steps)[:, None] * b,
            "You add b to a. From a to b leads a + t (b - a), or (1 - t) a + t b.",
        ),
        (
            lambda a, b, steps: np.linspace(0, 1, steps)[:, None] * (b - a),
            "That is the way you have gone from a. Add a itself.",
        ),
        (
            lambda a, b, steps: a + (b - a) * np.linspace(0, 1, steps)[:, None] ** 2,
            "The steps should be of equal length: each weight is i / (steps - 1).",
        ),
        (
            lambda a, b, steps: np.repeat([(a + b) / 2], steps, axis=0),
            "That is the middle of the way at every step. The weight of b grows from 0 to 1.",
        ),
    ],
    shapes=[
        (
            lambda a, b, steps: np.zeros((len(a), steps)),
            "The axes are swapped: one row for each step, one column for each latent unit.",
        ),
        (
            lambda a, b, steps: np.zeros((steps - 1, len(a))),
            "One step is missing: steps=5 should give 5 codes, both ends counted.",
        ),
        (
            lambda a, b, steps: np.zeros((steps + 1, len(a))),
            "One step too many: steps=5 should give 5 codes, both ends counted.",
        ),
        (
            lambda a, b, steps: np.zeros((steps + 2, len(a))),
            "Two steps too many: steps=5 should give 5 codes, both ends counted.",
        ),
        (
            lambda a, b, steps: np.zeros((steps - 2, len(a))),
            "Two steps are missing: steps=5 should give 5 codes, both ends counted.",
        ),
    ],
    praise="Evenly spaced, with both ends in it.",
    steps=[
        "A point on the line is (1 - t) a + t b: a for t = 0, b for t = 1.",
        "np.linspace(0, 1, steps) has both ends in it. [:, None] makes a column of it, so that "
        "each t meets a whole code.",
    ],
)
