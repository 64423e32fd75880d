"""The tables of docs/teaching.md: times and memory, schedules, answers to the predictions.

`make tables` puts them into the page. They are made from benchmarks/results/notebooks.json, to
which `make notebooks` adds a row whenever it stores a notebook, and from the notebooks themselves.
"""

from scripts import course, predictions, results

KEPT_FREE = 2.0  # GiB for the system, JupyterLab and a browser

# Minutes, what happens, and what is run of which notebook: the named sections, or all of it.
SCHEDULES = {
    "lecture": [
        (
            10,
            "Sliders first: what ten numbers can do. Then encoder, code, decoder",
            "00_start_here",
            ["The digits", "Encoder, latent space, decoder"],
        ),
        (
            10,
            "What a loss sees and what it doesn't: the shifted digit and the half one",
            "00_start_here",
            ["Reconstruction error", "The two usual losses"],
        ),
        (
            15,
            "The plainest net, written out and trained in front of everybody",
            "01_vanilla",
            [
                "Encoder, decoder, autoencoder",
                "Training",
                "Ten digits and what became of them",
            ],
        ),
        (
            15,
            "PCA, and what depth adds at the same 30 numbers (show the stored figures)",
            "01_vanilla",
            ["A linear autoencoder is PCA"],
        ),
        (
            10,
            "Shuffled codes: it can't draw. Ask for predictions, let them vote",
            "01_vanilla",
            ["Can it draw a new digit?"],
        ),
        (
            10,
            "Damage and repair; the wrong digit in good handwriting",
            "03_denoising",
            ["Four kinds of damage", "A better denoiser"],
        ),
        (
            15,
            "Clouds in place of points, and what they buy: the map and the samples",
            "05_variational",
            ["1 · The failure first", "2 · The idea: a cloud in place of a point"],
        ),
        (5, "Sliders and the drawing pad in the audience's hands; questions", "", []),
    ],
    "workshop": [
        (10, "Everybody opens 00 and runs the first cell; those who can't, pair up", "", []),
        (30, "00, with exercise 0.1", "00_start_here", []),
        (
            60,
            "01, with exercises 1.1 and 1.2; start each training, talk while it runs",
            "01_vanilla",
            [],
        ),
        (15, "Break", "", []),
        (40, "03, with exercise 3.2; the table of damages in pairs", "03_denoising", []),
        (10, "Break", "", []),
        (
            60,
            "05, sections 1 to 6, with exercises 5.1 and 5.3",
            "05_variational",
            [
                "1 · The failure first",
                "2 · The idea: a cloud in place of a point",
                "3 · Noise that lets gradients pass",
                "4 · The loss, in five lines",
                "5 · The model",
                "6 · What it learned",
            ],
        ),
        (15, "Draw a digit; what each would try next; where to read on", "", []),
    ],
    "evenings": [
        (120, "First evening: what an autoencoder is, and the plainest one", "00_start_here", []),
        (0, "", "01_vanilla", []),
        (
            150,
            "Second: layers that know of neighbours, and repairing what is damaged",
            "02_convolutional",
            [],
        ),
        (0, "", "03_denoising", []),
        (90, "Third: long codes with few numbers on", "04_sparse", []),
        (
            150,
            "Fourth: codes that are distributions (split it after section 6 if it gets late)",
            "05_variational",
            [],
        ),
        (90, "Fifth: what it is all good for", "06_applications", []),
    ],
}


def times(found=None):
    """Returns the times and the memory of the stored runs, as Markdown."""
    rows = (found or results.load("notebooks"))["rows"]
    lines = ["| notebook, and its sections | to run | most memory |", "|---|---|---|"]
    for row in rows:
        memory = f"{row['memory_gib']:.1f} GiB" if row["memory_gib"] else ""
        link = f"[{row['notebook']}](../notebooks/{row['notebook']}.ipynb)"
        lines.append(f"| **{link}** | **{_time(row['seconds'])}** | {memory} |")
        for one in row["sections"]:
            if one["seconds"] >= 1:
                memory = f"{one['memory_gib']:.1f} GiB" if one["memory_gib"] else ""
                lines.append(f"| {one['title']} | {_time(one['seconds'])} | {memory} |")
    if not rows:
        return "\n".join(lines)
    machines = results.described_rows(rows, lambda row: row["notebook"])
    below = [machines, _BELOW, _class(rows)]
    return "\n".join([*lines, "", *below])


_BELOW = "Sections of less than a second are left out. Loading TensorFlow is part of the opening."


def _class(rows):
    """Returns how many kernels a machine has memory for, if nothing is shared."""
    memory = {row["notebook"]: row["memory_gib"] for row in rows if row["memory_gib"]}
    if "01_vanilla" not in memory:
        return ""
    largest = max(memory, key=memory.get)
    holds = {name: int((24 - KEPT_FREE) / memory[name]) for name in ("01_vanilla", largest)}
    return (
        f"With {KEPT_FREE:.0f} GiB kept for the system, 24 GiB hold {holds['01_vanilla']} kernels "
        f"that have run all of 01, or {holds[largest]} that have run {largest[:2]}."
    )


def _time(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def schedule(name, found=None):
    """Returns one of the schedules as Markdown, with the time that its cells take to run."""
    found = found or results.load("notebooks")
    seconds = {
        row["notebook"]: {one["title"]: one["seconds"] for one in row["sections"]}
        for row in found["rows"]
    }
    lines = ["| minutes | what | notebook | cells run for |", "|---|---|---|---|"]
    for minutes, what, notebook, sections in SCHEDULES[name]:
        took = ""
        if notebook in seconds:
            parts = seconds[notebook]
            took = _time(sum(parts.get(title, 0) for title in sections or parts))
        link = notebook and f"[{notebook[:2]}](../notebooks/{notebook}.ipynb)"
        lines.append(f"| {minutes or ''} | {what} | {link} | {took} |")
    total = sum(minutes for minutes, *_ in SCHEDULES[name])
    return "\n".join([*lines, "", f"Together {total} minutes."])


def answers():
    """Returns the predictions of all notebooks with their answers, as Markdown."""
    lines = ["| | question | measured |", "|---|---|---|"]
    for each in course.notebooks():
        for question, answer in predictions.measured(each.read()).items():
            lines.append(f"| {each.number} | {question} | {answer} |")
    return "\n".join(lines)
