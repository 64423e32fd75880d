"""What a class costs: several learners on one machine, and how cost grows with the task.

    python -m benchmarks.classroom [--learners 1 2 4 8] [--tiny]

Each learner is a process of its own that does what a kernel does in notebook 01: load the digits,
train the 784-32-784 net for ten epochs, look at a few reconstructions. All start at once. Memory is
the proportional set size, which counts pages that processes share only once. Then one process
trains on more images, longer codes and wider nets, and a power law is fitted to the seconds.
Writes benchmarks/results/classroom.json and the tables in docs/teaching.md. Linux only.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np

from aehelpers import data
from scripts import course, results, tables
from scripts.guide import KEPT_FREE

GIB = 2**30


def learner(epochs):
    """Does a learner's work and prints how long its parts took, as JSON."""
    start = time.perf_counter()
    import keras

    from aehelpers import losses, models, plots

    imported = time.perf_counter()
    keras.utils.set_random_seed(1)
    mnist = data.load_mnist()
    train = data.pipeline(mnist.x_train, 256)
    val = data.pipeline(mnist.x_val, 256, shuffle=False)
    model = models.vanilla(32)
    model.compile(keras.optimizers.Adam(0.005, beta_2=0.99), losses.binary_crossentropy)
    model.fit(train, validation_data=val, epochs=epochs, verbose=0)
    trained = time.perf_counter()
    plots.digits(model.predict(mnist.x_test[:20], verbose=0))
    times = {"import_seconds": imported - start, "training_seconds": trained - imported}
    print("done", json.dumps(times), flush=True)
    sys.stdin.readline()  # stays, as a kernel does, until the last one is done


