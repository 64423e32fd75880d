"""Answers to the exercises of notebook 08."""

import itertools

import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm


def log_density(z, means, sigmas, shares):
    squares = ((z[:, None] - means) / sigmas) ** 2
    each = np.log(shares) - 0.5 * squares.sum(axis=2)
    return logsumexp(each - np.log(np.sqrt(2 * np.pi) * sigmas).sum(axis=1), axis=1)


def share_closer(samples, seen, unseen):
    near, far = (((samples[:, None] - x) ** 2).sum(axis=2).min(axis=1) for x in (seen, unseen))
    return np.mean((near < far) + 0.5 * (near == far))


def follow(velocity, noise, steps):
    for step in range(steps):
        noise = noise + velocity(noise, step / steps) / steps
    return noise


def bits(probabilities, levels):
    chosen = np.take_along_axis(probabilities, levels[..., None], axis=2)
    return -np.log2(chosen).sum(axis=(1, 2))


z_train = np.random.default_rng(0).normal(size=(10, 3))


def by_scipy(z, means, sigmas, shares):
    each = norm.logpdf(z[:, None], means, sigmas).sum(axis=2)
    return logsumexp(each, axis=1, b=shares)


def by_loop(z, means, sigmas, shares):
    found = []
    for code in z:
        terms = [
            np.log(share) + norm.logpdf(code, mean, sigma).sum()
            for mean, sigma, share in zip(means, sigmas, shares)
        ]
        found.append(np.logaddexp.reduce(terms))
    return found


def expanded(z, means, sigmas, shares):
    precision = 1 / sigmas**2
    squares = (
        z**2 @ precision.T - 2 * z @ (means * precision).T + (means**2 * precision).sum(axis=1)
    )
    constant = 0.5 * np.log(2 * np.pi * sigmas**2).sum(axis=1)
    return logsumexp(-0.5 * squares - constant + np.log(shares), axis=1)


def one_by_one(z, means, sigmas, shares):
    total = np.full(len(z), -np.inf)
    for mean, sigma, share in zip(means, sigmas, shares):
        total = np.logaddexp(total, np.log(share) + norm.logpdf(z, mean, sigma).sum(axis=1))
    return total


def naive(z, means, sigmas, shares):
    return np.log((np.exp(norm.logpdf(z[:, None], means, sigmas).sum(axis=2)) * shares).sum(axis=1))


