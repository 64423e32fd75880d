import json

import numpy as np
import pytest

from aehelpers import data
from benchmarks import scoreboard, scoreboard_codes
from benchmarks.scoreboard_rows import ROWS, Winners
from scripts import results, tables


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Writes nowhere but into a temporary folder."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(tables, "pages", lambda: [])
    return tmp_path / "scoreboard.json"


@pytest.fixture(scope="module")
def mnist():
    mnist = data.load_mnist()
    for name, n in (("train", 300), ("val", 50), ("test", 50)):
        for part in ("x", "y"):
            setattr(mnist, f"{part}_{name}", getattr(mnist, f"{part}_{name}")[:n])
    return mnist


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("key", ROWS)
def test_every_row_runs(key, mnist):
    row = ROWS[key]
    result = scoreboard.run(row, mnist, seed=1, tiny=True)
    training = result.pop("training_cpu_minutes", result["cpu_minutes"])
    assert 0 <= training <= result["cpu_minutes"]
    assert result.keys() == {"seed", "value", "minutes", "cpu_minutes", "machine"}
    assert np.isfinite(result["value"])
    unit = 100 if "%" in row.unit else 2 if "mean over the pixels" in row.unit else 1000
    assert 0 < result["value"] <= unit
    assert row.source and row.protocol and row.published


def found(seed, value):
    return {"seed": seed, "value": value, "minutes": 1.0, "machine": results.machine()}


def fake(monkeypatch, calls):
    """Makes every row take no time; calls are recorded."""

    def run(row, mnist, seed, tiny=False):
        calls.append((row.key, seed))
        return found(seed, row.target + seed / 100)

    class Full:
        full = True

    monkeypatch.setattr(scoreboard, "run", run)
    monkeypatch.setattr(data, "load_mnist", Full)
    monkeypatch.setattr(data, "quick", lambda: False)


