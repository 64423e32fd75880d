"""The widget that takes noise to digits, without a browser."""

import keras
import numpy as np
import pytest
import traitlets

from aehelpers import models, widgets


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return models.variational(4, sizes=(12,))


def flow_of(classes=None, latent_dim=4):
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    flow = models.code_flow(latent_dim, width=12, depth=1, num_classes=classes)
    flow.adapt(rng.normal(size=(50, latent_dim)) * 2 + 1)
    for weight in flow.net.weights:
        weight.assign(weight + rng.normal(0, 0.3, weight.shape))
    return flow


def test_codes_and_images_are_those_of_the_flow(model):
    flow = flow_of(classes=3)
    w = widgets.walk(model, flow)
    assert (w.steps, w.label, w.draw) == (10, 3, 0)
    z = flow.sample(10, steps=10, seed=0, labels=np.arange(10) % 3)
    np.testing.assert_allclose(w.z, z, atol=1e-5)
    w.steps, w.label, w.draw = 2, 1, 5
    z = flow.sample(10, steps=2, seed=5, labels=np.full(10, 1))
    np.testing.assert_allclose(w.z, z, atol=1e-5)
    images = model.decoder.predict(z, verbose=0).reshape(-1, 28, 28)
    np.testing.assert_allclose(w.images, images, atol=1e-5)


def test_a_flow_that_is_trained_on_stays_as_it_was_shown(model):
    flow = flow_of()
    w = widgets.walk(model, flow)
    before = w.z
    for weight in flow.net.weights:
        weight.assign(weight + 0.5)
    np.testing.assert_array_equal(w.z, before)
    assert np.abs(flow.sample(10, steps=10, seed=0) - before).max() > 0.1


def test_it_has_a_picture_and_a_page(model, tmp_path):
    w = widgets.walk(model, flow_of(classes=3))
    content, metadata = w._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == content["text/plain"]
    assert "a row for each number of steps, 1, 2, 3, 5, 10, 20" in content["text/plain"]
    assert w.save(tmp_path / "walk.html").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("steps", 0, "steps must lie between 1 and 20. Received: steps=0"),
        ("steps", 21, "steps must lie between 1 and 20"),
        ("label", 4, "label must lie between 0 and 3"),
        ("draw", 8, "draw must lie between 0 and 7"),
    ],
)
def test_values_out_of_range_are_refused(model, name, value, message):
    w = widgets.walk(model, flow_of(classes=3))
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(w, name, value)


def test_what_cannot_be_shown(model):
    with pytest.raises(ValueError, match="flow must be a CodeFlow.* Received: CodeMixture"):
        widgets.walk(model, models.CodeMixture(2))
    with pytest.raises(ValueError, match="codes of 4 numbers, .* Received: a flow of 3"):
        widgets.walk(model, flow_of(latent_dim=3))
    with pytest.raises(ValueError, match=r"model must have an \.encoder and a \.decoder"):
        widgets.walk("model", flow_of())
    broken = flow_of()
    broken.net.weights[0].assign(np.full(broken.net.weights[0].shape, np.nan))
    with pytest.raises(ValueError, match="weights of flow must be finite"):
        widgets.walk(model, broken)
