"""The exercises of notebook 07: one gradient from unequal shares, backups, another worker."""

import numpy as np

from aehelpers.checks.exercise import Exercise

__all__ = ["ex07_1", "ex07_2", "ex07_3"]


def whole_gradient(gradients, sizes):
    """Returns the gradient of the mean loss over the whole batch."""
    return (sizes[:, None] * gradients).sum(axis=0) / sizes.sum()


def _shares(seed, sizes, weights):
    """Makes the gradients of the mean losses of shares; an empty share has zeros."""
    rng = np.random.default_rng(seed)
    sizes = np.array(sizes)
    gradients = np.stack([rng.normal(1, 1, (max(n, 1), weights)).mean(axis=0) for n in sizes])
    return gradients * (sizes > 0)[:, None], sizes


_MEAN_OF_MEANS = (
    "That is the mean of the means. An image of the smallest share then counts three times as much "
    "as one of the largest: weigh each row by its size."
)
_ONE_WORKER = "That is the gradient of one worker's share. The others' images count as much."

ex07_1 = Exercise(
    "7.1",
    section="One gradient from many shares",
    reference=whole_gradient,
    cases=lambda: {
        "shares of 6, 4 and 2 images, and 5 weights": _shares(0, [6, 4, 2], 5),
        "one worker": _shares(1, [7], 4),
        "as many workers as weights": _shares(2, [9, 1, 4, 2], 4),
        "one weight and shares of 90 and 10 images": _shares(3, [90, 10], 1),
        "a worker without images, whose gradient is 0": _shares(4, [3, 0, 5], 2),
        "shares of one size": _shares(5, [8, 8], 3),
    },
    what="There should be one number for each weight.",
    mistakes=[
        (lambda gradients, sizes: gradients.mean(axis=0), _MEAN_OF_MEANS),
        (
            lambda gradients, sizes: gradients.sum(axis=0),
            "The sum of means is too large. Each worker has divided already.",
        ),
        (
            lambda gradients, sizes: sizes @ gradients,
            "That is the sum over all images. Divide by how many there are in the whole batch.",
        ),
        (
            lambda gradients, sizes: sizes @ gradients / len(sizes),
            "You divided by the number of workers. Divide by the number of images.",
        ),
        (
            lambda gradients, sizes: sizes @ gradients / sizes.sum() / len(sizes),
            "You took the mean over the workers, and the weights sizes / sizes.sum() add up to 1 "
            "already: take the sum.",
        ),
        (
            lambda gradients, sizes: gradients.sum(axis=0) / sizes.sum(),
            "Each row is a mean already. Turn it back into a sum, times its size, before you "
            "divide by the size of the whole batch.",
        ),
        (
            lambda gradients, sizes: gradients.mean(axis=0) / sizes.sum(),
            "Each row is a mean already. Turn it back into a sum, times its size, before you "
            "divide by the size of the whole batch.",
        ),
        (
            lambda gradients, sizes: sizes @ gradients / sizes.max(),
            "You divided by the size of the largest share. Divide by the number of all images.",
        ),
        (
            lambda gradients, sizes: sizes @ gradients / sizes[0],
            "You divided by the size of the first share. Divide by the number of all images.",
        ),
        (
            lambda gradients, sizes: sizes @ gradients / sizes.sum() ** 2,
            "You divided twice by the size of the whole batch. Once is enough.",
        ),
        (
            lambda gradients, sizes: sizes @ gradients / len(gradients[0]),
            "You divided by the number of weights. Divide by the number of images.",
        ),
        (
            lambda gradients, sizes: sizes**2 @ gradients / np.square(sizes).sum(),
            "A share of twice as many images counts four times as much with you. Weigh each row by "
            "its size itself.",
        ),
        (
            lambda gradients, sizes: (gradients / sizes[:, None]).sum(axis=0),
            "You divided by the sizes of the shares. Each worker has done that: multiply by them, "
            "to turn the means back into sums.",
        ),
        (
            lambda gradients, sizes: (gradients / sizes[:, None]).mean(axis=0),
            "You divided by the sizes of the shares. Each worker has done that: multiply by them, "
            "to turn the means back into sums.",
        ),
        (
            lambda gradients, sizes: (gradients / sizes[:, None]).sum(axis=0) / sizes.sum(),
            "You divided by the sizes of the shares. Each worker has done that: multiply by them, "
            "to turn the means back into sums.",
        ),
        (
            lambda gradients, sizes: (1 / sizes) @ gradients / (1 / sizes).sum(),
            "You weigh with 1 / size, so that the smallest share counts most. Weigh each row by "
            "its size.",
        ),
        (
            lambda gradients, sizes: sizes // sizes.sum() @ gradients,
            "// cuts a share of less than one down to 0. Divide with /.",
        ),
        (lambda gradients, sizes: gradients[0], _ONE_WORKER),
        (lambda gradients, sizes: gradients[-1], _ONE_WORKER),
        (lambda gradients, sizes: gradients[sizes.argmax()], _ONE_WORKER),
        (
            lambda gradients, sizes: np.median(gradients, axis=0),
            "That is the median of the workers. The gradient of a mean is a mean of gradients: "
            "weigh each row by its size.",
        ),
    ],
    shapes=[
        (
            lambda gradients, sizes: gradients,
            "There is a row for each worker still. Sum over the workers, axis=0: there should be "
            "one number for each weight.",
        ),
        (
            lambda gradients, sizes: gradients.T,
            "There is an entry for each worker still. Sum over the workers: there should be one "
            "number for each weight.",
        ),
        (
            lambda gradients, sizes: sizes,
            "That is one number for each worker. Sum over the workers, which are the first axis: "
            "there should be one number for each weight.",
        ),
        (
            lambda gradients, sizes: np.float64(0),
            "You summed over the weights, too. Sum over the workers only, axis=0: there should be "
            "one number for each weight.",
        ),
    ],
    praise="Every image counts the same, whichever worker it went to.",
    steps=[
        "The mean gradient of a share, times the share's size, is the sum of its images' "
        "gradients.",
        "Add these sums up over the workers, and divide by the number of all images, sizes.sum().",
        "sizes[:, None] is a column, so that sizes[:, None] * gradients multiplies each row by its "
        "size. axis=0 runs over the workers.",
    ],
)


