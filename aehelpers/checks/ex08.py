"""The checks of notebook 08: drawing from codes."""

import numpy as np

from aehelpers.checks.exercise import Exercise

__all__ = ["ex08_1", "ex08_2", "ex08_3", "ex08_4"]


# 8.1: the log-density of a mixture.


def _each(z, means, sigmas):
    """Returns the log-density of each code under each Gaussian, (n, K)."""
    standard = (z[:, None] - means) / sigmas
    return -0.5 * (standard**2 + np.log(2 * np.pi)).sum(axis=2) - np.log(sigmas).sum(axis=1)


def log_density(z, means, sigmas, shares):
    """Returns ln p of each code under a mixture of Gaussians, (n,)."""
    squares = np.square((z[:, None] - means) / sigmas) + np.log(2 * np.pi)
    each = -0.5 * squares.sum(axis=2) - np.log(sigmas).sum(axis=1)
    return np.logaddexp.reduce(each + np.log(shares), axis=1)


def _together(terms):
    return np.logaddexp.reduce(terms, axis=1)


def _mixture(seed, n, gaussians, latent_dim, far=0.0):
    rng = np.random.default_rng(seed)
    means = 2 * rng.normal(size=(gaussians, latent_dim))
    sigmas = rng.uniform(0.3, 1.5, (gaussians, latent_dim))
    shares = rng.dirichlet(np.full(gaussians, 3.0))
    z = means[rng.integers(gaussians, size=n)] + rng.normal(size=(n, latent_dim)) + far
    return z, means, sigmas, shares


def _about_density(value, z, means, sigmas, shares):
    if np.isinf(value).any():
        return (
            "There is infinity: far from all Gaussians exp() gives 0, and ln 0 is minus infinity. "
            "Subtract the largest term before exp(), and add it again after the logarithm; or use "
            "np.logaddexp.reduce."
        )
    return ""


