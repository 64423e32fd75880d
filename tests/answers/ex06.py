"""Answers to the exercises of notebook 06."""

import numpy as np
import tensorflow as tf
from keras import ops
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu, norm, rankdata
from sklearn.metrics import pairwise_distances_argmin_min, roc_auc_score
from sklearn.neighbors import NearestNeighbors

from aehelpers import metrics

flat_train = np.random.default_rng(0).random((30, 784), dtype="float32")
score_val = np.random.default_rng(1).random(500)


def pairs(normal, anomalous):
    return np.asarray(anomalous)[:, None] - np.asarray(normal)


def area(normal, anomalous, ties=0.5):
    difference = pairs(normal, anomalous)
    return np.mean((difference > 0) + ties * (difference == 0))


def labels(normal, anomalous):
    return np.repeat([False, True], [len(normal), len(anomalous)])


def by_labels(function):
    return lambda n, a: function(labels(n, a), np.concatenate([n, a]))


def two_loops(normal, anomalous):
    count = 0
    for a in anomalous:
        for n in normal:
            if a > n:
                count += 1
            elif a == n:
                count += 0.5
    return count / (len(normal) * len(anomalous))


def by_ranks(normal, anomalous, rank=rankdata):
    ranks, n = rank(np.concatenate([normal, anomalous])), len(anomalous)
    return (ranks[len(normal) :].sum() - n * (n + 1) / 2) / (n * len(normal))


def by_search(normal, anomalous):
    normal = np.sort(normal)
    below, until = (np.searchsorted(normal, anomalous, side=side) for side in ("left", "right"))
    return (below + until).mean() / 2 / len(normal)


def sorted_in_place(normal, anomalous):
    normal.sort()
    below, until = (np.searchsorted(normal, anomalous, side=side) for side in ("left", "right"))
    return (below + until).mean() / 2 / len(normal)


def by_tensors(normal, anomalous):
    difference = tf.constant(anomalous)[:, None] - tf.constant(normal)
    return tf.reduce_mean(0.5 * (tf.sign(difference) + 1))


def under_the_curve(normal, anomalous, turn=1):
    steps = np.unique(np.concatenate([normal, anomalous, [np.inf]]))[::-turn]
    found = [(anomalous >= step).mean() for step in steps]
    return np.trapezoid(found, [(normal >= step).mean() for step in steps])


def ties_of_one_side(normal, anomalous):
    return np.mean(pairs(normal, anomalous) > 0) + 0.5 * np.mean(np.isin(anomalous, normal))


def ties_of_the_other_side(normal, anomalous):
    return np.mean(pairs(normal, anomalous) > 0) + 0.5 * np.mean(np.isin(normal, anomalous))


def folded(normal, anomalous):
    share = area(normal, anomalous)
    return 1 - share if share < 0.5 else share


def first_come(normal, anomalous):
    return by_ranks(normal, anomalous, lambda scores: np.argsort(np.argsort(scores)) + 1)


def coarse_curve(normal, anomalous):
    steps = np.linspace(0, 4, 30)
    found = [(anomalous > step).mean() for step in steps]
    return -np.trapezoid(found, [(normal > step).mean() for step in steps])


def by_counting(scores, rate):
    for score in sorted(scores):
        if np.mean(scores > score) <= rate:
            return score


def by_order(scores, rate):
    return np.sort(scores)[::-1][int(rate * len(scores))]


def sorts_in_place(scores, rate):
    scores.sort()
    return scores[int((1 - rate) * len(scores))]


def sorts_in_place_and_wrong(scores, rate):
    scores.sort()
    return scores[int(rate * len(scores))]


def halves(scores, rate):
    low, high = scores.min(), scores.max()
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.mean(scores > middle) > rate else (low, middle)
    return high


def flat(x):
    return x.reshape(len(x), -1)


def table(x, x_train):
    return np.square(flat(x)[:, None] - flat(x_train)).sum(axis=2)


def distances(x, x_train):
    return np.sqrt(table(x, x_train))


def products(x, x_train):
    a, b = flat(x), flat(x_train)
    return np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T


def products_in_place(x, x_train):
    x *= 255
    x_train *= 255
    return np.sqrt(table(x, x_train)).min(axis=1) / 255


