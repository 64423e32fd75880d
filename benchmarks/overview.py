"""All benchmarks in one table: how long, how much memory, and against what.

`make tables` puts it into README.md and docs/speed.md. A target is what the course set itself;
where one was missed, the table says so.
"""

import numpy as np

from scripts import course, results

MINUTES = 10  # for the notebooks that are not optional, on the full data
QUICK_MINUTES = 2.5  # for the same in quick mode
KERNEL_GIB = 1.5
FIRST_DIGITS = {"kernel to the first digits": 1.5, "the same after `import keras`": 7.0}
SHARE = 0.4  # of what products and convolutions alone allow


def speed_rows():
    """Yields what `speed.py` found: a training beside its peer's."""
    found = results.load("speed")["rows"]
    for row in found:
        peer, ours = (
            np.median([run[f"{who}_seconds"] for run in row["runs"]]) for who in ("peer", "our")
        )
        source = row["peer"].split("'s ")[0]
        ratio = f"{row['ratio']:.1f} times faster" if row["ratio"] else "not reached"
        seeds = f"{len(row['seeds'])} seed{'s' * (len(row['seeds']) > 1)}"
        what = f"{row['what']}: to the same loss, {seeds}"
        yield what, f"{ours:.0f} s", f"{source}: {peer:.0f} s", ratio
    ratios = [row["ratio"] for row in found]
    if len(found) == 5 and None not in ratios:
        mean = np.exp(np.mean(np.log(ratios)))
        yield "the five together, geometric mean", "", "", f"{mean:.1f} times faster"


def limit_rows():
    """Yields what `limits.py` found: a step of training beside its products alone."""
    for row in results.load("limits")["rows"]:
        if row["name"] in ("dense", "deep", "convolutional", "relu"):
            what = row["what"]
            if row["name"] == "relu":
                what = "convolutional, ReLU in place of GELU"
            yield (
                f"a step of training, {what}",
                f"{row['step_ms']:.1f} ms",
                f"products and convolutions alone: {row['limit_ms']:.1f} ms",
                f"{row['ratio']:.0%} of the limit{missed(row['ratio'] < SHARE, f'{SHARE:.0%}')}",
            )


def notebook_rows():
    """Yields minutes and memory of the notebooks."""
    names = {each.name: each.number for each in course.core()}
    rows = results.load("notebooks")["rows"]
    minutes = sum(row["seconds"] for row in rows if row["notebook"] in names) / 60
    what = f"notebooks {_span(list(names.values()))}, all of MNIST"
    yield what, f"{minutes:.1f} min", *target(minutes, MINUTES, "min")
    quick = [row for row in results.load("quick")["rows"] if row["name"] in names]
    minutes = sum(row["seconds"] for row in quick) / 60
    same = "the same" if len(quick) == len(names) else f"{len(quick)} of these {len(names)}"
    yield f"{same} in quick mode", f"{minutes:.1f} min", *target(minutes, QUICK_MINUTES, "min")
    largest = max(rows, key=lambda row: row["memory_gib"] or 0)
    gib = largest["memory_gib"]
    what = f"the largest kernel, {largest['notebook'][:2]}"
    yield what, f"{gib:.1f} GiB", *target(gib, KERNEL_GIB, "GiB")


def _span(numbers):
    """Returns numbers in words, such as "00 to 06, 09"."""
    runs = []
    for number in numbers:
        if runs and int(number) == int(runs[-1][-1]) + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def starting_rows():
    """Yields the times from a start to something to see."""
    seconds = {row["name"]: row["seconds"] for row in results.load("starting")["rows"]}
    for name, limit in FIRST_DIGITS.items():
        what = name.replace("the same", "kernel to the first digits")
        yield what, f"{seconds[name]:.1f} s", *target(seconds[name], limit, "s")
    lab, alone = seconds["`make lab`"], seconds["JupyterLab itself"]
    ratio = f"{lab / alone:.1f} times as long"
    yield (
        "`make lab`, after the first time",
        f"{lab:.1f} s",
        f"JupyterLab alone: {alone:.1f} s",
        ratio,
    )


def class_rows():
    """Yields what a learner in a class costs."""
    rows = [row for row in results.load("classroom")["rows"] if "learners" in row]
    one, most = rows[0], rows[-1]
    yield (
        f"the first training, {most['learners']} learners on one machine at once",
        f"{most['training_seconds']:.0f} s, {most['memory_gib']:.1f} GiB",
        f"one alone: {one['training_seconds']:.0f} s, {one['memory_gib']:.1f} GiB",
        f"{most['training_seconds'] / one['training_seconds']:.1f} times as long, "
        f"{most['memory_gib'] / one['memory_gib']:.1f} times the memory",
    )


def widget_rows():
    """Yields what `widgets.py` found: a slider beside the usual one."""
    for row in results.load("widgets")["rows"]:
        yield (
            f"key press on a slider to changed pixels (95 % of them), {row['what']}",
            f"{row['ours']['p95_ms']:.0f} ms",
            f"`interact` and `predict`: {row['peer']['p95_ms']:.0f} ms",
            f"{row['ratio_p95']:.1f} times faster",
        )


def target(value, limit, unit):
    """Returns the target in words, and whether it was reached."""
    return f"target: {limit} {unit}", "missed" if value > limit else "reached"


def missed(is_missed, limit):
    """Returns what to add where a target was missed."""
    return f", target of {limit} missed" if is_missed else ""


def duration():
    """Renders in a sentence how long the benchmarks took that were run whole."""
    found = results.load("minutes")
    parts = ", ".join(f"`{row['name']}` {row['minutes']:.1f}" for row in found["rows"])
    total = sum(row["minutes"] for row in found["rows"])
    return f"Minutes: {parts}; together {total:.0f}. {results.described(found['machine'])}"


def table():
    """Renders the table in Markdown from the stored results."""
    lines = ["| what | here | against | |", "|---|---|---|---|"]
    for part in (
        speed_rows,
        limit_rows,
        notebook_rows,
        starting_rows,
        class_rows,
        widget_rows,
    ):
        lines += [f"| {' | '.join(cells)} |" for cells in part()]
    measured = [
        {"of": f"the benchmark of {name}", "machine": results.load(name)["machine"]}
        for name in ("speed", "limits", "quick", "starting", "classroom", "widgets")
    ]
    measured += [
        {"of": row["notebook"], "machine": row["machine"]}
        for row in results.load("notebooks")["rows"]
    ]
    return "\n".join([*lines, "", results.described_rows(measured, lambda each: each["of"])])
