import keras
import numpy as np
import pytest
from keras import layers

from aehelpers import data, losses, models

SMALL = {"filters": (3, 4), "activation": "relu"}
VARIANTS = {
    "vector": {"latent_dim": 5},
    "map": {"latent_dim": None},
    "pool, upsample": {"latent_dim": 5, "down": "pool", "up": "upsample"},
}


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist().x_train[:32]


@pytest.fixture(params=VARIANTS)
def model(request):
    keras.utils.set_random_seed(0)
    return models.convolutional(**SMALL, **VARIANTS[request.param])


def test_shapes(model, digits):
    codes = model.encoder.predict(digits, verbose=0)
    assert codes.shape in [(32, 5), (32, 7, 7, 4)]
    images = model.decoder.predict(codes, verbose=0)
    assert images.shape == digits.shape
    assert 0 <= images.min() and images.max() <= 1
    np.testing.assert_allclose(model.predict(digits, verbose=0), images, atol=1e-5)


@pytest.mark.usefixtures("eagerly")
def test_trains_saves_and_loads(model, digits, tmp_path):
    before = [weight.numpy() for weight in model.trainable_weights]
    model.compile("adam", losses.squared_error)
    model.fit(digits, digits, epochs=3, verbose=0)
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert np.any(weight.numpy() != old), weight.path
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = model.predict(digits, verbose=0)
    np.testing.assert_allclose(loaded.predict(digits, verbose=0), expected, atol=1e-6)


def test_memorises_32_digits(digits):
    keras.utils.set_random_seed(0)
    model = models.convolutional(latent_dim=30, filters=(8, 16))
    model.compile(keras.optimizers.Adam(0.01), losses.squared_error)
    batches = np.tile(digits, (100, 1, 1, 1))
    error = model.fit(batches, batches, epochs=6, shuffle=False, verbose=0).history["loss"][-1]
    assert error < 0.1 * np.square(digits - digits.mean(0)).sum() / len(digits)


def test_equals_the_published_layers(digits):
    # The model of keras.io's example "Convolutional autoencoder for image denoising".
    published = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu", padding="same"),
            layers.MaxPooling2D((2, 2), padding="same"),
            layers.Conv2D(32, (3, 3), activation="relu", padding="same"),
            layers.MaxPooling2D((2, 2), padding="same"),
            layers.Conv2DTranspose(32, (3, 3), strides=2, activation="relu", padding="same"),
            layers.Conv2DTranspose(32, (3, 3), strides=2, activation="relu", padding="same"),
            layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same"),
        ]
    )
    model = models.convolutional(None, filters=(32, 32), down="pool", activation="relu")
    model.set_weights(published.get_weights())
    np.testing.assert_allclose(
        model.predict(digits, verbose=0), published.predict(digits, verbose=0), atol=1e-6
    )


def test_other_image_sizes():
    model = models.convolutional(4, image_shape=(32, 24, 3))
    assert model.decoder.output_shape == (None, 32, 24, 3)


@pytest.mark.parametrize("latent_dim", [0, -1, 2.5, True, "32"])
def test_bad_latent_dim(latent_dim):
    with pytest.raises(ValueError, match="latent_dim must be a positive integer. Received"):
        models.convolutional(latent_dim=latent_dim)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": (8, 8, 8)}, r"sides that 8 divides.*image_shape=\(28, 28, 1\)"),
        ({"image_shape": (30, 28, 1)}, r"sides that 4 divides.*image_shape=\(30, 28, 1\)"),
        ({"filters": (8, 0)}, "each of filters must be a positive integer. Received"),
        ({"down": "max"}, 'down must be "stride" or "pool". Received: down=\'max\''),
        ({"up": "shuffle"}, 'up must be "transpose" or "upsample". Received: up=\'shuffle\''),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.convolutional(**arguments)
