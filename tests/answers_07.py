"""Answers to the exercises of notebook 07, right and wrong, for test_checks.py."""

import numpy as np

CORRECT = {
    "ex07_1": [
        lambda g, n: np.average(g, axis=0, weights=n),
        lambda g, n: (n @ g) / sum(n),
    ],
    "ex07_2": [
        lambda c, m: (2 * c * m) ** 0.5,
        lambda c, m: min(np.arange(1, 5000, 0.1), key=lambda t: c / t + t / (2 * m)),
    ],
    "ex07_3": [
        lambda w, t, c: t / (t / w + c * (w > 1)),
        lambda w, t, c: w * t / (t + w * c) if w > 1 else 1,
    ],
}

WRONG = {
    "ex07_1": [
        (lambda g, n: g.mean(axis=0), "mean of the means"),
        (lambda g, n: g.sum(axis=0), "divided already"),
        (lambda g, n: n @ g, "sum over all images"),
        (lambda g, n: n @ g / len(n), "number of workers"),
        (lambda g, n: g[0], "whole batch"),
        (lambda g, n: g, "one number for each weight"),
        (lambda g, n: g @ n, "stopped with ValueError"),
    ],
    "ex07_2": [
        (lambda c, m: 2 * c * m, "its square"),
        (lambda c, m: (c * m) ** 0.5, "factor is missing"),
        (lambda c, m: (2 * c * m) ** 0.5 / 60, "in minutes"),
        (lambda c, m: m / 2, "derivative"),
    ],
    "ex07_3": [
        (lambda w, t, c: w, "nothing had to be sent"),
        (lambda w, t, c: t / w + c, "seconds of a step"),
        (lambda w, t, c: (t / w + c) / t, "Upside down"),
        (lambda w, t, c: t / (t + c), "its share only"),
        (lambda w, t, c: w * t / (t + c), "cut the sending"),
        (lambda w, t, c: t / (t / w + c), "nobody to send to"),
        (lambda w, t, c: t / (t / w + w * c), "should be 2.00"),
    ],
}