def tensor_products(x, x_train):
    a, b = tf.reshape(x, (len(x), -1)), tf.reshape(x_train, (len(x_train), -1))
    squared = tf.reduce_sum(a**2, 1, keepdims=True) + tf.reduce_sum(b**2, 1)
    squared -= 2 * tf.matmul(a, b, transpose_b=True)
    return tf.sqrt(tf.reduce_min(tf.maximum(squared, 0), axis=1))


def keras_products(x, x_train):
    a, b = ops.reshape(x, (-1, 784)), ops.reshape(x_train, (-1, 784))
    squared = ops.sum(ops.square(a), axis=1)[:, None] + ops.sum(ops.square(b), axis=1)
    squared = squared - 2 * ops.matmul(a, ops.transpose(b))
    return ops.min(ops.sqrt(ops.relu(squared)), axis=-1)


def image_by_image(x, x_train):
    found = []
    for image in x:
        found.append(min(np.linalg.norm(image - other) for other in x_train))
    return found


def by_neighbours(x, x_train):
    search = NearestNeighbors(n_neighbors=1).fit(flat(x_train))
    return search.kneighbors(flat(x))[0][:, 0]


def in_parts(x, x_train):
    best = np.full(len(x), np.inf)
    for i in range(0, len(x_train), 16):
        squared = np.maximum(products(x, x_train[i : i + 16]), 0)
        best = np.minimum(best, np.sqrt(squared).min(axis=1))
    return best


def root_of_negative(x, x_train):
    return np.sqrt(products(x, x_train)).min(axis=1)


def root_of_negative_tensors(x, x_train):
    a, b = tf.reshape(x, (len(x), -1)), tf.reshape(x_train, (len(x_train), -1))
    squared = tf.reduce_sum(a**2, 1)[:, None] + tf.reduce_sum(b**2, 1) - 2 * a @ tf.transpose(b)
    return tf.sqrt(tf.reduce_min(squared, axis=1))


def root_of_negative_einsum(x, x_train):
    a, b = flat(x), flat(x_train)
    squared = np.einsum("ik,ik->i", a, a)[:, None] + np.einsum("jk,jk->j", b, b)
    return np.sqrt((squared - 2 * np.einsum("ik,jk->ij", a, b)).min(axis=1))


RIGHT = {
    "ex06_1": [
        area,
        two_loops,
        by_ranks,
        by_search,
        by_tensors,
        under_the_curve,
        by_labels(roc_auc_score),
        lambda n, a: metrics.auroc(np.concatenate([n, a]), labels(n, a)),
        lambda n, a: mannwhitneyu(a, n).statistic / (len(n) * len(a)),
        lambda n, a: np.mean([[(x > y) + (x == y) / 2 for y in n] for x in a]),
        lambda n, a: np.heaviside(np.subtract.outer(a, n), 0.5).mean(),
        lambda n, a: 1 - area(a, n),
        lambda n, a: area(n.astype("float32"), a.astype("float32")),
        lambda n, a: [area(n, a)],
    ],
    "ex06_2": [
        lambda scores, rate: np.quantile(scores, 1 - rate),
        lambda scores, rate: np.percentile(scores, 100 * (1 - rate)),
        lambda scores, rate: np.percentile(scores, 100 - 100 * rate),
        lambda scores, rate: np.quantile(scores, 1 - rate, method="higher"),
        lambda scores, rate: np.quantile(scores, 1 - rate, method="lower"),
        lambda scores, rate: np.quantile(scores, [1 - rate]),
        lambda scores, rate: -np.quantile(-scores, rate),
        lambda scores, rate: np.sort(scores)[-int(rate * len(scores)) - 1],
        lambda scores, rate: sorted(scores)[int((1 - rate) * len(scores))],
        lambda scores, rate: np.partition(scores, int((1 - rate) * len(scores)))[
            int((1 - rate) * len(scores))
        ],
        lambda scores, rate: tf.sort(scores)[round((1 - rate) * len(scores))],
        lambda scores, rate: ops.quantile(scores, 1 - rate),
        by_counting,
        by_order,
        halves,
    ],
    "ex06_3": [
        lambda x, t: distances(x, t).min(axis=1),
        lambda x, t: np.sqrt(table(x, t).min(axis=1)),
        lambda x, t: np.sqrt(np.maximum(products(x, t), 0)).min(axis=1),
        lambda x, t: np.sqrt(np.maximum(products(x, t).min(axis=1), 0)),
        lambda x, t: np.sqrt(np.abs(products(x, t)).min(axis=1)),
        lambda x, t: np.sqrt(np.maximum(products(x.astype(float), t.astype(float)), 0)).min(1),
        lambda x, t: cdist(flat(x), flat(t)).min(axis=1),
        lambda x, t: pairwise_distances_argmin_min(flat(x), flat(t))[1],
        lambda x, t: [np.linalg.norm(t - image, axis=(1, 2)).min() for image in x],
        lambda x, t: np.array([np.sqrt(((t - a) ** 2).sum((1, 2, 3))).min() for a in x]),
        image_by_image,
        by_neighbours,
        in_parts,
        keras_products,
        tensor_products,
    ],
}

