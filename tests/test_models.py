import itertools
import logging

import keras
import numpy as np
import pytest

from aehelpers import losses, models

BUILDERS = {"vanilla": models.vanilla, "deep": models.deep}


@pytest.fixture(scope="module")
def digits():
    from aehelpers import data

    return data.load_mnist().x_train[:32]


@pytest.mark.parametrize("name", BUILDERS)
def test_shapes(name, digits):
    model = BUILDERS[name](latent_dim=5)
    codes = model.encoder.predict(digits, verbose=0)
    assert codes.shape == (32, 5)
    images = model.decoder.predict(codes, verbose=0)
    assert images.shape == (32, 28, 28, 1)
    assert 0 <= images.min() and images.max() <= 1
    np.testing.assert_allclose(model.predict(digits, verbose=0), images, atol=1e-5)


@pytest.mark.parametrize(
    "build",
    [lambda: models.vanilla(latent_dim=64), lambda: models.deep(latent_dim=30, sizes=(100, 50))],
    ids=["vanilla", "deep"],
)
def test_memorises_32_digits(build, digits):
    keras.utils.set_random_seed(0)
    model = build()
    model.compile(keras.optimizers.Adam(0.005), losses.squared_error)
    batches = np.tile(digits, (100, 1, 1, 1))
    error = model.fit(batches, batches, epochs=20, shuffle=False, verbose=0).history["loss"][-1]
    # A tenth after 20 epochs from other seeds; the mean image alone would give 1.
    assert error < 0.2 * np.square(digits - digits.mean(0)).sum() / len(digits)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", BUILDERS)
def test_gradients_reach_every_weight(name, digits):
    keras.utils.set_random_seed(0)
    model = BUILDERS[name]()
    before = [weight.numpy().copy() for weight in model.trainable_weights]
    model.compile("adam", losses.binary_crossentropy)
    model.fit(digits, digits, epochs=2, verbose=0)
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert np.any(weight.numpy() != old), weight.path


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", BUILDERS)
def test_save_and_load(name, digits, tmp_path):
    model = BUILDERS[name](latent_dim=3)
    model.compile("adam", losses.squared_error)
    model.fit(digits, digits, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded, models.Autoencoder)
    np.testing.assert_allclose(
        loaded.predict(digits, verbose=0), model.predict(digits, verbose=0), atol=1e-6
    )
    np.testing.assert_allclose(
        loaded.encoder.predict(digits, verbose=0),
        model.encoder.predict(digits, verbose=0),
        atol=1e-5,
    )
    loaded.fit(digits, digits, verbose=0)  # still compiled


def test_sizes_are_the_published_ones():
    assert models.vanilla().count_params() == 784 * 32 + 32 + 32 * 784 + 784
    kernels = [w.shape for w in models.deep().weights if len(w.shape) == 2]
    sizes = [784, 1000, 500, 250, 30, 250, 500, 1000, 784]
    assert kernels == list(itertools.pairwise(sizes))


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize("latent_dim", [0, -1, 2.5, True, None, "32"])
def test_bad_latent_dim(name, latent_dim):
    with pytest.raises(ValueError, match="latent_dim must be a positive integer. Received"):
        BUILDERS[name](latent_dim=latent_dim)


def test_halves_that_do_not_fit():
    with pytest.raises(ValueError, match="codes of the shape that encoder gives"):
        models.Autoencoder(models.vanilla(3).encoder, models.vanilla(4).decoder)


def test_wrong_image_shape():
    with pytest.raises(ValueError):
        models.vanilla().predict(np.zeros((2, 27, 28, 1), "float32"), verbose=0)


def test_losses_against_numpy():
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 6, 28, 28, 1)).astype("float32")
    by_hand = -(x * np.log(y) + (1 - x) * np.log(1 - y)).sum((1, 2, 3))
    np.testing.assert_allclose(losses.binary_crossentropy(x, y), by_hand, rtol=1e-4)
    np.testing.assert_allclose(
        losses.squared_error(x, y), np.square(x - y).sum((1, 2, 3)), rtol=1e-5
    )
    per_pixel = keras.losses.BinaryCrossentropy()(x, y)
    np.testing.assert_allclose(by_hand.mean() / 784, per_pixel, rtol=1e-4)
    assert np.isfinite(losses.binary_crossentropy(np.ones((1, 4)), np.zeros((1, 4)))).all()


def test_only_the_warning_about_retracing_is_left_out(caplog):
    logger = logging.getLogger("tensorflow")
    logger.warning("5 out of the last 5 calls to f triggered tf.function retracing. Tracing is")
    logger.warning("something else")
    assert caplog.messages == ["something else"]


def test_files_that_were_saved_before_are_known_by_these_names():
    names = {name for name in keras.saving.get_custom_objects() if name.startswith("aehelpers>")}
    assert names == {
        "aehelpers>Autoencoder",
        "aehelpers>ClassLabels",
        "aehelpers>CodeBits",
        "aehelpers>CodeFlow",
        "aehelpers>ConditionalVariationalAutoencoder",
        "aehelpers>FiniteScalarQuantisation",
        "aehelpers>KLSparsity",
        "aehelpers>MaskedDense",
        "aehelpers>Sampling",
        "aehelpers>SparseAutoencoder",
        "aehelpers>TimeWaves",
        "aehelpers>TopK",
        "aehelpers>VariationalAutoencoder",
        "aehelpers>binary_crossentropy",
        "aehelpers>squared_error",
    }


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: models.deep(30, sizes=256), "sizes must be a list of positive integers. Received"),
        (lambda: models.variational(2, sizes="12"), "sizes must be a list of positive integers"),
        (lambda: models.convolutional(4, filters=8), "filters must be a list of positive integers"),
        (lambda: models.denoising(filters=None), "filters must be a list of positive integers"),
        (lambda: models.deep(30, sizes=[256, 0]), "each of sizes must be a positive integer"),
    ],
)
def test_a_number_in_place_of_a_list_is_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