def squares(a, b):
    return (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T


def by_loop_over_samples(samples, seen, unseen):
    count = 0.0
    for sample in samples:
        a = min(np.linalg.norm(sample - other) for other in seen)
        b = min(np.linalg.norm(sample - other) for other in unseen)
        count += 1 if a < b else 0.5 if a == b else 0
    return count / len(samples)


def by_sign(samples, seen, unseen):
    a = np.linalg.norm(samples[:, None] - seen, axis=2).min(axis=1)
    b = np.linalg.norm(samples[:, None] - unseen, axis=2).min(axis=1)
    return (1 + np.sign(b - a).mean()) / 2


def by_where(samples, seen, unseen):
    a = np.square(samples[:, None] - seen).sum(axis=-1).min(axis=1)
    b = np.square(samples[:, None] - unseen).sum(axis=-1).min(axis=1)
    return np.where(a < b, 1, np.where(a > b, 0, 0.5)).mean()


def by_counts(samples, seen, unseen):
    a = np.abs(samples[:, None] - seen) ** 2
    b = np.abs(samples[:, None] - unseen) ** 2
    a, b = a.sum(axis=2).min(axis=1), b.sum(axis=2).min(axis=1)
    return (np.count_nonzero(a < b) + np.count_nonzero(a == b) / 2) / len(a)


def while_loop(velocity, noise, steps):
    place, i = noise.copy(), 0
    while i < steps:
        place += velocity(place, i / steps) / steps
        i += 1
    return place


def by_linspace(velocity, noise, steps):
    times = np.linspace(0, 1, steps + 1)
    for start, end in itertools.pairwise(times):
        noise = noise + (end - start) * velocity(noise, start)
    return noise


def recursive(velocity, noise, steps, i=0):
    if i == steps:
        return noise
    return recursive(velocity, noise + velocity(noise, i / steps) / steps, steps, i + 1)


def by_arange(velocity, noise, steps):
    dt = 1.0 / steps
    x = noise
    for t in np.arange(steps) * dt:
        x = x + dt * velocity(x, t)
    return x


def in_place(velocity, noise, steps):
    for i in range(steps):
        noise += velocity(noise, i / steps) / steps
    return noise


def picked(p, levels):
    rows, numbers = np.indices(levels.shape)
    return p[rows, numbers, levels]


def bits_by_loop(p, levels):
    return [
        sum(-np.log2(p[i, j, levels[i, j]]) for j in range(levels.shape[1]))
        for i in range(len(levels))
    ]


def one_hot(p, levels):
    hot = np.eye(p.shape[2])[levels]
    return -(hot * np.log2(p)).sum(axis=(1, 2))


RIGHT = {
    "ex08_1": [log_density, by_scipy, by_loop, expanded, one_by_one],
    "ex08_2": [share_closer, by_loop_over_samples, by_sign, by_where, by_counts],
    "ex08_3": [follow, while_loop, by_linspace, recursive, by_arange],
    "ex08_4": [
        bits,
        lambda p, levels: -np.log2(picked(p, levels)).sum(axis=1),
        lambda p, levels: -np.log(picked(p, levels)).sum(axis=1) / np.log(2),
        lambda p, levels: -np.log2(np.prod(picked(p, levels), axis=1)),
        bits_by_loop,
        one_hot,
    ],
}

WRONG = {
    "ex08_1": [
        (naive, "Subtract the largest term before exp()"),
        (lambda z, m, s, p: log_density(z, m, s, np.ones(len(m))), "The shares are missing"),
        (lambda z, m, s, p: log_density(z, m, s, np.full(len(m), 1 / len(m))), "count the same"),
        (lambda z, m, s, p: norm.logpdf(z[:, None], m, s).sum(axis=(1, 2)), "expected"),
        (
            lambda z, m, s, p: (norm.logpdf(z[:, None], m, s).sum(axis=2) + np.log(p)).sum(axis=1),
            "logarithm of a product",
        ),
        (lambda z, m, s, p: norm.logpdf(z[:, None], m, s).sum(axis=2) @ p, "mean of logarithms"),
        (lambda z, m, s, p: norm.logpdf(z[:, None], m, s).sum(axis=2), "over the Gaussians"),
        (lambda z, m, s, p: np.exp(log_density(z, m, s, p)), "Take its logarithm"),
        (lambda z, m, s, p: log_density(z, m, s, p).mean(), "one number for all codes"),
        (lambda z, m, s, p: by_scipy(z, m, np.sqrt(s), p), "standard deviations: divide"),
        (lambda z, m, s, p: by_scipy(z, m, s**2, p), "squared twice"),
        (lambda z, m, s, p: -by_scipy(z, m, s, p), "sign is turned"),
        (lambda z, m, s, p: by_scipy(z, m, s, p) / np.log(2), "in bits"),
        (lambda z, m, s, p: by_scipy(z_train[: len(z)], m, s, p), "z"),
        (lambda z, m, s, p: by_scipy(z, m, 1 + 0 * s, p), "all of width 1"),
    ],
    "ex08_2": [
        (lambda s, a, b: share_closer(s, b, a), "The other way round"),
        (lambda s, a, b: np.mean(squares(s, a).min(1) < squares(s, b).min(1)), "count half"),
        (lambda s, a, b: squares(s, a).min(1) < squares(s, b).min(1), "for each sample"),
        (lambda s, a, b: len(s) * share_closer(s, a, b), "Divide by the number"),
        (lambda s, a, b: 100 * share_closer(s, a, b), "in per cent"),
        (lambda s, a, b: squares(s, a).min(1).mean(), "That is a distance"),
        (lambda s, a, b: squares(s, a).min(1).mean() / squares(s, b).min(1).mean(), "ratio"),
        (lambda s, a, b: share_closer(a, s, b), "are swapped"),
        (lambda s, a, b: 0.5, "what chance would give"),
        (lambda s, a, b: share_closer(s[:1], a, b), "expected"),
    ],
    "ex08_3": [
        (lambda v, x, n: x + v(x, 0.0), "one large step"),
        (lambda v, x, n: follow(v, x, n + 1), "one step too many"),
        (lambda v, x, n: follow(v, x, 2 * n), "expected"),
        (lambda v, x, n: follow(lambda p, t: -v(p, t), x, n), "against the velocity"),
        (lambda v, x, n: follow(lambda p, t: v(p, 1 - t), x, n), "Time runs backwards"),
        (lambda v, x, n: follow(lambda p, t: v(p, 0.0), x, n), "stays 0"),
        (lambda v, x, n: follow(lambda p, t: v(p, t + 1 / n), x, n), "at the end of each step"),
        (lambda v, x, n: follow(lambda p, t: v(p, n * t), x, n), "number of the step"),
        (lambda v, x, n: follow(lambda p, t: n * v(p, t), x, n), "Each step goes too far"),
        (lambda v, x, n: follow(lambda p, t: v(x, t), x, n), "at the noise each time"),
        (lambda v, x, n: follow(v, x, n) - x, "Add the noise"),
        (lambda v, x, n: follow(v, x, n)[0], "shape of the noise"),
        (in_place, "changes noise itself"),
    ],
    "ex08_4": [
        (lambda p, levels: -np.log(picked(p, levels)).sum(axis=1), "in nats"),
        (lambda p, levels: np.log2(picked(p, levels)).sum(axis=1), "sign is turned"),
        (lambda p, levels: -np.log2(picked(p, levels)), "Sum over the numbers"),
        (lambda p, levels: -np.log2(picked(p, levels)).sum(), "Each code has its own"),
        (lambda p, levels: -np.log2(picked(p, levels)).mean(axis=1), "A code costs the sum"),
        (lambda p, levels: -np.log2(picked(p, levels).sum(axis=1)), "logarithm of a sum"),
        (lambda p, levels: -np.log2(p).sum(axis=(1, 2)), "Only the level that came"),
        (lambda p, levels: -(p * np.log2(p)).sum(axis=(1, 2)), "That is the entropy"),
        (lambda p, levels: -np.log2(p.max(axis=2)).sum(axis=1), "likeliest level"),
        (lambda p, levels: np.ceil(-np.log2(picked(p, levels))).sum(axis=1), "don't round up"),
        (lambda p, levels: bits(p, levels) / 8, "in bytes"),
        (lambda p, levels: np.prod(picked(p, levels), axis=1), "probability of the code"),
        (lambda p, levels: np.full(len(p), p.shape[1] * np.log2(p.shape[2])), "without any"),
    ],
}

SURVIVORS = {}