def best_interval(backup_seconds, seconds_between_deaths):
    """Returns the seconds between two backups that lose the least time."""
    return np.sqrt(2 * backup_seconds * seconds_between_deaths)


def _lost(seconds, backup_seconds, seconds_between_deaths):
    """Returns the share of time that is lost."""
    return backup_seconds / seconds + seconds / (2 * seconds_between_deaths)


def _about_minimum(seconds, c, m):
    if np.isnan(seconds):
        return ""
    if not 0 < seconds < np.inf:
        return "T is a time, in seconds: a positive number."
    best = best_interval(c, m)
    return (
        f"The minimum wasn't reached: with T = {seconds:.5g} the sum is "
        f"{_lost(seconds, c, m):.4g}, and with T = {best:.5g} it is {_lost(best, c, m):.4g}. Set "
        "the derivative with respect to T to zero; where a search by numbers found this, it began "
        "too far away or ended too early."
    )


_FACTOR = "A factor is missing: the second part of the sum is T / (2 M), not T / M."

ex07_2 = Exercise(
    "7.2",
    section="Kill one",
    reference=best_interval,
    cases=lambda: {
        "10 s for a backup and a death a day": (10.0, 86400.0),
        "2 s for a backup and a death an hour": (2.0, 3600.0),
        "60 s for a backup": (60.0, 30000.0),
        "1 s for a backup": (1.0, 800.0),
    },
    # A minimum found by numbers is a flat one: 1 % beside it, no more than 0.005 % more is lost.
    rtol=0.01,
    otherwise=_about_minimum,
    what="Return one number, the seconds T between two backups.",
    mistakes=[
        (
            lambda c, m: 2 * c * m,
            "That is its square: the derivative vanishes where T² is 2 c M.",
        ),
        (
            lambda c, m: c * m,
            "That is half of T². Is there a ** 1 / 2 in it? Powers come before the division: write "
            "** 0.5, or np.sqrt.",
        ),
        (lambda c, m: np.sqrt(c * m), _FACTOR),
        (
            lambda c, m: np.sqrt(c * m / 2),
            "The factor 2 is on the wrong side: the derivative -c / T² + 1 / (2 M) vanishes where "
            "T² is 2 c M.",
        ),
        (
            lambda c, m: 2 * np.sqrt(c * m),
            "The 2 belongs under the root: T² is 2 c M.",
        ),
        (
            lambda c, m: np.sqrt(c * m) / 2,
            "The factor 2 is on the wrong side: the derivative -c / T² + 1 / (2 M) vanishes where "
            "T² is 2 c M.",
        ),
        (
            lambda c, m: np.sqrt(2) * c * m,
            "The root is of the 2 only. It belongs over the whole product: T² is 2 c M.",
        ),
        (
            lambda c, m: np.sqrt(2 * c) * m,
            "M belongs under the root, too: T² is 2 c M.",
        ),
        (
            lambda c, m: c * np.sqrt(2 * m),
            "c belongs under the root, too: T² is 2 c M.",
        ),
        (
            lambda c, m: np.sqrt(2 * m),
            "How much a backup costs has a say in it, too: the derivative -c / T² + 1 / (2 M) "
            "vanishes where T² is 2 c M.",
        ),
        (
            lambda c, m: np.sqrt(2 * c * m) / 60,
            "That is in minutes. The arguments are in seconds; so is the answer.",
        ),
        (
            lambda c, m: np.sqrt(2 * c * m) / 3600,
            "That is in hours. The arguments are in seconds; so is the answer.",
        ),
        (
            lambda c, m: np.sqrt(2 * c / m),
            "That is the share of time that is lost at the minimum. Return the T for which it is "
            "so small.",
        ),
        (
            lambda c, m: np.sqrt(2 * m / c),
            "You divided by c. The derivative -c / T² + 1 / (2 M) vanishes where T² is 2 c M.",
        ),
        (
            lambda c, m: 1 / np.sqrt(2 * c * m),
            "Upside down: that is how many backups there are in a second. Return the seconds "
            "between two.",
        ),
        (
            lambda c, m: -np.sqrt(2 * c * m),
            "Of the two roots take the positive one: T is a time.",
        ),
        (
            lambda c, m: m / c,
            "That isn't where the sum is smallest. Its derivative is -c / T² + 1 / (2 M): set it "
            "to zero.",
        ),
        (
            lambda c, m: m / 2,
            "That isn't where the sum is smallest: it is half of the time between two deaths, "
            "however long a backup takes. The derivative is -c / T² + 1 / (2 M): set it to zero.",
        ),
        (
            lambda c, m: m,
            "That is the time between two deaths. The derivative of the sum is "
            "-c / T² + 1 / (2 M): set it to zero.",
        ),
        (
            lambda c, m: c,
            "That is the time that a backup takes: nothing else would be done. The derivative of "
            "the sum is -c / T² + 1 / (2 M): set it to zero.",
        ),
    ],
    praise="The cost of the backups then equals the cost of what is lost.",
    steps=[
        "Frequent backups make the first part of the sum large, rare ones the second. In between, "
        "where the sum is smallest, its derivative with respect to T is zero.",
        "The derivative is -c / T² + 1 / (2 M). Set it to zero and solve for T.",
        "T² is 2 c M, and T is the root of it.",
    ],
)


