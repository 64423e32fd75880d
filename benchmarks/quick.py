"""Quick mode: minutes and memory of each notebook on the bundled digits, one after another.

    python -m benchmarks.quick [--only 00_start_here ...] [--tiny]

Quick mode (AEHELPERS_QUICK=1) is what `make test` executes: every cell, few images, few epochs.
Kernels start fresh and take up nothing from earlier runs. Writes benchmarks/results/quick.json.
"""

import argparse
import tempfile
import time

from scripts import course, notebooks, results, tables


def measure(each):
    """Executes a `course.Notebook` in quick mode; returns a row for the results."""
    with tempfile.TemporaryDirectory() as cache:
        quick = {"AEHELPERS_QUICK": "1", "AEHELPERS_CACHE_DIR": cache}
        start = time.perf_counter()
        notebook = each.read()
        notebooks.execute(notebook, quick)
        seconds = time.perf_counter() - start
    memory = notebooks.most_memory(notebooks.by_section(notebook))
    return {"name": each.name, "seconds": round(seconds, 1), "memory_gib": memory}


def main(argv=None):
    """Runs the notebooks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    course.add_argument(parser, "--only")
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    names = [each.name for each in course.notebooks()]
    if not args.tiny and {each.name for each in args.only} != set(names):
        results.check_part("quick")
    rows = []
    for each in args.only[:1] if args.tiny else args.only:
        rows.append(measure(each))
        print(f"{each} in quick mode: {rows[-1]['seconds']} s", flush=True)
    if not args.tiny:
        results.store("quick", results.merged_by_name("quick", rows, names))
        tables.write()


if __name__ == "__main__":
    main()
