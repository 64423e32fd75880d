"""The scoreboard: this course's models beside published numbers, each with its protocol.

    python -m benchmarks.scoreboard [--rows pca_30 ...] [--seeds 0 1 2] [--fresh] [--reworded]

Runs what benchmarks/results/scoreboard.json lacks of the rows in scoreboard_rows.py, and stores
each result as soon as it is there: an interrupted run is taken up where it was. `--fresh` first
forgets the results of the rows and seeds that are asked for. Results of another protocol are not
taken for a row's own; `--reworded` says that only its words are others.
"""

import argparse
import time

import keras
import numpy as np

from benchmarks import scoreboard_codes, scoreboard_variational  # noqa: F401  # their rows
from benchmarks.scoreboard_rows import ROWS
from scripts import arguments, results, tables

SEEDS = (0, 1, 2)
REACHED = {True: "yes", False: "no", None: ""}


def run(row, mnist, seed, tiny=False):
    """Runs one row with one seed.

    Returns:
        A dictionary with `seed`, `value`, `minutes`, `cpu_minutes` of all cores together, which
        depend less on what else the machine does, and `machine`; with `training_cpu_minutes`, those
        of the training alone, where the row tells them.
    """
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    start, cpu_start = time.monotonic(), time.process_time()
    value = row.run(mnist, seed, tiny)
    value, training = value if isinstance(value, tuple) else (value, None)
    minutes, cpu_minutes = (time.monotonic() - start) / 60, (time.process_time() - cpu_start) / 60
    return {
        "seed": seed,
        "value": round(float(value), 5),
        "minutes": round(minutes, 2),
        "cpu_minutes": round(cpu_minutes, 2),
        **({} if training is None else {"training_cpu_minutes": round(training, 2)}),
        "machine": results.machine(),
    }


def read():
    """Returns the stored runs by the keys of their rows."""
    return {stored["key"]: stored["runs"] for stored in results.load("scoreboard")["rows"]}


def another_protocol():
    """Returns the keys of the rows whose stored results are told of with other words."""
    names = ("protocol", "unit", "variant", "split")
    return [
        stored["key"]
        for stored in results.load("scoreboard")["rows"]
        if stored["key"] in ROWS
        and any(stored[name] != getattr(ROWS[stored["key"]], name) for name in names)
    ]


def write(runs):
    """Stores runs, in the order of the rows, and computes their means."""
    rows = []
    for key, row in ROWS.items():
        if not runs.get(key):
            continue
        done = sorted(runs[key], key=lambda r: r["seed"])
        values = [r["value"] for r in done]
        about = {name: value for name, value in vars(row).items() if name != "run"}
        rows.append(
            about
            | {
                "seeds": [r["seed"] for r in done],
                "values": values,
                "mean": round(float(np.mean(values)), 5),
                "spread": round(float(np.std(values, ddof=1)), 5) if len(values) > 1 else None,
                "minutes": round(float(np.mean([r["minutes"] for r in done])), 2),
                "runs": done,
            }
        )
    results.write("scoreboard", {"rows": rows})


def reached(stored):
    """Returns whether a stored row has reached its target; None if it has none."""
    if stored["target"] is None:
        return None
    if stored["tolerance"] is not None:
        return abs(stored["mean"] - stored["target"]) <= stored["tolerance"]
    ahead = stored["mean"] - stored["target"]
    return bool(ahead >= 0 if stored["higher"] else ahead <= 0)


def number(value, stored):
    """Returns a value with two decimals, or four where they are small."""
    return f"{value:.4f}" if stored["mean"] < 1 else f"{value:.2f}"


def result(stored):
    """Returns mean, spread and number of seeds in words."""
    text = number(stored["mean"], stored)
    if stored["spread"] is not None:
        text += f" ± {number(stored['spread'], stored)}"
    if stored["deterministic"]:
        return text
    missing = len(SEEDS) - len(stored["seeds"])
    return text + (f" ({len(stored['seeds'])} of {len(SEEDS)} seeds)" if missing > 0 else "")


