"""Experiments of the playground: what its guide says was measured.

    python -m benchmarks.experiments [--only two_or_eight] [--tiny]

Runs the trainings in Node, with the very modules that train in the page, and writes
benchmarks/results/experiments.json: for each experiment its runs, and what was measured after each
phase of each seed. `tests/test_playground.py` holds the guide's numbers to these.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from aehelpers.widgets import _base, _playground
from aehelpers.widgets._experiments import EXPERIMENTS
from scripts import arguments, results

SEEDS = (0, 1, 2)
SCRIPT = Path(__file__).with_suffix(".mjs")


def runs(experiment, epochs=None):
    """Yields what is to be run of an experiment: a name, a seed and phases of settings."""
    start = {name: value for name, (_, value) in _playground.SETTINGS.items()}
    for name, phases in experiment["runs"].items():
        for seed in SEEDS:
            settings, done = start | experiment["settings"] | {"seed": seed}, []
            for changes, length in phases:
                settings = settings | changes
                done.append({"settings": settings, "epochs": epochs or length})
            near = experiment["name"] == "random_codes"
            yield {"run": name, "seed": seed, "phases": done, "near": near}


def measure(experiment, digits, epochs=None):
    """Runs one experiment; returns its row."""
    wanted = list(runs(experiment, epochs))
    done = subprocess.run(
        ["node", "--no-warnings", SCRIPT, _base.FOLDER, digits],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        sys.exit(done.stderr)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        "name": experiment["name"],
        "runs": [
            {"run": each["run"], "seed": each["seed"], "phases": [rounded(one) for one in phases]}
            for each, phases in zip(wanted, found, strict=True)
        ],
    }


def rounded(measured):
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in measured.items()}


def main(argv=None):
    """Runs the experiments that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = tuple(each["name"] for each in EXPERIMENTS)
    arguments.add_names(parser, "--only", names, "experiments")
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if not shutil.which("node"):
        sys.exit("This needs Node on the PATH.")
    node = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if not args.tiny and set(args.only) != set(names):
        results.check_part("experiments")
    with tempfile.TemporaryDirectory() as folder:
        digits = Path(folder, "digits")
        digits.write_bytes(_playground.digits()[0].tobytes())
        for each in EXPERIMENTS:
            if each["name"] not in args.only:
                continue
            row = measure(each, digits, epochs=1 if args.tiny else None)
            print(json.dumps(row), flush=True)
            if not args.tiny:
                rows = results.merged_by_name("experiments", [row], names)
                results.store("experiments", rows, versions={"node": node})


if __name__ == "__main__":
    main()