WRONG = {
    "ex06_1": [
        (lambda n, a: area(a, n), "Upside down"),
        (lambda n, a: 1 - area(n, a), "Upside down"),
        (lambda n, a: np.mean(pairs(n, a) < 0), "Upside down"),
        (lambda n, a: area(n, a, ties=0), "Ties"),
        (lambda n, a: area(n, a, ties=1), "Ties"),
        (lambda n, a: area(n, a, ties=-0.5), "Ties"),
        (lambda n, a: np.mean(pairs(n, a)[pairs(n, a) != 0] > 0), "leave them out"),
        (first_come, "Ties"),
        (ties_of_one_side, "on the other side too"),
        (ties_of_the_other_side, "on the other side too"),
        (folded, "worse than a coin"),
        (lambda n, a: max(area(n, a), area(a, n)), "worse than a coin"),
        (lambda n, a: max(area(n, a), 0.5), "expected"),
        (lambda n, a: 100 * area(n, a), "rather than per cent"),
        (lambda n, a: area(n, a) * len(n) * len(a), "number of pairs"),
        (lambda n, a: mannwhitneyu(a, n).statistic, "number of pairs"),
        (lambda n, a: area(n, a) * len(n), "number of anomalies only"),
        (lambda n, a: area(n, a) * len(a), "number of normal images only"),
        (lambda n, a: np.mean(np.sign(pairs(n, a))), "twice the AUROC minus 1"),
        (lambda n, a: under_the_curve(n, a, turn=-1), "sign is turned"),
        (lambda n, a: np.mean(a > np.mean(n)), "mean of the normal scores"),
        (lambda n, a: np.mean(a > np.median(n)), "median of the normal scores"),
        (lambda n, a: np.mean([x > y for x, y in zip(a, n)]), "with one normal case"),
        (lambda n, a: a.mean() - n.mean(), "how far the means lie apart"),
        (lambda n, a: pairs(n, a) > 0, "table of all pairs"),
        (lambda n, a: area(n, a, ties=0.5) + 0 * n, "one number for each normal image"),
        (lambda n, a: [np.mean((x > n) + 0.5 * (x == n)) for x in a], "for each anomaly"),
        (lambda n, a: (area(n, a), area(a, n)), "Return one number"),
        (lambda n, a: area(score_val, score_val), "doesn't use its arguments normal and anomalous"),
        (lambda n, a: 0.5, "doesn't use its arguments"),
        (lambda n, a: n + a, "stopped with ValueError"),
        (coarse_curve, "expected"),
        (sorted_in_place, "change"),
    ],
    "ex06_2": [
        (lambda scores, rate: np.quantile(scores, rate), "wrong end"),
        (lambda scores, rate: np.sort(scores)[int(rate * len(scores))], "wrong end"),
        (lambda scores, rate: np.percentile(scores, 100 * rate), "wrong end"),
        (lambda scores, rate: np.percentile(scores, 1 - rate), "counts in per cent"),
        (lambda scores, rate: np.percentile(scores, rate), "counts in per cent"),
        (lambda scores, rate: np.quantile(scores, 100 * (1 - rate)), "stopped with ValueError"),
        (lambda scores, rate: np.quantile(scores, 0.95), "written into your function"),
        (lambda scores, rate: np.percentile(scores, 95), "written into your function"),
        (lambda scores, rate: np.percentile(scores, 90), "doesn't use its argument rate"),
        (lambda scores, rate: np.quantile(score_val, 1 - rate), "but score_val"),
        (lambda scores, rate: np.sort(scores)[-int(rate * 1000) - 1], "expected"),
        (lambda scores, rate: np.percentile(scores, int(100 - 100 * rate)), "whole per cent"),
        (lambda scores, rate: scores.max(), "single odd image"),
        (lambda scores, rate: scores.max() + 1, "single odd image"),
        (lambda scores, rate: rate, "rate itself"),
        (lambda scores, rate: 1 - rate, "rate itself"),
        (lambda scores, rate: rate * scores.max(), "share of the largest score"),
        (lambda scores, rate: (1 - rate) * scores.max(), "share of the largest score"),
        (lambda scores, rate: scores.max() - rate * np.ptp(scores), "range of the scores"),
        (lambda scores, rate: scores.mean() + 2 * scores.std(), "follow a Gaussian"),
        (lambda scores, rate: scores.mean() + 3 * scores.std(ddof=1), "follow a Gaussian"),
        (lambda s, rate: norm.ppf(1 - rate, s.mean(), s.std()), "follow a Gaussian"),
        (lambda scores, rate: np.median(scores), "median"),
        (lambda scores, rate: scores[int((1 - rate) * len(scores))], "in no order"),
        (lambda scores, rate: int((1 - rate) * len(scores)), "place in the list"),
        (lambda scores, rate: np.quantile(scores, 1 - rate / 2), "one end only"),
        (lambda scores, rate: np.quantile(scores, 1 - 2 * rate), "A quantile does it"),
        (lambda scores, rate: np.quantile(scores, (1 - rate) ** 2), "should be"),
        (lambda scores, rate: rate * scores.mean() * np.nan, "NaN"),
        (lambda scores, rate: scores > np.quantile(scores, 1 - rate), "the threshold"),
        (lambda scores, rate: np.sort(scores)[-int(rate * len(scores)) :], "Return one number"),
        (sorts_in_place, "change"),
        (sorts_in_place_and_wrong, "wrong end"),
        (sorts_in_place_and_wrong, "change"),
    ],
    "ex06_3": [
        (root_of_negative, "slightly negative"),
        (root_of_negative_tensors, "slightly negative"),
        (root_of_negative_einsum, "slightly negative"),
        (lambda x, t: np.nanmin(np.sqrt(products(x, t)), axis=1), "np.nanmin"),
        (lambda x, t: table(x, t).min(axis=1), "Squared distances"),
        (lambda x, t: products(x, t).min(axis=1), "Squared distances"),
        (lambda x, t: distances(x, t).mean(axis=1), "hides the one copy"),
        (lambda x, t: distances(x, t).max(axis=1), "farthest"),
        (lambda x, t: table(x, t).argmin(axis=1), "how far away"),
        (lambda x, t: np.sqrt(table(x, t) / 784).min(axis=1), "rather than their mean"),
        (lambda x, t: (table(x, t) / 784).min(axis=1), "rather than their mean"),
        (lambda x, t: np.linalg.norm(flat(x) - flat(t)[: len(x)], axis=1), "all of them"),
        (lambda x, t: [np.linalg.norm(a - b) for a, b in zip(x, t)], "all of them"),
        (lambda x, t: np.linalg.norm(flat(x) - flat(t)[0], axis=1), "all of them"),
        (lambda x, t: np.linalg.norm(flat(x - t.mean(0)), axis=1), "to the mean of the training"),
        (lambda x, t: np.sort(distances(x, t), axis=1)[:, 1], "second nearest"),
        (lambda x, t: np.sort(distances(x, t).min(axis=1)), "in the order of the images"),
        (lambda x, t: distances(x, t).min(axis=0), "each *new* image"),
        (lambda x, t: distances(x, t), "whole table"),
        (lambda x, t: distances(t, x), "whole table"),
        (lambda x, t: distances(x, t).min(), "Each new image has its own"),
        (lambda x, t: np.abs(x[:, None] - t).sum(axis=(2, 3, 4)).min(axis=1), "absolute"),
        (lambda x, t: cdist(flat(x), flat(t), "chebyshev").min(axis=1), "largest difference"),
        (lambda x, t: cdist(flat(x), flat(t), "cosine").min(axis=1), "distances differ"),
        (lambda x, t: distances(x, t).min(axis=1, keepdims=True), "keepdims"),
        (lambda x, t: cdist(flat(x), flat_train).min(axis=1), "but flat_train"),
        (lambda x, t: distances(x, t)[:6].min(axis=1), "one distance for each new image"),
        (lambda x, t: distances(x, t[:40]).min(axis=1), "has a distance of 0"),
        (products_in_place, "change"),
    ],
}

SURVIVORS = {}
