"""Answers to the exercises of notebook 03."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from skimage.metrics import peak_signal_noise_ratio

from aehelpers import data, metrics

PIXELS = (1, 2, 3)
x_test = np.random.default_rng(0).random((10, 28, 28, 1))
fixed = np.random.default_rng(0)


def decibels(x, y):
    return 10 * np.log10(1 / np.mean((x - y) ** 2, axis=PIXELS))


def errors_in_place(x, y):
    x -= y
    return -10 * np.log10(np.square(x).mean(axis=PIXELS))


def errors_in_place_and_wrong(x, y):
    x -= y
    return -10 * np.log10(np.square(x).sum(axis=PIXELS))


def pairs(x, stddev, rng, low=0, high=1):
    return np.clip(x + rng.normal(0, stddev, x.shape), low, high), x


def drawn(noise, clip=True):
    """Makes an answer of a function that draws the noise."""

    def answer(x, stddev, rng):
        noisy = x + noise(x, stddev, rng)
        return np.clip(noisy, 0, 1) if clip else noisy, x

    return answer


def image_by_image(x, stddev, rng):
    noisy = [np.clip(image + rng.normal(0, stddev, image.shape), 0, 1) for image in x]
    return np.array(noisy), x


def backwards(x, stddev, rng):
    noisy = np.empty(x.shape)
    for i in reversed(range(len(x))):
        for j in range(28):
            noisy[i, j] = x[i, j] + rng.normal(0, stddev, (28, 1))
    return [noisy.clip(0, 1), x]


def float32(x, stddev, rng):
    noise = rng.standard_normal(x.shape, dtype=np.float32) * stddev
    return np.clip(x + noise, 0, 1).astype("float32"), x.astype("float32")


def tensors(x, stddev, rng):
    noise = tf.constant(rng.normal(0, stddev, x.shape), "float32")
    return tf.clip_by_value(x + noise, 0, 1), tf.constant(x)


def noise_in_place(x, stddev, rng):
    x += rng.normal(0, stddev, x.shape)
    return np.clip(x, 0, 1), x


def copied_and_in_place(x, stddev, rng):
    clean = x.copy()
    x += rng.normal(0, stddev, x.shape)
    return np.clip(x, 0, 1), clean


def clipped_into(x, stddev, rng):
    clean = x.copy()
    np.clip(x + rng.normal(0, stddev, x.shape), 0, 1, out=x)
    return x, clean


def clipped_in_vain(x, stddev, rng):
    noisy = x + rng.normal(0, stddev, x.shape)
    np.clip(noisy, 0, 1)
    return noisy, x


def own_generator(x, stddev, rng):
    rng = np.random.default_rng(0)
    return np.clip(x + rng.normal(0, stddev, x.shape), 0, 1), x


def unseeded(x, stddev, rng):
    rng = np.random.default_rng()
    return np.clip(x + rng.normal(0, stddev, x.shape), 0, 1), x


def seeded_globally(x, stddev, rng):
    np.random.seed(0)  # noqa: NPY002
    return np.clip(x + np.random.normal(0, stddev, x.shape), 0, 1), x  # noqa: NPY002


def scaled(x, stddev, rng, axis=None, before=1):
    noisy = x + before * rng.normal(0, stddev, x.shape)
    low, high = noisy.min(axis, keepdims=True), noisy.max(axis, keepdims=True)
    return (noisy - low) / (high - low), x


def both_noisy(x, stddev, rng):
    return pairs(x, stddev, rng)[0], pairs(x, stddev, rng)[0]


def target_is_noise(x, stddev, rng):
    noise = rng.normal(0, stddev, x.shape)
    return np.clip(x + noise, 0, 1), noise


def to_the_range(x, stddev, rng):
    return np.clip(x + rng.normal(0, stddev, x.shape), x.min(), x.max()), x


def only_ink(x, stddev, rng):
    return np.where(x > 0, pairs(x, stddev, rng)[0], x), x


def tuned(denoise, strengths, noisy, clean, best=max):
    return best(strengths, key=lambda s: decibels(clean, denoise(noisy, s)).mean())


def by_loop(denoise, strengths, noisy, clean):
    best, best_score = None, -np.inf
    for strength in strengths:
        score = metrics.psnr(clean, denoise(noisy, strength)).mean()
        if score > best_score:
            best, best_score = strength, score
    return best


def single_images(denoise, strengths, noisy, clean):
    scores = {}
    for s in strengths:
        each = [
            -10 * np.log10(np.mean((c[..., 0] - np.clip(denoise(n[..., 0], s), 0, 1)) ** 2))
            for n, c in zip(noisy, clean)
        ]
        scores[s] = sum(each) / len(each)
    return max(scores, key=scores.get)


def kept_axis(denoise, strengths, noisy, clean):
    scores = []
    for s in strengths:
        results = np.concatenate([denoise(noisy[i : i + 1], strength=s) for i in range(len(noisy))])
        scores.append(metrics.psnr(clean, results).mean())
    return sorted(zip(scores, strengths))[-1][1]


def with_tensors(denoise, strengths, noisy, clean):
    results = [ops.convert_to_tensor(denoise(tf.constant(noisy), s)) for s in strengths]
    scores = [tf.reduce_mean(tf.image.psnr(clean, images, 1.0)) for images in results]
    return np.array(strengths)[int(ops.argmax(ops.stack(scores)))]


def best_forgotten(denoise, strengths, noisy, clean):
    best = 0
    for s in strengths:
        p = decibels(clean, denoise(noisy, s)).mean()
        if p > best:
            strength = s
    return strength


def overwritten(denoise, strengths, noisy, clean):
    best = 0
    for s in strengths:
        noisy = denoise(noisy, s)
        if (p := decibels(clean, noisy).mean()) > best:
            best, strength = p, s
    return strength


def first_decline(denoise, strengths, noisy, clean):
    best, strength = 0, None
    for s in strengths:
        p = decibels(clean, denoise(noisy, s)).mean()
        if p < best:
            break
        best, strength = p, s
    return strength


def last_image(denoise, strengths, noisy, clean):
    best = 0
    for s in strengths:
        for n, c in zip(noisy, clean):
            p = -10 * np.log10(np.mean((c - denoise(n, s)) ** 2))
        if p > best:
            best, strength = p, s
    return strength


def greatest_of_all(denoise, strengths, noisy, clean):
    best = 0
    for s in strengths:
        for n, c in zip(noisy, clean):
            p = -10 * np.log10(np.mean((c - denoise(n, s)) ** 2))
            if p > best:
                best, strength = p, s
    return strength


def noisy_in_place(denoise, strengths, noisy, clean):
    best = tuned(denoise, strengths, noisy, clean)
    noisy[:] = denoise(noisy, best)
    return best


def popped(denoise, strengths, noisy, clean):
    best = strengths.pop(0)
    while strengths:
        s = strengths.pop(0)
        best = tuned(denoise, [best, s], noisy, clean)
    return best


def chosen(score):
    """Makes an answer that chooses by a score of clean images and results."""
    return lambda f, strengths, n, c: max(strengths, key=lambda s: score(c, f(n, s)))


RIGHT = {
    "ex03_1": [
        decibels,
        metrics.psnr,
        lambda x, y: [-20 * np.log10(np.sqrt(np.mean((a - b) ** 2))) for a, b in zip(x, y)],
        lambda x, y: tf.image.psnr(x, y, 1.0),
        lambda x, y: -10 * ops.log10(ops.mean(ops.square(x - y), axis=PIXELS)),
        lambda x, y: [peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(x, y)],
        lambda x, y: 10 * np.log10(784 / np.sum((x - y).reshape(len(x), -1) ** 2, axis=1)),
        lambda x, y: decibels(x.astype("float64"), y.astype("float64")).tolist(),
    ],
    "ex03_2": [
        pairs,
        image_by_image,
        backwards,
        float32,
        tensors,
        lambda x, s, rng: (data.gaussian_noise(x, s, seed=rng), x.copy()),
        lambda x, s, rng: np.stack([pairs(x, s, rng)[0], x]),
        lambda x, s, rng: (np.minimum(np.maximum(x - s * rng.standard_normal(x.shape), 0), 1), x),
        drawn(lambda x, s, rng: rng.normal(0, s, x[..., 0].shape)[..., None]),
        drawn(lambda x, s, rng: rng.normal(0, s, x.size).reshape(x.shape)),
        drawn(lambda x, s, rng: rng.normal(0, s, x.shape[::-1]).T),
        drawn(
            lambda x, s, rng: keras.random.normal(x.shape, 0, s, seed=int(rng.integers(1 << 30)))
        ),
    ],
    "ex03_3": [
        tuned,
        by_loop,
        single_images,
        kept_axis,
        with_tensors,
        lambda f, strengths, n, c: np.array(strengths)[
            np.argmin([np.square(c - f(n, s)).sum() for s in strengths])
        ],
        lambda f, strengths, n, c: [tuned(f, strengths, n, c)],
        chosen(lambda c, y: metrics.psnr(c, np.clip(y, 0, 1)).sum()),
    ],
}

WRONG = {
    "ex03_1": [
        (lambda x, y: decibels(x, y).mean(), "number for each image"),
        (lambda x, y: 10 * np.log10(1 / np.mean((x - y) ** 2)), "over all images before"),
        (lambda x, y: -decibels(x, y), "sign is turned"),
        (lambda x, y: 10 * np.log(1 / np.mean((x - y) ** 2, axis=PIXELS)), "natural logarithm"),
        (lambda x, y: 10 * np.log2(1 / np.mean((x - y) ** 2, axis=PIXELS)), "base 2"),
        (lambda x, y: -np.log(np.mean((x - y) ** 2, axis=PIXELS)), "natural logarithm"),
        (lambda x, y: 2 * decibels(x, y), "factor 20"),
        (lambda x, y: -10 * np.log10(np.sqrt(np.mean((x - y) ** 2, axis=PIXELS))), "Half of it"),
        (lambda x, y: decibels(x, y) / 10, "bels"),
        (lambda x, y: -10 * np.log10(np.sum((x - y) ** 2, axis=PIXELS)), "You summed"),
        (lambda x, y: -10 * np.log10(np.mean(np.abs(x - y), axis=PIXELS)), "absolute error"),
        (lambda x, y: -10 * np.log10(np.mean(x - y, axis=PIXELS)), "opposite sign"),
        (lambda x, y: -10 * np.log10(np.mean(x - y, axis=PIXELS) ** 2), "opposite sign"),
        (lambda x, y: (-10 * np.log10((x - y) ** 2)).mean(axis=PIXELS), "pixels' decibels"),
        (lambda x, y: decibels(x / 255, y / 255), "not 255"),
        (
            lambda x, y: [peak_signal_noise_ratio(a, b, data_range=a.max()) for a, b in zip(x, y)],
            "The peak is",
        ),
        (lambda x, y: 10 * np.log10(1) / np.mean((x - y) ** 2, axis=PIXELS), "brackets"),
        (lambda x, y: np.mean((x - y) ** 2, axis=PIXELS), "mean squared error. Decibels"),
        (metrics.ssim, "structural similarity"),
        (lambda x, y: decibels(x, y) + 1, "expected"),
        (lambda x, y: x - y, "one number for each image"),
        (lambda x, y: -10 * np.log10(np.mean((x - y) ** 2, axis=0)), "mean over the images"),
        (lambda x, y: -10 * np.log10(np.mean((x - y) ** 2, axis=1)), "one number for each image"),
        (
            lambda x, y: -10 * np.log10(np.mean((x - y) ** 2, axis=PIXELS, keepdims=True)),
            "axis of length 1 is left over",
        ),
        (
            lambda x, y: -10 * np.log10(np.mean((x - y).reshape(6, -1) ** 2, axis=1)),
            "With one image",
        ),
        (lambda x, y: decibels(x_test, x_test[::-1]), "doesn't use its arguments x and x_hat"),
        (errors_in_place, "change"),
        (errors_in_place_and_wrong, "You summed"),
    ],
    "ex03_2": [
        (lambda x, s, rng: pairs(x, s, rng)[0], "Return two arrays"),
        (lambda x, s, rng: (*pairs(x, s, rng), rng), "Return two arrays"),
        (lambda x, s, rng: {"input": x, "target": x}, "a dict"),
        (lambda x, s, rng: pairs(x, s, rng)[::-1], "swapped"),
        (lambda x, s, rng: pairs(x, s, rng)[:1] * 2, "target is noisy"),
        (both_noisy, "target is noisy"),
        (target_is_noise, "target is the noise"),
        (noise_in_place, "change"),
        (copied_and_in_place, "change"),
        (clipped_into, "change"),
        (lambda x, s, rng: (x, x), "no noise"),
        (lambda x, s, rng: (np.clip(x, 0, 1), x), "no noise"),
        (lambda x, s, rng: pairs(x, s, rng, -9, 9), "clip them"),
        (lambda x, s, rng: pairs(x, s, rng, 0, 9), "clip them"),
        (lambda x, s, rng: pairs(x, s, rng, -1, 1), "clip them"),
        (clipped_in_vain, "returns a clipped copy"),
        (drawn(lambda x, s, rng: rng.normal(0, s, x[0].shape)), "All images get the same noise"),
        (drawn(lambda x, s, rng: rng.normal(0, s, (len(x), 1, 1, 1))), "All pixels of an image"),
        (drawn(lambda x, s, rng: rng.normal(0, s)), "the same number"),
        (drawn(lambda x, s, rng: rng.normal(0, s, (len(x), 28, 1, 1))), "in a row"),
        (drawn(lambda x, s, rng: rng.normal(0, s, (len(x), 1, 28, 1))), "in a column"),
        (drawn(lambda x, s, rng: rng.normal(0, s, (28, 1))), "in a column"),
        (drawn(lambda x, s, rng: rng.normal(0, s, (1, 28, 1, 1))), "in a row"),
        (drawn(lambda x, s, rng: rng.normal(0, s, 28)), "should have the shape of x"),
        (drawn(lambda x, s, rng: rng.normal(0, s, (28, 28))), "should have the shape of x"),
        (drawn(lambda x, s, rng: rng.normal(0, s, len(x))), "should have the shape of x"),
        (
            drawn(
                lambda x, s, rng: rng.normal(0, s, (len(x), 14, 14, 1)).repeat(2, 1).repeat(2, 2)
            ),
            "The same numbers come again",
        ),
        (
            drawn(lambda x, s, rng: np.resize(rng.normal(0, s, 1000), x.shape)),
            "The same numbers come again",
        ),
        (drawn(lambda x, s, rng: np.cumsum(rng.normal(0, s / 9, x.shape), 1)), "related noise"),
        (own_generator, "Two calls with one generator"),
        (seeded_globally, "Two calls with one generator"),
        (
            drawn(lambda x, s, rng: keras.random.normal(x.shape, 0, s, seed=0)),
            "Two calls with one generator",
        ),
        (unseeded, "isn't drawn from rng"),
        (drawn(lambda x, s, rng: fixed.normal(0, s, x.shape)), "isn't drawn from rng"),
        (drawn(lambda x, s, rng: np.random.normal(0, s, x.shape)), "isn't drawn"),  # noqa: NPY002
        (drawn(lambda x, s, rng: np.random.randn(*x.shape) * s), "isn't drawn"),  # noqa: NPY002
        (drawn(lambda x, s, rng: tf.random.normal(x.shape, 0, s)), "isn't drawn from rng"),
        (drawn(lambda x, s, rng: keras.random.normal(x.shape, 0, s)), "isn't drawn from rng"),
        (lambda x, s, rng: (data.gaussian_noise(x, s), x), "isn't drawn from rng"),
        (lambda x, s, rng: (data.gaussian_noise(x, s, seed=0), x), "Two calls with one generator"),
        (drawn(lambda x, s, rng: rng.normal(s, size=x.shape)), "stddev is the noise's mean"),
        (drawn(lambda x, s, rng: rng.normal(size=x.shape)), "is 1, whatever stddev is"),
        (drawn(lambda x, s, rng: rng.normal(0, 0.1, x.shape)), "whatever stddev is"),
        (drawn(lambda x, s, rng: x * rng.normal(0, s, x.shape)), "multiplied"),
        (lambda x, s, rng: (np.clip(x * (1 + rng.normal(0, s, x.shape)), 0, 1), x), "multiplied"),
        (lambda x, s, rng: (np.clip(x * rng.normal(1, s, x.shape), 0, 1), x), "multiplied"),
        (
            lambda x, s, rng: (np.clip(x + x * s * rng.normal(size=x.shape[::-1]).T, 0, 1), x),
            "Black pixels",
        ),
        (only_ink, "Black pixels"),
        (lambda x, s, rng: (np.clip(rng.normal(0, s, x.shape), 0, 1), x), "noise alone"),
        (
            lambda x, s, rng: (x + np.clip(rng.normal(0, s, x.shape), 0, 1), x),
            "You clipped the noise",
        ),
        (to_the_range, "range of x"),
        (lambda x, s, rng: (np.round(pairs(x, s, rng)[0]), x), "whole numbers only"),
        (lambda x, s, rng: (pairs(x, s, rng)[0].astype(int), x), "whole numbers only"),
        (drawn(lambda x, s, rng: rng.normal(-s, s, x.shape)), "mean should be 0"),
        (drawn(lambda x, s, rng: rng.normal(0, s, (20, 28, 28, 1))), "ValueError"),
        (scaled, "scaled to its smallest"),
        (lambda x, s, rng: scaled(x, s, rng, axis=PIXELS), "scaled to its smallest"),
        (
            lambda x, s, rng: (np.minimum(np.abs(pairs(x, s, rng, -9, 9)[0]), 1), x),
            "black pixels should stay",
        ),
        (lambda x, s, rng: (pairs(x, s, rng, -9, 9)[0] % 1, x), "black pixels should stay"),
        (drawn(lambda x, s, rng: s * rng.random(x.shape)), "never negative"),
        (drawn(lambda x, s, rng: np.abs(rng.normal(0, s, x.shape))), "never negative"),
        (drawn(lambda x, s, rng: rng.uniform(0, s, x.shape)), "never negative"),
        (lambda x, s, rng: pairs(x, s**2, rng), "not its square"),
        (lambda x, s, rng: pairs(x, np.sqrt(s), rng), "not its square"),
        (lambda x, s, rng: pairs(x, 2.05 * s, rng), "should be 0.05. Received: 0.1"),
        (drawn(lambda x, s, rng: rng.normal(s, s, x.shape)), "mean should be 0"),
        (drawn(lambda x, s, rng: 3**0.5 * rng.uniform(-s, s, x.shape)), "isn't Gaussian"),
        (drawn(lambda x, s, rng: rng.laplace(0, s / 2**0.5, x.shape)), "isn't Gaussian"),
        (drawn(lambda x, s, rng: s * rng.choice([-1, 1], x.shape)), "The same numbers"),
        (drawn(lambda x, s, rng: rng.randn(*x.shape)), "AttributeError"),
        (lambda x, s, rng: pairs(x_test, s, rng), "should have the shape of x"),
    ],
    "ex03_3": [
        (lambda *args: tuned(*args, best=min), "lowest PSNR"),
        (lambda f, s, n, c: tuned(f, s, n, n), "with the noisy images"),
        (lambda f, s, n, c: tuned(f, s, c, n), "The two are swapped"),
        (lambda f, s, n, c: tuned(f, s, c, c), "given the clean images"),
        (lambda f, s, n, c: s.index(tuned(f, s, n, c)), "place of the best"),
        (lambda f, s, n, c: decibels(c, f(n, tuned(f, s, n, c))).mean(), "That is a score"),
        (lambda f, s, n, c: max((decibels(c, f(n, t)).mean(), t) for t in s), "a pair"),
        (lambda f, s, n, c: tuple(max((decibels(c, f(n, t)).mean(), t) for t in s))[::-1], "pair"),
        (lambda f, s, n, c: [decibels(c, f(n, t)).mean() for t in s], "scores of all"),
        (lambda f, s, n, c: decibels(c, f(n, tuned(f, s, n, c))), "not one for each image"),
        (lambda f, s, n, c: f(n, tuned(f, s, n, c)), "Those are images"),
        (lambda f, s, n, c: s[0], "the first of the strengths"),
        (lambda f, s, n, c: s[1], "the second of the strengths"),
        (lambda f, s, n, c: s[len(s) // 2], "the middle one"),
        (lambda f, s, n, c: max(s), "the largest"),
        (lambda f, s, n, c: s[-1], "the last of the strengths"),
        (best_forgotten, "best = score"),
        (overwritten, "what the one before has left"),
        (first_decline, "where the score first falls"),
        (last_image, "the last image only"),
        (greatest_of_all, "the best image"),
        (chosen(lambda c, y: decibels(c, y)[0]), "the first image only"),
        (chosen(lambda c, y: np.median(decibels(c, y))), "median"),
        (chosen(lambda c, y: decibels(c, y).min()), "worst image"),
        (chosen(lambda c, y: decibels(c, y).max()), "best image"),
        (chosen(lambda c, y: metrics.ssim(c, y).mean()), "SSIM"),
        (chosen(lambda c, y: -np.abs(c - y).mean()), "absolute error"),
        (chosen(lambda c, y: np.square(c - y).mean()), "lowest PSNR"),
        (lambda f, s, n, c: f(n, 55), "strength must be one of"),
        (lambda f, s, n, c: f(n, s), "strength must be one of"),
        (lambda f, s, n, c: f(1 - n, s[0]), "images must be the noisy ones"),
        (lambda f, s, n, c: 0.9, "doesn't use its arguments"),
        (lambda f, s, n, c: [0.9, 3, 6, 2.5, 0.7], "Return one strength"),
        (lambda f, s, n, c: tuned(f, s, n, c) * 1.1, "1.1 times too large"),
        (noisy_in_place, "change"),
        (popped, "change"),
    ],
}

SURVIVORS = {
    "ex03_2": {
        "operator: noisy = x - rng.normal(0, stddev, size=x.shape)": "the same distribution",
        "arguments swapped: return (np.clip(0, noisy, 1), x)": "the same clip",
    },
    "ex03_3": {
        "arguments swapped: scores = [metrics.psnr(denoise(noisy, strength), clean).mean() "
        "for strength in strengths]": "the same error",
        "function: scores = [metrics.psnr(clean, denoise(noisy, strength)).sum() "
        "for strength in strengths]": "the same order",
    },
}
