import keras
import numpy as np
import pytest
from keras import ops
from scipy import sparse

from aehelpers import data, layers, losses, metrics, models
from scripts import course


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist().x_train[:64]


PENALTIES = {
    "none": {},
    "l1": {"activity_regularizer": keras.regularizers.L1(0.5)},
    "kl": {"activation": "sigmoid", "activity_regularizer": layers.KLSparsity(0.1, 2.0)},
    "top-k": {"k": 4, "revival": 0.25},
}


def small(name, latent_dim=40, **kwargs):
    keras.utils.set_random_seed(0)
    model = models.sparse(latent_dim, **PENALTIES[name], **kwargs)
    model.compile(keras.optimizers.Adam(0.005), losses.squared_error)
    return model


def test_top_k_by_hand():
    scores = np.array([[3.0, -1.0, 2.0, 5.0], [-4.0, -1.0, -3.0, 0.5]], "float32")
    np.testing.assert_array_equal(layers.TopK(2)(scores), [[3, 0, 0, 5], [0, 0, 0, 0.5]])
    np.testing.assert_array_equal(layers.TopK(4)(scores), np.maximum(scores, 0))


def test_top_k_lets_gradients_through_to_what_it_keeps():
    import tensorflow as tf

    scores = tf.Variable([[3.0, -1.0, 2.0, 5.0]])
    with tf.GradientTape() as tape:
        code = layers.TopK(2)(scores)
    np.testing.assert_array_equal(tape.gradient(code, scores), [[1, 0, 0, 1]])


@pytest.mark.parametrize("k", [0, -1, 2.5, True, None, "3"])
def test_top_k_refuses_a_k_that_is_no_positive_integer(k):
    with pytest.raises(ValueError, match=r"k must be a positive integer. Received: k="):
        layers.TopK(k)


def test_k_over_the_code_size():
    message = r"k must be at most the number of units, 10. Received: k=11"
    with pytest.raises(ValueError, match=message):
        layers.TopK(11)(np.zeros((1, 10)))
    with pytest.raises(ValueError, match=message):
        models.sparse(latent_dim=10, k=11)


def test_kl_by_hand():
    rng = np.random.default_rng(0)
    x = rng.uniform(0.1, 0.6, (8, 5)).astype("float32")
    m, r = x.mean(axis=0), 0.2
    expected = 3 * (r * np.log(r / m) + (1 - r) * np.log((1 - r) / (1 - m))).sum()
    penalty = layers.KLSparsity(rate=r, weight=3.0)
    np.testing.assert_allclose(penalty(x), 8 * expected, rtol=1e-5)
    # Keras divides by the batch size, so that the loss has the penalty once.
    layer = keras.layers.Activation("linear", activity_regularizer=penalty)
    layer(x)
    np.testing.assert_allclose(layer.losses[0], expected, rtol=1e-5)


def test_kl_is_zero_at_its_rate_and_finite_at_the_ends():
    penalty = layers.KLSparsity(rate=0.2)
    np.testing.assert_allclose(penalty(np.full((4, 3), 0.2)), 0, atol=1e-5)
    assert np.isfinite(penalty(np.array([[0.0, 1.0]])))


def test_keras_l1_is_summed_over_units_and_averaged_over_images():
    x = np.array([[1.0, -2.0, 0.0], [3.0, 0.0, 0.0]], "float32")
    layer = keras.layers.Activation("linear", activity_regularizer=keras.regularizers.L1(0.5))
    layer(x)
    np.testing.assert_allclose(layer.losses[0], 0.5 * (3 + 3) / 2)


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5, float("nan"), "0.1"])
def test_a_rate_outside_0_to_1(rate):
    with pytest.raises(ValueError, match=r"rate must be a number between 0 and 1. Received: rate="):
        layers.KLSparsity(rate=rate)


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf"), None])
def test_bad_weights(weight):
    with pytest.raises(ValueError, match=r"must be a number of at least 0. Received: weight="):
        layers.KLSparsity(weight=weight)
    with pytest.raises(ValueError, match=r"must be a number of at least 0. Received: revival="):
        models.sparse(latent_dim=10, k=2, revival=-1.0 if weight is None else weight)


def test_bad_arguments():
    with pytest.raises(ValueError, match="Only one of k and activity_regularizer"):
        models.sparse(k=3, activity_regularizer="l1")
    with pytest.raises(ValueError, match="revival needs a k"):
        models.sparse(revival=0.1)
    for latent_dim in (0, -1, 2.5):
        with pytest.raises(ValueError, match="latent_dim must be a positive integer"):
            models.sparse(latent_dim)
    with pytest.raises(ValueError, match="idle_k must be a positive integer"):
        parts = models.sparse(10, k=2)
        models.SparseAutoencoder(parts.encoder, parts.decoder, idle_k=0)
    with pytest.raises(ValueError, match="L1|l1|float"):
        keras.regularizers.L1(-1.0)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", PENALTIES)
