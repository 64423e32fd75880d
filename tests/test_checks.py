import answers_06
import answers_07
import keras
import numpy as np
import pytest
from keras import layers, ops

from aehelpers import checks, data, losses, metrics


def build(
    latent_dim, sizes=(128, 64), hidden="relu", code=None, out="sigmoid", back=None, reshape=True
):
    x = inputs = keras.Input((28, 28, 1))
    x = layers.Flatten()(x)
    for size in sizes:
        x = layers.Dense(size, activation=hidden)(x)
    encoder = keras.Model(inputs, layers.Dense(latent_dim, activation=code)(x))
    x = codes = keras.Input((latent_dim,))
    for size in back or sizes[::-1]:
        x = layers.Dense(size, activation=hidden)(x)
    x = layers.Dense(784, activation=out)(x)
    return encoder, keras.Model(codes, layers.Reshape((28, 28, 1))(x) if reshape else x)


def nats(x, y):
    return -(x * np.log(y) + (1 - x) * np.log(1 - y))


def kl_units(m, v):
    return 0.5 * (m**2 + np.exp(v) - 1 - v)


def convolve(image, kernel, mode="constant"):
    padded = np.pad(image, 1, mode=mode)
    windows = ((a, b, padded[a : a + 28, b : b + 28]) for a in range(3) for b in range(3))
    return sum(kernel[a, b] * window for a, b, window in windows)


def decibels(x, y):
    return 10 * np.log10(1 / np.mean((x - y) ** 2, axis=(1, 2, 3)))


def pairs(x, stddev, rng, low=0, high=1):
    return np.clip(x + rng.normal(0, stddev, x.shape), low, high), x


def noise_in_place(x, stddev, rng):
    x += rng.normal(0, stddev, x.shape)
    return np.clip(x, 0, 1), x


def tuned(denoise, strengths, noisy, clean, best=max):
    return best(strengths, key=lambda s: decibels(clean, denoise(noisy, s)).mean())


def upsampling(
    latent_dim, side=7, hidden="relu", out="sigmoid", up=None, smooth=True, padding="same"
):
    x = z = keras.Input((latent_dim,))
    x = layers.Dense(side * side * 2, activation=hidden)(x)
    x = layers.Reshape((side, side, 2))(x)
    for _ in range(2):
        x = up(x) if up else layers.UpSampling2D(2)(x)
        x = layers.Conv2D(2, 3, padding=padding, activation=hidden)(x) if smooth else x
    return keras.Model(z, layers.Conv2D(1, 3, padding="same", activation=out)(x))


def code_errors(x, mu, patterns, power=2):
    rest = x - mu
    missing = [rest - rest @ patterns[:k].T @ patterns[:k] for k in range(len(patterns) + 1)]
    return np.array([(np.square(m).sum(axis=1) ** (power / 2)).mean() for m in missing])


def first_below(errors, limit):
    return int(np.argmax(errors <= limit)) if (errors <= limit).any() else len(errors) - 1


def cumulated(x, mu, patterns, limit):
    gains = np.square((x - mu) @ patterns.T).mean(axis=0)
    return np.sum(np.square(x - mu).sum(axis=1).mean() - np.cumsum(gains) > limit) + 1


