"""What `make test` runs: lint, then unit tests, browser tests and notebooks, one on each core."""

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.course import ROOT, notebooks

NBVAL = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=300"]


def pytest(args, report):
    """Run pytest in a process of its own, with nothing written into the tree."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    # As many processes as cores run at once: threads of theirs would only wait for one another.
    one_thread = dict.fromkeys(["TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"], "1")
    return subprocess.run(
        [*command, f"--junit-xml={report}", *args],
        cwd=ROOT,
        env=os.environ | one_thread,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def main():
    started = time.monotonic()
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        if subprocess.run([*ruff, *command], cwd=ROOT).returncode:
            sys.exit(f"ruff {command[0]} found something to change (above).")

    runs = {"browser tests": ["tests/browser"], "tests": ["--ignore=tests/browser"]}
    runs |= {f"notebooks/{each}.ipynb": [*NBVAL, str(each.path)] for each in notebooks()}
    totals = dict.fromkeys(["failures", "errors", "skipped", "tests"], 0)
    failed = []
    workers = min(4, os.cpu_count())  # a notebook's kernel takes up to 1 GB
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        reports = [Path(folder, f"{number}.xml") for number in range(len(runs))]
        for name, report, run in zip(runs, reports, pool.map(pytest, runs.values(), reports)):
            output = run.stdout.rstrip()
            # Where all passed, pytest's closing line will do, and why tests were skipped.
            lines = output.splitlines() or [""]
            skipped = [line for line in lines if line.startswith("SKIPPED")]
            if not run.returncode:
                output = "\n".join([lines[-1], *skipped])
            print(f"== {name}: {output}", flush=True)
            if run.returncode:
                failed.append(name)
            if report.exists():
                for suite in ET.parse(report).iter("testsuite"):
                    for key in totals:
                        totals[key] += int(suite.get(key))

    problems = totals["failures"] + totals["errors"]
    passed = totals["tests"] - problems - totals["skipped"]
    if failed:
        print("Failed:", ", ".join(failed))
    counts = {"failed": problems, "passed": passed, "skipped": totals["skipped"]}
    words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    print(f" {words or 'no tests'} in {time.monotonic() - started:.2f}s ".center(80, "="))
    sys.exit(bool(failed) or not passed)


if __name__ == "__main__":
    main()
