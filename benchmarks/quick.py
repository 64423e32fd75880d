"""Quick mode: minutes and memory of each notebook on the bundled digits, one after another.

    python benchmarks/quick.py [--only 00_start_here ...] [--tiny]

Quick mode (AEHELPERS_QUICK=1) is what `make test` executes: every cell, few images, few epochs.
Kernels start fresh and take up nothing from earlier runs. Writes benchmarks/results/quick.json.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import nbformat
from nbclient import NotebookClient

from benchmarks import results
from scripts import guide

NOTEBOOKS = sorted(path.stem for path in guide.NOTEBOOKS.glob("[0-9]*.ipynb"))


def measure(name):
    """Executes a notebook in quick mode; returns a row for the results."""
    notebook = nbformat.read(guide.NOTEBOOKS / f"{name}.ipynb", as_version=4)
    meter = guide.Meter()
    with tempfile.TemporaryDirectory() as cache:
        quick = {"AEHELPERS_QUICK": "1", "AEHELPERS_CACHE_DIR": cache}
        meter.client = NotebookClient(
            notebook,
            timeout=300,
            resources={"metadata": {"path": guide.NOTEBOOKS}},
            on_cell_executed=meter,
        )
        start = time.perf_counter()
        meter.client.execute(env=os.environ | quick)
        seconds = time.perf_counter() - start
    memory = meter.peak and round(meter.peak, 2)
    return {"name": name, "seconds": round(seconds, 1), "memory_gib": memory}


def main(argv=None):
    """Runs the notebooks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=NOTEBOOKS, metavar="NOTEBOOK")
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if unknown := set(args.only) - set(NOTEBOOKS):
        sys.exit(f"Expected notebooks among {NOTEBOOKS}. Received: {sorted(unknown)}")
    if not args.tiny and set(args.only) != set(NOTEBOOKS):
        results.check_part("quick")
    rows = []
    for name in args.only[:1] if args.tiny else args.only:
        rows.append(measure(name))
        print(f"{name} in quick mode: {rows[-1]['seconds']} s", flush=True)
    if not args.tiny:
        rows = results.merged("quick", rows, lambda row: row["name"])
        results.store("quick", [row for name in NOTEBOOKS for row in rows if row["name"] == name])


if __name__ == "__main__":
    main()