CORRECT = {
    "ex00_1": [lambda x: x.mean(axis=0), lambda x: sum(x) / len(x)],
    "ex00_2": [
        lambda x, y: nats(x, np.clip(y, 1e-7, 1 - 1e-7)).sum(axis=(1, 2, 3)),
        metrics.binary_crossentropy,
    ],
    "ex00_3": [
        lambda x, mu, patterns, limit: first_below(code_errors(x, mu, patterns), limit),
        cumulated,
    ],
    "ex01_1": [
        lambda x, y: np.sum((x - y) ** 2, axis=(1, 2, 3)),
        lambda x, y: np.array([np.dot(d.ravel(), d.ravel()) for d in x - y]),
    ],
    "ex01_2": [build, lambda k: build(k, code="relu", hidden="gelu")],
    "ex01_3": [
        lambda a, b, n: np.linspace(a, b, n),
        lambda a, b, n: [(1 - t) * a + t * b for t in np.linspace(0, 1, n)],
    ],
    "ex02_1": [
        lambda k, c, f: (k * k * c + 1) * f,
        lambda k, c, f: np.prod([k, k, c, f]) + np.int64(f),
    ],
    "ex02_2": [
        convolve,
        lambda image, kernel: keras.ops.conv(
            image[None, ..., None], kernel[..., None, None], padding="same"
        )[0, ..., 0],
    ],
    "ex02_3": [upsampling, lambda k: upsampling(k, hidden="gelu")],
    "ex03_1": [
        decibels,
        lambda x, y: [-20 * np.log10(np.sqrt(np.mean((a - b) ** 2))) for a, b in zip(x, y)],
    ],
    "ex03_2": [pairs, lambda x, s, rng: (data.gaussian_noise(x, s, seed=rng), x.copy())],
    "ex03_3": [
        tuned,
        lambda f, strengths, n, c: np.array(strengths)[
            np.argmin([np.square(c - f(n, s)).sum() for s in strengths])
        ],
    ],
    "ex04_1": [
        lambda z: (z > 0).mean(axis=0),
        lambda z: np.array([np.count_nonzero(unit) / len(z) for unit in z.T]),
    ],
    "ex04_2": [
        lambda s, k: np.where(s >= np.sort(s, axis=1)[:, [-k]], np.maximum(s, 0), 0),
        lambda s, k: np.maximum(s, 0) * (s.argsort(axis=1).argsort(axis=1) >= s.shape[1] - k),
    ],
    "ex04_3": [
        lambda z, atoms, bias, m: (
            bias + sum(z[j] * atoms[j] for j in sorted(range(8), key=lambda j: -z[j])[:m])
        ),
        lambda z, atoms, bias, m: (np.where(z >= np.sort(z)[-m], z, 0) @ atoms + bias).reshape(
            28, 28
        ),
    ],
    "ex05_1": [
        lambda m, v: kl_units(m, v).sum(axis=1),
        lambda m, v: -0.5 * ops.sum(1 + v - ops.square(m) - ops.exp(v), axis=-1),
    ],
    "ex05_2": [
        lambda x, y, m, v: nats(x, y).sum(axis=(1, 2, 3)) + kl_units(m, v).sum(axis=1),
        lambda x, y, m, v: losses.binary_crossentropy(x, y) + ops.sum(kl_units(m, v), axis=1),
    ],
    "ex05_3": [
        lambda m, v, noise: m + np.exp(v / 2) * noise,
        lambda m, v, noise: m + noise * ops.sqrt(ops.exp(v)),
    ],
    "ex05_4": [
        lambda r, kl, beta, training: r + beta * kl,
        lambda r, kl, beta, training: np.dot([1, beta], [r, kl]),
    ],
    "ex05_5": [
        metrics.effective_beta,
        lambda pixels, d, r, kl: {"sum": 1, "mean": pixels}[r] / {"sum": 1, "mean": d}[kl],
    ],
}

