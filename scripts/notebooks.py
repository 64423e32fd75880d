"""Executes the course's notebooks on the full data and writes them back, normalised.

    python scripts/notebooks.py [01_vanilla ...]

Nothing is written unless the whole notebook ran without an error, on all of MNIST. What is
written carries a hash of its code cells; a test compares it with the code as it stands.
"""

import argparse
import hashlib
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).parents[1]))

from aehelpers import data
from benchmarks import results
from scripts import guide

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

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
            "language_info": {"name": "python"},
            "aehelpers": {"data": "full MNIST", "code_sha256": code_hash(notebook)},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        outputs = []
        for output in cell.outputs:
            output.get("metadata", {}).pop("_display_id", None)
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
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                return f"a cell wrote to stderr: {output.text[:300]!r}."
            if str(Path.home()) in str(output) or str(NOTEBOOKS.parent) in str(output):
                return f"an output holds a path of this machine: {str(output)[:300]}."
    return None


def run(name):
    """Executes one notebook and writes it back.

    Args:
        name: The notebook's name, such as `"01_vanilla"`.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails; the file is left as it was.
        ValueError: If what the run wrote must not be stored; the file is left as it was.
    """
    path = NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    meter = guide.Meter()
    meter.client = NotebookClient(
        notebook,
        timeout=900,
        resources={"metadata": {"path": NOTEBOOKS}},
        on_cell_executed=meter,
    )
    meter.client.execute()
    minutes = (time.monotonic() - start) / 60
    sections = guide.seconds_by_section(notebook)
    normalise(notebook)
    if reason := refuse(notebook):
        kept = Path(tempfile.gettempdir(), path.name)
        nbformat.write(notebook, kept)
        raise ValueError(f"{name}: not stored, {reason} The run is kept in {kept}")
    nbformat.write(notebook, path)
    guide.record(name, sections, meter.peak)
    print(f"{name}: {minutes:.1f} minutes, {path.stat().st_size / 1e3:.0f} kB", flush=True)


def main():
    """Runs the notebooks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="such as 01_vanilla; all of them by default")
    names = [Path(name).stem for name in parser.parse_args().names]
    known = sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
    if unknown := set(names) - set(known):
        sys.exit(f"Expected names of notebooks, {', '.join(known)}. Received: {', '.join(unknown)}")
    if data.quick():
        sys.exit("Stored outputs come from full runs. Received: AEHELPERS_QUICK=1")
    if not data.load_mnist().full:
        sys.exit(
            "Stored outputs come from all of MNIST. Received: the bundled digits. "
            "Set AEHELPERS_DATA_DIR to a folder that holds mnist.npz, or run once with a network."
        )
    results.resolve_data_dir()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["AEHELPERS_CACHE_DIR"] = cache  # no training is resumed from an earlier run
        for name in names or known:
            run(name)


if __name__ == "__main__":
    main()
