"""The exercises of notebook 06: the AUROC, a threshold chosen blind, the nearest training image."""

import numpy as np

from aehelpers.checks.exercise import Exercise
from aehelpers.checks.inputs import digits

__all__ = ["ex06_1", "ex06_2", "ex06_3"]


def auroc(normal, anomalous):
    """Returns the share of all pairs in which the anomaly has the higher score."""
    above = anomalous[:, None] - normal
    return np.mean((above > 0) + 0.5 * (above == 0))


def _above(normal, anomalous):
    return np.mean(anomalous[:, None] > normal)


def _equal(normal, anomalous):
    return np.mean(anomalous[:, None] == normal)


def _by_ranks(first, second):
    """Returns the mean place of the second scores among both, from 0 to 1, ties as they come."""
    places = np.argsort(np.argsort(np.concatenate([first, second])))[len(first) :]
    return (places.sum() - len(second) * (len(second) - 1) / 2) / (len(first) * len(second))


def _quarters(seed, low=4):
    """Makes scores of 60 normal images and 40 anomalies, quarters, many of them equal."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 12, 60) / 4, rng.integers(low, low + 12, 40) / 4


def _below_zero(seed):
    """Makes scores without ties, all below zero."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-9, -3, 31), rng.uniform(-7, -2, 44)


_UPSIDE_DOWN = "Upside down: count the pairs in which the *anomaly* has the higher score."
_TIES = (
    "Ties: a pair with equal scores is a coin toss, and counts half. A detector that gives "
    "everything the same score should come out at 0.5."
)
_ONE_SIDE = (
    "Ties: you count the scores that are found on the other side too. Count the pairs: one score "
    "can be equal to many."
)
_ALL_PAIRS = "anomalous[:, None] and normal make a table of all pairs."
_TABLE = "That is the table of all pairs, and one number was asked for: its mean."

