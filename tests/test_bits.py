"""The widget of a code's bits, without a browser."""

import json

import keras
import numpy as np
import pytest
import traitlets

from aehelpers import data, models, widgets


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return models.deep(5, sizes=(12,))


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist().x_test[:12]


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(0).normal(size=(300, 5)) * [1, 2, 0.5, 1, 0.1]


@pytest.fixture
def w(model, codes, digits):
    return widgets.bits(model, codes, digits)


def packed(w, name):
    note = w._config[name]
    return np.frombuffer(w._data, "float32", note["size"], note["at"])


def test_the_levels_are_those_of_the_notebook(w, model, codes, digits):
    step = codes.std(axis=0).max() / 2
    levels = np.rint(model.encoder.predict(digits, verbose=0) / step).clip(-8, 7) + 8
    for digit in (0, 7):
        w.digit = digit
        np.testing.assert_array_equal(w.levels, levels[digit])
        np.testing.assert_allclose(w.z, (levels[digit] - 8) * step, rtol=1e-6)
        image = model.decoder.predict(w.z[None], verbose=0).reshape(28, 28).clip(0, 1)
        np.testing.assert_allclose(w.image, image, atol=1e-5)
    np.testing.assert_array_equal(packed(w, "levels").reshape(10, 5), levels[:10])
    assert w._config["images"]["size"] == 10 * 784 and w._config["step"] == pytest.approx(step)


def test_each_level_costs_what_its_frequency_says(w, codes):
    levels = np.rint(codes / (codes.std(axis=0).max() / 2)).clip(-8, 7) + 8
    costs = packed(w, "costs").reshape(5, 16)
    np.testing.assert_allclose((2.0**-costs).sum(axis=1), 1, rtol=1e-5)
    often = np.mean(levels[:, 4] == 8)
    assert costs[4, 8] == pytest.approx(-np.log2(often), abs=0.05) and costs[4, 15] > 9


def test_flips_stay_for_the_next_digit(w):
    before = []
    for w.digit in (0, 3):
        before.append(w.levels)
    seen = []
    w.observe(lambda change: seen.append(change.name), ["digit", "flips"])
    w.flips = [8, 0, 0, 1, 15]
    np.testing.assert_array_equal(w.levels, before[1] ^ [8, 0, 0, 1, 15])
    w.digit = 0
    np.testing.assert_array_equal(w.levels, before[0] ^ [8, 0, 0, 1, 15])
    assert seen == ["flips", "digit"]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("digit", -1, "digit must lie between 0 and 9. Received: digit=-1"),
        ("digit", 10, "digit must lie between 0 and 9"),
        ("flips", [0] * 4, "flips must be 5 integers from 0 to 15. Received: flips="),
        ("flips", [0, 0, 0, 0, 16], "flips must be 5 integers from 0 to 15"),
        ("flips", [-1, 0, 0, 0, 0], "flips must be 5 integers from 0 to 15"),
        ("flips", [0.5] * 5, "The 'flips' trait .* expected an int"),
    ],
)
def test_values_out_of_range_are_refused(w, name, value, message):
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(w, name, value)
    assert w.digit == 0 and w.flips == [0] * 5


def test_it_has_a_picture_and_a_page(w, tmp_path):
    content, metadata = w._repr_mimebundle_()
    alt = metadata["image/png"]["alt"]
    assert alt == content["text/plain"] and "worth 1, 2, 4, 8 steps" in alt
    assert len(content["image/png"]) < 70_000
    assert w.save(tmp_path / "bits.html").stat().st_size > 10_000


def test_its_example_has_codes_of_the_packages_own_digits(model, digits):
    w = widgets._bits.Bits.example(model, digits)
    (seen, _), _ = data.bundled()
    codes = model.encoder.predict(data.check_images(seen), verbose=0)
    assert w.step == pytest.approx(codes.std(axis=0).max() / 2, rel=1e-5)
    assert json.loads(json.dumps(w.get_state(w.shown))) == {"digit": 0, "flips": [0] * 5}


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((9, 4)), r"codes must be numbers of shape \(n, 5\).* Received: float64 of shape"),
        (np.zeros(5), r"codes must be numbers of shape \(n, 5\)"),
        (np.full((9, 5), "a"), r"codes must be numbers of shape \(n, 5\)"),
        (np.full((9, 5), np.nan), "The codes must be finite"),
        (np.ones((9, 5)), "codes must be different ones. Received: 9 of one kind"),
        (np.ones((0, 5)), "codes must be different ones. Received: 0"),
    ],
)
def test_codes_that_are_none(model, codes, message):
    with pytest.raises(ValueError, match=message):
        widgets.bits(model, codes)


def test_models_that_cannot_be_shown(codes, digits):
    with pytest.raises(ValueError, match=r"model must have an \.encoder and a \.decoder"):
        widgets.bits("model", codes)
    with pytest.raises(ValueError, match="at most 32 numbers. Received: latent_dim=33"):
        widgets.bits(models.vanilla(33), codes)
    with pytest.raises(ValueError, match="x must have shape"):
        widgets.bits(models.vanilla(5), codes, digits[0])