ex08_1 = Exercise(
    "8.1",
    section="1 · Where the codes are",
    reference=log_density,
    cases=lambda: {
        "six codes of 3 numbers under 4 Gaussians": _mixture(0, 6, 4, 3),
        "one code and one Gaussian of one number": (
            np.array([[0.5]]),
            np.array([[0.0]]),
            np.array([[2.0]]),
            np.array([1.0]),
        ),
        "more Gaussians than codes": _mixture(1, 3, 7, 2),
        "codes far away from all Gaussians": _mixture(2, 5, 3, 4, far=60.0),
    },
    otherwise=_about_density,
    what="There should be one log-density for each code.",
    mistakes=[
        (
            lambda z, means, sigmas, shares: _together(_each(z, means, sigmas)),
            "The shares are missing: a Gaussian that holds more of the codes counts for more. Add "
            "np.log(shares) to its log-density.",
        ),
        (
            lambda z, means, sigmas, shares: _together(
                _each(z, means, sigmas) - np.log(len(means))
            ),
            "All Gaussians count the same in your mixture. Each has its own share.",
        ),
        (
            lambda z, means, sigmas, shares: (_each(z, means, sigmas) + np.log(shares)).sum(axis=1),
            "A sum of logarithms is the logarithm of a product, as if a code had to come from all "
            "the Gaussians at once. Sum the densities, then take the logarithm.",
        ),
        (
            lambda z, means, sigmas, shares: (_each(z, means, sigmas) * shares).sum(axis=1),
            "That is a mean of logarithms. Sum the densities, each times its share, and take the "
            "logarithm of the sum.",
        ),
        (
            lambda z, means, sigmas, shares: (_each(z, means, sigmas) + np.log(shares)).max(axis=1),
            "Only the likeliest Gaussian counts in yours. Where several overlap, their densities "
            "add up.",
        ),
        (
            lambda z, means, sigmas, shares: np.exp(log_density(z, means, sigmas, shares)),
            "That is the density. Take its logarithm.",
        ),
        (
            lambda z, means, sigmas, shares: -log_density(z, means, sigmas, shares),
            "The sign is turned: a code that is likelier has the larger log-density.",
        ),
        (
            lambda z, means, sigmas, shares: log_density(z, means, sigmas, shares) / np.log(2),
            "That is in bits. The course's unit is the nat: np.log, not np.log2.",
        ),
        (
            lambda z, means, sigmas, shares: log_density(z, means, np.sqrt(sigmas), shares),
            "You took sigmas for variances. They are standard deviations: divide by them before "
            "you square.",
        ),
        (
            lambda z, means, sigmas, shares: log_density(z, means, sigmas**2, shares),
            "The standard deviations are squared twice.",
        ),
        (
            lambda z, means, sigmas, shares: (
                log_density(z, means, sigmas, shares) + 0.5 * z.shape[1] * np.log(2 * np.pi)
            ),
            "The constant is missing: each number of the code brings -0.5 * ln(2 pi).",
        ),
        (
            lambda z, means, sigmas, shares: (
                log_density(z, means, sigmas, shares) + 0.5 * (z.shape[1] - 1) * np.log(2 * np.pi)
            ),
            "The constant -0.5 * ln(2 pi) belongs to each number of the code; you have it once.",
        ),
        (
            lambda z, means, sigmas, shares: _together(
                _each(z, means, sigmas) + np.log(sigmas).sum(axis=1) + np.log(shares)
            ),
            "The widths are missing in front: a wide Gaussian is lower everywhere. Subtract "
            "ln sigma, summed over the numbers of the code.",
        ),
        (
            lambda z, means, sigmas, shares: _together(
                _each(z, means, sigmas) + 2 * np.log(sigmas).sum(axis=1) + np.log(shares)
            ),
            "The sign of ln sigma is turned: a wide Gaussian is lower.",
        ),
        (
            lambda z, means, sigmas, shares: _together(
                _each(z, means, sigmas) / z.shape[1] + np.log(shares)
            ),
            "Sum over the numbers of the code, rather than their mean.",
        ),
        (
            lambda z, means, sigmas, shares: np.full(
                len(z), log_density(z, means, sigmas, shares).mean()
            ),
            "That is the mean over the codes. Each code has its own log-density.",
        ),
        (
            lambda z, means, sigmas, shares: log_density(z, means, np.ones_like(sigmas), shares),
            "Your Gaussians are all of width 1. Divide each difference by its sigma, and subtract "
            "ln sigma.",
        ),
    ],
    shapes=[
        (
            lambda z, means, sigmas, shares: np.zeros((len(z), len(means))),
            "That is a number for each code and each Gaussian. Sum the densities over the "
            "Gaussians.",
        ),
        (
            lambda z, means, sigmas, shares: np.zeros(z.shape),
            "That is a number for each number of each code. Sum the logarithms over them.",
        ),
        (
            lambda z, means, sigmas, shares: np.float64(0),
            "That is one number for all codes. Each code has its own log-density.",
        ),
    ],
    praise="Far from all Gaussians, too, where exp() alone would give 0.",
    steps=[
        "First one Gaussian: ln N = -0.5 * ((z - mean) / sigma)**2 - ln sigma - 0.5 * ln(2 pi), "
        "summed over the numbers of the code. z[:, None] - means has a row for each code and "
        "Gaussian.",
        "The mixture's density is the sum over the Gaussians of share times density; as "
        "logarithms, ln sum exp(ln N + ln share).",
        "Far away exp() gives 0. np.logaddexp.reduce(terms, axis=1) takes care of it.",
    ],
)


# 8.2: whether samples are copies.


def share_closer(samples, seen, unseen):
    """Returns the share of samples that are nearer to a seen image; equal distances count half."""
    to_seen = np.square(samples[:, None] - seen).sum(axis=2).min(axis=1)
    to_unseen = np.square(samples[:, None] - unseen).sum(axis=2).min(axis=1)
    return np.mean((to_seen < to_unseen) + 0.5 * (to_seen == to_unseen))


def _nearest(samples, images):
    return ((samples[:, None] - images) ** 2).sum(axis=2).min(axis=1)


def _points(seed, n, near=0, ties=0):
    """Makes rows: of the samples, `near` copy seen ones roughly, `ties` are as near to both."""
    rng = np.random.default_rng(seed)
    seen, unseen = rng.normal(size=(2, 30, 6))
    samples = rng.normal(size=(n, 6))
    samples[:near] = seen[:near] + 0.05 * rng.normal(size=(near, 6))
    if ties:
        unseen[:ties] = seen[:ties]
        samples[-ties:] = seen[:ties]
    return samples, seen, unseen


_COUNT = "Count the samples that are nearer to a seen image, and divide by the number of samples."