ex06_1 = Exercise(
    "6.1",
    section="2 · What doesn't belong",
    reference=auroc,
    cases=lambda: {
        "60 normal images and 40 anomalies": _quarters(0),
        "anomalies whose scores are lower than the normal ones": _quarters(1, low=-5),
        "scores that are below zero": _below_zero(2),
        "one tie among six pairs": (np.array([1.0, 2.0]), np.array([0.5, 2.0, 3.0])),
        "one anomaly": (np.array([0.5, 3.0, 1.0, 2.0]), np.array([2.0])),
        "one normal image": (np.array([1.0]), np.array([0.0, 2.0, 1.0, 0.5, 0.25])),
        "one image of each, with equal scores": (np.array([2.0]), np.array([2.0])),
        "one image of each": (np.array([1.0]), np.array([3.0])),
        "scores that are all equal": (np.full(3, 0.5), np.full(4, 0.5)),
        "all anomalies above": (np.array([1.0, 2.0]), np.array([4.0, 3.0, 2.5])),
    },
    what="Return one number, the share of all pairs.",
    mistakes=[
        (lambda normal, anomalous: auroc(anomalous, normal), _UPSIDE_DOWN),
        (lambda normal, anomalous: np.mean(anomalous[:, None] < normal), _UPSIDE_DOWN),
        (lambda normal, anomalous: np.mean(anomalous[:, None] <= normal), _UPSIDE_DOWN),
        (_above, _TIES),
        (lambda *args: _above(*args) + _equal(*args), _TIES),
        (lambda *args: _above(*args) - _equal(*args) / 2, _TIES),
        (lambda *args: _above(*args) - _equal(*args), _TIES),
        (
            lambda *args: _above(*args) / (1 - _equal(*args)),
            "Ties: you leave them out of the pairs altogether. Each counts half, and all pairs are "
            "divided by.",
        ),
        (_by_ranks, _TIES),
        (lambda normal, anomalous: 1 - _by_ranks(anomalous, normal), _TIES),
        (lambda n, a: _above(n, a) + np.isin(a, n).mean() / 2, _ONE_SIDE),
        (lambda n, a: _above(n, a) + np.isin(n, a).mean() / 2, _ONE_SIDE),
        (
            lambda normal, anomalous: max(auroc(normal, anomalous), auroc(anomalous, normal)),
            "You turn a value below one half around. A detector that is worse than a coin should "
            "show it: keep the share as it is.",
        ),
        (
            lambda normal, anomalous: abs(auroc(normal, anomalous) - 0.5) + 0.5,
            "You turn a value below one half around. A detector that is worse than a coin should "
            "show it: keep the share as it is.",
        ),
        (
            lambda normal, anomalous: 100 * auroc(normal, anomalous),
            "Return a share, from 0 to 1, rather than per cent.",
        ),
        (
            lambda normal, anomalous: auroc(normal, anomalous) * len(normal) * len(anomalous),
            "That is the number of pairs. Divide it by how many pairs there are.",
        ),
        (
            lambda normal, anomalous: auroc(normal, anomalous) * len(normal),
            "You divided by the number of anomalies only. Divide by the number of pairs, "
            "len(normal) * len(anomalous).",
        ),
        (
            lambda normal, anomalous: auroc(normal, anomalous) * len(anomalous),
            "You divided by the number of normal images only. Divide by the number of pairs, "
            "len(normal) * len(anomalous).",
        ),
        (
            lambda normal, anomalous: (
                auroc(normal, anomalous)
                * (len(normal) * len(anomalous) / (len(normal) + len(anomalous)))
            ),
            "You divided by the number of images. Divide by the number of pairs, "
            "len(normal) * len(anomalous).",
        ),
        (
            lambda normal, anomalous: 2 * auroc(normal, anomalous) - 1,
            "That is twice the AUROC minus 1: a pair in the wrong order takes one off. It should "
            "count 0, and a tie one half.",
        ),
        (
            lambda normal, anomalous: -auroc(normal, anomalous),
            "The sign is turned: is the area taken from right to left?",
        ),
        (
            lambda normal, anomalous: np.mean(anomalous > normal.mean()),
            "You compared with the mean of the normal scores. Compare each anomaly with each "
            f"normal case: {_ALL_PAIRS}",
        ),
        (
            lambda normal, anomalous: np.mean(anomalous >= normal.mean()),
            "You compared with the mean of the normal scores. Compare each anomaly with each "
            f"normal case: {_ALL_PAIRS}",
        ),
        (
            lambda normal, anomalous: np.mean(anomalous > np.median(normal)),
            "You compared with the median of the normal scores. Compare each anomaly with each "
            f"normal case: {_ALL_PAIRS}",
        ),
        (
            lambda normal, anomalous: np.mean(anomalous > normal.max()),
            "You compared with the largest normal score. Compare each anomaly with each normal "
            f"case: {_ALL_PAIRS}",
        ),
        (
            lambda normal, anomalous: float(anomalous.mean() > normal.mean()),
            f"You compared the two means. Compare each anomaly with each normal case: {_ALL_PAIRS}",
        ),
        (
            lambda normal, anomalous: anomalous.mean() - normal.mean(),
            "That is how far the means lie apart. How far doesn't count: only which of the two is "
            "higher, in each pair.",
        ),
        (
            lambda normal, anomalous: np.mean([a > b for a, b in zip(anomalous, normal)]),
            f"You compared each anomaly with one normal case. Compare it with all: {_ALL_PAIRS}",
        ),
        (
            lambda normal, anomalous: np.mean(
                [(a > b) + (a == b) / 2 for a, b in zip(anomalous, normal)]
            ),
            f"You compared each anomaly with one normal case. Compare it with all: {_ALL_PAIRS}",
        ),
    ],
    shapes=[
        (lambda normal, anomalous: np.zeros((len(anomalous), len(normal))), _TABLE),
        (lambda normal, anomalous: np.zeros((len(normal), len(anomalous))), _TABLE),
        (
            lambda normal, anomalous: anomalous,
            "That is one number for each anomaly. Take the mean over them, too.",
        ),
        (
            lambda normal, anomalous: normal,
            "That is one number for each normal image. Take the mean over them, too.",
        ),
    ],
    praise="The probability that an anomaly scores higher than a normal case.",
    steps=[
        "Take each anomaly with each normal image: len(normal) * len(anomalous) pairs. A pair "
        "counts 1 where the anomaly's score is higher, one half where the two are equal, else 0.",
        "Two loops do it. So does a table: anomalous[:, None] - normal has a row for each anomaly "
        "and a column for each normal image.",
        "With d for the table, the mean of (d > 0) + 0.5 * (d == 0).",
    ],
)


