"""Answers to the exercises of notebook 05."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy.stats import norm

from aehelpers import losses, metrics

z_mean = np.random.default_rng(0).normal(size=(10, 20))
rng = np.random.default_rng(1)


def kl_units(m, v):
    return 0.5 * (m**2 + np.exp(v) - 1 - v)


def kl(m, v):
    return kl_units(m, v).sum(axis=1)


def kl_in_place(m, v):
    m *= m
    return 0.5 * (m + np.exp(v) - 1 - v).sum(axis=1)


def kl_in_place_and_wrong(m, v):
    m **= 2
    return (m + np.exp(v) - 1 - v).sum(axis=1)


def kl_by_loop(m, v):
    prices = []
    for i in range(len(m)):
        price = 0.0
        for j in range(m.shape[1]):
            price += 0.5 * (m[i, j] ** 2 + np.exp(v[i, j]) - 1 - v[i, j])
        prices.append(price)
    return prices


def kl_of_sigma(m, v):
    sigma = np.exp(v / 2)
    return 0.5 * np.sum(m**2 + sigma**2 - 1 - 2 * np.log(sigma), axis=1)


def nats(x, y):
    return -(x * np.log(y) + (1 - x) * np.log(1 - y))


def total(x, y):
    return nats(x, y).sum(axis=(1, 2, 3))


def elbo_by_keras(x, y, m, v):
    reconstruction = ops.sum(ops.binary_crossentropy(x, y), axis=(1, 2, 3))
    return reconstruction + ops.sum(0.5 * (m**2 + ops.exp(v) - 1 - v), axis=1)


def elbo_by_loop(x, y, m, v):
    return [total(a[None], b[None])[0] + kl(c[None], d[None])[0] for a, b, c, d in zip(x, y, m, v)]


def buggy_elbo(x, y, m, v):
    reconstruction = ops.mean(ops.binary_crossentropy(x, y), axis=(1, 2, 3))
    return reconstruction + ops.sum(0.5 * (m**2 + ops.exp(v) - 1 - v), axis=1)


def elbo_in_place(x, y, m, v):
    m *= m
    return total(x, y) + 0.5 * (m + np.exp(v) - 1 - v).sum(axis=1)


def sigma(v):
    return np.exp(v / 2)


def sample_in_place(m, v, noise):
    m += sigma(v) * noise
    return m


def noise_in_place(m, v, noise):
    noise *= np.exp(v)
    return m + noise


def loss_of_the_exercise(reconstruction_loss, kl_loss, beta, training):
    loss = reconstruction_loss
    if training:
        loss = loss + beta * kl_loss
    return loss


def loss_added_twice(r, kl, beta, training):
    loss = r + beta * kl
    if training:
        loss += beta * kl
    return loss


def loss_without_validation(r, kl, beta, training):
    if training:
        return r + beta * kl


def branches(pixels, latent_dim, reconstruction, kl):
    if reconstruction == "sum" and kl == "sum":
        return 1.0
    if reconstruction == "sum" and kl == "mean":
        return 1 / latent_dim
    if reconstruction == "mean" and kl == "sum":
        return float(pixels)
    return pixels / latent_dim


def weights(pixels, latent_dim, reconstruction, kl):
    weight = {"sum": 1, "mean": 1 / pixels}[reconstruction]
    price = {"sum": 1, "mean": 1 / latent_dim}[kl]
    return price / weight


def matched(pixels, latent_dim, reconstruction, kl):
    match reconstruction, kl:
        case "sum", "sum":
            return tf.constant(1.0)
        case "sum", "mean":
            return tf.constant(1 / latent_dim)
        case "mean", "sum":
            return pixels
    return np.array([pixels / latent_dim])


def two_branches(pixels, latent_dim, reconstruction, kl):
    if reconstruction == "mean" and kl == "sum":
        return pixels
    if reconstruction == "sum" and kl == "mean":
        return 1 / latent_dim


def table(pixels, latent_dim, reconstruction, kl):
    return {"sumsum": 1, "summean": 0.05, "meansum": 784, "meanmean": 39.2}[reconstruction + kl]


beta = metrics.effective_beta


def size(decoder, n):
    return n, decoder.input_shape[1]


def draw(decoder, n, rng):
    return decoder.predict(rng.standard_normal(size(decoder, n)), verbose=0)


def draw_one_by_one(decoder, n, rng):
    codes = [rng.normal(size=(1, decoder.inputs[0].shape[-1])) for _ in range(n)]
    return [decoder(z)[0] for z in codes]


def draw_with_covariance(decoder, n, rng):
    d = decoder.input_shape[1]
    return decoder(rng.multivariate_normal(np.zeros(d), np.eye(d), n))


def draw_without_images(decoder, n, rng):
    decoder.predict(rng.standard_normal(size(decoder, n)), verbose=0)


def halves_alike(decoder, n, rng):
    z = rng.standard_normal(size(decoder, n))
    z[:, 1] = z[:, 0]
    return decoder(z)


RIGHT = {
    "ex05_1": [
        kl,
        lambda m, v: -0.5 * ops.sum(1 + v - ops.square(m) - ops.exp(v), axis=-1),
        lambda m, v: -0.5 * tf.reduce_sum(1 + v - tf.square(m) - tf.exp(v), axis=1),
        lambda m, v: (np.square(m) / 2 + np.expm1(v) / 2 - v / 2).sum(1).astype("float64"),
        lambda m, v: np.array([np.dot(a, a) + np.sum(np.exp(b) - 1 - b) for a, b in zip(m, v)]) / 2,
        lambda m, v: kl_units(m, v) @ np.ones(m.shape[1]),
        lambda m, v: kl_units(m, v).mean(axis=1) * m.shape[1],
        kl_by_loop,
        kl_of_sigma,
    ],
    "ex05_2": [
        lambda x, y, m, v: total(x, y) + kl(m, v),
        lambda x, y, m, v: losses.binary_crossentropy(x, y) + ops.sum(kl_units(m, v), axis=1),
        lambda x, y, m, v: metrics.binary_crossentropy(x, y) + kl(m, v),
        lambda x, y, m, v: nats(x, y).reshape(len(x), -1).sum(axis=1) + kl(m, v),
        lambda x, y, m, v: 784 * nats(x, y).mean(axis=(1, 2, 3)) + kl(m, v),
        lambda x, y, m, v: total(x, y) - 0.5 * (1 + v - m**2 - np.exp(v)).sum(axis=-1),
        elbo_by_keras,
        elbo_by_loop,
    ],
    "ex05_3": [
        lambda m, v, noise: m + sigma(v) * noise,
        lambda m, v, noise: m + noise * ops.sqrt(ops.exp(v)),
        lambda m, v, noise: m + ops.exp(v / 2) * noise,
        lambda m, v, noise: tf.add(m, tf.exp(0.5 * v) * noise),
        lambda m, v, noise: m + np.exp(v) ** 0.5 * noise,
        lambda m, v, noise: [
            [a + np.exp(b / 2) * c for a, b, c in zip(*r)] for r in zip(m, v, noise)
        ],
        lambda m, v, noise: m - sigma(v) * noise,
    ],
    "ex05_4": [
        lambda r, kl, beta, training: r + beta * kl,
        lambda r, kl, beta, training: np.dot([1, beta], [r, kl]),
        lambda r, kl, beta, training=None: ops.add(r, ops.multiply(beta, kl)),
        lambda r, kl, beta, training: r + beta * kl if training else kl * beta + r,
        lambda r, kl, beta, training: sum([r, beta * kl]),
        lambda r, kl, beta, training: ops.mean(r + beta * kl),
    ],
    "ex05_5": [
        beta,
        lambda pixels, d, r, kl: {"sum": 1, "mean": pixels}[r] / {"sum": 1, "mean": d}[kl],
        lambda pixels, d, r, kl: pixels ** (r == "mean") / d ** (kl == "mean"),
        branches,
        weights,
        matched,
    ],
    "ex05_6": [
        draw,
        draw_one_by_one,
        draw_with_covariance,
        lambda decoder, n, rng: decoder(rng.normal(0, 1, (n, decoder.input_shape[-1]))),
        lambda decoder, n, rng: decoder.predict_on_batch(norm.ppf(rng.random(size(decoder, n)))),
        lambda decoder, n, rng: np.clip(draw(decoder, n, rng), 0, 1).tolist(),
    ],
}

WRONG = {
    "ex05_1": [
        (lambda m, v: kl_units(m, v).mean(axis=1), "Mean where the sum belongs"),
        (lambda m, v: kl_units(m, v), "sum over axis=1"),
        (lambda m, v: kl_units(m, v).sum(), "summed over the images"),
        (lambda m, v: kl(m, v).mean(), "summed over the images"),
        (lambda m, v: kl_units(m, v).sum(axis=0), "summed over the images. An"),
        (lambda m, v: kl_units(m, v).sum(axis=1, keepdims=True), "keepdims"),
        (lambda m, v: -kl(m, v), "never negative"),
        (lambda m, v: 2 * kl(m, v), "factor 1/2"),
        (lambda m, v: 0.5 * (1 + v - m**2 - np.exp(v)).sum(axis=1), "never negative"),
        (lambda m, v: kl(m, 2 * v), "logarithm of sigma"),
        (lambda m, v: (m**2 + v**2 - 1 - np.log(v**2)).sum(axis=1) / 2, "for sigma"),
        (lambda m, v: (m**2 + v - 1 - np.log(v)).sum(axis=1) / 2, "for sigma"),
        (lambda m, v: (m**2 + np.exp(v) - 1 - np.log(v)).sum(axis=1) / 2, "of a logarithm"),
        (lambda m, v: (m**2 + sigma(v) - 1 - v).sum(axis=1) / 2, "exp(z_log_var / 2) is sigma"),
        (lambda m, v: (m**2 + sigma(v) - 1 - v / 2).sum(axis=1) / 2, "took it for the variance"),
        (lambda m, v: (m**2 + np.exp(v) - v).sum(axis=1) / 2, "The -1 is missing"),
        (lambda m, v: ((m**2 + np.exp(v) - v).sum(axis=1) - 1) / 2, "only once"),
        (lambda m, v: (m**2 + np.exp(v) - 1 + v).sum(axis=1) / 2, "sign of the logarithm"),
        (lambda m, v: kl(m, v) / np.log(2), "in bits"),
        (
            lambda m, v: 0.5 * ((1 + m**2) / np.exp(v) - 1 + v).sum(axis=1),
            "the other way round",
        ),
        (lambda m, v: kl(v, m), "swapped"),
        (lambda m, v: (m + np.exp(v) - 1 - v).sum(axis=1) / 2, "isn't squared"),
        (lambda m, v: (0.5 * m**2 + np.exp(v) - 1 - v).sum(axis=1), "first term only"),
        (lambda m, v: 0.5 * (m**2).sum(axis=1), "Only the mean's term"),
        (lambda m, v: (m**2).sum(axis=1), "expected"),
        (lambda m, v: (m**2).sum(axis=1) * np.nan, "for sigma"),
        (lambda m, v: kl(z_mean, v), "z_mean, but z_mean, from"),
        (lambda m, v: [kl(m, v)[0]], "one number for each image"),
        (lambda m, v: 3 * kl_units(m, v).mean(axis=1), "expected"),
        (kl_in_place, "change"),
        (kl_in_place_and_wrong, "factor 1/2"),
        (kl_in_place_and_wrong, "change"),
    ],
    "ex05_2": [
        (buggy_elbo, "beta of 784,"),
        (lambda x, y, m, v: nats(x, y).mean((1, 2, 3)) + kl(m, v), "beta of 784,"),
        (lambda x, y, m, v: ops.mean(ops.binary_crossentropy(x, y)) + kl(m, v), "beta of 784,"),
        (lambda x, y, m, v: nats(x, y).mean((1, 2, 3)) + kl_units(m, v).mean(1), "twice"),
        (lambda x, y, m, v: total(x, y) + kl_units(m, v).mean(1), "its price"),
        (lambda x, y, m, v: total(x, y) - kl(m, v), "subtracted"),
        (lambda x, y, m, v: total(x, y), "KL is missing"),
        (lambda x, y, m, v: kl(m, v), "The reconstruction is missing"),
        (lambda x, y, m, v: kl(m, v) - total(x, y), "it is a cost"),
        (lambda x, y, m, v: -total(x, y) - kl(m, v), "ELBO itself"),
        (lambda x, y, m, v: nats(x, y).sum() + kl(m, v).sum(), "mean over the batch"),
        (lambda x, y, m, v: ops.mean(total(x, y) + kl(m, v)), "mean over the batch"),
        (lambda x, y, m, v: nats(x, y).sum(axis=(2, 3)), "one number for each image"),
        (lambda x, y, m, v: elbo_by_keras(y, x, m, v), "swapped"),
        (lambda x, y, m, v: total(y, x) + kl(m, v), "swapped"),
        (lambda x, y, m, v: total(x, y) + kl(v, m), "swapped in the KL"),
        (lambda x, y, m, v: np.square(x - y).sum((1, 2, 3)) + kl(m, v), "squared error plus"),
        (lambda x, y, m, v: np.square(x - y).mean((1, 2, 3)) + kl(m, v), "a mean besides"),
        (lambda x, y, m, v: np.square(x - y).sum((1, 2, 3)), "squared error alone"),
        (lambda x, y, m, v: np.abs(x - y).sum((1, 2, 3)) + kl(m, v), "expected"),
        (lambda x, y, m, v: total(x, y) + 2 * kl(m, v), "KL counts twice"),
        (lambda x, y, m, v: total(x, y) + 784 * kl(m, v), "multiplied by 784"),
        (lambda x, y, m, v: nats(x, y).sum(axis=(1, 2)) + kl(m, v), "added to each other"),
        (lambda x, y, m, v: total(x, y) + kl(m, v)[:, None], "added to each other"),
        (lambda x, y, m, v: total(x, y) + kl_units(m, v).sum(axis=0), "the KL over the images"),
        (lambda x, y, m, v: nats(x, y) + kl(m, v), "pixels are still apart"),
        (lambda x, y, m, v: total(x, y) + kl_units(m, v), "units are still apart"),
        (lambda x, y, m, v: (total(x, y) + kl(m, v), kl(m, v)), "the two parts are added"),
        (elbo_in_place, "change"),
    ],
    "ex05_3": [
        (lambda m, v, noise: m, "no noise"),
        (lambda m, v, noise: m + sigma(v) * 0.1 * noise, "scaled by 0.1"),
        (lambda m, v, noise: m + 0.5 * sigma(v) * noise, "scaled by 0.5"),
        (lambda m, v, noise: m + np.exp(v) * noise, "exp(z_log_var) is the variance"),
        (lambda m, v, noise: m + np.exp(v) * 0.1 * noise, "And the noise is scaled by 0.1"),
        (lambda m, v, noise: m + 0.1 * ops.exp(v) * noise, "And the noise is scaled by 0.1"),
        (lambda m, v, noise: m + np.exp(v) / 2 * noise, "half the variance"),
        (lambda m, v, noise: m + 0.5 * np.exp(v) * noise, "half the variance"),
        (lambda m, v, noise: m + v * noise, "mistaken for log-variance"),
        (lambda m, v, noise: m + np.sqrt(v) * noise, "mistaken for log-variance"),
        (lambda m, v, noise: m * sigma(v) + noise, "Sigma multiplies the mean"),
        (lambda m, v, noise: sigma(v) * noise, "The mean is missing"),
        (lambda m, v, noise: m + noise, "Sigma is missing"),
        (lambda m, v, noise: m + sigma(v), "The noise is missing"),
        (lambda m, v, noise: m + sigma(v) + noise, "Sigma is added"),
        (lambda m, v, noise: (m + noise) * sigma(v), "multiplied by sigma too"),
        (lambda m, v, noise: m - np.exp(v) * noise, "is the variance"),
        (
            lambda m, v, noise: m + sigma(v) * rng.normal(size=m.shape),
            "doesn't use its argument noise",
        ),
        (lambda m, v, noise: m + sigma(v) * np.random.normal(size=m.shape), "argument noise"),  # noqa: NPY002
        (lambda m, v, noise: m + sigma(v) * noise[:, :1], "expected"),
        (lambda m, v, noise: m + sigma(v) * noise[:1], "noise of the first"),
        (lambda m, v, noise: m + sigma(v) * np.abs(noise), "never negative"),
        (lambda m, v, noise: m[:, :1], "One code for each image"),
        (lambda m, v, noise: (m, v), "One code for each image"),
        (lambda m, v, noise: 2 * (m + sigma(v) * noise), "2 times too large"),
        (sample_in_place, "change"),
        (noise_in_place, "is the variance"),
        (noise_in_place, "change"),
    ],
    "ex05_4": [
        (loss_of_the_exercise, "left out of validation"),
        (lambda r, kl, beta, training: r + beta * kl if training else r, "left out of validation"),
        (lambda r, kl, beta, training: r + training * beta * kl, "left out of validation"),
        (lambda r, kl, beta, training: r, "Training needs the KL"),
        (lambda r, kl, beta, training: r + (not training) * beta * kl, "Training needs the KL"),
        (lambda r, kl, beta, training: r + kl, "beta is not"),
        (lambda r, kl, beta, training: r + (beta if training else 1) * kl, "beta is not"),
        (lambda r, kl, beta, training: r + kl if training else r, "Beta is missing"),
        (lambda r, kl, beta, training: beta * r + kl, "price of the KL"),
        (lambda r, kl, beta, training: r - beta * kl, "subtracted"),
        (lambda r, kl, beta, training: r + beta * kl if training else kl, "the KL alone"),
        (lambda r, kl, beta, training: r + 2 * kl, "expected 86, received 104"),
        (lambda r, kl, beta, training: r + max(beta, 1) * kl, "beta is not"),
        (lambda r, kl, beta, training: r + beta * kl if beta else r + kl, "beta is not"),
        (lambda r, kl, beta, training: 140, "doesn't use its arguments"),
        (lambda r, kl, beta, training: (r, beta * kl), "one number"),
        (lambda r, kl, beta: r + beta * kl, "should take reconstruction_loss"),
        (loss_without_validation, "`return`"),
        (loss_added_twice, "added twice"),
    ],
    "ex05_5": [
        (lambda p, d, r, kl: 1 / beta(p, d, r, kl), "Upside down"),
        (lambda p, d, r, kl: 1 if r == kl else beta(p, d, r, kl), "don't cancel"),
        (lambda p, d, r, kl: (p if r == "mean" else 1) * (d if kl == "mean" else 1), "smaller"),
        (lambda p, d, r, kl: 1, "two words matter"),
        (lambda p, d, r, kl: p if r == "mean" else 1, "KL counts too"),
        (lambda p, d, r, kl: 1 / d if kl == "mean" else 1, "reconstruction counts too"),
        (lambda p, d, r, kl: 2 * beta(p, d, r, kl), "2 times too large"),
        (lambda p, d, r, kl: beta(784, 20, r, kl), "784 pixels and 20 units are written"),
        (lambda p, d, r, kl: beta(784, d, r, kl), "784 pixels are written"),
        (lambda p, d, r, kl: beta(p, 20, r, kl), "20 units are written"),
        (lambda p, d, r, kl: beta(d, p, r, kl), "sizes are swapped"),
        (lambda p, d, r, kl: beta(p, d, kl, r), "words are swapped"),
        (lambda p, d, r, kl: p / d, "right for two means"),
        (lambda p, d, r, kl: int(beta(p, d, r, kl)), "cuts the places"),
        (lambda p, d, r, kl: beta(p, d, "sum", kl) / (p if r == "mean" else 1), "weighs more"),
        (lambda p, d, r, kl: p / d if r == kl == "mean" else 1, "two words matter"),
        (lambda p, d, r, kl: f"{beta(p, d, r, kl)}", "Expected numbers"),
        (two_branches, "`return`"),
        (table, "784 pixels and 20 units are written"),
    ],
    "ex05_6": [
        (
            lambda decoder, n, rng: decoder(rng.random(size(decoder, n))),
            "mean of your codes is 0.5",
        ),
        (lambda decoder, n, rng: decoder(rng.uniform(-1, 1, size(decoder, n))), "is 0.58"),
        (lambda decoder, n, rng: decoder(3 * rng.normal(size=size(decoder, n))), "is 2.99"),
        (
            lambda decoder, n, rng: decoder(rng.uniform(-(3**0.5), 3**0.5, size(decoder, n))),
            "aren't Gaussian",
        ),
        (lambda decoder, n, rng: decoder(rng.choice([-1.0, 1.0], size(decoder, n))), "Gaussian"),
        (lambda decoder, n, rng: decoder(np.abs(rng.normal(size=size(decoder, n)))), "mean is 0"),
        (lambda decoder, n, rng: decoder(np.zeros(size(decoder, n))), "All images are the same"),
        (
            lambda decoder, n, rng: decoder(np.tile(rng.normal(size=size(decoder, 1)), (n, 1))),
            "All images are the same",
        ),
        (
            lambda decoder, n, rng: decoder(rng.normal(size=(n, 1)) * np.ones(size(decoder, n))),
            "a number of its own",
        ),
        (halves_alike, "go together"),
        (lambda decoder, n, rng: draw(decoder, n, np.random.default_rng(0)), "the same images"),
        (
            lambda decoder, n, rng: decoder(np.random.normal(size=size(decoder, n))),  # noqa: NPY002
            "aren't drawn from rng",
        ),
        (
            lambda decoder, n, rng: decoder(keras.random.normal(size(decoder, n))),
            "aren't drawn from rng",
        ),
        (lambda decoder, n, rng: rng.standard_normal(size(decoder, n)), "You return the codes"),
        (lambda decoder, n, rng: draw(decoder, 10, rng), "With n=1 there should be"),
        (lambda decoder, n, rng: draw(decoder, n, rng)[0], "Received: (28, 28, 1)"),
        (lambda decoder, n, rng: draw(decoder, n, rng)[..., 0], "Received: (1, 28, 28)"),
        (lambda decoder, n, rng: draw(decoder, n, rng).mean(), "Received: a single number"),
        (lambda decoder, n, rng: draw(decoder, n, rng).round(), "what the decoder gives"),
        (lambda decoder, n, rng: 255 * draw(decoder, n, rng), "what the decoder gives"),
        (lambda decoder, n, rng: decoder(rng.standard_normal((n, 20))), "codes of shape (1, 3)"),
        (lambda decoder, n, rng: decoder(rng.standard_normal(n)), "codes of shape (1, 3)"),
        (draw_without_images, "`return`"),
        (lambda decoder, n: draw(decoder, n, rng), "should take decoder, n and rng"),
    ],
}

SURVIVORS = {
    "ex05_3": {
        "operator: return z_mean - np.exp(z_log_var / 2) * noise": "codes of the same distribution",
    },
}
