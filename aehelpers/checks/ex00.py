"""The exercises of notebook 00: the best constant, the cross-entropy, how few numbers suffice."""

import numpy as np

from aehelpers.checks.exercise import Exercise
from aehelpers.checks.inputs import digits, reconstructions

__all__ = ["ex00_1", "ex00_2", "ex00_3"]


def best_constant(x):
    """Returns the image nearest to all of `x`, in squared error."""
    return x.mean(axis=0)


ex00_1 = Exercise(
    "0.1",
    section="Reconstruction error",
    reference=best_constant,
    cases=lambda: {
        "nine images": (digits(0, n=9),),
        "one image": (digits(1, n=1),),
        "four images": (digits(2, n=4),),
    },
    what="It should be one image for all of them.",
    mistakes=[
        (
            lambda x: x.mean(),
            "You took one mean over everything, which is a single grey. Each pixel has its own "
            "best value: take the mean over the images only, axis=0.",
        ),
        (
            lambda x: np.full((28, 28, 1), x.mean()),
            "That is one grey for all pixels. Each pixel has its own best value: take the mean "
            "over the images only, axis=0.",
        ),
        (
            lambda x: np.median(x, axis=0),
            "That is the median. It is the best constant for the absolute error; for the squared "
            "error it is the mean.",
        ),
        (
            lambda x: x.sum(axis=0),
            "That is the sum of the images. Divide by how many there are.",
        ),
        (
            lambda x: x.sum(axis=0) / (len(x) - 1),
            "You divided by one image too few. The best constant divides by how many there are.",
        ),
        (
            lambda x: x.sum(axis=0) / 784,
            "You divided by the number of pixels. Divide by the number of images.",
        ),
        (
            lambda x: np.sqrt(np.square(x).mean(axis=0)),
            "That is the root of the mean square. The derivative of the squared error vanishes at "
            "the mean itself.",
        ),
        (
            lambda x: (x.min(axis=0) + x.max(axis=0)) / 2,
            "That is the middle between the darkest and the brightest value. It keeps the largest "
            "error small; for the sum of squared errors it is the mean.",
        ),
        (lambda x: x[0], "That is the first image. Look for one that is near to all of them."),
        (lambda x: x[-1], "That is the last image. Look for one that is near to all of them."),
        (lambda x: x.max(axis=0), "That is the brightest value of each pixel. Take the mean."),
        (lambda x: x.min(axis=0), "That is the darkest value of each pixel. Take the mean."),
    ],
    shapes=[
        (
            lambda x: x.mean(axis=(1, 2, 3)),
            "You kept one entry for each image. The constant is one image for all of them: take "
            "the mean over the images, which are the first axis.",
        ),
        (
            lambda x: x,
            "You kept one entry for each image. The constant is one image for all of them: take "
            "the mean over the images, which are the first axis.",
        ),
    ],
    praise="The mean image it is: the derivative of the squared error vanishes there.",
    steps=[
        "Look at one pixel. It has a value in each image, and the constant has one value c for it.",
        "Its squared error is the sum of (x - c)**2 over the images. For which c is that smallest? "
        "Set the derivative with respect to c to zero.",
        "It is the mean of the pixel's values. NumPy takes it for all pixels at once, over the "
        "first axis.",
    ],
)


def cross_entropy(x, x_hat):
    """Returns the cross-entropy of each image in nats."""
    p = np.clip(x_hat, 1e-7, 1 - 1e-7)
    return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=(1, 2, 3))


def _sure():
    """Makes images, and reconstructions that are sure of each pixel, some of them wrongly."""
    x = digits(3, n=2)
    return x, np.rint(reconstructions(4, n=2))


def _unclipped(x, x_hat):
    return -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)).sum(axis=(1, 2, 3))


def _about_clipping(answer):
    if answer.uses("clip"):
        return (
            "There is still an exact 0 or 1 in the logarithm. np.clip changes nothing: it returns "
            "a clipped copy, which has to be kept, p = np.clip(x_hat, 1e-7, 1 - 1e-7)."
        )
    return (
        "Right, as long as no pixel is sure. Where x_hat is exactly 0 or 1, one of the two "
        "logarithms has no value: clip x_hat to [1e-7, 1 - 1e-7] first."
    )


def _free(x, x_hat):
    with np.errstate(all="ignore"):
        costs = x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)
    return -np.where(np.isfinite(costs), costs, 0).sum(axis=(1, 2, 3))


def _free_logs(x, x_hat):
    with np.errstate(all="ignore"):
        ink, paper = np.log(x_hat), np.log(1 - x_hat)
    ink, paper = (np.where(np.isfinite(each), each, 0) for each in (ink, paper))
    return -(x * ink + (1 - x) * paper).sum(axis=(1, 2, 3))


