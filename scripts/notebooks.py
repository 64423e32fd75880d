"""Executes the course's notebooks on the full data and writes them back, normalised.

    python -m scripts.notebooks [01_vanilla ...]

Nothing is written unless the whole notebook ran without an error, on all of MNIST. What is
written carries a hash of its code cells; a test compares it with the code as it stands. Times and
memory go to benchmarks/results/notebooks.json, and every page that shows them is written anew.
"""

import argparse
import contextlib
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from scripts import course, predictions, results, tables

# What TensorFlow says as it starts, on some machines, and of many models in one process; no reader
# needs it.
_CHATTER = re.compile(
    r"^(WARNING: All log messages before absl|[IWE]\d{4} \d\d:\d\d:|To enable the following"
    r"|WARNING:tensorflow:\d+ out of the last \d+ calls).*\n?",
    re.M,
)


def code_hash(notebook):
    """Returns the SHA-256 of a notebook's code cells, as a hexadecimal string."""
    code = "\n\0".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return hashlib.sha256(code.encode()).hexdigest()


def normalise(notebook):
    """Leaves in a notebook only what a reader needs and what a second run would write again."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            # With it, exports as a script are Python with the text as comments.
            "language_info": {
                "file_extension": ".py",
                "mimetype": "text/x-python",
                "name": "python",
                "nbconvert_exporter": "python",
                "pygments_lexer": "ipython3",
            },
            "aehelpers": {"data": "full MNIST", "code_sha256": code_hash(notebook)},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        cell.metadata.pop("memory_gib", None)
        if cell.cell_type != "code":
            continue
        outputs = []
        for output in cell.outputs:
            metadata = output.get("metadata", {})
            metadata.pop("_display_id", None)
            if "tries" in metadata.get("aehelpers", {}):  # which checks note for learners
                del metadata["aehelpers"]
            # A view of a widget that lived in this kernel; its picture and description stay.
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            output.get("transient", {}).clear()
            if output.output_type == "stream":
                text = _CHATTER.sub("", output.text)
                if text != output.text and not text.strip():
                    continue
                output.text = text
            before = outputs[-1] if outputs else {}
            if output.output_type == "stream" and before.get("name") == output.name:
                before.text += output.text  # in how many pieces it came is chance
            else:
                outputs.append(output)
        cell.outputs = outputs
    return notebook


def refuse(notebook):
    """Returns why these outputs must not be stored, or None."""
    # Without a home it stays "~", and in containers it may be "/": both stand in many outputs.
    folders = {os.path.expanduser("~"), str(course.ROOT)} - {"~", "/"}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                return f"a cell wrote to stderr: {output.text[:300]!r}."
            if any(folder in str(output) for folder in folders):
                return f"an output holds a path of this machine: {str(output)[:300]}."
    return None


def by_section(notebook):
    """Reads the times and the memory of a notebook's cells under each heading of the second level.

    Args:
        notebook: A notebook as `execute` leaves it, with what was noted in its cells' metadata.

    Returns:
        List of dictionaries with "title", "seconds" (of all its cells), "longest" (seconds of the
        cell that took longest) and "memory_gib" (the kernel's largest memory during any of its
        cells, `None` where it can't be told), in the notebook's order. What stands before the first
        of these headings is called "Opening".
    """
    sections = [_section("Opening")]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            without_code = re.sub(r"```.*?```", "", cell.source, flags=re.S)
            for title in re.findall(r"^## (.+)$", without_code, flags=re.M):
                sections.append(_section(title))
        elif "execution" in cell.metadata:
            noted, section = cell.metadata["execution"], sections[-1]
            start, end = (noted.get(f"iopub.status.{word}") for word in ("busy", "idle"))
            if start and end:
                took = datetime.fromisoformat(end) - datetime.fromisoformat(start)
                section["seconds"] += took.total_seconds()
                section["longest"] = max(section["longest"], took.total_seconds())
            if memory := cell.metadata.get("memory_gib"):
                section["memory_gib"] = max(section["memory_gib"] or 0, memory)
    for section in sections:
        section |= {key: round(section[key], 1) for key in ("seconds", "longest")}
    return [section for section in sections if section["seconds"] >= 0.05]


def _section(title):
    return {"title": title, "seconds": 0.0, "longest": 0.0, "memory_gib": None}


def peak_memory(pid):
    """Returns the largest memory of a process so far, in GiB, `None` where it can't be told."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)  # none in a process that has ended
    return round(int(found[1]) / 2**20, 2) if found else None


class _Meter:
    """Notes in each cell's metadata the kernel's largest memory while it ran (Linux only)."""

    def __init__(self):
        self.client = None

    def __call__(self, cell, **_):
        try:
            pid = self.client.km.provisioner.pid
        except AttributeError:  # no kernel yet, or one that isn't a process here
            return
        if peak := peak_memory(pid):
            cell.metadata["memory_gib"] = peak
            with contextlib.suppress(OSError):  # the largest is counted anew from here
                Path(f"/proc/{pid}/clear_refs").write_text("5")


def execute(notebook, environment=None):
    """Executes a notebook in a fresh kernel, in place.

    Args:
        notebook: The notebook, which gets the outputs, the times and the memory of its cells.
        environment: Dictionary of what is added to the kernel's environment variables.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails.
    """
    meter = _Meter()
    meter.client = NotebookClient(
        notebook,
        timeout=900,
        resources={"metadata": {"path": course.FOLDER}},
        on_cell_executed=meter,
    )
    meter.client.execute(env=os.environ | (environment or {}))


def most_memory(sections):
    """Returns the largest memory in GiB of what `by_section` returned, or None."""
    return max((one["memory_gib"] for one in sections if one["memory_gib"]), default=None)


def record(name, sections):
    """Stores the times of one notebook, in place of those of an earlier run.

    Args:
        name: The notebook's name.
        sections: What `by_section` returned.
    """
    row = {
        "notebook": name,
        "machine": results.machine(),
        "seconds": round(sum(one["seconds"] for one in sections), 1),
        "longest_cell": max((one["longest"] for one in sections), default=0.0),
        "memory_gib": most_memory(sections),
        "sections": sections,
    }
    others = [one for one in results.load("notebooks")["rows"] if one["notebook"] != name]
    rows = sorted([row, *others], key=lambda one: one["notebook"])
    results.write("notebooks", {"rows": rows})


def run(each):
    """Executes one notebook, writes it back, and brings the pages up to date.

    Args:
        each: A `course.Notebook`.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails; the file is left as it was.
        ValueError: If what the run wrote must not be stored; the file is left as it was.
    """
    # Before the run, as lint would ask for it after it, and then the outputs were of other code.
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", each.path], check=True)
    notebook = each.read()
    tables.complete(notebook)
    # Of a run that will be stored itself, no prediction's answer points to an earlier one.
    before = predictions.load()
    predictions.forget(notebook)
    try:
        execute(notebook)
    finally:
        predictions.write(before)
    sections = by_section(notebook)
    normalise(notebook)
    if reason := refuse(notebook):
        kept = Path(tempfile.gettempdir(), each.path.name)
        nbformat.write(notebook, kept)
        raise ValueError(f"{each}: not stored, {reason} The run is kept in {kept}")
    nbformat.write(notebook, each.path)
    predictions.record(notebook)
    record(each.name, sections)
    tables.write()
    report(each, sections)


def report(each, sections):
    """Prints what a run took: in all, and section by section.

    Args:
        each: A `course.Notebook`.
        sections: What `by_section` returned.
    """
    for one in sections:
        memory = f"{one['memory_gib']:5.2f} GiB" if one["memory_gib"] else ""
        print(f"  {one['seconds']:6.1f} s (a cell {one['longest']:5.1f} s) {memory} {one['title']}")
    minutes = sum(one["seconds"] for one in sections) / 60
    print(f"{each}: {minutes:.1f} minutes, {each.path.stat().st_size / 1e3:.0f} kB", flush=True)


def main(args=None):
    """Runs the notebooks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    course.add_argument(parser)
    chosen = parser.parse_args(args).notebooks
    results.full_mnist("Stored outputs")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["AEHELPERS_CACHE_DIR"] = cache  # no training is resumed from an earlier run
        os.environ["IPYTHONDIR"] = cache  # what a user starts each kernel with stays out
        for each in chosen:
            run(each)


if __name__ == "__main__":
    main()
