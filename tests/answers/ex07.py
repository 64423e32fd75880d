"""Answers to the exercises of notebook 07."""

import math

import numpy as np
import tensorflow as tf
from keras import ops
from scipy.optimize import fsolve, minimize, minimize_scalar

BATCH_SIZE = 2048
first, last = np.ones((2, 5)), np.array([6, 4])


def by_worker(gradients, sizes):
    total = np.zeros(gradients.shape[1])
    for gradient, size in zip(gradients, sizes):
        total += size * gradient
    return total / sum(sizes)


def weight_by_weight(gradients, sizes):
    rows = range(len(sizes))
    return [
        sum(float(gradients[w, i]) * int(sizes[w]) for w in rows) / sum(sizes)
        for i in range(len(gradients[0]))
    ]


def by_tensors(gradients, sizes):
    shares = tf.cast(sizes, "float32") / tf.reduce_sum(tf.cast(sizes, "float32"))
    return tf.linalg.matvec(tf.cast(gradients, "float32"), shares, transpose_a=True)


def by_keras(gradients, sizes):
    sizes = ops.cast(sizes, "float32")
    return ops.sum(ops.cast(gradients, "float32") * sizes[:, None], axis=0) / ops.sum(sizes)


def sums_in_place(gradients, sizes):
    gradients *= sizes[:, None]
    return gradients.sum(axis=0) / sizes.sum()


def sums_in_place_and_wrong(gradients, sizes):
    gradients *= sizes[:, None]
    return gradients.sum(axis=0) / len(sizes)


def lost(seconds, c, m):
    return c / seconds + seconds / (2 * m)


def poor_start(c, m):
    t = 1.0
    for _ in range(10):
        t -= (1 / (2 * m) - c / t**2) / 10
    return t


def by_grid(c, m):
    grid = np.arange(1, 5000)
    return grid[np.argmin(lost(grid, c, m))]


def coarse_grid(c, m):
    grid = np.arange(60, 7200, 600)
    return grid[np.argmin(lost(grid, c, m))]


def best_and_cost(c, m):
    t = math.sqrt(2 * c * m)
    return t, lost(t, c, m)


def seconds_of_a_step(workers, compute, send):
    return compute / workers + (send if workers > 1 else 0)


def by_cases(workers, compute, send):
    alone = compute
    together = compute / workers
    if workers > 1:
        together += send
    return alone / together


RIGHT = {
    "ex07_1": [
        by_worker,
        weight_by_weight,
        by_tensors,
        by_keras,
        sum_of_rows := lambda g, n: (n[:, None] * g).sum(axis=0) / n.sum(),
        lambda g, n: np.average(g, axis=0, weights=n),
        lambda g, n: (n @ g) / sum(n),
        lambda g, n: g.T @ (n / n.sum()),
        lambda g, n: np.repeat(g, n, axis=0).mean(axis=0),
        lambda g, n: np.einsum("w,wi->i", n, g) / n.sum(),
        lambda g, n: sum_of_rows(g, n).tolist(),
    ],
    "ex07_2": [
        lambda c, m: (2 * c * m) ** 0.5,
        lambda c, m: math.sqrt(2 * c * m),
        lambda c, m: round(math.sqrt(2 * c * m)),
        lambda c, m: tf.sqrt(2 * c * m),
        lambda c, m: np.array([np.sqrt(2 * m * c)]),
        lambda c, m: max(np.roots([1 / (2 * m), 0, -c])),
        lambda c, m: min(np.arange(1, 5000, 0.1), key=lambda t: c / t + t / (2 * m)),
        lambda c, m: minimize_scalar(lost, bounds=(1, m), args=(c, m), method="bounded").x,
        lambda c, m: np.exp(minimize(lambda u: np.log(lost(np.exp(u), c, m)), 0).x),
        lambda c, m: fsolve(lambda t: t**2 - 2 * c * m, m)[0],
        by_grid,
    ],
    "ex07_3": [
        by_cases,
        lambda w, t, c: t / seconds_of_a_step(w, t, c),
        lambda w, t, c: t / (t / w + c * (w > 1)),
        lambda w, t, c: w * t / (t + w * c) if w > 1 else 1,
        lambda w, t, c: 1 / (1 / w + c / t) if w != 1 else 1,
        lambda w, t, c: np.where(np.asarray(w) == 1, 1.0, t / (t / w + c)),
        lambda w, t, c: ops.where(w > 1, t / (t / w + c), 1.0),
        lambda w, t, c: [t / seconds_of_a_step(w, t, c)],
    ],
}

