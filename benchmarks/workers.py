"""Notebook 07's training with 1, 2 and 4 workers: images a second, and the memory of a worker.

    python -m benchmarks.workers [--steps 12] [--tiny]

Takes the functions of notebook 07 as they stand there and runs its script, on this machine, with
one thread for each worker, for the notebook's net and for a larger one. More workers than cores
share them. Writes benchmarks/results/workers.json and the table in docs/speed.md.
"""

import argparse
import importlib.util
import os
import re
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import numpy as np

from aehelpers import data
from scripts import course, notebooks, results, tables

SIZES = {"784-512-384-20, notebook 07's": (512, 384), "784-2048-1024-20": (2048, 1024)}
WORKERS = (1, 2, 4)
WARM_UP = 3  # steps that are not counted; the first one compiles


def functions(folder, sizes, steps, batch_size=2048):
    """Writes what notebook 07 defines into a module, for another net, and imports it.

    Args:
        folder: A `Path` for the module.
        sizes: Units of the encoder's two layers.
        steps: Training steps.
        batch_size: Images of a batch, over all workers.

    Returns:
        The module, with the digits and the worker's script in place.
    """
    cells = course.notebook("07_scaling_out").read().cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    (last,) = (i for i, source in enumerate(sources) if source.startswith("def train("))
    code = "\n\n".join(sources[: last + 1])
    changes = {
        r"\(512, 384\)": str(sizes),
        r"\(384, 512\)": str(sizes[::-1]),
        r"^STEPS = .*": f"STEPS = {steps}",
        r"^BATCH_SIZE = .*": f"BATCH_SIZE = {batch_size}",
    }
    for old, new in changes.items():
        code, count = re.subn(old, new, code, flags=re.M)
        if count != 1:
            raise ValueError(f"Expected {old} once in notebook 07. Received: {count} times")
    path = folder / "workers_of_notebook_07.py"
    path.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure(module, workers):
    """Trains with so many workers; returns images a second and the largest worker's GiB."""
    memory = []
    with module.cluster(str(workers), workers) as processes:
        deadline = time.monotonic() + 600
        for rank in range(workers):
            while module.STEPS not in [step for step, *_ in module.log(str(workers), rank)]:
                memory += [notebooks.peak_memory(process.pid) for process in processes]
                failed = any(process.poll() for process in processes)
                if failed or time.monotonic() > deadline:
                    text = (module.script.parent / str(workers) / f"{rank}.log").read_text()
                    raise RuntimeError(f"{workers} workers didn't end. Received: {text[-800:]}")
                time.sleep(0.1)
        memory += [notebooks.peak_memory(process.pid) for process in processes]
    steps = np.array(module.log(str(workers)))
    seconds = np.median(steps[min(WARM_UP, len(steps) - 1) :, 2])
    memory = [each for each in memory if each]
    return {
        "workers": workers,
        "images_a_second": round(module.BATCH_SIZE / seconds),
        "worker_gib": max(memory, default=None),
    }


def table(found=None):
    """Renders the results in Markdown."""
    found = found or results.load("workers")
    lines = [
        "| net | weights | workers | images a second | beside one worker | memory of a worker |",
        "|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        for run in row["runs"]:
            ratio = run["images_a_second"] / row["runs"][0]["images_a_second"]
            memory = f"{run['worker_gib']:.2f} GiB" if run["worker_gib"] else ""
            lines.append(
                f"| {row['what']} | {row['weights'] / 1e6:.1f} million | {run['workers']} | "
                f"{run['images_a_second']:,} | **{ratio:.2f}** | {memory} |"
            )
    return "\n".join([*lines, "", results.described(found["machine"])])


def main(argv=None):
    """Runs both nets with all numbers of workers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if args.tiny:
        data.load_mnist()
    else:
        results.full_mnist("Benchmarks")
    rows = []
    for what, sizes in list(SIZES.items())[: 1 if args.tiny else None]:
        with tempfile.TemporaryDirectory() as folder:
            steps, batch = (2, 64) if args.tiny else (args.steps, 2048)
            module = functions(Path(folder), sizes, steps, batch)
            weights = module.build().count_params()
            runs = []
            for workers in WORKERS[: 2 if args.tiny else None]:
                runs.append(measure(module, workers))
                print(f"{what}: {runs[-1]}", flush=True)
            rows.append({"name": str(sizes), "what": what, "weights": weights, "runs": runs})
            module.temporary.cleanup()
    if not args.tiny:
        results.store("workers", rows)
        tables.write()


if __name__ == "__main__":
    main()