def test_each_result_is_stored_as_soon_as_it_is_there(stored, monkeypatch):
    calls = []
    fake(monkeypatch, calls)
    inner = scoreboard.run

    def interrupted(row, mnist, seed, tiny=False):
        if seed == 2:
            raise KeyboardInterrupt
        return inner(row, mnist, seed, tiny)

    monkeypatch.setattr(scoreboard, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scoreboard.main(["--rows", "vanilla_32", "pca_30"])
    (row,) = json.loads(stored.read_text())["rows"]
    assert (row["key"], row["seeds"]) == ("vanilla_32", [0, 1])
    assert "2 of 3 seeds" in scoreboard.result(row)

    monkeypatch.setattr(scoreboard, "run", inner)
    scoreboard.main(["--rows", "vanilla_32", "pca_30"])
    assert calls == [("vanilla_32", 0), ("vanilla_32", 1), ("vanilla_32", 2), ("pca_30", 0)]
    rows = json.loads(stored.read_text())["rows"]
    assert [r["key"] for r in rows] == ["pca_30", "vanilla_32"]
    assert rows[1]["mean"] == pytest.approx(np.mean(rows[1]["values"]))
    assert rows[1]["spread"] == pytest.approx(np.std(rows[1]["values"], ddof=1))

    scoreboard.main(["--rows", "vanilla_32", "--seeds", "1", "--fresh"])
    assert calls[4:] == [("vanilla_32", 1)]


def test_results_of_another_protocol_are_not_taken_for_the_rows_own(stored, monkeypatch, capsys):
    calls = []
    fake(monkeypatch, calls)
    scoreboard.main(["--rows", "vanilla_32", "variational_2"])
    before = stored.read_text()
    monkeypatch.setattr(ROWS["vanilla_32"], "protocol", "twice as long")
    for asked in (["variational_2"], ["vanilla_32"], ["vanilla_32", "--seeds", "0", "--fresh"]):
        with pytest.raises(SystemExit):
            scoreboard.main(["--rows", *asked])
        assert "Received: stored results of another protocol for ['vanilla_32']" in (
            capsys.readouterr().err
        )
    assert stored.read_text() == before and len(calls) == 6

    def interrupted(*args):
        raise KeyboardInterrupt

    inner = scoreboard.run
    monkeypatch.setattr(scoreboard, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scoreboard.main(["--rows", "vanilla_32", "--fresh"])
    assert list(scoreboard.read()) == ["variational_2"]  # nothing of the old protocol is left
    monkeypatch.setattr(scoreboard, "run", inner)
    scoreboard.main(["--rows", "vanilla_32"])
    assert calls[6:] == [("vanilla_32", 0), ("vanilla_32", 1), ("vanilla_32", 2)]
    monkeypatch.setattr(ROWS["vanilla_32"], "protocol", "thrice as long")
    scoreboard.main(["--rows", "vanilla_32", "--reworded"])
    rows = {row["key"]: row for row in json.loads(stored.read_text())["rows"]}
    assert rows["vanilla_32"]["protocol"] == "thrice as long" and len(calls) == 9


def test_the_page_holds_every_result(stored, monkeypatch):
    fake(monkeypatch, [])
    scoreboard.main(["--rows", "vanilla_32", "variational_2"])
    for text in (scoreboard.table(), scoreboard.page()):
        assert "| 146.95 | 136 | 136.01 ± 0.01 | no |" in text
    assert "136.02 (seed 2, 1.0 minutes)" in scoreboard.page()
    assert "## Not measured yet" in scoreboard.page()
    assert f"- {ROWS['pca_30'].name}" in scoreboard.page()


def test_minutes_of_training_stand_beside_those_of_the_run(stored, monkeypatch):
    fake(monkeypatch, [])
    run = found(0, 84.0) | {"cpu_minutes": 20.5, "training_cpu_minutes": 11.2}
    monkeypatch.setattr(scoreboard, "run", lambda *args: run)
    scoreboard.main(["--rows", "variational_50_better", "--seeds", "0"])
    assert "1.0 minutes, 20.5 of CPU, 11.2 of these for training)" in scoreboard.page()


def test_a_run_keeps_the_machine_that_it_was_measured_on(stored, monkeypatch):
    fake(monkeypatch, [])
    small = results.machine() | {"cores": 2, "memory_gib": 24, "keras": "3.15.1"}
    for cores, seeds in ((2, "01"), (1000, "2")):
        monkeypatch.setattr(results, "machine", lambda cores=cores: small | {"cores": cores})
        scoreboard.main(["--rows", "vanilla_32", "--seeds", *seeds])
    runs = scoreboard.read()["vanilla_32"]
    assert [run["machine"]["cores"] for run in runs] == [2, 2, 1000]
    assert "; 784-32-784 on 1000 cores" in scoreboard.page()


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
def test_reached(mean, about, expected):
    stored = {"mean": mean, "higher": False, "tolerance": None} | about
    assert scoreboard.reached(stored) is expected


def test_a_row_without_a_target_is_reported(stored, monkeypatch):
    fake(monkeypatch, [])
    monkeypatch.setattr(scoreboard, "run", lambda *args: found(0, 88.5))
    scoreboard.main(["--rows", "variational_50", "--seeds", "0"])
    assert "| 86.76 | none | 88.50 (1 of 3 seeds) |  |" in scoreboard.table()


def test_the_winner_of_each_map():
    maps = np.array([[[1.0, 5.0], [3.0, 0.0]], [[2.0, 4.0], [0.0, 4.5]]], "float32")[None]
    layer = Winners()
    np.testing.assert_array_equal(layer(maps), maps)
    kept = layer(maps, training=True)
    np.testing.assert_array_equal(kept, [[[[0, 5], [3, 0]], [[0, 0], [0, 0]]]])


def test_unknown_row(capsys):
    with pytest.raises(SystemExit):
        scoreboard.main(["--rows", "nonsense"])
    assert "Expected rows among pca_30, " in capsys.readouterr().err


def test_quick_mode_and_the_bundled_digits_are_refused(stored, monkeypatch):
    with pytest.raises(SystemExit, match="Received: AEHELPERS_QUICK=1"):
        scoreboard.main([])
    monkeypatch.setattr(data, "quick", lambda: False)
    monkeypatch.setattr(data, "load_mnist", type("Few", (), {"full": False}))
    with pytest.raises(SystemExit, match="Received: the bundled digits"):
        scoreboard.main([])


def test_a_damaged_file_is_reported(stored):
    stored.write_text("[]")
    with pytest.raises(ValueError, match="must hold a list of results under 'rows'"):
        scoreboard.read()


def test_what_is_stored_is_of_the_rows_as_they_are():
    for row in results.load("scoreboard")["rows"]:
        assert row["protocol"] == ROWS[row["key"]].protocol
        assert row["mean"] == pytest.approx(np.mean(row["values"]), abs=1e-5)
        assert row["values"] == [run["value"] for run in row["runs"]]


def test_labels_spread_along_a_chain_and_no_further():
    # Two chains of five codes each; the first of each has a label.
    places = np.array([0, 1, 2, 3, 4, 20, 21, 22, 23, 24], float)
    apart = np.abs(places[:, None] - places)
    nearest = np.argsort(apart, axis=1)[:, 1:3]
    distances = np.take_along_axis(apart, nearest, axis=1)
    scores = scoreboard_codes.spread(distances, nearest, np.array([[0], [5]]))
    np.testing.assert_array_equal(scores.argmax(axis=1), [0] * 5 + [1] * 5)
    np.testing.assert_allclose(scores.sum(axis=0), 1)
    assert (scores[:5, 1] == 0).all() and (scores[5:, 0] == 0).all()
