"""The widgets without a browser: values, pictures, pages, and what they refuse."""

import keras
import numpy as np
import pytest
import traitlets

from aehelpers import data, models, widgets


def seeded(build, *args, **kwargs):
    """Builds a model that is the same on every machine, with weights that do something."""
    keras.utils.set_random_seed(0)
    return build(*args, **kwargs)


@pytest.fixture(scope="module")
def vae():
    return seeded(models.variational, latent_dim=5, sizes=(16,))


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist().x_test[:12]


def drawn(model, z):
    return model.decoder.predict(np.atleast_2d(z), verbose=0).reshape(-1, 28, 28)[0]


def test_sliders_the_image_follows_the_code(vae):
    w = widgets.latent_sliders(vae)
    seen = []
    w.observe(lambda change: seen.append((change.name, change.new)), ["z", "image"])
    w.z = [0, 2, 0, 0, -1]
    np.testing.assert_allclose(w.image, drawn(vae, [0, 2, 0, 0, -1]), atol=1e-5)
    assert sorted(name for name, _ in seen) == ["image", "z"]
    assert all(new is getattr(w, name) for name, new in seen)
    with pytest.raises(ValueError, match="read-only"):
        w.z[0] = 1


def test_sliders_start_at_the_first_image_and_take_another(vae, digits):
    z = vae.encoder.predict(digits, verbose=0)
    w = widgets.latent_sliders(vae, digits, dims=[3, 0])
    assert [unit["dim"] for unit in w._config["units"]] == [3, 0]
    np.testing.assert_allclose(w.z, z[0], atol=1e-5)
    w.image = digits[2]
    np.testing.assert_allclose(w.z, z[2], atol=1e-5)
    np.testing.assert_allclose(w.image, drawn(vae, z[2]), atol=1e-5)


def test_sliders_are_sorted_by_what_they_change():
    decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(784)])
    decoder.layers[0].set_weights([np.outer([1, 3, 2], np.ones(784)), np.zeros(784)])
    assert widgets.latent_sliders(decoder).units == [1, 2, 0]


def test_what_a_browser_sends_comes_back_unchanged(vae):
    w = widgets.latent_sliders(vae)
    w.set_state({"z": [float(np.float32(value)) for value in (0.1, 0.2, 0.3, -3, 3)]})
    assert w.get_state("z")["z"] == np.float32([0.1, 0.2, 0.3, -3, 3]).tolist()
    np.testing.assert_allclose(w.image, drawn(vae, w.z), atol=1e-5)


def test_training_on_does_not_change_what_is_shown(vae):
    model = seeded(models.variational, latent_dim=2, sizes=(8,))
    w = widgets.latent_sliders(model)
    before = np.array(w.image)
    model.set_weights([weight + 0.1 for weight in model.get_weights()])
    w.z = w.z + 1
    w.z = w.z - 1
    np.testing.assert_allclose(w.image, before, atol=1e-5)


@pytest.mark.parametrize(
    "z", [[0] * 4, [0] * 6, [np.nan] * 5, [0, 0, 0, 0, np.inf], "zero", None, [[0] * 5]]
)
def test_bad_codes(vae, z):
    w = widgets.latent_sliders(vae)
    before = w.z
    with pytest.raises(traitlets.TraitError, match="z must be 5 finite numbers. Received"):
        w.z = z
    assert w.z is before


@pytest.mark.parametrize("dims", [[], [5], [-1], [0, 0], "no", 3])
def test_bad_dims(vae, dims):
    with pytest.raises(ValueError, match="dims must be different units from 0 to 4. Received"):
        widgets.latent_sliders(vae, dims=dims)