ex08_2 = Exercise(
    "8.2",
    section="1 · Where the codes are",
    reference=share_closer,
    cases=lambda: {
        "20 samples, 8 of them near copies": _points(0, 20, near=8),
        "12 samples, 4 of them as near to both": _points(1, 12, ties=4),
        "11 samples that copy nothing": _points(2, 11),
        "one sample, a copy": _points(3, 1, near=1),
        "fewer seen images than unseen ones": (
            *(points := _points(4, 15, near=3))[:1],
            points[1][:10],
            points[2],
        ),
    },
    what="The share is one number.",
    mistakes=[
        (
            lambda s, a, b: 1 - share_closer(s, a, b),
            "The other way round: the share that is nearer to the images that were *seen* is "
            "wanted.",
        ),
        (
            lambda s, a, b: np.mean(_nearest(s, a) < _nearest(s, b)),
            "Samples that are as near to both should count half.",
        ),
        (
            lambda s, a, b: np.mean(_nearest(s, a) <= _nearest(s, b)),
            "Samples that are as near to both should count half, not whole.",
        ),
        (
            lambda s, a, b: share_closer(s, a, b) * len(s),
            "That is how many. Divide by the number of samples.",
        ),
        (
            lambda s, a, b: np.mean(
                ((s[:, None] - a) ** 2).sum(axis=2).mean(axis=1)
                < ((s[:, None] - b) ** 2).sum(axis=2).mean(axis=1)
            ),
            "The mean distance to all images hides the one that was copied. Take the smallest.",
        ),
        (
            lambda s, a, b: float(_nearest(s, a).mean() < _nearest(s, b).mean()),
            f"You compare the means over the samples. {_COUNT}",
        ),
        (
            lambda s, a, b: _nearest(s, a).mean() / _nearest(s, b).mean(),
            f"That is a ratio of distances. {_COUNT}",
        ),
        (
            lambda s, a, b: _nearest(s, a).mean(),
            f"That is a distance. {_COUNT}",
        ),
        (
            lambda s, a, b: float(_nearest(s, a).min() < _nearest(s, b).min()),
            f"You compare the two smallest distances of all. {_COUNT}",
        ),
        (
            lambda s, a, b: np.mean(
                np.square(s - a[: len(s)]).sum(axis=1) < np.square(s - b[: len(s)]).sum(axis=1)
            ),
            "Each sample is compared with one image only. Compare it with all of them.",
        ),
        (
            lambda s, a, b: 100 * share_closer(s, a, b),
            "A share lies between 0 and 1; that is in per cent.",
        ),
        (
            lambda s, a, b: np.mean(
                np.abs((s[:, None] - a).sum(axis=2)).min(axis=1)
                < np.abs((s[:, None] - b).sum(axis=2)).min(axis=1)
            ),
            "Differences of opposite sign cancel in your sum. Square them before you sum.",
        ),
        (
            lambda s, a, b: share_closer(a, s, b),
            "Samples and seen images are swapped: ask for each *sample* what is nearest to it.",
        ),
        (lambda s, a, b: 0.5, "That is what chance would give. Measure it."),
    ],
    shapes=[
        (
            lambda s, a, b: np.zeros(len(s)),
            "That is a number for each sample. Take the mean over them.",
        ),
    ],
    praise="Half is what honest samples have; the eight near copies show.",
    steps=[
        "For each sample two numbers: its distance to the nearest seen image, and to the nearest "
        "unseen one. ((samples[:, None] - seen) ** 2).sum(axis=2) has all squared distances.",
        "Where the first is smaller, count 1; where they are equal, count 0.5.",
        "Together: np.mean((to_seen < to_unseen) + 0.5 * (to_seen == to_unseen)).",
    ],
)


# 8.3: following a flow.


def follow(velocity, noise, steps):
    """Returns where the velocities take the noise, in Euler's steps from time 0 to time 1."""
    place = noise
    for step in range(steps):
        place = place + velocity(place, step / steps) / steps
    return place


def _followed(velocity, noise, steps, time=lambda step, steps: step / steps, size=None):
    place = noise
    for step in range(steps):
        place = place + velocity(place, time(step, steps)) * (1 / steps if size is None else size)
    return place


def _places(seed, n=5, d=3):
    return np.random.default_rng(seed).normal(size=(n, d))


def _curved(place, time):
    """A velocity that depends on place and time."""
    return 1.5 - place + np.sin(4 * time) * place**2 / 4


def _straight(place, time):
    return np.ones_like(place) * 2.0


def _hurried(place, time):
    return np.exp(2 * time) * np.ones_like(place)


