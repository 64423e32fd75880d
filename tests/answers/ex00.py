"""Answers to the exercises of notebook 00."""

import numpy as np
import tensorflow as tf
from keras import ops

from aehelpers import metrics

x_train = np.random.default_rng(0).random((10, 28, 28, 1))


def nats(x, y):
    return -(x * np.log(y) + (1 - x) * np.log(1 - y))


def clipped(x, y, low=1e-7):
    return nats(x, np.clip(y, low, 1 - low)).sum(axis=(1, 2, 3))


def clipped_in_place(x, y):
    np.clip(y, 1e-7, 1 - 1e-7, out=y)
    return nats(x, y).sum(axis=(1, 2, 3))


def clipped_in_vain(x, y):
    np.clip(y, 1e-7, 1 - 1e-7)
    return nats(x, y).sum(axis=(1, 2, 3))


def nan_to_num(x, y):
    return np.nan_to_num(nats(x, y), nan=0, posinf=0, neginf=0).sum(axis=(1, 2, 3))


def log_where(x, y):
    ink = np.log(y, where=y > 0, out=np.zeros_like(y))
    paper = np.log(1 - y, where=y < 1, out=np.zeros_like(y))
    return -(x * ink + (1 - x) * paper).sum(axis=(1, 2, 3))


def image_by_image(x, y):
    costs = []
    for a, b in zip(x, y):
        b = np.clip(b, 1e-7, 1 - 1e-7)
        costs.append(float(-(a * np.log(b) + (1 - a) * np.log(1 - b)).sum()))
    return costs


def in_place(x):
    x /= len(x)
    return x.sum(axis=0)


def loop(x):
    total = np.zeros((28, 28, 1))
    for image in x:
        total += image
    return total / len(x)


def printed(x):
    print(x.mean(axis=0))


def code_errors(x, mu, patterns, power=2):
    rest = x - mu
    missing = [rest - rest @ patterns[:k].T @ patterns[:k] for k in range(len(patterns) + 1)]
    return np.array([(np.square(m).sum(axis=1) ** (power / 2)).mean() for m in missing])


def first_below(errors, limit):
    return int(np.argmax(errors <= limit))


def one_by_one(x, mu, patterns, limit):
    for k in range(len(patterns) + 1):
        code = (x - mu) @ patterns[:k].T
        if np.square(x - (mu + code @ patterns[:k])).sum(axis=1).mean() <= limit:
            return k


def course_metric(x, mu, patterns, limit):
    k = 0
    while True:
        images = mu + (x - mu) @ patterns[:k].T @ patterns[:k]
        error = metrics.sse(x.reshape(-1, 28, 28, 1), images.reshape(-1, 28, 28, 1)).mean()
        if error <= limit:
            return k
        k += 1


def flat(x, mu, patterns, limit):
    x = x.reshape(-1, 784)
    return first_below(code_errors(x, mu.reshape(784), patterns), limit)


RIGHT = {
    "ex00_1": [
        lambda x: x.mean(axis=0),
        lambda x: sum(x) / len(x),
        lambda x: tf.reduce_mean(x, axis=0),
        lambda x: ops.mean(x, axis=0),
        lambda x: x.astype("float64").mean(0).tolist(),
        lambda x: np.einsum("nijc->ijc", x) / x.shape[0],
        lambda x: np.average(x, 0),
        loop,
    ],
    "ex00_2": [
        clipped,
        metrics.binary_crossentropy,
        image_by_image,
        lambda x, y: ops.sum(ops.binary_crossentropy(x, y), axis=(1, 2, 3)),
        lambda x, y: clipped(x.astype("float64"), y.astype("float64")),
        lambda x, y: clipped(x, y).tolist(),
    ],
    "ex00_3": [
        lambda x, mu, p, limit: first_below(code_errors(x, mu, p), limit),
        one_by_one,
        course_metric,
        flat,
        lambda x, mu, p, limit: np.sum(code_errors(x, mu, p) > limit),
        lambda x, mu, p, limit: np.array([first_below(code_errors(x, mu, p), limit)]),
    ],
}