def speed_up(workers, compute_seconds, send_seconds):
    """Returns how many times faster several workers are than one."""
    if workers == 1:
        return 1.0
    return compute_seconds / (compute_seconds / workers + send_seconds)


_SHARE_ONLY = "Each worker computes its share only, not the whole batch."
_HOWEVER_MANY = (
    "The sending takes send_seconds, however many workers there are: it is there once, whole."
)

ex07_3 = Exercise(
    "7.3",
    section="Is it faster?",
    reference=speed_up,
    cases=lambda: {
        "3 workers": (3, 0.3, 0.04),
        "8 workers": (8, 2.0, 0.5),
        "2 workers": (2, 0.9, 0.25),
        "sending that takes longer than computing": (4, 0.3, 0.6),
        "sending that takes no time": (5, 0.4, 0.0),
        "one worker": (1, 0.3, 0.05),
    },
    what="Return one number: how many times faster.",
    mistakes=[
        (
            lambda w, compute, send: compute / (compute / w + send),
            "One worker has nobody to send to: with workers = 1 it should be 1.",
        ),
        (
            lambda w, compute, send: w,
            "That would be so if nothing had to be sent.",
        ),
        (
            lambda w, compute, send: compute / w + send,
            "Those are the seconds of a step. How many times faster is that than one?",
        ),
        (
            lambda w, compute, send: compute / speed_up(w, compute, send),
            "Those are the seconds of a step. How many times faster is that than one?",
        ),
        (
            lambda w, compute, send: (compute / w + send) / compute,
            "Upside down: fewer seconds are a larger speed-up.",
        ),
        (
            lambda w, compute, send: 1 / speed_up(w, compute, send),
            "Upside down: fewer seconds are a larger speed-up.",
        ),
        (lambda w, compute, send: compute / (compute + send), _SHARE_ONLY),
        (lambda w, compute, send: compute / (compute + send) if w > 1 else 1, _SHARE_ONLY),
        (
            lambda w, compute, send: w * compute / (compute + send),
            "You cut the sending into shares, too. Each gradient is as large as the model, "
            "however small the share of the images.",
        ),
        (lambda w, compute, send: compute / (compute / w + w * send), _HOWEVER_MANY),
        (lambda w, compute, send: compute / (compute / w + (w - 1) * send), _HOWEVER_MANY),
        (lambda w, compute, send: compute / (compute / w + 2 * send), _HOWEVER_MANY),
        (lambda w, compute, send: compute / (compute / w + send * np.log2(w)), _HOWEVER_MANY),
        (
            lambda w, compute, send: compute / (compute / w + send * (w - 1) / w),
            _HOWEVER_MANY,
        ),
        (
            lambda w, compute, send: (compute + send) / (compute / w + send),
            "One worker has nobody to send to: the time to compare with is compute_seconds alone.",
        ),
        (
            lambda w, compute, send: max(speed_up(w, compute, send), 1),
            "Workers can be slower than one, where sending takes long. Return what comes out, also "
            "below 1.",
        ),
        (
            lambda w, compute, send: compute / max(compute / w, send),
            "You let the workers compute and send at the same time. The sending comes after the "
            "computing: add the seconds.",
        ),
        (
            lambda w, compute, send: speed_up(w, compute, send) / w,
            "That is the speed-up divided by the number of workers, their efficiency. Return the "
            "speed-up itself.",
        ),
        (
            lambda w, compute, send: speed_up(w, compute, send) - 1,
            "That is by how much they are faster. Return how many times as fast they are: 1 means "
            "just as fast.",
        ),
        (
            lambda w, compute, send: 100 * speed_up(w, compute, send),
            "That is in per cent. Return how many times faster, such as 2.",
        ),
        (
            lambda w, compute, send: compute - (compute / w + send),
            "Those are the seconds that are saved. How many times faster is it?",
        ),
        (
            lambda w, compute, send: compute - compute / speed_up(w, compute, send),
            "Those are the seconds that are saved. How many times faster is it?",
        ),
        (
            lambda w, compute, send: compute / w,
            "Those are the seconds that a worker computes. Add the sending, and compare with one.",
        ),
        (
            lambda w, compute, send: compute + send,
            "Those are seconds, and of a worker that computes the whole batch. How many times "
            "faster is a step of several workers?",
        ),
        (
            lambda w, compute, send: compute / send,
            "That is the limit for ever more workers. With so many as are given, add up the "
            "seconds of a step: compute_seconds / workers + send_seconds.",
        ),
        (
            lambda w, compute, send: w - send,
            "You take seconds off a number of workers. First add up the seconds of a step, then "
            "compare them with compute_seconds.",
        ),
        (
            lambda w, compute, send: compute / (compute / w) + send,
            "Division comes before the sum: put the seconds of a step in brackets.",
        ),
        (
            lambda w, compute, send: compute / compute / w + send,
            "Division comes before the sum: put the seconds of a step in brackets.",
        ),
        (
            lambda w, compute, send: compute / (w + send),
            "The sum of workers and seconds is no time. A worker computes for compute_seconds / "
            "workers; the sending comes after that.",
        ),
        (
            lambda w, compute, send: compute / (w * compute + send),
            _SHARE_ONLY,
        ),
    ],
    praise="With ever more workers it comes near computing / sending, and never gets beyond.",
    steps=[
        "How long does a step take with several workers? Each computes its share, and then the "
        "gradients are sent.",
        "That is compute_seconds / workers + send_seconds. One worker alone needs compute_seconds: "
        "how many times does the one go into the other?",
        "compute_seconds / (compute_seconds / workers + send_seconds), and 1 for one worker, who "
        "has nobody to send to.",
    ],
)