WRONG = {
    "ex00_1": [
        (lambda x: x.mean(), "single grey"),
        (lambda x: x.mean(axis=(1, 2, 3)), "one entry for each image"),
        (lambda x: np.median(x, axis=0), "median"),
        (lambda x: x.sum(axis=0), "Divide by how many"),
        (lambda x: x[0] * 0, "Set the derivative"),
        (lambda x: x[0, :5], "It should be one image"),
        (lambda x: x / 0 if x.foo else x, "AttributeError"),
    ],
    "ex00_2": [
        (lambda x, y: nats(x, y).mean(axis=(1, 2, 3)), "mean over the pixels"),
        (lambda x, y: nats(x, y).sum(), "all images together"),
        (lambda x, y: -nats(x, y).sum(axis=(1, 2, 3)), "sign is turned"),
        (lambda x, y: nats(y, np.clip(x, 1e-7, 1 - 1e-7)).sum(axis=(1, 2, 3)), "swapped"),
        (lambda x, y: nats(y, x).sum(axis=(1, 2, 3)), "swapped"),
        (lambda x, y: nats(x, y).sum(axis=(1, 2, 3)) / np.log(2), "in bits"),
        (lambda x, y: nats(x, y).sum(axis=(1, 2, 3)) / np.log(10), "base 10"),
        (lambda x, y: -(x * np.log(y)).sum(axis=(1, 2, 3)), "Half of the formula"),
        (lambda x, y: np.square(x - y).sum(axis=(1, 2, 3)), "squared error"),
        (lambda x, y: nats(x, y).sum(axis=(1, 2, 3)), "no pixel is sure"),
        (lambda x, y: nats(x, y).sum(axis=1), "one number for each image"),
        (lambda x, y: nats(x, y).sum(axis=(1, 2, 3)) + 1, "one pixel by hand"),
    ],
    "ex00_3": [
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p)[1:], limit), "One too few"),
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p), limit) + 1, "One too many"),
        (
            lambda x, mu, p, limit: first_below(code_errors(x, mu, p) / 12, limit),
            "mean over the pixels",
        ),
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p) * 40, limit), "all images"),
        (lambda x, mu, p, limit: first_below(code_errors(x, 0 * mu, p), limit), "mean image"),
        (lambda x, mu, p, limit: first_below(code_errors(x, mu, p, 1), limit), "the root"),
        (lambda x, mu, p, limit: code_errors(x, mu, p).min(), "how many numbers"),
        (lambda x, mu, p, limit: code_errors(x, mu, p), "Return one number"),
        (lambda x, mu, p, limit: 12 - first_below(code_errors(x, mu, p), limit), "it should be"),
    ],
    "ex01_1": [
        (lambda x, y: np.mean((x - y) ** 2, axis=(1, 2, 3)), "mean over the pixels"),
        (lambda x, y: np.sum((x - y) ** 2), "summed over the images"),
        (lambda x, y: np.sum((x - y) ** 2) / len(x), "mean over the images"),
        (lambda x, y: np.sum((x - y) ** 2, axis=1), "one number for each image"),
        (lambda x, y: np.sum(np.abs(x - y), axis=(1, 2, 3)), "absolute error"),
        (lambda x, y: np.sum(x - y, axis=(1, 2, 3)), "opposite sign"),
        (lambda x, y: np.sqrt(np.sum((x - y) ** 2, axis=(1, 2, 3))), "root"),
        (lambda x, y: np.sum((x - y) ** 4, axis=(1, 2, 3)), "differ from"),
    ],
    "ex01_2": [
        (lambda k: build(k)[0], "Return two models"),
        (lambda k: (1, 2), "should be a keras.Model"),
        (lambda k: build(32), "written out as a number"),
        (lambda k: build(k, back=(128, 64)), "mirror"),
        (lambda k: build(k, sizes=(128,)), "128, 64 and 7"),
        (lambda k: build(k, out=None), "Use a sigmoid"),
        (lambda k: build(k, hidden=None), "Two linear layers"),
        (lambda k: build(k, code="sigmoid"), "small range"),
        (lambda k: build(k, reshape=False), "Reshape"),
        (lambda k: (build(k)[0], build(k + 1)[1]), "Input of its own"),
        (lambda k: build(k)[::-1], "should take images"),
    ],
    "ex01_3": [
        (lambda a, b, n: np.linspace(b, a, n), "from b to a"),
        (lambda a, b, n: np.linspace(a, b, n, endpoint=False), "last code should be b"),
        (lambda a, b, n: np.linspace(a, b, n + 1)[1:], "first code should be a"),
        (lambda a, b, n: np.linspace(a, b, n).T, "axes are swapped"),
        (lambda a, b, n: np.linspace(a, b, n - 2), "both ends counted"),
        (lambda a, b, n: a + (b - a) * np.linspace(0, 1, n)[:, None] ** 2, "equal length"),
        (lambda a, b, n: np.linspace(0, 1, n), "One code for each step"),
    ],
    "ex02_1": [
        (lambda k, c, f: k * k * c * f, "left out the biases"),
        (lambda k, c, f: (k * k + 1) * f, "every input channel"),
        (lambda k, c, f: (k * c + 1) * f, "as high as it is wide"),
        (lambda k, c, f: (k * k + 1) * c * f, "one for each filter"),
        (lambda k, c, f: 784 * (k * k * c + 1) * f, "number of pixels doesn't matter"),
        (lambda k, c, f: f, "weights of one filter"),
        (lambda k, c, f: [k, c, f], "shape ()"),
    ],
    "ex02_2": [
        (lambda x, k: convolve(x, k)[1:-1, 1:-1], "26x26"),
        (lambda x, k: convolve(x, k)[::2, ::2], "One number for each pixel"),
        (lambda x, k: convolve(x, k[::-1, ::-1]), "turned the kernel round"),
        (lambda x, k: convolve(x, k.T), "swapped"),
        (lambda x, k: np.maximum(convolve(x, k), 0), "step of its own"),
        (lambda x, k: convolve(x, k, "wrap"), "not at the edges"),
        (lambda x, k: x * k.sum(), "differs from the sum"),
    ],
    "ex02_3": [
        (lambda k: 3, "Return a keras.Model"),
        (lambda k: upsampling(30), "should take codes of shape (None, 7)"),
        (
            lambda k: upsampling(k, up=layers.Conv2DTranspose(2, 3, 2, padding="same")),
            "still a Conv2DTranspose",
        ),
        (lambda k: upsampling(k, up=lambda x: x), "Two UpSampling2D"),
        (lambda k: upsampling(k, side=8), "Start from 7x7"),
        (lambda k: upsampling(k, padding="valid"), 'padding="same"'),
        (lambda k: upsampling(k, smooth=False), "only repeats pixels"),
        (lambda k: upsampling(k, out=None), "Use a sigmoid"),
        (lambda k: upsampling(k, hidden=None), "no activation"),
    ],
    "ex03_1": [
        (lambda x, y: decibels(x, y).mean(), "number for each image"),
        (lambda x, y: 10 * np.log10(1 / np.mean((x - y) ** 2)), "over all images before"),
        (lambda x, y: -decibels(x, y), "sign is turned"),
        (lambda x, y: 10 * np.log(1 / np.mean((x - y) ** 2, axis=(1, 2, 3))), "natural logarithm"),
        (lambda x, y: 2 * decibels(x, y), "factor 20"),
        (lambda x, y: decibels(x, y) / 10, "bels"),
        (lambda x, y: -10 * np.log10(np.sum((x - y) ** 2, axis=(1, 2, 3))), "You summed"),
        (lambda x, y: decibels(x, y) + 1, "differ from"),
        (lambda x, y: x - y, "one number for each image"),
    ],
    "ex03_2": [
        (lambda x, s, rng: pairs(x, s, rng)[0], "Return two arrays"),
        (lambda x, s, rng: pairs(x, s, rng)[::-1], "swapped"),
        (lambda x, s, rng: pairs(x, s, rng)[:1] * 2, "target is noisy"),
        (noise_in_place, "changed x itself"),
        (lambda x, s, rng: (x, x), "no noise"),
        (lambda x, s, rng: pairs(x, s, rng, -9, 9), "clip them"),
        (lambda x, s, rng: (np.clip(x + rng.normal(0, s, x[0].shape), 0, 1), x), "same noise"),
        (lambda x, s, rng: (np.clip(x + rng.normal(0, s, (40, 1, 1, 1)), 0, 1), x), "All pixels"),
        (lambda x, s, rng: (np.clip(x + s * rng.random(x.shape), 0, 1), x), "never negative"),
        (lambda x, s, rng: pairs(x, s**2, rng), "not its square"),
        (lambda x, s, rng: pairs(x, np.sqrt(s), rng), "not its square"),
        (lambda x, s, rng: pairs(x, 2.05 * s, rng), "should be 0.2. Received: 0.4"),
        (
            lambda x, s, rng: (np.clip(x + 3**0.5 * rng.uniform(-s, s, x.shape), 0, 1), x),
            "isn't Gaussian",
        ),
    ],
    "ex03_3": [
        (lambda *args: tuned(*args, best=min), "lowest PSNR"),
        (lambda f, s, n, c: tuned(f, s, n, n), "with the noisy images"),
        (lambda f, s, n, c: tuned(f, s, c, c), "given the clean images"),
        (lambda f, s, n, c: s.index(tuned(f, s, n, c)), "place of the best"),
        (lambda f, s, n, c: decibels(c, f(n, tuned(f, s, n, c))).mean(), "That is a score"),
        (lambda f, s, n, c: decibels(c, f(n, 7)), "not one for each image"),
        (lambda f, s, n, c: s[0], "Another of the strengths"),
        (lambda f, s, n, c: f(n, 5), "strength must be one of"),
    ],
    "ex04_1": [
        (lambda z: (z > 0).mean(axis=1), "belongs to a unit"),
        (lambda z: (z > 0).mean(), "all units together"),
        (lambda z: z.mean(axis=0), "mean activation"),
        (lambda z: (z > 0).sum(axis=0), "counted the images"),
        (lambda z: (z == 0).mean(axis=0), "each unit is off"),
        (lambda z: (z > 1).mean(axis=0), "share of images"),
        (lambda z: z[:3, :3], "one rate for each unit"),
    ],
    "ex04_2": [
        (lambda s, k: np.sort(s, axis=1)[:, -k:], "keeps its length"),
        (lambda s, k: np.where(s >= np.sort(s, axis=1)[:, [-k]], s, 0), "make them 0"),
        (lambda s, k: np.where(s >= np.sort(s, axis=1)[:, [-k]], 1, 0), "not only ones"),
        (lambda s, k: np.maximum(np.where(s >= np.sort(s, axis=0)[-k], s, 0), 0), "axis=1"),
        (lambda s, k: np.maximum(np.where(s > np.sort(s, axis=1)[:, [-k]], s, 0), 0), ">="),
        (
            lambda s, k: np.maximum(np.where(s >= np.sort(s, axis=1)[:, [-k - 1]], s, 0), 0),
            "One too many",
        ),
        (lambda s, k: s * 2, "differ from the scores"),
    ],
    "ex04_3": [
        (lambda z, a, b, m: z[np.argsort(z)[-m:]] @ a[np.argsort(z)[-m:]], "bias is missing"),
        (lambda z, a, b, m: z @ a + b, "whole sum"),
        (lambda z, a, b, m: z[:m] @ a[:m] + b, "first m units"),
        (lambda z, a, b, m: z[np.argsort(z)[:m]] @ a[np.argsort(z)[:m]] + b, "m smallest"),
        (lambda z, a, b, m: a[np.argsort(z)[-m:]].sum(axis=0) + b, "weight 1"),
        (lambda z, a, b, m: 2 * (z @ a) + b, "differs from bias"),
        (lambda z, a, b, m: a[:m], "one image"),
    ],
    "ex05_1": [
        (lambda m, v: kl_units(m, v).mean(axis=1), "Mean where the sum belongs"),
        (lambda m, v: kl_units(m, v), "sum over axis=1"),
        (lambda m, v: kl_units(m, v).sum(), "summed over the images"),
        (lambda m, v: kl_units(m, v).sum(axis=0), "one number for each image"),
        (lambda m, v: -kl_units(m, v).sum(axis=1), "never negative"),
        (lambda m, v: 2 * kl_units(m, v).sum(axis=1), "factor 1/2"),
        (lambda m, v: kl_units(m, 2 * v).sum(axis=1), "logarithm of sigma"),
        (lambda m, v: (m**2 + v**2 - 1 - np.log(v**2)).sum(axis=1) / 2, "for sigma"),
        (lambda m, v: (m**2).sum(axis=1) * np.nan, "for sigma"),
        (lambda m, v: (m**2).sum(axis=1), "four terms"),
    ],
    "ex05_2": [
        (lambda x, y, m, v: nats(x, y).mean((1, 2, 3)) + kl_units(m, v).sum(1), "beta of 784,"),
        (lambda x, y, m, v: nats(x, y).mean((1, 2, 3)) + kl_units(m, v).mean(1), "twice"),
        (lambda x, y, m, v: nats(x, y).sum((1, 2, 3)) + kl_units(m, v).mean(1), "its price"),
        (lambda x, y, m, v: nats(x, y).sum((1, 2, 3)) - kl_units(m, v).sum(1), "subtracted"),
        (lambda x, y, m, v: nats(x, y).sum((1, 2, 3)), "KL is missing"),
        (lambda x, y, m, v: kl_units(m, v).sum(1) - nats(x, y).sum((1, 2, 3)), "it is a cost"),
        (lambda x, y, m, v: -nats(x, y).sum((1, 2, 3)) - kl_units(m, v).sum(1), "ELBO itself"),
        (lambda x, y, m, v: nats(x, y).sum() + kl_units(m, v).sum(), "mean over the batch"),
        (lambda x, y, m, v: nats(x, y).sum(axis=(2, 3)), "one number for each image"),
        (lambda x, y, m, v: np.square(x - y).sum((1, 2, 3)), "differ from"),
    ],
    "ex05_3": [
        (lambda m, v, noise: m, "no noise"),
        (lambda m, v, noise: m + np.exp(v / 2) * 0.1 * noise, "scaled by 0.1"),
        (lambda m, v, noise: m + np.exp(v) * noise, "exp(z_log_var) is the variance"),
        (lambda m, v, noise: m + np.exp(v) * 0.1 * noise, "And the noise is scaled by 0.1"),
        (lambda m, v, noise: m + v * noise, "mistaken for log-variance"),
        (lambda m, v, noise: m * np.exp(v / 2) + noise, "The codes differ"),
        (lambda m, v, noise: m[:, :1], "One code for each image"),
    ],
    "ex05_4": [
        (lambda r, kl, beta, training: r + beta * kl if training else r, "left out of validation"),
        (lambda r, kl, beta, training: r, "Training needs the KL"),
        (lambda r, kl, beta, training: r + kl, "beta is not"),
        (lambda r, kl, beta, training: r + (beta if training else 1) * kl, "beta is not"),
        (lambda r, kl, beta, training: beta * r + kl, "price of the KL"),
        (lambda r, kl, beta, training: r - beta * kl, "= 140"),
    ],
    "ex05_5": [
        (lambda p, d, r, kl: 1 / metrics.effective_beta(p, d, r, kl), "Upside down"),
        (lambda p, d, r, kl: 1 if r == kl else metrics.effective_beta(p, d, r, kl), "don't cancel"),
        (lambda p, d, r, kl: (p if r == "mean" else 1) * (d if kl == "mean" else 1), "smaller"),
        (lambda p, d, r, kl: 1, "two words matter"),
        (lambda p, d, r, kl: p if r == "mean" else 1, "KL counts too"),
        (lambda p, d, r, kl: 2 * metrics.effective_beta(p, d, r, kl), "it should be 1. Received"),
    ],
}