WRONG = {
    "ex00_1": [
        (lambda x: x.mean(), "single grey"),
        (lambda x: np.full((28, 28, 1), x.mean()), "one grey for all pixels"),
        (lambda x: x.mean(axis=(1, 2, 3)), "one entry for each image"),
        (lambda x: x.reshape(len(x), -1).mean(axis=1, keepdims=True), "one image"),
        (lambda x: np.median(x, axis=0), "median"),
        (lambda x: x.sum(axis=0), "Divide by how many"),
        (lambda x: x[0] * 0, "darkest"),
        (lambda x: x.mean(axis=0) ** 2, "expected"),
        (lambda x: x[0, :5], "It should be one image"),
        (lambda x: x.mean(axis=0, keepdims=True), "keepdims"),
        (lambda x: x.mean(axis=0)[..., 0], "axis of length 1 is missing"),
        (lambda x: x.foo, "AttributeError"),
        (lambda x: x_train.mean(axis=0), "doesn't use its argument x, but x_train"),
        (lambda: 0, "should take x"),
        (in_place, "change"),
        (printed, "return"),
    ],
    "ex00_2": [
        (lambda x, y: clipped(x, y) / 784, "mean over the pixels"),
        (lambda x, y: clipped(x, y).sum(), "all images together"),
        (lambda x, y: clipped(x, y).mean(), "all images together"),
        (lambda x, y: -clipped(x, y), "sign is turned"),
        (lambda x, y: clipped(y, x), "swapped"),
        (lambda x, y: nats(y, x).sum(axis=(1, 2, 3)), "swapped"),
        (lambda x, y: clipped(x, y) / np.log(2), "in bits"),
        (lambda x, y: -(x * np.log(y)).sum(axis=(1, 2, 3)), "Half of the formula"),
        (lambda x, y: np.square(x - y).sum(axis=(1, 2, 3)), "squared error"),
        (lambda x, y: nats(x, y).sum(axis=(1, 2, 3)), "no pixel is sure"),
        (lambda x, y: nats(x, np.clip(y, 1e-7, 1 - 1e-7)).sum(axis=1), "(6, 28, 1)"),
        (lambda x, y: clipped(x, y) + 20, "expected"),
        (nan_to_num, "free"),
        (log_where, "free"),
        (lambda x, y: clipped(x, y, 0.05), "further than asked"),
        (clipped_in_vain, "returns a clipped copy"),
        (clipped_in_place, "change"),
    ],
    "ex00_3": [
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p)[1:], limit), "One too few"),
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p), limit) + 1, "One too many"),
        (
            lambda x, mu, p, limit: first_below(code_errors(x, mu, p) / 784, limit),
            "mean over the pixels",
        ),
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p) * len(x), limit), "all images"),
        (lambda x, mu, p, limit: first_below(code_errors(x, 0 * mu, p), limit), "mean image"),
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p, 1), limit), "the root"),
        (lambda x, mu, p, limit: int(np.argmax(code_errors(x, mu, p) < limit)), "<="),
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p)[1:], limit) + 1, "begin with 0"),
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p)[:-1], limit), "expected 6"),
        (lambda x, mu, p, limit: code_errors(x, mu, p).min(), "mean over the pixels"),
        (lambda x, mu, p, limit: code_errors(x, mu, p), "Return one number"),
        (lambda x, mu, p, limit: 6 - first_below(code_errors(x, mu, p), limit), "left out"),
        (lambda x, mu, p, limit: 3, "doesn't use its argument"),
    ],
}

SURVIVORS = {
    "ex00_2": {
        "arguments swapped: p = np.clip(1e-07, x_hat, 1 - 1e-07)": "the same clip",
    },
}