WRONG = {
    "ex07_1": [
        (lambda g, n: g.mean(axis=0), "mean of the means"),
        (lambda g, n: g.sum(axis=0), "divided already"),
        (lambda g, n: n @ g, "sum over all images"),
        (lambda g, n: n @ g / len(n), "number of workers"),
        (lambda g, n: (n[:, None] * g).mean(axis=0), "number of workers"),
        (lambda g, n: ((n / n.sum())[:, None] * g).mean(axis=0), "take the sum"),
        (lambda g, n: g.sum(axis=0) / n.sum(), "Each row is a mean already"),
        (lambda g, n: g.mean(axis=0) / n.sum(), "Each row is a mean already"),
        (lambda g, n: n @ g / n.max(), "largest share"),
        (lambda g, n: n @ g / n.mean(), "expected"),
        (lambda g, n: (g / n[:, None]).sum(axis=0), "multiply by them"),
        (lambda g, n: n // n.sum() @ g, "//"),
        (lambda g, n: n @ g / 12, "expected"),
        (lambda g, n: n @ g / BATCH_SIZE, "BATCH_SIZE"),
        (lambda g, n: last @ first / last.sum(), "doesn't use its arguments gradients and sizes"),
        (lambda g, n: (6 * g[0] + 4 * g[-1]) / 10, "doesn't use its argument sizes"),
        (lambda g, n: g[0], "one worker's share"),
        (lambda g, n: g[np.argmax(n)], "one worker's share"),
        (lambda g, n: np.median(g, axis=0), "median"),
        (lambda g, n: g, "one number for each weight"),
        (lambda g, n: n[:, None] * g / n.sum(), "a row for each worker"),
        (lambda g, n: (n[:, None] * g).sum(axis=1) / n.sum(), "one number for each worker"),
        (lambda g, n: (n[:, None] * g).sum() / n.sum(), "summed over the weights"),
        (lambda g, n: (n @ g / n.sum())[None], "axis of length 1 is left over"),
        (lambda g, n: g @ n, "stopped with ValueError"),
        (lambda g, n: (n * g).sum(axis=0) / n.sum(), "stopped with ValueError"),
        (sums_in_place, "change"),
        (sums_in_place_and_wrong, "number of workers"),
        (sums_in_place_and_wrong, "change"),
    ],
    "ex07_2": [
        (poor_start, "minimum wasn't reached"),
        (lambda c, m: minimize(lost, 7, args=(c, m)).x, "minimum wasn't reached"),
        (lambda c, m: minimize(lambda t: c / t + t / (2 * m), 7).x[0], "minimum wasn't reached"),
        (coarse_grid, "minimum wasn't reached"),
        (lambda c, m: 7, "doesn't use its arguments"),
        (lambda c, m: 2 * c * m, "its square"),
        (lambda c, m: (2 * c * m) ** 1 / 2, "Powers come before"),
        (lambda c, m: (c * m) ** 0.5, "factor is missing"),
        (lambda c, m: (c * m / 2) ** 0.5, "on the wrong side"),
        (lambda c, m: 2 * (c * m) ** 0.5, "under the root"),
        (lambda c, m: 2**0.5 * c * m, "over the whole product"),
        (lambda c, m: (2 * c * m) ** 0.5 / 60, "in minutes"),
        (lambda c, m: (2 * c * m) ** 0.5 / 3600, "in hours"),
        (lambda c, m: lost(math.sqrt(2 * c * m), c, m), "share of time that is lost"),
        (lambda c, m: (2 * c / m) ** 0.5, "share of time that is lost"),
        (lambda c, m: 1 / (2 * c * m) ** 0.5, "Upside down"),
        (lambda c, m: -((2 * c * m) ** 0.5), "positive one"),
        (lambda c, m: -c - m, "a positive number"),
        (lambda c, m: m / 2, "derivative"),
        (lambda c, m: (3 * c * m) ** 0.5, "minimum wasn't reached"),
        (lambda c, m: (2 * c * m) ** (1 / 3), "Set the derivative"),
        (lambda c, m: np.roots([1 / (2 * m), 0, -c]), "Return one number"),
        (best_and_cost, "Return one number"),
        (lambda c, m: lambda t: lost(t, c, m), "Received: a function"),
        (lambda c, m: (-2 * c * m) ** 0.5, "complex"),
        (lambda c, m: math.sqrt(-2 * c * m), "stopped with ValueError"),
    ],
    "ex07_3": [
        (lambda w, t, c: w, "nothing had to be sent"),
        (lambda w, t, c: t / (t / w), "nothing had to be sent"),
        (lambda w, t, c: t / w + c, "seconds of a step"),
        (seconds_of_a_step, "seconds of a step"),
        (lambda w, t, c: (t / w + c) / t, "Upside down"),
        (lambda w, t, c: seconds_of_a_step(w, t, c) / t, "Upside down"),
        (lambda w, t, c: t / (t + c), "its share only"),
        (lambda w, t, c: w * t / (t + c), "cut the sending"),
        (lambda w, t, c: t / ((t + c) / w), "cut the sending"),
        (lambda w, t, c: t / (t / w + c), "nobody to send to"),
        (lambda w, t, c: t / (t / w + w * c), "however many workers"),
        (lambda w, t, c: t / (t / w + (w - 1) * c), "however many workers"),
        (lambda w, t, c: t / (t / w + 2 * c) if w > 1 else 1, "however many workers"),
        (lambda w, t, c: (t + c) / (t / w + c), "compute_seconds alone"),
        (lambda w, t, c: max(1, t / (t / w + c)), "slower than one"),
        (lambda w, t, c: t / max(t / w, c), "at the same time"),
        (lambda w, t, c: t / seconds_of_a_step(w, t, c) / w, "efficiency"),
        (lambda w, t, c: t / seconds_of_a_step(w, t, c) - 1, "by how much they are faster"),
        (lambda w, t, c: 100 * t / seconds_of_a_step(w, t, c), "per cent"),
        (lambda w, t, c: t - seconds_of_a_step(w, t, c), "seconds that are saved"),
        (lambda w, t, c: t / w, "seconds that a worker computes"),
        (lambda w, t, c: t / c if c else w, "limit for ever more workers"),
        (lambda w, t, c: t / t / w + c, "in brackets"),
        (lambda w, t, c: t // seconds_of_a_step(w, t, c), "expected"),
        (lambda w, t, c: round(t / seconds_of_a_step(w, t, c), 1), "expected"),
        (lambda w, t, c: t / (t / 3 + c) if w > 1 else 1, "expected"),
        (lambda w, t, c: 3 * 0.3 / 0.45, "doesn't use its arguments"),
        (lambda w, t, c: [t / (t / n + c) for n in range(1, w + 1)], "Return one number"),
    ],
}

SURVIVORS = {}
