import importlib.util
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from aehelpers import data, metrics, models

PATH = Path(__file__).parents[1] / "benchmarks" / "scoreboard.py"


def load():
    spec = importlib.util.spec_from_file_location("scoreboard", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCOREBOARD = load()


@pytest.fixture
def scoreboard(tmp_path, monkeypatch):
    """Writes nowhere but into a temporary folder."""
    for name in ("RESULTS", "PAGE", "README"):
        monkeypatch.setattr(SCOREBOARD, name, tmp_path / name.lower())
    start, end = SCOREBOARD.MARKERS
    SCOREBOARD.README.write_text("\n".join(["Before", start, "old", end, "after"]) + "\n")
    return SCOREBOARD


@pytest.fixture(scope="module")
def mnist():
    mnist = data.load_mnist()
    for name, n in (("train", 300), ("val", 50), ("test", 50)):
        for part in ("x", "y"):
            setattr(mnist, f"{part}_{name}", getattr(mnist, f"{part}_{name}")[:n])
    return mnist


@pytest.mark.parametrize("key", SCOREBOARD.ROWS)
def test_every_row_runs(key, mnist):
    row = SCOREBOARD.ROWS[key]
    result = SCOREBOARD.run(row, mnist, seed=1, tiny=True)
    assert result.keys() == {"seed", "value", "minutes", "cpu_minutes"}
    assert np.isfinite(result["value"])
    unit = 100 if "%" in row.unit else 2 if "mean over the pixels" in row.unit else 1000
    assert 0 < result["value"] <= unit
    assert row.source and row.protocol and row.published


def fake(scoreboard, monkeypatch, calls):
    """Makes every row take no time; calls are recorded."""

    def run(row, mnist, seed, tiny=False):
        calls.append((row.key, seed))
        return {"seed": seed, "value": row.target + seed / 100, "minutes": 1.0}

    class Full:
        full = True

    monkeypatch.setattr(scoreboard, "run", run)
    monkeypatch.setattr(scoreboard.data, "load_mnist", Full)
    monkeypatch.setattr(scoreboard.data, "quick", lambda: False)


def test_each_result_is_stored_as_soon_as_it_is_there(scoreboard, monkeypatch):
    calls = []
    fake(scoreboard, monkeypatch, calls)
    inner = scoreboard.run

    def interrupted(row, mnist, seed, tiny=False):
        if seed == 2:
            raise KeyboardInterrupt
        return inner(row, mnist, seed, tiny)

    monkeypatch.setattr(scoreboard, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scoreboard.main(["--rows", "vanilla_32", "pca_30"])
    (stored,) = json.loads(scoreboard.RESULTS.read_text())["rows"]
    assert (stored["key"], stored["seeds"]) == ("vanilla_32", [0, 1])
    assert "2 of 3 seeds" in scoreboard.result(stored)

    monkeypatch.setattr(scoreboard, "run", inner)
    scoreboard.main(["--rows", "vanilla_32", "pca_30"])
    assert calls == [("vanilla_32", 0), ("vanilla_32", 1), ("vanilla_32", 2), ("pca_30", 0)]
    rows = json.loads(scoreboard.RESULTS.read_text())["rows"]
    assert [r["key"] for r in rows] == ["pca_30", "vanilla_32"]
    assert rows[1]["mean"] == pytest.approx(np.mean(rows[1]["values"]))
    assert rows[1]["spread"] == pytest.approx(np.std(rows[1]["values"], ddof=1))

    scoreboard.main(["--rows", "vanilla_32", "--seeds", "1", "--fresh"])
    assert calls[4:] == [("vanilla_32", 1)]


def test_pages_hold_every_result(scoreboard, monkeypatch):
    fake(scoreboard, monkeypatch, [])
    scoreboard.main(["--rows", "vanilla_32", "variational_2"])
    readme, page = scoreboard.README.read_text(), scoreboard.PAGE.read_text()
    assert readme.startswith("Before\n") and readme.endswith("\nafter\n") and "old" not in readme
    for text in (readme, page):
        assert "| 146.95 | 136 | 136.01 ± 0.01 | no |" in text
    assert "136.02 (seed 2, 1.0 minutes)" in page
    assert "## Not measured yet" in page and f"- {scoreboard.ROWS['pca_30'].name}\n" in page


def test_a_readme_without_markers_is_left_alone(scoreboard):
    assert scoreboard.between_markers("no markers", {"rows": []}) == "no markers"
    assert scoreboard.between_markers(scoreboard.MARKERS[0], {"rows": []}) == scoreboard.MARKERS[0]


@pytest.mark.parametrize(
    ("mean", "about", "expected"),
    [
        (13.91, {"target": 13.87, "tolerance": 0.05}, True),
        (13.80, {"target": 13.87, "tolerance": 0.05}, False),
        (97.5, {"target": 97.5, "higher": True}, True),
        (97.4, {"target": 97.5, "higher": True}, False),
        (95.9, {"target": 96.0}, True),
        (96.1, {"target": 96.0}, False),
        (88.0, {"target": None}, None),
    ],
)
def test_reached(scoreboard, mean, about, expected):
    stored = {"mean": mean, "higher": False, "tolerance": None} | about
    assert scoreboard.reached(stored) is expected


def test_a_row_without_a_target_is_reported(scoreboard, monkeypatch):
    fake(scoreboard, monkeypatch, [])
    found = {"seed": 0, "value": 88.5, "minutes": 1.0}
    monkeypatch.setattr(scoreboard, "run", lambda *args: found)
    scoreboard.main(["--rows", "variational_50", "--seeds", "0"])
    assert "| 86.76 | none | 88.50 (1 of 3 seeds) |  |" in scoreboard.PAGE.read_text()


def test_log_likelihood_is_that_of_the_metrics(mnist):
    keras.utils.set_random_seed(0)
    vae = models.variational(3, sizes=(8,), activation="tanh")
    x = SCOREBOARD.binarised(mnist.x_test[:5], seed=0)
    assert set(np.unique(x)) == {0, 1}
    z_mean, z_log_var = vae.posterior.predict(x, verbose=0)
    decode = vae.decoder.predict_on_batch
    expected = metrics.importance_weighted_bound(x, z_mean, z_log_var, decode, samples=1000)
    found = SCOREBOARD.log_likelihood(vae, x, samples=5000)
    np.testing.assert_allclose(found, expected, atol=0.3)


def test_the_winner_of_each_map():
    maps = np.array([[[1.0, 5.0], [3.0, 0.0]], [[2.0, 4.0], [0.0, 4.5]]], "float32")[None]
    layer = SCOREBOARD.Winners()
    np.testing.assert_array_equal(layer(maps), maps)
    kept = layer(maps, training=True)
    np.testing.assert_array_equal(kept, [[[[0, 5], [3, 0]], [[0, 0], [0, 0]]]])


def test_unknown_row(scoreboard):
    with pytest.raises(SystemExit, match="Expected rows among pca_30, .*Received: nonsense"):
        scoreboard.main(["--rows", "nonsense"])


def test_quick_runs_are_refused(scoreboard):
    with pytest.raises(SystemExit, match="Received: AEHELPERS_QUICK=1"):
        scoreboard.main([])


def test_bundled_digits_are_refused(scoreboard, monkeypatch):
    monkeypatch.setattr(scoreboard.data, "quick", lambda: False)
    monkeypatch.setattr(scoreboard.data, "load_mnist", type("Few", (), {"full": False}))
    with pytest.raises(SystemExit, match="Received: the bundled digits"):
        scoreboard.main([])


def test_a_damaged_file_is_reported(scoreboard):
    scoreboard.RESULTS.write_text("[]")
    with pytest.raises(SystemExit, match="must hold a list of results under 'rows'"):
        scoreboard.read()


@pytest.mark.skipif(not SCOREBOARD.RESULTS.exists(), reason="nothing is measured yet")
def test_the_pages_show_what_is_stored():
    results = json.loads(SCOREBOARD.RESULTS.read_text(encoding="utf-8"))
    assert SCOREBOARD.PAGE.read_text(encoding="utf-8") == SCOREBOARD.page(results)
    readme = SCOREBOARD.README.read_text(encoding="utf-8")
    assert SCOREBOARD.between_markers(readme, results) == readme
    for stored in results["rows"]:
        about = SCOREBOARD.ROWS[stored["key"]]
        assert stored["protocol"] == about.protocol
        assert stored["mean"] == pytest.approx(np.mean(stored["values"]), abs=1e-5)
        assert stored["values"] == [run["value"] for run in stored["runs"]]