def test_gradients_reach_every_weight(name, digits):
    model = small(name)
    before = [weight.numpy().copy() for weight in model.trainable_weights]
    assert len(before) == 4
    model.fit(digits, digits, batch_size=16, epochs=3, verbose=0)
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert np.any(weight.numpy() != old), weight.path


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", PENALTIES)
def test_save_and_load(name, digits, tmp_path):
    model = small(name)
    model.fit(digits, digits, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    np.testing.assert_allclose(
        loaded.predict(digits, verbose=0), model.predict(digits, verbose=0), atol=1e-5
    )
    # Still compiled, and with the same penalties.
    assert loaded.evaluate(digits, digits, verbose=0) == pytest.approx(
        model.evaluate(digits, digits, verbose=0), rel=1e-4
    )
    loaded.fit(digits, digits, verbose=0)


@pytest.mark.parametrize("name", ["none", "top-k"])
def test_memorises_32_digits(name, digits):
    model = small(name, latent_dim=200)
    x = digits[:32]
    batches = np.tile(x, (50, 1, 1, 1))
    model.fit(batches, batches, epochs=6, shuffle=False, verbose=0)
    error = metrics.sse(x, model.predict(x, verbose=0)).mean()
    assert error < 0.25 * metrics.sse(x, np.broadcast_to(x.mean(axis=0), x.shape)).mean()


def test_an_image_is_the_sum_of_its_atoms(digits):
    model = small("top-k")
    model.fit(digits, digits, verbose=0)
    z = model.encoder.predict(digits, verbose=0)
    atoms = model.decoder.get_layer("atoms")
    by_hand = z @ atoms.kernel.numpy() + atoms.bias.numpy()
    np.testing.assert_allclose(
        model.predict(digits, verbose=0).reshape(-1, 784), by_hand, atol=1e-4
    )
    np.testing.assert_allclose(np.linalg.norm(atoms.kernel, axis=1), 1, rtol=1e-5)
    assert metrics.l0(z).max() <= 4


def test_the_encoder_starts_as_the_decoders_transpose():
    model = models.sparse(20, k=3)
    kernel = model.encoder.get_layer("scores").kernel
    np.testing.assert_allclose(kernel, ops.transpose(model.decoder.get_layer("atoms").kernel))
    other = models.sparse(20, k=3, transpose=False)
    kernel = other.encoder.get_layer("scores").kernel.numpy()
    assert not np.allclose(kernel, other.decoder.get_layer("atoms").kernel.numpy().T)


def test_the_auxiliary_loss_by_hand(digits):
    model = small("top-k", latent_dim=30)
    model.idle_k = 3
    # Six units that no image can turn on.
    bias = np.zeros(30, "float32")
    bias[:6] = -100 - np.arange(6)
    model.encoder.get_layer("scores").bias.assign(bias)
    y_pred = model(digits)
    scores = digits.reshape(64, 784) @ model.encoder.get_layer("scores").kernel.numpy() + bias
    idle = metrics.firing_rates(np.asarray(model.encoder(digits))) == 0
    assert 6 <= idle.sum() < 30
    scores[:, ~idle] = -np.inf
    chosen = np.argsort(scores, axis=1)[:, -3:]
    rebuilt = np.zeros((64, 784))
    for row, units in enumerate(chosen):
        for unit in units:
            rebuilt[row] += (
                scores[row, unit] * model.decoder.get_layer("atoms").kernel.numpy()[unit]
            )
    error = (digits - np.asarray(y_pred)).reshape(64, 784)
    expected = np.square(error).sum(1).mean() + 0.25 * np.square(error - rebuilt).sum(1).mean()
    loss = model.compute_loss(x=digits, y=digits, y_pred=y_pred)
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    evaluated = model.compute_loss(x=digits, y=digits, y_pred=y_pred, training=False)
    np.testing.assert_allclose(evaluated, np.square(error).sum(1).mean(), rtol=1e-4)


def test_the_auxiliary_loss_reaches_idle_units_only(digits):
    import tensorflow as tf

    model = small("top-k", latent_dim=30)
    bias = np.zeros(30, "float32")
    bias[:6] = -100
    model.encoder.get_layer("scores").bias.assign(bias)
    with tf.GradientTape() as tape:
        loss = model._auxiliary_loss(digits, digits, model(digits))
    gradient = tape.gradient(loss, model.decoder.get_layer("atoms").kernel).numpy()
    idle = metrics.firing_rates(np.asarray(model.encoder(digits))) == 0
    assert np.any(gradient[idle] != 0, axis=1).all()
    assert not gradient[~idle].any()


def test_the_cure_leaves_fewer_dead_units():
    x = data.load_mnist().x_train

    def dead(**kwargs):
        keras.utils.set_random_seed(0)
        model = models.sparse(300, k=20, **kwargs)
        model.decoder.get_layer("atoms").bias.assign(x.mean(axis=0).ravel())
        model.compile(keras.optimizers.Adam(0.003), losses.squared_error)
        model.fit(x, x, batch_size=64, epochs=4, verbose=0)
        return np.mean(metrics.firing_rates(model.encoder.predict(x, verbose=0)) == 0)

    assert dead(revival=0.25) < 0.5 * dead(transpose=False)


def test_rates_and_l0_by_hand():
    z = np.array([[0.0, 2.0, 0.1, 0.0], [0.0, 1.0, 0.0, 0.3]])
    np.testing.assert_array_equal(metrics.firing_rates(z), [0, 1, 0.5, 0.5])
    np.testing.assert_array_equal(metrics.firing_rates(z, threshold=0.2), [0, 1, 0, 0.5])
    np.testing.assert_array_equal(metrics.l0(z), [2, 2])
    np.testing.assert_array_equal(metrics.l0(z, threshold=0.2), [1, 2])
    assert metrics.firing_rates(z).sum() == metrics.l0(z).mean()
    for function in (metrics.firing_rates, metrics.l0):
        for bad in (np.zeros(3), np.zeros((0, 3)), np.full((2, 2), np.nan)):
            with pytest.raises(ValueError, match="z"):
                function(bad)


def test_linear_probe_equals_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    z = rng.normal(size=(300, 5)) + 3 * np.eye(3, 5)[y]
    scaled = z / np.sqrt(np.mean(z[:200] ** 2))
    probe = LogisticRegression(C=0.03).fit(scaled[:200], y[:200])
    ours = metrics.linear_probe(z[:200], y[:200], z[200:], y[200:])
    assert ours == pytest.approx(probe.score(scaled[200:], y[200:]), abs=0.011)
    assert 0.7 < ours < 1
    assert ours == metrics.linear_probe(100 * z[:200], y[:200], 100 * z[200:], y[200:])


def test_linear_probe_of_sparse_arrays():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    z = np.maximum(0, rng.normal(size=(300, 50)) + 2 * np.eye(3, 50)[y] - 1)
    dense = metrics.linear_probe(z[:200], y[:200], z[200:], y[200:])
    assert dense > 0.6
    for kind in (sparse.csr_array, sparse.coo_array, sparse.csc_matrix):
        found = metrics.linear_probe(kind(z[:200]), y[:200], kind(z[200:]), y[200:])
        assert found == pytest.approx(dense, abs=0.011)
    with pytest.raises(ValueError, match="must have the shapes"):
        metrics.linear_probe(sparse.csr_array(z), y[:200], z, y)


def test_linear_probe_of_codes_without_information():
    y = np.arange(40) % 2
    assert metrics.linear_probe(np.zeros((40, 3)), y, np.zeros((40, 3)), y) == 0.5


def test_linear_probe_refuses_what_does_not_belong_together():
    z, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])
    for bad in [(z, y[:3], z, y), (z, y, z, y[:3]), (z, y, np.zeros((4, 3)), y), (y, y, y, y)]:
        with pytest.raises(ValueError, match="must have the shapes"):
            metrics.linear_probe(*bad)


