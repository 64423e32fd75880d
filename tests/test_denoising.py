import keras
import numpy as np
import pytest

from aehelpers import data, losses, metrics, models, training
from scripts import course, weights

SMALL = {"filters": (3, 4), "context": 5}


@pytest.fixture(scope="module")
def digits():
    return weights.bundled_test_digits()[0]


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return models.denoising(**SMALL)


def test_shapes(model, digits):
    codes = model.encoder.predict(digits[:3], verbose=0)
    assert codes.shape == (3, 7, 7, 4)
    images = model.decoder.predict(codes, verbose=0)
    assert images.shape == (3, 28, 28, 1)
    assert 0 <= images.min() and images.max() <= 1
    np.testing.assert_allclose(model.predict(digits[:3], verbose=0), images, atol=1e-5)


@pytest.mark.usefixtures("eagerly")
def test_trains_saves_and_loads(model, digits, tmp_path):
    before = [weight.numpy() for weight in model.trainable_weights]
    model.compile("adam", losses.binary_crossentropy)
    model.fit(data.gaussian_noise(digits, seed=0), digits, epochs=2, verbose=0)
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert np.any(weight.numpy() != old), weight.path
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = model.predict(digits, verbose=0)
    np.testing.assert_allclose(loaded.predict(digits, verbose=0), expected, atol=1e-6)


def test_every_place_of_the_output_depends_on_the_whole_code():
    """A convolution alone would see its neighbourhood only."""
    keras.utils.set_random_seed(0)
    model = models.denoising()
    code = np.zeros((2, 7, 7, 48), "float32")
    code[1, 0, 0] = 10
    first, second = model.decoder.predict(code, verbose=0)
    assert (np.abs(first - second)[-4:, -4:] > 1e-6).all()


def test_learns_to_remove_noise(digits):
    keras.utils.set_random_seed(0)
    model = models.denoising(filters=(8, 16), context=32)
    model.compile(keras.optimizers.Adam(0.005), losses.binary_crossentropy)
    model.fit(data.pipeline(digits[:200], 20, corruption=data.gaussian_noise), epochs=15, verbose=0)
    noisy = data.gaussian_noise(digits[200:], seed=0)
    repaired = model.predict(noisy, verbose=0)
    gain = metrics.psnr(digits[200:], repaired) - metrics.psnr(digits[200:], noisy)
    assert gain.mean() > 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": (0, 4)}, "each of filters must be a positive integer. Received: .*=0"),
        ({"filters": (4,)}, r"filters must be two numbers. Received: filters=\[4\]"),
        ({"context": 2.5}, "context must be a positive integer. Received: context=2.5"),
    ],
)
def test_bad_input_gets_a_clear_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.denoising(**arguments)


def test_the_model_written_out_in_03_is_the_package_s(digits):
    notebook = course.notebook("03_denoising").read()
    names = {"keras": keras, "layers": keras.layers}
    for cell in notebook.cells:
        if "denoising" in cell.metadata.get("tags", []):
            exec(cell.source, names)
    written, package = models.Autoencoder(names["encoder"], names["decoder"]), models.denoising()
    written.set_weights(package.get_weights())
    np.testing.assert_allclose(
        written.predict(digits[:3], verbose=0), package.predict(digits[:3], verbose=0), atol=1e-6
    )


def test_shipped_denoiser_repairs_digits_far_better_than_a_median_filter(digits):
    from skimage.filters import median
    from skimage.morphology import disk

    noisy = data.gaussian_noise(digits, 0.5, seed=1)
    filtered = np.stack([median(image, disk(2)) for image in noisy[..., 0]])[..., None]
    repaired = training.load_pretrained("denoising").predict(noisy, verbose=0)
    gain = metrics.psnr(digits, repaired).mean() - metrics.psnr(digits, filtered).mean()
    assert gain > 5.5