def measured(run, stored):
    """Returns one run in words: its value, its seed, and the minutes that it took."""
    about = ["no seed" if stored["deterministic"] else f"seed {run['seed']}"]
    about.append(f"{run['minutes']:.1f} minutes")
    if run.get("cpu_minutes") is not None:
        about.append(f"{run['cpu_minutes']:.1f} of CPU")
    if run.get("training_cpu_minutes") is not None:
        about.append(f"{run['training_cpu_minutes']:.1f} of these for training")
    return f"{number(run['value'], stored)} ({', '.join(about)})"


def table():
    """Renders the stored rows as a table in Markdown."""
    lines = ["| | published | target | here | target reached |", "|---|---|---|---|---|"]
    for stored in results.load("scoreboard")["rows"]:
        target = "none" if stored["target"] is None else f"{stored['target']:g}"
        if stored["tolerance"] is not None:
            target += f" ± {stored['tolerance']:g}"
        what = f"{stored['name']}: {stored['unit']}"
        cells = what, stored["published"], target, result(stored)
        lines.append(f"| {' | '.join(cells)} | {REACHED[reached(stored)]} |")
    return "\n".join(lines)


def page():
    """Renders all that is stored, row by row, in Markdown."""
    rows = results.load("scoreboard")["rows"]
    parts = [table()]
    if rows:
        runs = [run | {"of": row["name"]} for row in rows for run in row["runs"]]
        parts.append(
            f"{results.described_rows(runs, lambda run: run['of'])} Other work was using the cores "
            "as well. So the minutes are upper bounds; minutes of CPU, of all cores together, say "
            "more."
        )
    for stored in rows:
        source = stored["source"][0].upper() + stored["source"][1:]
        values = "; ".join(measured(run, stored) for run in stored["runs"])
        parts += [
            f"## {stored['name']}",
            f"- **Published:** {stored['published']}. {source}.\n"
            f"- **Measure:** {stored['unit']}. Images: {stored['variant']}.\n"
            f"- **Protocol:** {stored['protocol']}. {stored['split']}.\n"
            f"- **Here:** {'' if len(stored['runs']) == 1 else result(stored) + ': '}{values}."
            + (f"\n- **Notes:** {stored['tried']}" if stored["tried"] else ""),
        ]
    missing = [row.name for key, row in ROWS.items() if key not in {r["key"] for r in rows}]
    if missing:
        parts += ["## Not measured yet", "\n".join(f"- {name}" for name in missing)]
    return "\n\n".join(parts)


def main(argv=None):
    """Runs the rows that are named, or all of them, as far as their results are missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_names(parser, "--rows", ROWS, "rows")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--fresh", action="store_true", help="run also what has a result")
    parser.add_argument("--reworded", action="store_true", help="keep results of other words")
    args = parser.parse_args(argv)
    mnist = results.full_mnist("Results of the scoreboard")
    runs = read()
    if args.fresh:
        for key in args.rows:
            others = [] if ROWS[key].deterministic else runs.get(key, ())
            runs[key] = [r for r in others if r["seed"] not in args.seeds]
    left = [key for key in another_protocol() if runs.get(key)]
    if left and not args.reworded:
        parser.error(
            "Expected --fresh with all seeds of rows whose protocol has changed, or --reworded if "
            f"only its words have. Received: stored results of another protocol for {left}"
        )
    write(runs)
    for key in args.rows:
        seeds = args.seeds[:1] if ROWS[key].deterministic else args.seeds
        done = {r["seed"] for r in runs.get(key, ())}
        if ROWS[key].deterministic and done:
            continue
        for seed in seeds:
            if seed in done:
                continue
            new = run(ROWS[key], mnist, seed)
            runs = read()  # another process may have measured another row
            runs[key] = [r for r in runs.get(key, ()) if r["seed"] != seed] + [new]
            write(runs)
            print(f"{key}: {new}", flush=True)
    write(read())  # what the rows say of themselves may have changed
    tables.write()


if __name__ == "__main__":
    main()
