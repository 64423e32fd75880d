"""Tests of the weights that are shipped, and of storing and loading others."""

import hashlib
import json
import os

import numpy as np
import pytest

from aehelpers import data, models, training, weights
from scripts import weights as recipes

CARD = {
    "what": "A test.",
    "builder": "vanilla",
    "arguments": {"latent_dim": 3},
    "data": "noise",
    "seed": 0,
    "minutes": 0.1,
}


def save(folder, model=None, **options):
    card = CARD | options.pop("card", {})
    return weights.save_weights(
        model or models.vanilla(3), "test", card, directory=folder, **options
    )


@pytest.mark.parametrize(("dtype", "error"), [("float16", 2e-3), ("int8", 2e-2)])
def test_weights_come_back_rounded(dtype, error, tmp_path):
    model = models.vanilla(16)
    save(tmp_path, model, card={"arguments": {"latent_dim": 16}}, dtype=dtype)
    loaded = weights.load_pretrained("test", tmp_path)
    for mine, stored in zip(model.weights, loaded.weights, strict=True):
        mine, stored = np.asarray(mine), np.asarray(stored)
        assert stored.dtype == np.float32
        if mine.ndim == 1:
            np.testing.assert_array_equal(stored, mine)
        else:
            assert 0 < np.abs(stored - mine).max() <= error * np.abs(mine).max()
    with np.load(tmp_path / "test.npz", allow_pickle=False) as file:
        assert {a.dtype.name for a in file.values()} == {dtype, "float32"}


def test_int8_rounds_every_column_to_the_nearest_of_its_own_steps():
    kernel = np.random.default_rng(0).normal(size=(3, 100, 20)) * np.arange(20) ** 2
    rounded, scale = weights.quantise(kernel.astype("float32"))
    assert rounded.dtype == np.int8 and scale.shape == (20,)
    assert (np.abs(rounded).max(axis=(0, 1)) == [0] + 19 * [127]).all()
    assert (np.abs(rounded * scale - kernel) <= 0.501 * scale).all()


def test_the_card_holds_what_is_known(tmp_path):
    card = save(tmp_path, metrics=lambda model: {"weights": len(model.weights)})
    assert card == weights.read_card("test", tmp_path)
    assert card.keys() == CARD.keys() | {"dtype", "sha256", "versions", "metrics"}
    assert CARD.items() <= card.items()
    assert card["metrics"] == {"weights": 4}
    content = (tmp_path / "test.npz").read_bytes()
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert card["versions"].keys() == {"python", "keras", "tensorflow", "numpy"}
    assert weights.available(tmp_path) == ["test"]


def test_metrics_are_those_of_the_rounded_weights(tmp_path):
    card = save(tmp_path, metrics=lambda m: {"sum": float(np.sum(m.weights[0]))})
    loaded = weights.load_pretrained("test", tmp_path)
    assert card["metrics"]["sum"] == float(np.sum(loaded.weights[0]))


def test_names_of_layers_may_be_counted_on(tmp_path):
    arguments = {"latent_dim": 2, "sizes": [5, 4]}  # `deep` leaves its layers' names to Keras
    card = {"builder": "deep", "arguments": arguments}
    save(tmp_path, models.deep(2, sizes=(5, 4)), card=card)
    assert weights.load_pretrained("test", tmp_path).encoder.output_shape == (None, 2)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ({"sha256": "0"}, "is not the file that test.json describes"),
        ({"builder": "deep"}, "must fit the model"),
        ({"arguments": {"latent_dim": 4}}, r"must fit the model .* \(784, 4\).* \(784, 3\)"),
        ({"arguments": {"latent": 4}}, "must take the card's arguments"),
        ({"builder": "keras"}, "must be a function of aehelpers.models"),
        ({"builder": "Autoencoder"}, "must be a function of aehelpers.models"),
        ({"builder": None}, "must be a function of aehelpers.models"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(card, reason, tmp_path):
    stored = save(tmp_path)
    (tmp_path / "test.json").write_text(json.dumps(stored | card))
    with pytest.raises(ValueError, match=reason):
        weights.load_pretrained("test", tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '"sha256"'])
