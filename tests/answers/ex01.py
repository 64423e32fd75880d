"""Answers to the exercises of notebook 01."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def squares(x, y, axis=(1, 2, 3)):
    return np.sum((x - y) ** 2, axis=axis)


def in_place(x, y):
    x -= y
    return np.square(x).sum(axis=(1, 2, 3))


def in_place_and_wrong(x, y):
    x -= y
    return np.abs(x).sum(axis=(1, 2, 3))


def build(
    latent_dim, sizes=(128, 64), hidden="relu", code=None, out="sigmoid", back=None, reshape=True
):
    x = inputs = keras.Input((28, 28, 1))
    x = layers.Flatten()(x)
    for size in sizes:
        x = layers.Dense(size, activation=hidden)(x)
    encoder = keras.Model(inputs, layers.Dense(latent_dim, activation=code)(x))
    x = codes = keras.Input((latent_dim,))
    for size in back or sizes[::-1]:
        x = layers.Dense(size, activation=hidden)(x)
    x = layers.Dense(784, activation=out)(x)
    return encoder, keras.Model(codes, layers.Reshape((28, 28, 1))(x) if reshape else x)


def sequential(latent_dim, *first):
    encoder = [
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(latent_dim),
    ]
    decoder = [
        layers.Dense(64, activation=layers.ReLU()),
        layers.Dense(128, activation=lambda x: ops.maximum(x, 0)),
        layers.Dense(784, activation=keras.activations.sigmoid),
        layers.Reshape((28, 28, 1)),
    ]
    return keras.Sequential(encoder), keras.Sequential(decoder)


def separate(latent_dim):
    """Activations as layers of their own, normalisation in between."""
    encoder = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten()])
    for size in (128, 64):
        encoder.add(layers.Dense(size, use_bias=False))
        encoder.add(layers.BatchNormalization())
        encoder.add(layers.Activation("relu"))
    encoder.add(layers.Dense(latent_dim))
    z = keras.Input((latent_dim,))
    x = layers.ReLU()(layers.Dense(64)(z))
    x = layers.Dropout(0.1)(layers.ReLU()(layers.Dense(128)(x)))
    x = layers.Activation("sigmoid")(layers.Dense(784)(x))
    return encoder, keras.Model(z, layers.Reshape((28, 28, 1))(x))


def by_functions(latent_dim):
    """Activations that are no layers, and one layer used twice."""
    x, z = keras.Input((28, 28, 1)), keras.Input((latent_dim,))
    flat = layers.Flatten()
    code = keras.activations.relu(layers.Dense(128)(flat(flat(x))))
    code = layers.Dense(latent_dim)(ops.relu(layers.Dense(64)(code)))
    y = layers.Dense(128, "relu")(ops.maximum(layers.Dense(64)(z), 0))
    y = layers.Reshape((28, 28, 1))(ops.sigmoid(layers.Dense(784)(y)))
    return keras.Model(x, code), keras.Model(z, y)


class Half(keras.Model):
    def __init__(self, *parts):
        super().__init__()
        self.parts = parts

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


def subclasses(latent_dim):
    encoder = Half(
        layers.Flatten(),
        layers.Dense(128, "relu"),
        layers.Dense(64, "relu"),
        layers.Dense(latent_dim),
    )
    decoder = Half(
        layers.Dense(64, "relu"),
        layers.Dense(128, "relu"),
        layers.Dense(784, "sigmoid"),
        layers.Reshape((28, 28, 1)),
    )
    return encoder, decoder


def without_flatten(latent_dim):
    x = inputs = keras.Input((28, 28, 1))
    for size in (128, 64):
        x = layers.Dense(size, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(latent_dim)(x)), build(latent_dim)[1]


def flat_input(latent_dim):
    parts = [layers.Dense(128, "relu"), layers.Dense(64, "relu"), layers.Dense(latent_dim)]
    return keras.Sequential([keras.Input((784,)), *parts]), build(latent_dim)[1]


def walk_in_place(a, b, steps):
    b -= a
    return a + np.linspace(0, 1, steps)[:, None] * b


def walk_by_loop(a, b, steps):
    codes, step = [], (b - a) / (steps - 1)
    for i in range(steps):
        codes.append(a + i * step)
    return codes


RIGHT = {
    "ex01_1": [
        squares,
        lambda x, y: np.array([np.dot(d.ravel(), d.ravel()) for d in x - y]),
        lambda x, y: ops.sum(ops.square(x - y), axis=(1, 2, 3)),
        lambda x, y: tf.reduce_sum(tf.math.squared_difference(x, y), [1, 2, 3]),
        lambda x, y: [float(((a - b) ** 2).sum()) for a, b in zip(x, y)],
        lambda x, y: np.linalg.norm((x - y).reshape(len(x), -1), axis=1) ** 2,
    ],
    "ex01_2": [
        build,
        sequential,
        separate,
        by_functions,
        subclasses,
        lambda latent_dim: list(build(latent_dim)),
        lambda units: build(units, hidden=layers.ReLU()),
    ],
    "ex01_3": [
        np.linspace,
        lambda a, b, n: [(1 - t) * a + t * b for t in np.linspace(0, 1, n)],
        lambda a, b, n: a + np.outer(np.linspace(0, 1, n), b - a),
        lambda a, b, n: tf.linspace(a, b, n),
        walk_by_loop,
    ],
}

WRONG = {
    "ex01_1": [
        (lambda x, y: squares(x, y) / 784, "mean over the pixels"),
        (lambda x, y: np.mean((x - y) ** 2), "summed over the images"),
        (lambda x, y: np.sum((x - y) ** 2), "summed over the images"),
        (lambda x, y: squares(x, y).mean(), "mean over the images"),
        (lambda x, y: squares(x, y, 1), "one number for each image"),
        (lambda x, y: (x - y) ** 2, "error of each pixel"),
        (lambda x, y: np.sum(np.abs(x - y), axis=(1, 2, 3)), "absolute error"),
        (lambda x, y: np.sum(x - y, axis=(1, 2, 3)), "opposite sign"),
        (lambda x, y: np.sqrt(squares(x, y)), "root"),
        (lambda x, y: np.sum((x - y) ** 4, axis=(1, 2, 3)), "expected"),
        (lambda x, y: squares(x, y)[:, None], "axis of length 1 is left over"),
        (lambda x, y: 3 * squares(x, y), "3 times too large"),
        (in_place, "change"),
        (in_place_and_wrong, "absolute error"),
        (in_place_and_wrong, "change"),
    ],
    "ex01_2": [
        (lambda k: build(k)[0], "Return two models"),
        (lambda k: (1, 2), "should be a keras.Model"),
        (lambda k: (*build(k), 3), "Return two models"),
        (lambda k: build(32), "written out as a number"),
        (lambda k: build(7), "written out as a number"),
        (lambda k: build(k, back=(128, 64)), "mirror"),
        (lambda k: build(k, sizes=(128,)), "128, 64 and 7"),
        (lambda k: build(k, out=None), "Use a sigmoid"),
        (lambda k: build(k, out="relu"), "Use a sigmoid"),
        (lambda k: build(k, hidden=None), "Two linear layers"),
        (lambda k: build(k, hidden="gelu"), "asks for ReLU"),
        (lambda k: build(k, hidden="sigmoid"), "asks for ReLU"),
        (lambda k: build(k, hidden=layers.LeakyReLU()), "asks for ReLU"),
        (lambda k: build(k, code="sigmoid"), "small range"),
        (lambda k: build(k, code="relu"), "by habit"),
        (lambda k: build(k, reshape=False), "Reshape"),
        (lambda k: (build(k)[0], build(k + 1)[1]), "Input of its own"),
        (lambda k: build(k)[::-1], "should take images"),
        (lambda k: (build(k)[0],) * 2, "same model twice"),
        (without_flatten, "Flatten"),
        (flat_input, "should take images"),
    ],
    "ex01_3": [
        (lambda a, b, n: np.linspace(b, a, n), "from b to a"),
        (lambda a, b, n: np.linspace(a, b, n, endpoint=False), "stops before b"),
        (lambda a, b, n: np.linspace(a, b, n + 1)[1:], "begins after a"),
        (lambda a, b, n: np.linspace(a, b, n + 2)[1:-1], "Both ends are missing"),
        (lambda a, b, n: np.linspace(a, b, n).T, "axes are swapped"),
        (lambda a, b, n: np.linspace(a, b, n - 2), "both ends counted"),
        (lambda a, b, n: np.linspace(a, b, n + 1), "One step too many"),
        (lambda a, b, n: np.linspace(a, b, 5), "doesn't use its argument steps"),
        (lambda a, b, n: a + (b - a) * np.linspace(0, 1, n)[:, None] ** 2, "equal length"),
        (lambda a, b, n: np.linspace(0, 1, n), "One code for each step"),
        (walk_in_place, "change"),
    ],
}

SURVIVORS = {}
