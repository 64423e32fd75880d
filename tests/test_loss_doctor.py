"""The loss-scaling doctor, on recipes as tutorials have them, and on the course's models."""

import time

import keras
import numpy as np
import pytest
from keras import layers, ops

from aehelpers import checks, data, losses, metrics, models, training


@pytest.fixture(scope="module")
def digits():
    return data.check_images(data.bundled()[1][0][:60])


@pytest.fixture(scope="module")
def labels():
    return data.bundled()[1][1][:60].astype("int64")


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return lambda *shape: rng.random((40, *shape), dtype="float32") ** 3


def halves(shape, latent_dim, outputs=2, last="sigmoid"):
    """Returns a small encoder of Gaussians and a small decoder."""
    image = keras.Input(shape)
    x = layers.Dense(12, "gelu")(layers.Flatten()(image))
    mean, log_var = layers.Dense(latent_dim)(x), layers.Dense(latent_dim)(x)
    each = [mean, log_var]
    if outputs == 1:
        each = layers.Concatenate()(each)
    elif outputs == 3:
        each.append(models.variational(2, sizes=(2,)).sampling(each))
    z = keras.Input((latent_dim,))
    x = layers.Dense(12, "gelu")(z)
    x = layers.Dense(int(np.prod(shape)), last, kernel_initializer="glorot_normal")(x)
    return keras.Model(image, each), keras.Model(z, layers.Reshape(shape)(x))


def sampled(mean, log_var):
    return mean + ops.exp(log_var / 2) * keras.random.normal(ops.shape(mean))


def kl_terms(mean, log_var):
    return 0.5 * (mean**2 + ops.exp(log_var) - 1 - log_var)


def cross_entropy(x, y):
    return ops.binary_crossentropy(x, y)


def squared(x, y):
    return (x - y) ** 2


class Recipe(keras.Model):
    """A model whose loss is what `total` makes of the pixels' losses and the units' KL."""

    def __init__(self, shape, latent_dim, total, pixel=cross_entropy, spread=lambda s: s):
        super().__init__()
        self.encoder, self.decoder = halves(shape, latent_dim)
        self.total, self.pixel, self.spread = total, pixel, spread

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        mean, spread = self.encoder(x)
        log_var = self.spread(spread)
        return self.total(
            self.pixel(x, self.decoder(sampled(mean, log_var))), kl_terms(mean, log_var)
        )


class OwnTrainStep(keras.Model):
    """As keras.io writes it: an encoder with three outputs, a `train_step` and trackers."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = halves((28, 28, 1), 2, outputs=3)
        self.total_tracker = keras.metrics.Mean(name="total_loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self):
        return [self.kl_tracker, self.total_tracker]

    def train_step(self, data):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            mean, log_var, z = self.encoder(data)
            nats = ops.sum(keras.losses.binary_crossentropy(data, self.decoder(z)), axis=(1, 2))
            kl = ops.mean(ops.sum(kl_terms(mean, log_var), axis=1))
            total = ops.mean(nats) + kl
        grads = tape.gradient(total, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        self.total_tracker.update_state(total)
        self.kl_tracker.update_state(kl)
        return {"kl_loss": self.kl_tracker.result(), "loss": self.total_tracker.result()}


class OneSample(keras.Model):
    """As TensorFlow's tutorial writes it: one output for both, logits, the KL from one code."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = halves((28, 28, 1), 2, outputs=1, last=None)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        mean, log_var = ops.split(self.encoder(x), 2, axis=1)
        z = sampled(mean, log_var)

        def log_density(z, mean, log_var):
            terms = (z - mean) ** 2 / ops.exp(log_var) + log_var + np.log(2 * np.pi)
            return -0.5 * ops.sum(terms, axis=1)

        nats = ops.binary_crossentropy(x, self.decoder(z), from_logits=True)
        log_q = log_density(z, mean, log_var)
        log_p = log_density(z, ops.zeros_like(z), ops.zeros_like(z))
        return ops.mean(ops.sum(nats, axis=(1, 2, 3)) - log_p + log_q)


