"""How long a learner waits before something is to be seen.

    python -m benchmarks.starting [--repeats 5] [--tiny]

Starts Jupyter kernels as JupyterLab does, runs in each what a notebook's first cells do, and takes
the time from the request for the kernel to the picture. `make lab` is timed from the command to the
first answer of the server, beside JupyterLab started without it, both with an environment that is
there already: one unmeasured start comes first. Writes benchmarks/results/starting.json and the
table in docs/speed.md.
"""

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
from jupyter_client.manager import start_new_kernel

from scripts import course, results, tables

DIGITS = """
from aehelpers import data, plots
plots.digits(data.load_mnist(dtype="uint8").x_test[:20] / 255)
"""
KERAS = (
    """
import keras
from keras import layers, ops
"""
    + DIGITS
)

LAB = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]


def kernel_to_output(code):
    """Starts a kernel and runs code in it; returns the seconds until its picture has come."""
    start = time.perf_counter()
    manager, client = start_new_kernel(cwd=str(course.FOLDER))
    pictures = []

    def keep(message):
        if "image/png" in message["content"].get("data", {}):
            pictures.append(time.perf_counter())

    try:
        reply = client.execute_interactive(code, output_hook=keep, timeout=120)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if reply["content"]["status"] != "ok" or not pictures:
        raise RuntimeError(f"The kernel showed no picture. Received: {reply['content']}")
    return pictures[0] - start


def server_answers(command):
    """Starts a server on a free port; returns the seconds until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [part.replace("PORT", str(port)) for part in command]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=course.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while time.perf_counter() - start < 120:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5)
                return time.perf_counter() - start
            except (urllib.error.URLError, ConnectionError):
                if process.poll() is not None:
                    raise RuntimeError(f"{command} ended, exit code {process.returncode}") from None
                time.sleep(0.02)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            os.killpg(process.pid, 15)
        process.wait()
    raise RuntimeError(f"{command} did not answer within 120 s")


def measure(repeats=5):
    """Measures everything, each of it several times in turn; returns rows for the results."""
    cases = {
        "kernel to the first digits": lambda: kernel_to_output(DIGITS),
        "the same after `import keras`": lambda: kernel_to_output(KERAS),
        "JupyterLab itself": lambda: server_answers([*LAB, "--port=PORT"]),
        "`make lab`": lambda: server_answers(["make", "lab", "ARGS=--no-browser --port PORT"]),
    }
    cases["`make lab`"]()  # brings the environment up to date if it isn't
    times = {name: [] for name in cases}
    for _ in range(repeats):
        for name, case in cases.items():
            times[name].append(case())
    return [
        {
            "name": name,
            "seconds": round(float(np.median(seconds)), 2),
            "first": round(seconds[0], 2),
            "runs": [round(value, 2) for value in seconds],
        }
        for name, seconds in times.items()
    ]


def table(found=None):
    """Renders the results in Markdown."""
    found = found or results.load("starting")
    lines = ["| from the start to | median | the first time |", "|---|---|---|"]
    for row in found["rows"]:
        lines.append(f"| {row['name']} | **{row['seconds']:.1f} s** | {row['first']:.1f} s |")
    return "\n".join([*lines, "", results.described(found["machine"])])


def main(argv=None):
    """Measures, prints and stores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if args.repeats < 1:
        sys.exit(f"repeats must be a positive integer. Received: {args.repeats}")
    if args.tiny:
        print(f"kernel to the first digits: {kernel_to_output(DIGITS):.2f} s")
        return
    results.full_mnist("Benchmarks")
    rows = measure(args.repeats)
    for row in rows:
        print(f"{row['name']}: {row['seconds']} s, the first time {row['first']} s")
    results.store("starting", rows)
    tables.write()


if __name__ == "__main__":
    main()