def proportional_set_size(pid):
    """Returns the bytes of memory that a process takes, shared pages counted in part."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has ended
        return 0
    (line,) = [line for line in text.splitlines() if line.startswith("Pss:")]
    return 1024 * int(line.split()[1])


def available():
    """Returns the GiB of memory that new processes can have."""
    text = Path("/proc/meminfo").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("MemAvailable:")]
    return 1024 * int(line.split()[1]) / GIB


def class_of(learners, epochs):
    """Runs several learners at once; returns a row for the results."""
    command = [sys.executable, "-m", "benchmarks.classroom", "--learner", str(epochs)]
    start = time.perf_counter()
    processes = [
        subprocess.Popen(
            command, cwd=course.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(learners)
    ]
    peak = np.zeros(learners)
    together, answers = 0, [None] * learners
    try:
        for process in processes:
            os.set_blocking(process.stdout.fileno(), False)
        while None in answers:
            sizes = [proportional_set_size(process.pid) for process in processes]
            peak, together = np.maximum(peak, sizes), max(together, sum(sizes))
            for number, process in enumerate(processes):
                if answers[number] is None:
                    if process.poll() is not None:
                        raise RuntimeError(
                            f"A learner ended early, exit code {process.returncode}"
                            + ": killed, as a rule for want of memory" * (process.returncode == -9)
                        )
                    for line in process.stdout:
                        if line.startswith("done "):
                            answers[number] = json.loads(line.removeprefix("done "))
            time.sleep(0.2)
        seconds = time.perf_counter() - start
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
    return {
        "learners": learners,
        "seconds": round(seconds, 1),
        "training_seconds": round(max(answer["training_seconds"] for answer in answers), 1),
        "import_seconds": round(max(answer["import_seconds"] for answer in answers), 1),
        "memory_gib": round(together / GIB, 2),
        "largest_gib": round(float(peak.max()) / GIB, 2),
    }


def seconds_an_epoch(images, latent_dim, width, tiny=False):
    """Times an epoch of the net 784-width-latent_dim-width-784; returns the median of three."""
    import keras

    from aehelpers import losses, models

    keras.utils.set_random_seed(0)
    x = np.concatenate([data.load_mnist(dtype="uint8", validation=0).x_train] * 10)[:images]
    model = models.deep(latent_dim, sizes=(width,))
    model.compile(keras.optimizers.Adam(0.001), losses.binary_crossentropy)
    train = data.pipeline(x, 256)
    model.fit(train.take(5), verbose=0)  # compiles
    times = []
    for _ in range(3):
        start = time.perf_counter()
        model.fit(train.take(5) if tiny else train, verbose=0)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def growth(tiny=False):
    """Measures how the time of an epoch grows; returns rows with fitted exponents."""
    base = {"images": 10_000, "latent_dim": 32, "width": 128}
    steps = {
        "images": (10_000, 20_000, 60_000, 600_000),
        "latent_dim": (2, 8, 32, 128, 512),
        "width": (64, 128, 256, 512, 1024, 2048),
    }
    rows = []
    for what, values in steps.items():
        values = values[:2] if tiny else values
        seconds = [seconds_an_epoch(**(base | {what: value}), tiny=tiny) for value in values]
        slope = np.polyfit(np.log(values), np.log(seconds), 1)[0]
        rows.append(
            {
                "grows": what,
                "values": list(values),
                "seconds": [round(value, 2) for value in seconds],
                "exponent": round(float(slope), 2),
                "last_exponent": round(
                    float(np.log(seconds[-1] / seconds[-2]) / np.log(values[-1] / values[-2])), 2
                ),
            }
        )
    return rows


def table(found=None):
    """Renders the results in Markdown."""
    found = found or results.load("classroom")
    classes = [row for row in found["rows"] if "learners" in row]
    lines = [
        "| learners at once | import | training | memory together | the largest |",
        "|---|---|---|---|---|",
    ]
    for row in classes:
        lines.append(
            f"| {row['learners']} | {row['import_seconds']:.0f} s | "
            f"{row['training_seconds']:.0f} s | {row['memory_gib']:.1f} GiB | "
            f"{row['largest_gib']:.2f} GiB |"
        )
    if len(classes) > 1:
        count = [row["learners"] for row in classes]
        memory, fixed = np.polyfit(count, [row["memory_gib"] for row in classes], 1)
        seconds = np.polyfit(count, [row["training_seconds"] for row in classes], 1)[0]
        lines += [
            "",
            f"One more learner costs {memory:.2f} GiB, and all of them {seconds:.0f} s. A machine "
            f"of 24 GiB, of which {KEPT_FREE:.0f} are kept for the system, has memory for "
            f"{int((24 - KEPT_FREE - fixed) / memory)} learners at this training.",
        ]
    lines += [
        "",
        "| what grows | values | seconds an epoch | time grows with the power |",
        "|---|---|---|---|",
    ]
    names = {"images": "images", "latent_dim": "numbers in the code", "width": "units in a layer"}
    for row in found["rows"]:
        if "grows" in row:
            values = ", ".join(f"{value:,}" for value in row["values"])
            seconds = ", ".join(f"{value:.1f}" for value in row["seconds"])
            lines.append(
                f"| {names[row['grows']]} | {values} | {seconds} | {row['exponent']:.2f} "
                f"(last step: {row['last_exponent']:.2f}) |"
            )
    return "\n".join([*lines, "", results.described(found["machine"])])


def main(argv=None):
    """Runs the classes, then the growth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", nargs="+", type=int, default=[1, 2, 4, 8])
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    parser.add_argument("--learner", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.learner:
        learner(args.learner)
        return
    if not Path("/proc/self/smaps_rollup").exists():
        sys.exit("Memory is read from /proc/*/smaps_rollup, which only Linux has.")
    if min(args.learners) < 1:
        sys.exit(f"learners must be positive integers. Received: {args.learners}")
    if max(args.learners) * 1.0 > available():
        sys.exit(
            f"{max(args.learners)} learners need about {max(args.learners)} GiB of free memory. "
            f"Received: {available():.1f} GiB"
        )
    if not args.tiny:
        results.full_mnist("Benchmarks", dtype="uint8")
        if args.learners != parser.get_default("learners"):
            results.check_part("classroom")
    rows = [class_of(number, 1 if args.tiny else 10) for number in args.learners]
    rows += growth(args.tiny)
    for row in rows:
        print(row)
    if not args.tiny:
        rows = results.merged(
            "classroom", rows, same=lambda row: row.get("learners", row.get("grows"))
        )
        rows = sorted(rows, key=lambda row: row.get("learners", np.inf))
        results.store("classroom", rows)
        tables.write()


if __name__ == "__main__":
    main()
