import io

import numpy as np
import pytest
from PIL import Image

from aehelpers import data, models, widgets


@pytest.fixture(scope="module")
def vae():
    return models.variational(latent_dim=5, sizes=(16,))


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist().x_test[:4]


def pixels(box):
    image = np.asarray(Image.open(io.BytesIO(box.picture.value)))
    return image[4::8, 4::8] / 255


def drawn(vae, z):
    return vae.decoder.predict(np.atleast_2d(z), verbose=0).reshape(28, 28)


def test_the_picture_follows_the_sliders(vae):
    box = widgets.latent_sliders(vae)
    np.testing.assert_allclose(pixels(box), drawn(vae, np.zeros(5)), atol=0.003)
    box.sliders[1].value = 2.0
    box.sliders[4].value = -1.0
    np.testing.assert_allclose(pixels(box), drawn(vae, [0, 2, 0, 0, -1]), atol=0.003)
    box.back.click()
    assert [slider.value for slider in box.sliders] == [0] * 5
    np.testing.assert_allclose(pixels(box), drawn(vae, np.zeros(5)), atol=0.003)


def test_they_start_from_an_image_and_keep_the_units_without_a_slider(vae, digits):
    z = vae.encoder.predict(digits, verbose=0)
    box = widgets.latent_sliders(vae, digits, dims=[3, 0])
    assert [slider.description for slider in box.sliders] == ["z4", "z1"]
    np.testing.assert_allclose(pixels(box), drawn(vae, z[0]), atol=0.003)
    box.start.value = 2
    np.testing.assert_allclose([s.value for s in box.sliders], z[2, [3, 0]], atol=1e-5)
    np.testing.assert_allclose(pixels(box), drawn(vae, z[2]), atol=0.003)
    box.sliders[0].value = 1.5
    z[2, 3] = 1.5
    np.testing.assert_allclose(pixels(box), drawn(vae, z[2]), atol=0.003)


@pytest.mark.parametrize("dims", [[], [5], [-1], [0, 0]])
def test_bad_dims(vae, dims):
    with pytest.raises(ValueError, match="dims must be different units from 0 to 4. Received"):
        widgets.latent_sliders(vae, dims=dims)


def test_bad_model_and_images(vae, digits):
    with pytest.raises(ValueError, match="model must decode vectors"):
        widgets.latent_sliders(models.conditional_variational(2, sizes=(4,)))
    with pytest.raises(ValueError, match=r"x must lie in \[0, 1\]"):
        widgets.latent_sliders(vae, digits * 255)