ex00_2 = Exercise(
    "0.2",
    section="The two usual losses",
    reference=cross_entropy,
    cases=lambda: {
        "six images and reconstructions": (digits(1), reconstructions(2)),
        "one image": (digits(5, n=1), reconstructions(6, n=1)),
        "reconstructions of exact zeros and ones": _sure(),
    },
    # 1 - 1e-7 has no exact neighbour in float32, so a sure and wrong pixel costs 15.9 or 16.1.
    rtol=0.02,
    what="There should be one number for each image.",
    mistakes=[
        (_unclipped, _about_clipping),
        (
            _free,
            "Where the logarithm is infinite you count nothing, so that being sure and wrong is "
            "free, and it should cost the most. Clip x_hat to [1e-7, 1 - 1e-7] before the "
            "logarithm.",
        ),
        (
            _free_logs,
            "Where the logarithm is infinite you count nothing, so that being sure and wrong is "
            "free, and it should cost the most. Clip x_hat to [1e-7, 1 - 1e-7] before the "
            "logarithm.",
        ),
        (
            lambda x, x_hat: cross_entropy(x_hat, x),
            "The two are swapped: the logarithm is taken of what we believed, x_hat, and the truth "
            "x is the weight before it.",
        ),
        (
            lambda x, x_hat: _unclipped(x_hat, x),
            "The two are swapped: the logarithm is taken of what we believed, x_hat, and the truth "
            "x is the weight before it.",
        ),
        (
            lambda x, x_hat: -cross_entropy(x, x_hat),
            "The sign is turned: logarithms of numbers below 1 are negative, a cost isn't.",
        ),
        (
            lambda x, x_hat: cross_entropy(x, x_hat).sum(),
            "You took all images together. Keep one number for each image: sum over "
            "axis=(1, 2, 3) only.",
        ),
        (
            lambda x, x_hat: cross_entropy(x, x_hat) / 784,
            "That is the mean over the pixels, 784 times too small. This course sums over the "
            "pixels of an image; see the end of “The two usual losses”.",
        ),
        (
            lambda x, x_hat: cross_entropy(x, x_hat) / np.log(2),
            "That is in bits. Nats come from the natural logarithm, np.log.",
        ),
        (
            lambda x, x_hat: cross_entropy(x, x_hat) / np.log(10),
            "You took logarithms to base 10. Nats come from np.log.",
        ),
        (
            lambda x, x_hat: -(x * np.log(np.clip(x_hat, 1e-7, 1))).sum(axis=(1, 2, 3)),
            "Half of the formula is missing: paper that was believed to be ink costs too, "
            "(1 - x) * log(1 - x_hat).",
        ),
        (
            lambda x, x_hat: -((1 - x) * np.log(np.clip(1 - x_hat, 1e-7, 1))).sum(axis=(1, 2, 3)),
            "Half of the formula is missing: ink that was believed to be paper costs too, "
            "x * log(x_hat).",
        ),
        (
            lambda x, x_hat: np.square(x - x_hat).sum(axis=(1, 2, 3)),
            "That is the squared error. Here the cross-entropy is asked for.",
        ),
        (
            lambda x, x_hat: cross_entropy(x, np.clip(x_hat, 0.05, 0.95)),
            "You clip further than asked, and so forgive a belief that is sure and wrong. Clip to "
            "[1e-7, 1 - 1e-7].",
        ),
        (
            lambda x, x_hat: cross_entropy(x, np.clip(x_hat, 0.01, 0.99)),
            "You clip further than asked, and so forgive a belief that is sure and wrong. Clip to "
            "[1e-7, 1 - 1e-7].",
        ),
    ],
    shapes=[
        (
            lambda x, x_hat: x,
            "That is the cost of each pixel. Sum over the pixels of an image, axis=(1, 2, 3).",
        ),
        (
            lambda x, x_hat: np.float64(0),
            "You took all images together. Keep one number for each image: sum over "
            "axis=(1, 2, 3) only.",
        ),
    ],
    praise="Nats for each image, and no pixel is ever infinitely sure.",
    steps=[
        "First clip: p = np.clip(x_hat, 1e-7, 1 - 1e-7). The original must stay as it is.",
        "A pixel costs -(x log p + (1 - x) log(1 - p)): both logarithms are of the belief.",
        "Sum over the three axes of an image, and leave the first axis alone.",
    ],
)


def numbers_needed(x, mu, patterns, limit):
    """Returns the smallest number of patterns whose mean squared error is at most the limit."""
    error = np.square(x - mu).sum(axis=1).mean()
    gains = np.square((x - mu) @ patterns.T).mean(axis=0)
    errors = error - np.concatenate([[0], np.cumsum(gains)])
    return int(np.argmax(errors <= limit))


def _needed(x, mu, patterns, limit, cost):
    """Returns the smallest code that keeps the limit, where the error is another one."""
    rest = x - mu
    for k in range(len(patterns) + 1):
        if cost(np.square(rest - rest @ patterns[:k].T @ patterns[:k])) <= limit:
            return k
    return len(patterns)


