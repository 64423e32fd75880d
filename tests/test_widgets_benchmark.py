"""The README shows what the benchmark of the widgets has measured."""

import importlib.util
import json
from pathlib import Path

import pytest

PATH = Path(__file__).parents[1] / "benchmarks" / "widgets.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_widgets", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def test_table_and_readme(bench, tmp_path, monkeypatch):
    results = {
        "machine": {"cores": 2, "jupyterlab": "4.6.0"},
        "presses": 100,
        "rows": [row("dense", {}, {"p50_ms": 90.0, "p95_ms": 104.0})],
    }
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- widgets: x -->\nold\n<!-- /widgets -->\nafter\n")
    monkeypatch.setattr(bench, "README", readme)
    bench.write_into_readme(results)
    text = readme.read_text()
    assert "| a dense decoder | 90 / 104.0 ms | 8 / 16.0 ms | **6.5** |" in text
    assert "old" not in text and text.startswith("before\n") and text.endswith("\nafter\n")


def test_readme_shows_the_results(bench):
    if not bench.RESULTS.exists() or "<!-- widgets: " not in bench.README.read_text("utf-8"):
        pytest.skip("The benchmark of the widgets has not been run.")
    results = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    assert bench.table(results) in bench.README.read_text(encoding="utf-8")


def test_unknown_benchmark(bench):
    with pytest.raises(SystemExit, match="Expected benchmarks among.*Received: .'nonsense'"):
        bench.main(["--only", "nonsense"])