def choose_threshold(val_scores, rate):
    """Returns the score that a share `rate` of the scores exceeds."""
    return np.quantile(val_scores, 1 - rate)


def _alarms(threshold, val_scores):
    return np.count_nonzero(val_scores > threshold)


def _so_many(threshold, val_scores, rate):
    """Returns whether so many scores lie above as were allowed, give or take one."""
    return abs(_alarms(threshold, val_scores) - rate * len(val_scores)) <= 1


def _about_alarms(threshold, val_scores, rate):
    if np.isnan(threshold):
        return ""
    share = _alarms(threshold, val_scores) / len(val_scores)
    return (
        f"{share:.1%} of the normal images lie above it, and it should be {rate:.1%}. A quantile "
        "does it."
    )


def _skewed(seed, n):
    return np.random.default_rng(seed).lognormal(0, 0.7, n)


def _half_zero(seed, n):
    return np.maximum(np.random.default_rng(seed).normal(0, 1, n), 0)


def _gaussian(val_scores, rate):
    from statistics import NormalDist

    return val_scores.mean() + NormalDist().inv_cdf(1 - rate) * val_scores.std()


_WRONG_END = (
    "The wrong end: most of the normal images lie above it, and all of these would be false "
    "alarms. The share below the threshold is 1 - rate."
)
_PER_CENT = (
    "np.percentile counts in per cent, from 0 to 100, and the rate is a share: give it "
    "100 * (1 - rate), or take np.quantile, which takes shares."
)
_DEVIATIONS = (
    "Mean plus some standard deviations has the rate asked for only if scores follow a Gaussian. "
    "These are skewed. A quantile needs no such assumption."
)
_TOO_HIGH = (
    "At or above the largest score nothing normal raises an alarm, but a single odd image decides "
    "where the threshold lies. The exercise allows a rate of alarms."
)

