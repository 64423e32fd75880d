"""Two exercises of notebook 04: how often a unit is on, and top-k."""

import numpy as np

from aehelpers.checks.exercise import Exercise

__all__ = ["ex04_1", "ex04_2"]


def _codes(seed, n=40, units=8):
    """Makes codes: 1 is mostly on, 3 is dead, 5 is always on; some are faint, some strong."""
    rng = np.random.default_rng(seed)
    z = np.where(rng.random((n, units)) < 0.3, 5 * rng.random((n, units)), 0)
    z[: 3 * n // 4, 1] = 1.5
    z[:, 3], z[:, 5], z[0, 0] = 0, 2, 0.001
    return z.astype("float32")


def rates_of(z):
    """Returns the share of images for which each unit is above 0."""
    return (z > 0).mean(axis=0)


_FAINT = (
    "You compare with a number above 0. A unit is on as soon as it is above 0, however faintly: "
    "z > 0."
)

ex04_1 = Exercise(
    "4.1",
    section="Three numbers to watch",
    reference=rates_of,
    cases=lambda: {
        "codes of 40 images": (_codes(4),),
        "one image": (_codes(1, n=1),),
        "as many images as units": (_codes(2, n=8),),
        "codes of 20 units": (_codes(3, n=12, units=20),),
    },
    what="There should be one rate for each unit.",
    mistakes=[
        (
            lambda z: z.mean(axis=0),
            "That is the mean activation. The rate counts how often a unit is on, however "
            "strongly: compare with 0 first, z > 0.",
        ),
        (
            lambda z: z.sum(axis=0),
            "That is the sum of the activations. The rate counts how often a unit is on, however "
            "strongly: compare with 0 first, z > 0.",
        ),
        (
            lambda z: z.sum(axis=0) / np.maximum((z > 0).sum(axis=0), 1),
            "That is how strongly a unit is on when it is on. The rate counts how often that is.",
        ),
        (
            lambda z: (z > 0).mean(axis=1),
            "You have one number for each image. A rate belongs to a unit: take the mean over the "
            "images, axis=0.",
        ),
        (
            lambda z: (z > 0).sum(axis=0),
            "You counted the images. Divide by how many there are, or take the mean.",
        ),
        (
            lambda z: (z > 0).sum(axis=0) / z.shape[1],
            "You divided by the number of units. Divide by the number of images, len(z).",
        ),
        (
            lambda z: (z > 0).sum(axis=0) / max(len(z) - 1, 1),
            "You divided by one image too few. Divide by how many there are, len(z).",
        ),
        (
            lambda z: (z > 0).sum(axis=0) / max((z > 0).sum(), 1),
            "You divided by how often the units are on, all together. Divide by the number of "
            "images, len(z).",
        ),
        (
            lambda z: 100 * rates_of(z),
            "That is in percent. A share lies between 0 and 1: leave the 100 out.",
        ),
        (lambda z: 1 - rates_of(z), "That is how often each unit is off."),
        (
            lambda z: (z >= 0).mean(axis=0),
            "A unit at exactly 0 is off: compare with >, not with >=.",
        ),
        (
            lambda z: (z > 0).any(axis=0),
            "That says whether a unit is ever on. The rate says for which share of the images it "
            "is.",
        ),
        (
            lambda z: (z > 0).all(axis=0),
            "That is 1 for a unit that is always on and 0 for any other. The rate is the share "
            "between the two; int and // cut it off.",
        ),
        (
            lambda z: np.median(z > 0, axis=0),
            "That is the median, which says whether a unit is on for most images. Take the mean.",
        ),
        *(
            (
                lambda z, threshold=threshold: (z > threshold).mean(axis=0),
                _FAINT,
            )
            for threshold in (0.01, 0.1, 0.5, 1)
        ),
        (
            lambda z: (z > z.mean()).mean(axis=0),
            "You compare with the mean activation. A unit is on as soon as it is above 0.",
        ),
        (
            lambda z: (z > z.mean(axis=0)).mean(axis=0),
            "You compare with the mean activation. A unit is on as soon as it is above 0.",
        ),
    ],
    shapes=[
        (
            lambda z: z[:, 0],
            "You have one number for each image. A rate belongs to a unit: take the mean over the "
            "images, axis=0.",
        ),
        (
            lambda z: np.float64(0),
            "That is one number for all units together. Take the mean over axis=0 only.",
        ),
        (
            lambda z: z,
            "That is still a table of images and units. Take the mean over the images, axis=0.",
        ),
    ],
    praise="A rate for each unit: the fourth is dead, the sixth is always on.",
    steps=[
        "Ask of each number in the code whether it is above 0: z > 0 does it for all at once.",
        "True counts as 1 and False as 0, so a mean of these is a share.",
        "The images lie on the first axis, and the share is over the images: axis=0.",
    ],
)


def _scores(n, units):
    """Makes scores, all different within an image, some of them the same in another one."""
    rng = np.random.default_rng(units)
    scores = np.arange(units) + 4.0 * rng.permutation(n)[:, None] - 5.5
    return rng.permuted(scores, axis=1).astype("float32")


def _at_least(scores, least):
    """Returns the scores from `least` on, none of them negative."""
    return np.where(scores >= least, np.maximum(scores, 0), 0)


def top_k(scores, k):
    """Returns codes in which only the `k` largest scores of each row are left, none negative."""
    kth = np.sort(scores, axis=1)[:, -k, None]
    return np.where(scores >= kth, np.maximum(scores, 0), 0)


def _negative_kept(scores, k):
    return np.where(scores >= np.sort(scores, axis=1)[:, [-k]], scores, 0)


def _columns(scores, k):
    """Leaves the units that are among the `k` largest in any image."""
    chosen = np.zeros(scores.shape[1], bool)
    chosen[np.argsort(scores, axis=1)[:, -k:]] = True
    return np.where(chosen, np.maximum(scores, 0), 0)


def _moved(scores, k):
    """Puts the `k` largest first, in falling order."""
    return np.sort(top_k(scores, k), axis=1)[:, ::-1]


_NO_RANKS = (
    "np.argsort gives places, not ranks: its first number says where the smallest score is, not "
    "how small the first one is. Compare the scores themselves with the k-th largest."
)

ex04_2 = Exercise(
    "4.2",
    section="Third way: keep the largest (top-k)",
    reference=top_k,
    cases=lambda: {
        "eight images of 8 units and k = 3": (_scores(8, 8), 3),
        "k = 1": (_scores(4, 6), 1),
        "one image and k = 2": (np.array([[0.5, -1, 3, 2]], "float32"), 2),
        "fewer positive scores than k": (np.array([[-1, 2, -3, 0.5, -0.25]], "float32"), 4),
        "k = 5, which is all units": (_scores(3, 5), 5),
    },
    what="The code has as many units as there are scores.",
    mistakes=[
        (
            _negative_kept,
            "Nearly: where fewer than k scores are positive, you keep negative ones. An atom can "
            "only be added, so make them 0.",
        ),
        (
            lambda scores, k: np.abs(_negative_kept(scores, k)),
            "Negative scores become positive with np.abs. Make them 0: np.maximum(scores, 0).",
        ),
        (
            lambda scores, k: _negative_kept(scores, k) != 0,
            "You return which units are on. Keep their scores, not only ones.",
        ),
        (
            lambda scores, k: top_k(scores, k) > 0,
            "You return which units are on. Keep their scores, not only ones.",
        ),
        (
            lambda scores, k: _at_least(scores, np.sort(scores, axis=1)[:, -k]),
            "np.sort(scores, axis=1)[:, -k] is one row, and each unit meets the k-th largest score "
            "of another image. [:, -k, None] makes a column of it, so that each image meets its "
            "own.",
        ),
        (
            lambda scores, k: _at_least(scores, np.sort(scores, axis=1)[-k]),
            "[-k] takes one of the images. The units are the second axis: [:, -k, None].",
        ),
        (
            lambda scores, k: _at_least(scores, np.sort(scores, axis=0)[:, [-k]]),
            "You sorted each unit over the images. Each image chooses its own units: sort along "
            "axis=1.",
        ),
        (
            lambda scores, k: _at_least(scores, np.sort(scores, axis=0)[-k]),
            "You kept the k largest of each unit over the images. Each image chooses its own "
            "units: sort along axis=1.",
        ),
        (
            lambda scores, k: _at_least(scores, np.sort(scores, axis=None)[-k]),
            "You kept the k largest of all images together. Each image chooses its own units: sort "
            "along axis=1.",
        ),
        (
            lambda scores, k: _at_least(scores, np.sort(scores[0])[-k]),
            "You compare all images with the k-th largest score of the first. Each image has a "
            "k-th largest of its own: sort along axis=1.",
        ),
        (
            _columns,
            "You keep a unit in all images as soon as one image chooses it: z[:, places] takes all "
            "rows. np.put_along_axis and np.take_along_axis take each row's own places.",
        ),
        (
            lambda scores, k: np.where(
                scores > np.sort(scores, axis=1)[:, [-k]], np.maximum(scores, 0), 0
            ),
            "Only k - 1 are left: the k-th largest itself is kept, so compare with >=.",
        ),
        (
            lambda scores, k: _at_least(scores, np.sort(scores, axis=1)[:, [1 - k]]),
            "Only k - 1 are left: the k-th largest is at place -k of the sorted scores.",
        ),
        (
            lambda scores, k: top_k(scores, min(k + 1, scores.shape[1])),
            "One too many is kept: the k-th largest is at place -k of the sorted scores.",
        ),
        (
            lambda scores, k: top_k(scores, k + 1),
            "One too many is kept: the k-th largest is at place -k of the sorted scores.",
        ),
        (
            lambda scores, k: np.where(
                scores <= np.sort(scores, axis=1)[:, [k - 1]], np.maximum(scores, 0), 0
            ),
            "You kept the k smallest. np.sort sorts upwards: the largest come last.",
        ),
        (
            lambda scores, k: np.where(scores <= np.sort(scores, axis=1)[:, [k - 1]], scores, 0),
            "You kept the k smallest. np.sort sorts upwards: the largest come last.",
        ),
        (
            lambda scores, k: np.where(
                scores < np.sort(scores, axis=1)[:, [-k]], np.maximum(scores, 0), 0
            ),
            "The wrong ones are left: set those below the k-th largest to 0, and keep the others.",
        ),
        (
            lambda scores, k: np.where(
                np.abs(scores) >= np.sort(np.abs(scores), axis=1)[:, [-k]],
                np.maximum(scores, 0),
                0,
            ),
            "You chose by the size without its sign. A very negative score isn't a large one: "
            "leave np.abs out.",
        ),
        (
            lambda scores, k: np.where(
                np.abs(scores) >= np.sort(np.abs(scores), axis=1)[:, [-k]], scores, 0
            ),
            "You chose by the size without its sign. A very negative score isn't a large one: "
            "leave np.abs out.",
        ),
        (
            lambda scores, k: _at_least(scores, np.sort(scores, axis=1)[:, [k]]),
            "You count from the smallest. np.sort sorts upwards: the k-th largest is at place -k.",
        ),
        (
            lambda scores, k: _at_least(scores, np.sort(scores, axis=1)[:, [k - 1]]),
            "You count from the smallest. np.sort sorts upwards: the k-th largest is at place -k.",
        ),
        (
            lambda scores, k: np.where(
                np.argsort(scores, axis=1) >= scores.shape[1] - k, np.maximum(scores, 0), 0
            ),
            _NO_RANKS,
        ),
        (
            lambda scores, k: np.where(np.argsort(-scores, axis=1) < k, np.maximum(scores, 0), 0),
            _NO_RANKS,
        ),
        (
            lambda scores, k: np.maximum(scores - np.sort(scores, axis=1)[:, [-k]], 0),
            "You subtract the k-th largest score. It is only compared with: the largest keep their "
            "values.",
        ),
        (
            lambda scores, k: np.where(
                scores >= np.sort(scores, axis=1)[:, [-k]], np.maximum(scores, 0), scores
            ),
            "The others keep their scores. Make them 0, the last argument of np.where.",
        ),
        (
            lambda scores, k: top_k(scores, k) / k,
            "You divide by k. The largest keep their values.",
        ),
        (
            lambda scores, k: _at_least(scores, scores.mean(axis=1, keepdims=True)),
            "You compare with the mean of an image. Only the k largest should be left, whatever "
            "the mean is.",
        ),
        (
            lambda scores, k: top_k(scores, k).T,
            "Rows and columns are swapped: the codes have a row for each image, as the scores do.",
        ),
        (
            lambda scores, k: np.maximum(scores, 0),
            "All positive scores are left. Only the k largest of each image should be.",
        ),
        (
            lambda scores, k: scores,
            "The scores are as they were. Only the k largest of each image should be left.",
        ),
        (
            lambda scores, k: np.where(scores >= k, scores, 0),
            "You compare the scores with k. It is a count: how many are left in each image.",
        ),
        (
            lambda scores, k: np.where(scores > k, scores, 0),
            "You compare the scores with k. It is a count: how many are left in each image.",
        ),
        (
            lambda scores, k: np.where(np.arange(scores.shape[1]) < k, np.maximum(scores, 0), 0),
            "You kept the first k units. Which ones are left depends on the scores: sort them.",
        ),
        (
            lambda scores, k: np.where(
                np.arange(scores.shape[1]) >= scores.shape[1] - k, np.maximum(scores, 0), 0
            ),
            "You kept the last k units. It is the sorted scores whose last k are the largest.",
        ),
        (
            _moved,
            "The scores have moved: you return them sorted. Each stays at the place of its unit, "
            "as the decoder has an atom for each place.",
        ),
        (
            lambda scores, k: _moved(scores, k)[:, ::-1],
            "The scores have moved: you return them sorted. Each stays at the place of its unit, "
            "as the decoder has an atom for each place.",
        ),
        (
            lambda scores, k: _at_least(scores, scores.max(axis=1, keepdims=True)),
            "Only the largest score of each image is left. Keep k of them.",
        ),
        (
            lambda scores, k: top_k(scores, 3),
            "You keep 3, whatever k is. The number is the argument k.",
        ),
    ],
    shapes=[
        (
            lambda scores, k: scores[:, :k],
            "You return only the k largest, or their places. The code keeps its length: the others "
            "become 0 where they are.",
        ),
        (
            lambda scores, k: scores[:k],
            "[-k:] takes the last k images. The units are the second axis: [:, -k:].",
        ),
        (
            lambda scores, k: np.zeros((len(scores), len(scores), k)),
            "scores[:, places] takes the places of every image from every image. "
            "np.take_along_axis(scores, places, axis=1) takes each row's own.",
        ),
        (
            lambda scores, k: np.zeros((len(scores), k, scores.shape[1])),
            "scores[places] takes whole rows, images. "
            "np.take_along_axis(scores, places, axis=1) takes each row's own places.",
        ),
        (
            lambda scores, k: scores[:, 0],
            "You return one number for each image. The code keeps its length: all but the k "
            "largest become 0 where they are.",
        ),
        (
            lambda scores, k: np.zeros(len(scores) * k),
            "The rows are gone: scores[mask] takes the numbers out of them. np.where(mask, scores, "
            "0) leaves them at their places.",
        ),
    ],
    praise="Three units an image, and none of them negative.",
    steps=[
        "Which score is just large enough in a row? Sort each row; the k-th largest is at place "
        "-k.",
        "kth = np.sort(scores, axis=1)[:, -k, None] is a column, so that each row is compared with "
        "its own.",
        "np.where(scores >= kth, …, 0) keeps the largest. Put np.maximum(scores, 0) for the dots, "
        "so that none of them is negative.",
    ],
)
