"""The bound, its gradient, the prior and the score of the rows with 50 numbers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy.special import logsumexp
from scipy.stats import norm

from aehelpers import data, metrics, models
from benchmarks import scoreboard_variational as rows


@pytest.fixture
def images():
    return rows.binarised(data.load_mnist().x_test[:4], seed=0)


def model(k, prior=None):
    keras.utils.set_random_seed(0)
    vae = models.variational(3, sizes=(8,), activation="tanh")
    weighted = rows.ImportanceWeighted(vae.posterior, vae.decoder, prior, k=k, seed=5)
    weighted.posterior.get_layer("z_log_var").bias.assign([-1.0, 0.5, 0.0])
    return weighted


def by_hand(weighted, x):
    """Returns ln w of each code, `(images, k)`, of the codes that the next call draws."""
    noise = keras.random.normal((len(x) * weighted.k, 3), seed=weighted.seed_generator)
    noise = ops.convert_to_numpy(noise).reshape(len(x), weighted.k, 3)
    z_mean, z_log_var = (np.array(a)[:, None] for a in weighted.posterior(x))
    deviation = np.exp(z_log_var / 2)
    z = z_mean + deviation * noise
    p = np.array(weighted.decoder(z.reshape(-1, 3))).reshape(len(x), weighted.k, 784)
    flat = x.reshape(len(x), 1, 784)
    log_p = (flat * np.log(p) + (1 - flat) * np.log(1 - p)).sum(axis=2)
    return log_p + (norm.logpdf(z) - norm.logpdf(z, z_mean, deviation)).sum(axis=2)


def rewound(weighted):
    """Lets the model draw its first codes again."""
    weighted.seed_generator.state.assign(keras.random.SeedGenerator(5).state.value)
    return weighted


@pytest.mark.parametrize("k", [1, 5])
def test_the_bound_is_the_mean_of_the_ratios_in_the_logarithm(k, images):
    weighted = model(k)
    log_w = by_hand(weighted, images)
    expected = logsumexp(log_w, axis=1) - np.log(k)
    found = np.array(rewound(weighted).bound(images))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(rewound(weighted).compute_loss(images), -expected.mean(), rtol=1e-5)


def test_one_code_gives_the_elbo(images):
    weighted, many = model(1), np.repeat(images, 1000, axis=0)
    found = np.array(weighted.bound(many)).mean()
    z_mean, z_log_var = map(np.array, weighted.posterior(many))
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(axis=1)
    z = z_mean + np.exp(z_log_var / 2) * np.random.default_rng(0).standard_normal(z_mean.shape)
    nats = metrics.binary_crossentropy(many, np.array(weighted.decoder(z)))
    assert found == pytest.approx(-(nats + kl).mean(), abs=0.3)


def test_more_codes_bound_closer(images):
    many = np.repeat(images, 300, axis=0)
    one, twenty = (np.array(model(k).bound(many)).mean() for k in (1, 20))
    assert twenty > one + 0.5


def gradients(weighted, images):
    """Returns the gradients of the bound by the last biases of decoder and encoder."""
    biases = weighted.decoder.get_layer("pixels").bias, weighted.posterior.get_layer("z_mean").bias
    with tf.GradientTape() as tape:
        loss = weighted.compute_loss(images)
    return [np.array(a) for a in tape.gradient(loss, [bias.value for bias in biases])]


def test_the_decoders_gradient_is_the_bounds_own(images):
    weighted = model(5)
    found, _ = gradients(weighted, images)
    bias = weighted.decoder.get_layer("pixels").bias
    start, step = np.array(bias), np.where(np.arange(784) == 300, 0.05, 0)
    ends = []
    for sign in (1, -1):
        bias.assign(start + sign * step)
        ends.append(float(rewound(weighted).compute_loss(images)))
    assert found[300] == pytest.approx((ends[0] - ends[1]) / 0.1, rel=0.05, abs=2e-3)


def test_the_encoders_gradient_is_right_on_average(images):
    """The doubly reparameterised gradient has the mean of the plain one, by differences."""
    weighted, many = model(3), np.repeat(images, 3000, axis=0)
    _, found = gradients(weighted, many)
    bias = weighted.posterior.get_layer("z_mean").bias
    start = np.array(bias)
    expected = []
    for step in 0.05 * np.eye(3, dtype="float32"):
        ends = []
        for sign in (1, -1):
            bias.assign(start + sign * step)
            ends.append(float(rewound(weighted).compute_loss(many)))
        expected.append((ends[0] - ends[1]) / 0.1)
    bias.assign(start)
    np.testing.assert_allclose(found, expected, atol=0.1)
    assert np.abs(expected).max() > 0.5


@pytest.mark.parametrize("k", [0, -1, 1.5, "5"])
def test_bad_k(k):
    with pytest.raises((ValueError, TypeError), match=f"Received: k={k!r}"):
        model(k)


def test_the_mixture_is_a_density():
    prior = rows.Mixture(4, seed=0)
    prior.build((None, 2))
    rng = np.random.default_rng(0)
    mean, log_var, logit = rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), rng.normal(size=4)
    for variable, value in zip((prior.mean, prior.log_var, prior.logit), (mean, log_var, logit)):
        variable.assign(value)
    z = rng.normal(size=(6, 2)).astype("float32")
    parts = norm.logpdf(z[:, None], mean, np.exp(log_var / 2)).sum(axis=2)
    expected = logsumexp(parts + logit - logsumexp(logit), axis=1) + np.log(2 * np.pi)
    np.testing.assert_allclose(prior(z), expected, atol=1e-5)


def test_one_standard_gaussian_is_the_default_prior(images):
    prior = rows.Mixture(1)
    prior.build((None, 3))
    prior.mean.assign(np.zeros((1, 3)))
    z = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    np.testing.assert_allclose(rows.log_prior(prior, z), rows.log_prior(None, z), rtol=1e-5)
    with_prior, without = (
        rows.log_likelihood(model(1, p), images, samples=50) for p in (prior, None)
    )
    np.testing.assert_allclose(with_prior, without, rtol=1e-5)


def test_log_likelihood_is_that_of_the_metrics(images):
    weighted = model(1)
    for name in ("z_mean", "z_log_var"):  # near N(0, 1), where the ratios vary little
        kernel, bias = weighted.posterior.get_layer(name).weights
        kernel.assign(0.1 * kernel)
        bias.assign(0 * bias)
    z_mean, z_log_var = weighted.posterior.predict(images, verbose=0)
    decode = weighted.decoder.predict_on_batch
    expected = metrics.importance_weighted_bound(images, z_mean, z_log_var, decode, samples=1000)
    found = rows.log_likelihood(weighted, images, samples=5000)
    np.testing.assert_allclose(found, expected, atol=0.3)


def test_training_leaves_biases_and_prior_undecayed(images):
    weighted = model(2, rows.Mixture(2, seed=0))
    train = tf.data.Dataset.from_tensor_slices((images, images)).batch(2)
    assert rows.fit(weighted, train, 2, learning_rate=0.01, weight_decay=0.1) >= 0
    decayed = {
        variable.name
        for variable in weighted.trainable_variables
        if weighted.optimizer._use_weight_decay(variable)
    }
    assert decayed == {"kernel"}
    assert len(weighted.trainable_variables) == 13