def test_a_card_that_is_none_is_refused(text, tmp_path):
    save(tmp_path)
    (tmp_path / "test.json").write_text(text)
    with pytest.raises(ValueError, match="must be a card"):
        weights.load_pretrained("test", tmp_path)


def test_tampered_weights_are_refused(tmp_path):
    save(tmp_path)
    path = tmp_path / "test.npz"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="Expected: SHA-256 .* Received: "):
        weights.load_pretrained("test", tmp_path)


def test_pickles_are_refused(tmp_path):
    card = save(tmp_path)
    path = tmp_path / "test.npz"
    np.savez(path, np.array([{}], dtype=object))
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (tmp_path / "test.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match="must hold arrays without pickles"):
        weights.load_pretrained("test", tmp_path)


def test_a_missing_name_lists_those_there_are(tmp_path):
    save(tmp_path)
    with pytest.raises(ValueError, match="There are: test. Received: 'other'"):
        weights.load_pretrained("other", tmp_path)
    with pytest.raises(ValueError, match="There are: none."):
        weights.load_pretrained("../test", tmp_path / "nowhere")


def test_what_cannot_be_saved(tmp_path):
    with pytest.raises(ValueError, match="Missing: seed"):
        weights.save_weights(
            models.vanilla(3), "test", {k: v for k, v in CARD.items() if k != "seed"}
        )
    with pytest.raises(ValueError, match="dtype must be"):
        save(tmp_path, dtype="float64")
    with pytest.raises(ValueError, match="name must be of"):
        weights.save_weights(models.vanilla(3), "../test", CARD, directory=tmp_path)
    with pytest.raises(ValueError, match="must fit the model"):
        save(tmp_path, models.vanilla(4))
    model = models.vanilla(3)
    model.weights[0].assign(np.full((784, 3), np.nan))
    with pytest.raises(ValueError, match="must be finite"):
        save(tmp_path, model)
    with pytest.raises(ValueError, match="must be 3,000,000 bytes at most"):
        save(tmp_path, models.deep(30), card={"builder": "deep", "arguments": {"latent_dim": 30}})
    assert not list(tmp_path.rglob("*.npz"))


@pytest.mark.parametrize("name", weights.available())
def test_shipped_weights_measure_what_their_card_says(name):
    card = weights.read_card(name)
    assert not [field for field in weights.CARD_FIELDS if field not in card]
    model = weights.load_pretrained(name)
    noise = card.get("input_noise", 0.0)
    measured = recipes.measure(model, *recipes.bundled_test_digits(), noise)
    assert measured == pytest.approx(card["metrics"]["bundled"], rel=1e-3)


@pytest.mark.parametrize("name", weights.available())
def test_shipped_weights_measure_what_their_card_says_on_the_test_images(name):
    folder = os.environ.get("AEHELPERS_TEST_DATA_DIR")
    if folder is None:
        pytest.skip("AEHELPERS_DATA_DIR is not set")
    with np.load(os.path.join(folder, "mnist.npz"), allow_pickle=False) as file:
        x, y = data.check_images(file["x_test"]), file["y_test"].astype("int64")
    card = weights.read_card(name)
    model = weights.load_pretrained(name)
    measured = recipes.measure(model, x, y, card.get("input_noise", 0.0))
    assert measured == pytest.approx(card["metrics"]["test"], rel=1e-3)


def test_shipped_weights_are_small():
    sizes = [path.stat().st_size for path in weights.WEIGHTS.glob("*")]
    assert max(sizes, default=0) <= weights.MAX_FILE_BYTES
    assert sum(sizes) <= recipes.MAX_TOTAL_BYTES


def test_training_has_them_too():
    assert training.load_pretrained is weights.load_pretrained
    assert set(weights.__all__) - set(training.__all__) == {"quantise"}