def test_what_the_notebook_writes_out_is_the_package_s(digits):
    notebook = course.notebook("04_sparse").read()
    names = {"keras": keras, "layers": keras.layers, "ops": ops, "LATENT_DIM": 40}
    for cell in notebook.cells:
        if {"sparse", "kl", "topk", "auxiliary"} & set(cell.metadata.get("tags", [])):
            exec(cell.source, names)
    package = models.sparse(40)
    package.encoder.set_weights(names["encoder"].get_weights())
    package.decoder.set_weights(names["decoder"].get_weights())
    written = models.Autoencoder(names["encoder"], names["decoder"])
    np.testing.assert_allclose(
        written.predict(digits, verbose=0), package.predict(digits, verbose=0), atol=1e-5
    )
    x = np.random.default_rng(0).normal(size=(9, 40)).astype("float32")
    np.testing.assert_array_equal(names["TopK"](4)(x), layers.TopK(4)(x))
    x = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(
        names["KLSparsity"](0.1, 2.0)(x), layers.KLSparsity(0.1, 2.0)(x), rtol=1e-5
    )
    model = models.sparse(40, k=3)
    y = model(digits)
    np.testing.assert_allclose(
        names["auxiliary_loss"](
            ops.reshape(digits - y, (-1, 784)),
            ops.reshape(digits, (-1, 784)) @ model.encoder.get_layer("scores").kernel,
            model.encoder(digits),
            model.decoder.get_layer("atoms").kernel,
            k=40,
        ),
        model._auxiliary_loss(digits, digits, y),
        rtol=1e-4,
    )