ex06_2 = Exercise(
    "6.2",
    section="A threshold, chosen blind",
    reference=choose_threshold,
    cases=lambda: {
        "1,000 scores and a rate of 0.05": (_skewed(1, 1000), 0.05),
        "1,000 scores and a rate of 0.2": (_skewed(2, 1000), 0.2),
        "2,000 scores and a rate of 0.025": (20 * _skewed(3, 2000), 0.025),
        "300 scores, half of them zero, and a rate of 0.1": (_half_zero(4, 300), 0.1),
        "70 scores below zero and a rate of 0.3": (_skewed(5, 70) - 50, 0.3),
    },
    right=_so_many,
    otherwise=_about_alarms,
    # This is for the mistakes: the next score in order is as good.
    rtol=0.01,
    what="Return one number, the threshold.",
    mistakes=[
        (lambda val_scores, rate: np.quantile(val_scores, rate), _WRONG_END),
        (lambda val_scores, rate: np.percentile(val_scores, 1 - rate), _PER_CENT),
        (
            lambda val_scores, rate: np.percentile(val_scores, rate),
            f"{_PER_CENT} And mind the end: the share below the threshold is 1 - rate.",
        ),
        (
            lambda val_scores, rate: np.quantile(val_scores, 0.95),
            "The rate of 0.05 is written into your function. Use its argument: 1 - rate.",
        ),
        (
            lambda val_scores, rate: np.percentile(val_scores, int(100 * (1 - rate))),
            "You rounded to whole per cent. A rate such as 0.025 lies between two of them: "
            "np.quantile takes 1 - rate as it is.",
        ),
        (
            lambda val_scores, rate: np.quantile(val_scores, 1 - rate / 2),
            "Half as many lie above as were allowed. Alarms are at one end only, the upper one: "
            "leave the rate whole.",
        ),
        (lambda val_scores, rate: val_scores.max(), _TOO_HIGH),
        (lambda val_scores, rate: val_scores.max() + 1, _TOO_HIGH),
        (
            lambda val_scores, rate: val_scores.min(),
            "That is the smallest score, and all others lie above it.",
        ),
        (
            lambda val_scores, rate: rate,
            "That is the rate itself. Look for the score that so many images exceed.",
        ),
        (
            lambda val_scores, rate: 1 - rate,
            "That is the rate itself. Look for the score that so many images exceed.",
        ),
        (
            lambda val_scores, rate: int((1 - rate) * len(val_scores)),
            "That is a place in the list of sorted scores. Return the score at that place.",
        ),
        (
            lambda val_scores, rate: int(rate * len(val_scores)),
            "That is how many alarms are allowed. Return the score that so many images exceed.",
        ),
        (
            lambda val_scores, rate: val_scores[int((1 - rate) * len(val_scores))],
            "The scores are in no order: sort them before you take the one at that place.",
        ),
        (
            lambda val_scores, rate: val_scores[int(rate * len(val_scores))],
            "The scores are in no order: sort them before you take the one at that place.",
        ),
        (
            lambda val_scores, rate: val_scores[-int(rate * len(val_scores))],
            "The scores are in no order: sort them before you take the one at that place.",
        ),
        (
            lambda val_scores, rate: np.unique(val_scores)[
                int((1 - rate) * len(np.unique(val_scores)))
            ],
            "np.unique keeps one of those scores that are equal, and each counts. Use np.sort.",
        ),
        (
            lambda val_scores, rate: (1 - rate) * val_scores.max(),
            "That is a share of the largest score. Look for the score that this share of the "
            "images exceeds.",
        ),
        (
            lambda val_scores, rate: val_scores.max() - rate * np.ptp(val_scores),
            "You cut the range of the scores. Look for the score that this share of the images "
            "exceeds, wherever it lies.",
        ),
        (
            lambda val_scores, rate: rate * val_scores.max(),
            "That is a share of the largest score. Look for the score that this share of the "
            "images exceeds.",
        ),
        (
            lambda val_scores, rate: val_scores.mean(),
            "That is the mean score, whatever the rate. Look for the score that this share of the "
            "images exceeds.",
        ),
        (
            lambda val_scores, rate: np.median(val_scores),
            "That is the median, and half of the normal images lie above it.",
        ),
        (
            lambda val_scores, rate: val_scores.std(),
            "That is the standard deviation. Look for the score that this share of the images "
            "exceeds.",
        ),
        (_gaussian, _DEVIATIONS),
        *(
            (
                lambda val_scores, rate, k=k: val_scores.mean() + k * val_scores.std(),
                _DEVIATIONS,
            )
            for k in (1, 1.5, 1.645, 1.96, 2, 2.5, 3)
        ),
        (
            lambda val_scores, rate: val_scores.mean() + (1 - rate) * val_scores.std(),
            _DEVIATIONS,
        ),
        (lambda val_scores, rate: val_scores.mean() + rate * val_scores.std(), _DEVIATIONS),
    ],
    shapes=[
        (
            lambda val_scores, rate: val_scores,
            "That is one entry for each image, such as whether it raises an alarm. One number was "
            "asked for, the threshold.",
        ),
    ],
    praise="So many normal images lie above it as were allowed, and no anomaly was looked at.",
    steps=[
        "Put the scores in order, in a copy. Those above the threshold are the false alarms: which "
        "share of all scores must lie below it?",
        "A quantile is just that: the value below which a given share of the numbers lies. The "
        "share is 1 - rate.",
        "np.quantile takes the scores and a share from 0 to 1; np.percentile counts in per cent.",
    ],
)


def nearest(x, x_train):
    """Returns the Euclidean distance of each image to its nearest training image."""
    return np.sqrt(np.square(x[:, None] - x_train).sum(axis=(2, 3, 4))).min(axis=1)


def _squares(x, x_train):
    """Returns all squared distances, a row for each image and a column for each training image."""
    return np.square(x[:, None] - x_train).sum(axis=(2, 3, 4))