def _heun(velocity, noise, steps):
    place = noise
    for step in range(steps):
        start = velocity(place, step / steps)
        end = velocity(place + start / steps, (step + 1) / steps)
        place = place + (start + end) / (2 * steps)
    return place


ex08_3 = Exercise(
    "8.3",
    section="2 · From noise to code",
    reference=follow,
    cases=lambda: {
        "a velocity that depends on place and time, 4 steps": (_curved, _places(0), 4),
        "a velocity of 2 everywhere, 1 step": (_straight, _places(1), 1),
        "a velocity that grows with time, 3 steps": (_hurried, _places(2), 3),
        "many steps": (_curved, _places(3), 25),
    },
    what="What comes out has the shape of the noise.",
    mistakes=[
        (
            lambda velocity, noise, steps: _followed(velocity, noise, steps, size=1),
            "Each step goes too far: of `steps` steps from time 0 to time 1 each lasts 1 / steps.",
        ),
        (
            lambda velocity, noise, steps: _followed(
                velocity, noise, steps, lambda step, steps: (step + 1) / steps
            ),
            "You ask for the velocity at the end of each step. The first is asked at time 0.",
        ),
        (
            lambda velocity, noise, steps: _followed(
                velocity, noise, steps, lambda i, n: 1 - i / n
            ),
            "Time runs backwards in yours. Noise is at time 0 and the code at time 1.",
        ),
        (
            lambda velocity, noise, steps: _followed(velocity, noise, steps, lambda i, n: i),
            "The time is the number of the step in yours. It goes from 0 to 1: step / steps.",
        ),
        (
            lambda velocity, noise, steps: _followed(
                velocity, noise, steps, lambda i, n: i / max(n - 1, 1)
            ),
            "The last velocity is asked at time 1, where the way has ended. The last step begins "
            "at 1 - 1 / steps.",
        ),
        (
            lambda velocity, noise, steps: _followed(velocity, noise, steps, lambda i, n: 0.0),
            "The time stays 0 in yours. It goes from 0 to 1: step / steps.",
        ),
        (
            lambda velocity, noise, steps: noise + velocity(noise, 0.0),
            "That is one large step. Take `steps` small ones, and ask for the velocity anew at "
            "each place.",
        ),
        (
            lambda velocity, noise, steps: (
                noise + sum(velocity(noise, i / steps) for i in range(steps)) / steps
            ),
            "You ask for the velocity at the noise each time. Ask at the place where you are.",
        ),
        (
            lambda velocity, noise, steps: _followed(velocity, noise, steps, size=-1 / steps),
            "You walk against the velocity: add it, rather than subtract.",
        ),
        (
            lambda velocity, noise, steps: follow(velocity, noise, steps) - noise,
            "That is how far the way leads. Add the noise, where it begins.",
        ),
        (
            lambda velocity, noise, steps: velocity(noise, 0.0),
            "That is the velocity. Go along it, from the noise.",
        ),
        (
            lambda velocity, noise, steps: follow(velocity, noise, steps + 1),
            "Yours takes one step too many.",
        ),
        (
            lambda velocity, noise, steps: _followed(velocity, noise, steps - 1, size=1 / steps),
            "Yours takes one step too few.",
        ),
        (
            lambda velocity, noise, steps: noise,
            "Nothing moves: add velocity(place, time) / steps at each step.",
        ),
    ],
    unusual=[(_heun, "Yours is Heun's method, which asks twice a step: better than was asked.")],
    praise="With one step it would be a guess at the mean of what may come.",
    steps=[
        "Begin with place = noise, and loop over range(steps).",
        "At step number i the time is i / steps; velocity(place, i / steps) says how fast and "
        "where to go.",
        "place = place + velocity(place, i / steps) / steps, and return the place at the end.",
    ],
)


# 8.4: what a code costs.


def bits(probabilities, levels):
    """Returns the bits that an entropy coder needs for each code, (n,)."""
    chosen = np.take_along_axis(probabilities, levels[:, :, None], axis=2)
    return -np.log2(chosen).sum(axis=(1, 2))


def _probabilities(seed, n, numbers, levels):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(levels, 0.7), (n, numbers)) + 1e-3
    return p / p.sum(axis=2, keepdims=True), rng.integers(0, levels, (n, numbers))


def _sure():
    p = np.full((2, 3, 4), 1e-9)
    p[..., 1] = 1 - 3e-9
    return p, np.array([[1, 1, 1], [1, 2, 1]])


def _chosen(p, levels):
    return np.take_along_axis(p, levels[:, :, None], axis=2)[..., 0]


