"""The table of the benchmark of the widgets."""

from benchmarks import widgets as bench
from scripts import results


def row(name, ours, peer):
    values = {"p50_ms": 8.0, "p95_ms": 16.0, "presses_a_second": 60.0, "last_picture_ms": 9.0}
    return {
        "name": name,
        "what": f"a {name} decoder",
        "ours": values | ours,
        "peer": values | peer,
        "ratio": 9.0,
        "ratio_p95": 6.5,
    }


def test_table():
    found = {
        "machine": {"cores": 2, "jupyterlab": "4.6.0"},
        "presses": 100,
        "rows": [row("dense", {}, {"p50_ms": 90.0, "p95_ms": 104.0})],
    }
    assert "| a dense decoder | 90 / 104.0 ms | 8 / 16.0 ms | **6.5** |" in bench.table(found)


def test_what_is_stored_names_the_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    found = results.store("widgets", [], versions={"jupyterlab": "4.6.0"}, presses=100)
    assert found == results.load("widgets")
    assert found["machine"]["jupyterlab"] == "4.6.0"
    assert found["machine"]["cores"] >= 1
    assert found["presses"] == 100