def _from_products(x, x_train, factor, own=1, other=1):
    """Returns what comes of a slip in |a|² + |b|² - 2 a·b."""
    a, b = x.reshape(len(x), -1), x_train.reshape(len(x_train), -1)
    squares = own * np.square(a).sum(axis=1)[:, None] + other * np.square(b).sum(axis=1)
    return np.sqrt(np.maximum(squares + factor * a @ b.T, 0)).min(axis=1)


def _one_copy():
    x, x_train = digits(3), digits(4, n=40)
    x[2] = x_train[7]
    return x, x_train


def _many_copies():
    """Makes copies, of which the second half are ever so slightly changed.

    They are so many that |a|² + |b|² - 2 a·b surely makes some squared distances negative, in
    whatever order the sums are taken.
    """
    x_train = digits(5, n=80)
    x = x_train[10:70].copy()
    x[30:] *= np.float32(1 - 1e-5)
    return x, x_train


def _about_copies(distances, x, x_train):
    if np.isnan(distances).any():
        return (
            "There are NaN: rounding can make a squared distance slightly negative, and its root "
            "isn't a number. np.maximum(squared, 0) helps."
        )
    copied = nearest(x, x_train) < 0.01
    if (distances[copied] > 1).any():
        return (
            "A copy of a training image has a distance of 0, and here one has another. Does "
            "something leave the smallest distance out, as np.nanmin does where it is NaN?"
        )
    return "The distances differ: the root of the sum over pixels of squared differences."


_ONE_FOR_ONE = (
    "You compared each image with one training image. Compare it with all of them, and keep the "
    "smallest distance."
)