class AddedLoss(keras.Model):
    """As in Hands-On Machine Learning: Keras's own loss, and the KL added, divided by 784."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = halves((28, 28), 10)

    def call(self, x):
        mean, log_var = self.encoder(x)
        self.add_loss(ops.mean(ops.sum(kl_terms(mean, log_var), axis=-1)) / 784)
        return self.decoder(sampled(mean, log_var))


def compiled(model, loss=None):
    model.compile("adam", loss)
    return model


RECIPES = {
    # Notebook 05, section 7, in its order.
    "sum; KL a mean over 2 units": (
        lambda: Recipe((28, 28, 1), 2, lambda r, k: ops.mean(ops.sum(r, (1, 2, 3))) + ops.mean(k)),
        0.5,
    ),
    "sums": (
        lambda: Recipe(
            (28, 28, 1), 2, lambda r, k: ops.mean(ops.sum(r, (1, 2, 3)) + ops.sum(k, axis=1))
        ),
        1,
    ),
    "500 x mean over 32x32": (
        lambda: Recipe((32, 32, 1), 2, lambda r, k: 500 * ops.mean(r) + ops.mean(ops.sum(k, 1))),
        1024 / 500,
    ),
    "mean over 64x64x3; 0.00025 x KL": (
        lambda: Recipe(
            (64, 64, 3), 128, lambda r, k: ops.mean(r) + 0.00025 * ops.mean(ops.sum(k, 1)), squared
        ),
        3.072,
    ),
    "2000 x mean over 64x64x3": (
        lambda: Recipe(
            (64, 64, 3), 200, lambda r, k: 2000 * ops.mean(r) + ops.mean(ops.sum(k, 1)), squared
        ),
        6.144,
    ),
    "means of both": (
        lambda: Recipe((28, 28, 1), 2, lambda r, k: ops.mean(r) + ops.mean(k)),
        392,
    ),
    # Six more.
    "a train_step, three outputs": (lambda: compiled(OwnTrainStep()), 1),
    "logits, one code for the KL": (OneSample, 1),
    "added loss, both divided by 784": (lambda: compiled(AddedLoss(), "binary_crossentropy"), 1),
    "sums over the batch, too": (
        lambda: Recipe((28, 28), 20, lambda r, k: ops.sum(r) + ops.sum(k)),
        1,
    ),
    "validation without the weight": (
        lambda: Recipe((64, 64, 3), 8, lambda r, k: ops.mean(r) + ops.mean(ops.sum(k, 1)), squared),
        12288,
    ),
    "4 x mean; standard deviations": (
        lambda: Recipe(
            (28, 28, 1),
            5,
            lambda r, k: ops.mean(ops.sum(r, (1, 2, 3))) + 4 * ops.mean(k),
            squared,
            spread=lambda s: 2 * s,
        ),
        0.8,
    ),
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes(recipe, images):
    keras.utils.set_random_seed(1)
    make, beta = RECIPES[recipe]
    model = make()
    x = images(*model.encoder.input_shape[1:])
    before = [np.array(weight) for weight in model.weights]
    found = checks.loss_scale(model, x)
    assert found.linear, found
    assert found.beta == pytest.approx(beta, rel=0.01), found
    for weight, was in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(np.array(weight), was)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ("sum; KL a mean over 2 units", "a sum, the KL a mean over the 2 units. Summed over"),
        ("sums", "is a sum, the KL a sum. So it is the negative ELBO."),
        ("500 x mean over 32x32", "500 x a mean over the 1,024 pixels, the KL a sum"),
        ("mean over 64x64x3; 0.00025 x KL", "a mean over the 12,288 pixels, the KL 0.00025 x"),
        ("means of both", "a mean over the 784 pixels, the KL a mean over the 2 units"),
        ("sums over the batch, too", "over the batch too, the KL a sum, over the batch too"),
        ("logits, one code for the KL", "of logits) is a sum, the KL a sum."),
        ("logits, one code for the KL", "estimated from one code"),
        ("added loss, both divided by 784", "the KL a sum divided by the 784 pixels. So it is"),
        ("4 x mean; standard deviations", "The encoder gives logarithms of standard deviations."),
        ("validation without the weight", "(squared error) is a mean over the 12,288 pixels"),
    ],
)
def test_says_which_reduction_explains_it(recipe, words, images):
    keras.utils.set_random_seed(1)
    model = RECIPES[recipe][0]()
    assert words in repr(checks.loss_scale(model, images(*model.encoder.input_shape[1:])))


@pytest.mark.parametrize(
    ("name", "beta"),
    [("variational", 1), ("variational_2d", 1), ("conditional_variational", 2)],
)
def test_no_false_alarm_on_the_course_s_models(name, beta, digits, labels):
    model = training.load_pretrained(name)
    x = [digits, labels] if name.startswith("conditional") else digits
    start = time.process_time()
    found = checks.loss_scale(model, x)
    assert time.process_time() - start < 20  # 1 to 2 seconds where nothing else runs
    assert found.beta == pytest.approx(beta, rel=1e-3), found
    assert found.reconstruction == "cross-entropy"
    assert found.reconstruction_weight == pytest.approx(1, rel=1e-3)
    z_mean = np.asarray(model.encoder(x))
    assert found.units_off == np.sum(~metrics.active_units(z_mean))
    words = "So it is the negative ELBO." if beta == 1 else "beta is what the model's beta says."
    assert words in found.text


def test_a_collapsed_model_has_all_units_off(digits):
    model = models.variational(3, sizes=(8,), beta=784.0)
    for layer in ("z_mean", "z_log_var"):
        layer = model.posterior.get_layer(layer)
        layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    found = checks.loss_scale(model, digits)
    assert found.units_off == 3 and "3 of 3 units are off." in found.text
    assert found.beta == pytest.approx(784, rel=1e-2)


def test_free_bits_are_not_linear(digits):
    keras.utils.set_random_seed(0)
    found = checks.loss_scale(models.variational(20, sizes=(16,), free_bits=0.5), digits)
    assert found.beta is None and not found.linear
    assert found.text.startswith("Not linear") and "nats of each unit cost nothing" in found.text


def test_annealing_under_way_is_not_linear(digits):
    class Annealed(models.VariationalAutoencoder):
        steps = 0

        def compute_loss(self, *args, **kwargs):
            self.steps += 1
            self.beta.assign(min(1.0, self.steps / 50))
            return super().compute_loss(*args, **kwargs)

    keras.utils.set_random_seed(0)
    small = models.variational(4, sizes=(16,))
    found = checks.loss_scale(Annealed(small.posterior, small.decoder), digits)
    assert found.beta is None and "annealing under way" in found.text


def test_another_loss_is_not_linear(digits):
    keras.utils.set_random_seed(0)
    total = lambda r, k: ops.mean(ops.sum(ops.abs(r), (1, 2, 3)) ** 2) + ops.mean(k) ** 2  # noqa: E731
    found = checks.loss_scale(Recipe((28, 28, 1), 4, total), digits)
    assert found.beta is None and "what is left over" in found.text


def test_a_loss_of_one_s_own(digits):
    keras.utils.set_random_seed(0)
    model = models.variational(4, sizes=(16,))

    def loss(x):
        mean, log_var = model.posterior(x)
        nats = losses.binary_crossentropy(x, model.decoder(sampled(mean, log_var)))
        return ops.mean(nats) + 3 * ops.mean(kl_terms(mean, log_var))

    assert checks.loss_scale(model, digits, loss).beta == pytest.approx(0.75, rel=1e-3)


def test_everything_is_as_it_was(digits):
    keras.utils.set_random_seed(0)
    model = compiled(models.variational(2, sizes=(8,), seed=3))
    model.fit(digits, verbose=0)
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    state = [np.array(v) for v in (*model.variables, *model.optimizer.variables)]
    noise = np.array(model.sampling.seed_generator.state)
    checks.loss_scale(model, digits)
    for value, was in zip((*model.variables, *model.optimizer.variables), state, strict=True):
        np.testing.assert_array_equal(np.array(value), was)
    np.testing.assert_array_equal(np.array(model.sampling.seed_generator.state), noise)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: models.vanilla(3), r"must give means and log-variances.*\(40, 3\)|once each"),
        (lambda: keras.Sequential([layers.Dense(2)]), "must have a posterior or an encoder"),
        (lambda: OwnTrainStep(), "must be compiled"),
    ],
)
def test_other_models_are_refused(model, message, images):
    model = model()
    if isinstance(model, models.Autoencoder):
        compiled(model, losses.binary_crossentropy)
    with pytest.raises(ValueError, match=message):
        checks.loss_scale(model, images(28, 28, 1))


@pytest.mark.parametrize("fault", ["few", "nan"])
def test_bad_images(fault, images):
    x = images(28, 28, 1)
    x = x[:5] if fault == "few" else np.where(x > 0.9, np.nan, x)
    with pytest.raises(ValueError, match="x must be at least 20 finite images.*Received: shape"):
        checks.loss_scale(models.variational(2, sizes=(8,)), x)
