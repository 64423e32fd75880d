import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

SPEED = Path(__file__).parents[1] / "benchmarks" / "speed.py"


@pytest.fixture(scope="module")
def speed():
    spec = importlib.util.spec_from_file_location("speed", SPEED)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_benchmark_runs(speed):
    for name in speed.BENCHMARKS:
        row = speed.compare(name, seeds=[0], tiny=True)
        assert row["runs"][0]["peer_seconds"] > 0
        assert row["runs"][0]["our_loss"] < 1


def test_unknown_benchmark(speed):
    with pytest.raises(SystemExit, match="Expected benchmarks among.*Received: .'nonsense'"):
        speed.main(["--only", "nonsense"])


def test_bundled_digits_are_refused(speed):
    with pytest.raises(SystemExit, match="Received: the bundled digits"):
        speed.main([])


def test_readme_shows_the_results(speed):
    results = json.loads(speed.RESULTS.read_text(encoding="utf-8"))
    assert speed.table(results) in speed.README.read_text(encoding="utf-8")
    for row in results["rows"]:
        assert row["ratio"] == np.median([run["ratio"] for run in row["runs"]])
        for run in row["runs"]:
            assert run["our_loss"] <= run["peer_loss"]