ex06_3 = Exercise(
    "6.3",
    section="4 · New digits",
    reference=nearest,
    cases=lambda: {
        "six images, the third of them a copy, and 40 training images": _one_copy(),
        "one image": (digits(6, n=1), digits(7, n=7)),
        "one training image": (digits(8, n=3), digits(9, n=1)),
        "more images than training images": (digits(10, n=8), digits(11, n=3)),
        "60 copies among 80 training images": _many_copies(),
    },
    # A copy's squared distance from products of float32 is off by up to 0.0002, and its root is
    # taken.
    atol=0.03,
    otherwise=_about_copies,
    what="There should be one distance for each new image.",
    mistakes=[
        (
            lambda x, x_train: _squares(x, x_train).min(axis=1),
            "Squared distances: take the root at the end.",
        ),
        (
            lambda x, x_train: np.sqrt(_squares(x, x_train)).mean(axis=1),
            "The mean over the training images hides the one copy. Take the smallest distance.",
        ),
        (
            lambda x, x_train: np.sqrt(_squares(x, x_train).mean(axis=1)),
            "The mean over the training images hides the one copy. Take the smallest distance.",
        ),
        (
            lambda x, x_train: np.median(np.sqrt(_squares(x, x_train)), axis=1),
            "The median over the training images hides the one copy. Take the smallest distance.",
        ),
        (
            lambda x, x_train: np.sqrt(_squares(x, x_train)).sum(axis=1),
            "That is the sum of the distances to all training images. Take the smallest distance.",
        ),
        (
            lambda x, x_train: np.sqrt(_squares(x, x_train)).max(axis=1),
            "That is the farthest training image. Take the smallest distance.",
        ),
        (
            lambda x, x_train: _squares(x, x_train).argmin(axis=1),
            "That is which image is nearest. Return how far away it is.",
        ),
        (
            lambda x, x_train: np.sqrt(_squares(x, x_train).min(axis=1) / 784),
            "Sum over the pixels, rather than their mean.",
        ),
        (
            lambda x, x_train: _squares(x, x_train).min(axis=1) / 784,
            "Sum over the pixels, rather than their mean. And take the root at the end.",
        ),
        (
            lambda x, x_train: np.sqrt(_squares(x, x_train).min(axis=1)) / 784,
            "You divided by the number of pixels. Leave the sum over them as it is.",
        ),
        (lambda x, x_train: np.sqrt(np.square(x - x_train[: len(x)]).sum((1, 2, 3))), _ONE_FOR_ONE),
        (lambda x, x_train: np.sqrt(np.square(x - x_train[0]).sum((1, 2, 3))), _ONE_FOR_ONE),
        (lambda x, x_train: np.sqrt(np.square(x - x_train[-1]).sum((1, 2, 3))), _ONE_FOR_ONE),
        (
            lambda x, x_train: np.sqrt(np.square(x - x_train.mean(axis=0)).sum((1, 2, 3))),
            "That is the distance to the mean of the training images. Compare with each of them, "
            "and keep the smallest distance.",
        ),
        (
            lambda x, x_train: np.sort(np.sqrt(_squares(x, x_train)), axis=1)[:, 1],
            "That is the second nearest. The images of x are new ones: none is its own neighbour, "
            "and a distance of 0 is what we look for.",
        ),
        (
            lambda x, x_train: np.sort(nearest(x, x_train)),
            "The distances are sorted. Leave them in the order of the images.",
        ),
        (
            lambda x, x_train: np.full(len(x), nearest(x, x_train).min()),
            "That is the smallest distance of all pairs. Each new image has its own: the minimum "
            "runs over the training images only.",
        ),
        (
            lambda x, x_train: np.abs(x[:, None] - x_train).sum(axis=(2, 3, 4)).min(axis=1),
            "That is the sum of the absolute differences. Square the differences, sum them over "
            "the pixels, and take the root of the sum.",
        ),
        (
            lambda x, x_train: np.abs(x[:, None] - x_train).mean(axis=(2, 3, 4)).min(axis=1),
            "That is the mean of the absolute differences. Square the differences, sum them over "
            "the pixels, and take the root of the sum.",
        ),
        (
            lambda x, x_train: np.abs(x[:, None] - x_train).max(axis=(2, 3, 4)).min(axis=1),
            "That is the largest difference of a pixel. Square the differences, sum them over the "
            "pixels, and take the root of the sum.",
        ),
        (
            lambda x, x_train: np.abs((x[:, None] - x_train).sum(axis=(2, 3, 4))).min(axis=1),
            "Differences of opposite sign cancel in your sum. Square them before you sum.",
        ),
        (
            lambda x, x_train: _from_products(x, x_train, -1),
            "The factor 2 is missing: |a|² + |b|² - 2 a·b.",
        ),
        (
            lambda x, x_train: _from_products(x, x_train, 2),
            "A sign is turned: |a|² + |b|² - 2 a·b.",
        ),
        (
            lambda x, x_train: _from_products(x, x_train, 0),
            "The product of the two images is missing: |a|² + |b|² - 2 a·b.",
        ),
        (
            lambda x, x_train: _from_products(x, x_train, -2, own=0),
            "The square of the new image itself is missing: |a|² + |b|² - 2 a·b.",
        ),
        (
            lambda x, x_train: _from_products(x, x_train, -2, other=0),
            "The square of the training image is missing: |a|² + |b|² - 2 a·b.",
        ),
    ],
    shapes=[
        (
            lambda x, x_train: np.zeros(len(x_train)),
            "One number for each *new* image: the minimum runs over the training images.",
        ),
        (
            lambda x, x_train: np.zeros((len(x), len(x_train))),
            "That is the whole table. Take the smallest distance in each row.",
        ),
        (
            lambda x, x_train: np.zeros((len(x_train), len(x))),
            "That is the whole table. Take the smallest distance in each column, axis=0.",
        ),
        (
            lambda x, x_train: np.float64(0),
            "That is one number for all images. Each new image has its own: the minimum runs over "
            "the training images only.",
        ),
    ],
    praise="The third image is a copy, and its distance of 0 gives it away.",
    steps=[
        "Make a row of 784 pixels of each image. For one new image, subtract it from all training "
        "images, square, sum over the pixels: so many squared distances, and the smallest counts.",
        "For all of them at once, |a|² + |b|² - 2 a·b: a @ b.T holds all products, |a|² belongs to "
        "a row of the table (a column of numbers, [:, None]), |b|² to a column.",
        "Rounding can leave a copy's squared distance a little below zero: np.maximum(squared, 0). "
        "Then the root, and the minimum over axis=1.",
    ],
)