CORRECT |= answers_06.CORRECT | answers_07.CORRECT
WRONG |= answers_06.WRONG | answers_07.WRONG
EXERCISES = sorted(CORRECT)


def test_every_check_is_tested():
    names = [n for n in checks.__all__ if n.startswith("ex")]
    assert EXERCISES == sorted(WRONG) == sorted(names)


@pytest.mark.parametrize(
    ("name", "answer"), [(name, answer) for name in EXERCISES for answer in CORRECT[name]]
)
def test_correct_answers_pass(name, answer):
    verdict = getattr(checks, name)(answer)
    assert verdict.passed, verdict
    assert "passed" in repr(verdict)


@pytest.mark.parametrize(
    ("name", "answer", "hint"), [(name, *wrong) for name in EXERCISES for wrong in WRONG[name]]
)
def test_wrong_answers_get_their_own_hint(name, answer, hint):
    verdict = getattr(checks, name)(answer)
    assert verdict.passed is False
    assert hint in verdict.message
    if getattr(checks, name).section:
        assert "“" in verdict.message and "”" in verdict.message  # where to read again


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_has_wrong_answers_that_differ(name):
    messages = [getattr(checks, name)(answer).message for answer, _ in WRONG[name]]
    hints = {hint for _, hint in WRONG[name]}
    assert len(hints) >= 3
    assert len(set(messages)) >= 3
    assert len(CORRECT[name]) >= 2


@pytest.mark.parametrize("name", EXERCISES)
def test_a_stub_is_not_attempted(name):
    def not_written(*args):
        raise NotImplementedError

    for stub in (lambda *args: None, lambda *args: ..., not_written):
        verdict = getattr(checks, name)(stub)
        assert verdict.passed is None
        assert repr(verdict).endswith("not attempted yet.")


def test_an_answer_that_is_no_function():
    assert "Expected a function" in repr(checks.ex00_1(3.0))


def test_environment_is_fine_here():
    report = checks.environment()
    assert report.passed, report
    assert "MISSING" not in repr(report)


def test_environment_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(checks, "_version", lambda name: "2.15.0" if name == "keras" else None)
    monkeypatch.setattr(checks.sys, "version_info", _old())
    report = checks.environment()
    assert not report.passed
    assert "MISSING  Python 3.9. TensorFlow 2.21 needs 3.11 to 3.13" in repr(report)
    assert "MISSING  keras 2.15.0. The course needs 3.15" in repr(report)
    assert "tensorflow not installed" in repr(report)


def _old():
    class VersionInfo(tuple):
        major, minor = 3, 9

    return VersionInfo((3, 9, 0))