def _few_patterns(limit):
    """Makes 8 images of 784 pixels in [0, 1] from 6 patterns of 64 pixels; all numbers are exact.

    The mean squared errors with 0 to 6 numbers in the code are 42.5, 26.5, 14.25, 5.25, 1.25, 0.25
    and 0.
    """
    places = np.random.default_rng(7).permutation(784)[: 6 * 64].reshape(6, 64)
    patterns = np.zeros((6, 784))
    np.put_along_axis(patterns, places, 1 / 8, axis=1)
    signs = np.array([[1, -1] * 4, [1, 1, -1, -1] * 2, [1] * 4 + [-1] * 4])
    signs = np.stack([*signs, signs[0] * signs[1], signs[0] * signs[2], signs[1] * signs[2]])
    mu = np.where(patterns.any(axis=0), 0.5, 0)
    return mu + (signs.T * [4, 3.5, 3, 2, 1, 0.5]) @ patterns, mu, patterns, limit


ex00_3 = Exercise(
    "0.3",
    section="Encoder, latent space, decoder",
    reference=numbers_needed,
    cases=lambda: {
        "images whose errors with 0, 1, 2, … numbers are 42.5, 26.5, 14.25, 5.25, 1.25, 0.25, 0, "
        "and the limit 10": _few_patterns(10.0),
        "the limit 2": _few_patterns(2.0),
        "the limit 30": _few_patterns(30.0),
        "the limit 42": _few_patterns(42.0),
        "a limit that an error keeps exactly": _few_patterns(14.25),
        "a limit of 43, kept with no number in the code": _few_patterns(43.0),
        "a limit of 0.1, kept with all 6 patterns only": _few_patterns(0.1),
    },
    what="Return one number: how many patterns are needed for all images together.",
    mistakes=[
        (
            lambda *args: numbers_needed(*args) - 1,
            "One too few. The first entry of a list is at place 0: is that the error with no "
            "number in the code, or with one?",
        ),
        (
            lambda *args: max(numbers_needed(*args) - 1, 0),
            "One too few. The first entry of a list is at place 0: is that the error with no "
            "number in the code, or with one?",
        ),
        (
            lambda *args: numbers_needed(*args) + 1,
            "One too many: the limit is kept already with one fewer.",
        ),
        (
            lambda x, mu, patterns, limit: _needed(
                x, mu, patterns, np.nextafter(limit, -1), lambda squares: squares.sum(axis=1).mean()
            ),
            "An error that is just as large as the limit keeps it: compare with <=, not with <.",
        ),
        (
            lambda *args: max(numbers_needed(*args), 1),
            "Where the images are near enough to their mean, no number at all is needed: begin "
            "with 0.",
        ),
        (
            lambda *args: min(numbers_needed(*args), len(args[2]) - 1),
            "You never come to all of the patterns. Try every size of the code from 0 to all.",
        ),
        (
            lambda x, mu, patterns, limit: _needed(
                x, mu, patterns, limit, lambda squares: squares.mean()
            ),
            "You compare the mean over the pixels with the limit. The squared error is summed over "
            "the pixels; see “Reconstruction error”.",
        ),
        (
            lambda x, mu, patterns, limit: _needed(
                x, mu, patterns, limit, lambda squares: squares.sum()
            ),
            "You compare the sum over all images. Take the mean over the images.",
        ),
        (
            lambda x, mu, patterns, limit: numbers_needed(x, 0 * mu, patterns, limit),
            "The mean image was not taken off: subtract mu first, as `encode` does in “Encoder, "
            "latent space, decoder”.",
        ),
        (
            lambda x, mu, patterns, limit: _needed(
                x, 0 * mu, patterns, limit, lambda squares: squares.sum(axis=1).mean()
            ),
            "The mean image was not taken off: subtract mu first, as `encode` does in “Encoder, "
            "latent space, decoder”.",
        ),
        (
            lambda x, mu, patterns, limit: _needed(
                x, mu, patterns, limit, lambda squares: np.sqrt(squares.sum(axis=1)).mean()
            ),
            "You took the root. The limit is for the squared error itself.",
        ),
        (
            lambda *args: len(args[2]) - numbers_needed(*args),
            "That is how many patterns can be left out. Return how many are needed.",
        ),
        (
            lambda *args: len(args[2]),
            "That is all of them. Return the smallest number that keeps the limit.",
        ),
    ],
    praise="The smallest code that keeps the limit.",
    steps=[
        "With k patterns the code is (x - mu) @ patterns[:k].T, and the image mu + code @ "
        "patterns[:k].",
        "The error of an image is the sum of the squared differences; then take the mean over the "
        "images. Compare it with the limit, for k = 0, 1, 2 and so on.",
        "A loop from 0 to len(patterns) that returns the first k whose error is at most the limit "
        "does it.",
    ],
)
