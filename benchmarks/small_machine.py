"""Whether 2 GiB of memory are enough: every notebook on the full data under a hard limit.

    python -m benchmarks.small_machine [--only 00_start_here ...] [--gib 2] [--tiny]

Each notebook is executed in a control group of its own, together with a JupyterLab server and with
the process that executes it. What goes beyond the limit is killed by the kernel of Linux; nothing
is swapped. (2 GiB are what JupyterHub, and with it Binder, calls "2G".) Files that are only read,
such as libraries, may be dropped and read again. Needs Linux, and the right to make a control
group. Writes benchmarks/results/small_machine.json and the table in docs/speed.md.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from nbclient.exceptions import DeadKernelError

from scripts import course, notebooks, results, tables

GROUPS = Path("/sys/fs/cgroup")


class Group:
    """A control group with a limit on its memory, gone at the end of a `with` block.

    Args:
        limit: Bytes.

    Raises:
        PermissionError: If this machine or this user can't make one.
    """

    def __init__(self, limit):
        first = (GROUPS / "memory").is_dir()  # the first version of control groups
        self.path = GROUPS / ("memory" if first else "") / f"aehelpers-{os.getpid()}"
        knob = self.path / ("memory.limit_in_bytes" if first else "memory.max")
        try:
            self.path.mkdir()
            knob.write_text(str(limit))
        except OSError as error:
            if self.path.is_dir():
                self.path.rmdir()
            raise PermissionError(
                "This benchmark needs the right to limit the memory of a control group. "
                f"Received: {error}"
            ) from error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for _ in range(50):
            for pid in (self.path / "cgroup.procs").read_text().split():
                with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.1)
            try:
                return self.path.rmdir()
            except OSError:
                continue

    def join(self):
        """Puts this process, and what it will start, into the group."""
        (self.path / "cgroup.procs").write_text(str(os.getpid()))


def inside(name, quick):
    """Executes a notebook beside a server, and prints what came of it as JSON."""
    lab = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--port=0", "--allow-root"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(lab, cwd=course.FOLDER, **quiet)
    notebook = course.notebook(name).read()
    start = time.perf_counter()
    try:
        notebooks.execute(notebook, {"AEHELPERS_QUICK": "1"} if quick else None)
        done = server.poll() is None
    except DeadKernelError:
        done = False
    finally:
        server.kill()
    memory = notebooks.most_memory(notebooks.by_section(notebook))
    seconds = round(time.perf_counter() - start, 1)
    print(json.dumps({"done": done, "seconds": seconds, "memory_gib": memory}), flush=True)


def measure(name, limit, quick=False):
    """Executes a notebook under a limit of so many bytes; returns a row for the results."""
    with Group(limit) as group:
        command = [sys.executable, "-m", "benchmarks.small_machine", "--inside", name]
        run = subprocess.run(
            command + ["--tiny"] * quick,
            preexec_fn=group.join,
            stdout=subprocess.PIPE,
            text=True,
            cwd=course.ROOT,
        )
    lines = [line for line in run.stdout.splitlines() if line.startswith('{"done"')]
    # Without a line it was the executing process that was killed.
    found = json.loads(lines[-1]) if lines else {"done": False, "seconds": None, "memory_gib": None}
    return {"name": name, "limit": limit, **found}


def table(found=None):
    """Renders the results in Markdown."""
    found = found or results.load("small_machine")
    lines = [
        "| notebook | with 2 GiB, JupyterLab included | most memory of its kernel |",
        "|---|---|---|",
    ]
    for row in found["rows"]:
        ends = "ran to its end" if row["done"] else "**killed**"
        memory = f"{row['memory_gib']:.2f} GiB" if row["memory_gib"] else ""
        lines.append(f"| {row['name']} | {ends} | {memory} |")
    return "\n".join([*lines, "", results.described(found["machine"])])


def main(argv=None):
    """Runs the notebooks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    course.add_argument(parser, "--only")
    parser.add_argument("--gib", type=float, default=2.0)
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.inside:
        return inside(args.inside, args.tiny)
    keep = not args.tiny and args.gib == parser.get_default("gib")
    names = [each.name for each in course.notebooks()]
    if keep:
        results.full_mnist("Benchmarks")
        if {each.name for each in args.only} != set(names):
            results.check_part("small_machine")
    rows = []
    for each in args.only[:1] if args.tiny else args.only:
        rows.append(measure(each.name, int(2**30 * args.gib), args.tiny))
        print({key: rows[-1][key] for key in ("name", "done", "seconds", "memory_gib")}, flush=True)
    if keep:
        results.store("small_machine", results.merged_by_name("small_machine", rows, names))
        tables.write()


if __name__ == "__main__":
    main()
