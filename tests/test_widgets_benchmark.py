"""docs/speed.md shows what the benchmark of the widgets has measured."""

import pytest

from benchmarks import results
from benchmarks import widgets as bench


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


def test_table_and_readme(tmp_path):
    found = {
        "machine": {"cores": 2, "jupyterlab": "4.6.0"},
        "presses": 100,
        "rows": [row("dense", {}, {"p50_ms": 90.0, "p95_ms": 104.0})],
    }
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- widgets: x -->\nold\n<!-- /widgets -->\nafter\n")
    results.render(readme, "widgets", bench.table(found))
    text = readme.read_text()
    assert "| a dense decoder | 90 / 104.0 ms | 8 / 16.0 ms | **6.5** |" in text
    assert "old" not in text and text.startswith("before\n") and text.endswith("\nafter\n")


def test_what_is_stored_names_the_versions(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    found = results.store("widgets", [], versions={"jupyterlab": "4.6.0"}, presses=100)
    assert found == results.load("widgets")
    assert found["machine"]["jupyterlab"] == "4.6.0"
    assert found["machine"]["cores"] >= 1
    assert found["presses"] == 100


def test_the_page_shows_the_results():
    page = (results.ROOT / "docs" / "speed.md").read_text("utf-8")
    assert bench.table(results.load("widgets")) in page


def test_unknown_benchmark():
    with pytest.raises(SystemExit, match="Expected benchmarks among.*Received: .'nonsense'"):
        bench.main(["--only", "nonsense"])
