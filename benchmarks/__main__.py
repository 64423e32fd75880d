"""Runs the benchmarks one after another, then shows one table of all results.

    python -m benchmarks [NAME ...] [--missing] [--tiny]

NAME is one or more of limits, starting, classroom, widgets, site, training_page, workers, quick,
small_machine, hub and speed; all by default. Leave the machine alone meanwhile: on two cores the
last three take more than half an hour each, the others together about as long as one of them.
`--missing` takes up where an interrupted run of `speed` stopped. `hub` needs what
`make hub ARGS=--install` installs, `site` what `make book` installs. A benchmark
that fails is reported at the end and doesn't keep the others from running.
"""

import argparse
import subprocess
import sys
import time

from benchmarks import overview
from scripts import arguments, course, results, tables

NAMES = (  # the longest last
    *("limits", "starting", "classroom", "widgets", "site", "training_page", "workers"),
    *("quick", "small_machine", "hub", "speed"),
)


def main(argv=None):
    """Runs what is named; returns the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.splitlines()[0])
    arguments.add_names(parser, "names", NAMES, "benchmarks")
    parser.add_argument("--missing", action="store_true", help="speed: only what has no result")
    parser.add_argument("--tiny", action="store_true", help="see that they work; write nothing")
    args = parser.parse_args(argv)

    failed = []
    for name in args.names:
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        command += ["--tiny"] * args.tiny + ["--missing"] * (args.missing and name == "speed")
        start = time.perf_counter()
        if subprocess.run(command, cwd=course.ROOT).returncode:
            failed.append(name)
        elif not args.tiny and not (args.missing and name == "speed"):
            keep(name, time.perf_counter() - start)
    if not args.tiny:
        print(overview.table())
    if failed:
        print(f"Failed, see above: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def keep(name, seconds):
    """Stores how long a whole benchmark took, beside the minutes of the others."""
    row = {"name": name, "minutes": round(seconds / 60, 1)}
    results.store("minutes", results.merged_by_name("minutes", [row], NAMES))
    tables.write()


if __name__ == "__main__":
    sys.exit(main())