ex08_4 = Exercise(
    "8.4",
    section="3 · Bits",
    reference=bits,
    cases=lambda: {
        "five codes of 4 numbers with 6 levels": _probabilities(0, 5, 4, 6),
        "all 8 levels equally probable": (
            np.full((3, 5, 8), 0.125),
            np.random.default_rng(1).integers(0, 8, (3, 5)),
        ),
        "one code of one number with 2 levels": (np.array([[[0.25, 0.75]]]), np.array([[0]])),
        "what was sure, and came, and what was sure and didn't": _sure(),
    },
    what="There should be one number of bits for each code.",
    mistakes=[
        (
            lambda p, levels: bits(p, levels) * np.log(2),
            "That is in nats. Bits are counted with np.log2.",
        ),
        (lambda p, levels: -bits(p, levels), "The sign is turned: what is improbable costs more."),
        (
            lambda p, levels: -np.log2(_chosen(p, levels)).mean(axis=1),
            "That is the mean over the numbers of a code. A code costs the sum.",
        ),
        (
            lambda p, levels: -np.log2(_chosen(p, levels).sum(axis=1)),
            "Take the logarithm of each probability, then the sum. Yours is the logarithm of a "
            "sum.",
        ),
        (
            lambda p, levels: -np.log2(_chosen(p, levels).mean(axis=1)),
            "Take the logarithm of each probability, then the sum. Yours is the logarithm of a "
            "mean.",
        ),
        (
            lambda p, levels: -np.log2(p).sum(axis=(1, 2)),
            "You sum over all the levels. Only the level that came is written.",
        ),
        (
            lambda p, levels: -(p * np.log2(p)).sum(axis=(1, 2)),
            "That is the entropy: what a code costs in the mean, if the probabilities are true. "
            "This code's own levels say what it costs.",
        ),
        (
            lambda p, levels: -np.log2(p.max(axis=2)).sum(axis=1),
            "You took the likeliest level in place of the one that came.",
        ),
        (
            lambda p, levels: np.full(len(p), p.shape[1] * np.log2(p.shape[2])),
            "That is what it costs without any model: all levels equally probable.",
        ),
        (
            lambda p, levels: np.full(len(p), float(p.shape[1] * np.ceil(np.log2(p.shape[2])))),
            "That is what whole bits for each number would cost, without any model.",
        ),
        (
            lambda p, levels: (1 / _chosen(p, levels)).sum(axis=1),
            "The logarithm is missing: a level of probability 1/8 costs 3 bits, not 8.",
        ),
        (
            lambda p, levels: np.ceil(-np.log2(_chosen(p, levels))).sum(axis=1),
            "An entropy coder needs no whole bits for each number: don't round up.",
        ),
        (
            lambda p, levels: np.ceil(bits(p, levels)),
            "An entropy coder needs no whole bits for each code: don't round up.",
        ),
        (
            lambda p, levels: np.full(len(p), bits(p, levels).mean()),
            "That is the mean over the codes. Each code has its own price.",
        ),
        (
            lambda p, levels: np.full(len(p), bits(p, levels).sum()),
            "That is the price of all codes together. Each code has its own.",
        ),
        (
            lambda p, levels: bits(p, levels) / 8,
            "That is in bytes. Bits are asked for.",
        ),
        (
            lambda p, levels: -np.log10(_chosen(p, levels)).sum(axis=1),
            "That is in decimal digits. Bits are counted with np.log2.",
        ),
        (
            lambda p, levels: np.prod(_chosen(p, levels), axis=1),
            "That is the probability of the code. Its bits are minus the logarithm, np.log2.",
        ),
    ],
    shapes=[
        (
            lambda p, levels: np.zeros(levels.shape),
            "That is a price for each number of each code. Sum over the numbers.",
        ),
        (
            lambda p, levels: np.float64(0),
            "That is one number for all codes. Each code has its own price.",
        ),
        (
            lambda p, levels: np.zeros(levels.shape[1]),
            "You summed over the codes. Sum over the numbers of each code, axis=1.",
        ),
    ],
    praise="A level that was sure costs next to nothing, and a surprise a great deal.",
    steps=[
        "Of each number's probabilities only one matters: that of the level which came. "
        "np.take_along_axis(probabilities, levels[:, :, None], axis=2) picks them.",
        "A level of probability p costs -log2 p bits.",
        "Sum over the numbers of each code.",
    ],
)
