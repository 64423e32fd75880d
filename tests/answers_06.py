"""Answers to the exercises of notebook 06, right and wrong, for test_checks.py."""

import numpy as np

from aehelpers import metrics


def pairs(normal, anomalous):
    return np.asarray(anomalous)[:, None] - np.asarray(normal)


def labels(normal, anomalous):
    return np.repeat([False, True], [len(normal), len(anomalous)])


def area(normal, anomalous):
    return metrics.auroc(np.concatenate([normal, anomalous]), labels(normal, anomalous))


def table(x, x_train):
    difference = x.reshape(len(x), 1, 784) - x_train.reshape(1, -1, 784)
    return np.square(difference).sum(axis=2)


def by_products(x, x_train):
    a, b = x.reshape(len(x), -1), x_train.reshape(len(x_train), -1)
    squared = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squared, 0)).min(axis=1)


def root_of_negative(x, x_train):
    with np.errstate(invalid="ignore"):  # the mistake that the hint is about
        return np.sqrt(table(x, x_train) - 1).min(axis=1)


CORRECT = {
    "ex06_1": [area, lambda n, a: np.mean((pairs(n, a) > 0) + 0.5 * (pairs(n, a) == 0))],
    "ex06_2": [
        lambda scores, rate: np.quantile(scores, 1 - rate),
        lambda scores, rate: np.sort(scores)[-int(rate * len(scores)) - 1],
    ],
    "ex06_3": [lambda x, t: np.sqrt(table(x, t)).min(axis=1), by_products],
}

WRONG = {
    "ex06_1": [
        (lambda n, a: 1 - area(n, a), "Upside down"),
        (lambda n, a: np.mean(pairs(n, a) < 0), "Upside down"),
        (lambda n, a: np.mean(pairs(n, a) > 0), "Ties"),
        (lambda n, a: np.mean(pairs(n, a) >= 0), "Ties"),
        (lambda n, a: 100 * area(n, a), "rather than per cent"),
        (lambda n, a: area(n, a) * len(n) * len(a), "number of pairs"),
        (lambda n, a: np.mean(a > np.mean(n)), "mean of the normal scores"),
        (lambda n, a: pairs(n, a) > 0, "one number"),
        (lambda n, a: 0.5, "it should be"),
        (lambda n, a: n + a, "stopped with ValueError"),
    ],
    "ex06_2": [
        (lambda scores, rate: np.quantile(scores, rate), "wrong end"),
        (lambda scores, rate: scores.max(), "single odd image"),
        (lambda scores, rate: 1 - rate, "rate itself"),
        (lambda scores, rate: scores.mean() + 2 * scores.std(), "follow a Gaussian"),
        (lambda scores, rate: np.quantile(scores, 1 - rate / 2), "quantile does it"),
        (lambda scores, rate: scores > 1, "one number"),
    ],
    "ex06_3": [
        (lambda x, t: table(x, t).min(axis=1), "Squared distances"),
        (lambda x, t: np.sqrt(table(x, t)).mean(axis=1), "hides the one copy"),
        (lambda x, t: np.sqrt(table(x, t)).max(axis=1), "farthest"),
        (lambda x, t: table(x, t).argmin(axis=1), "how far away"),
        (lambda x, t: np.sqrt(table(x, t) / 784).min(axis=1), "rather than their mean"),
        (lambda x, t: np.sqrt(np.square(x - t[: len(x)]).sum(axis=(1, 2, 3))), "all of them"),
        (lambda x, t: np.sqrt(table(x, t)).min(axis=0), "each *new* image"),
        (lambda x, t: np.sqrt(table(x, t)), "whole table"),
        (root_of_negative, "slightly negative"),
        (lambda x, t: np.abs(x[:, None] - t).sum(axis=(2, 3, 4)).min(axis=1), "distances differ"),
    ],
}
