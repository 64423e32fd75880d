"""Runs notebooks where others choose the versions: every cell, and every solution must pass.

    python -m scripts.elsewhere [01_vanilla ...]

Nothing is stored. It needs the package, nbclient and a kernel, and no Make.
"""

import argparse
import sys
import tempfile

from nbclient import NotebookClient

from scripts import course


def refused(notebook):
    """Returns what the checks of executed solutions said where they didn't pass."""
    said = []
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []):
            text = "".join(
                output.get("text", "") or output.get("data", {}).get("text/plain", "")
                for output in cell.outputs
            )
            if "passed" not in text:
                said.append(text or cell.source)
    return said


def main(args=None):
    """Runs the notebooks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    course.add_argument(parser)
    failed = []
    for each in parser.parse_args(args).notebooks:
        notebook = each.read()
        with tempfile.TemporaryDirectory() as folder:
            where = {"metadata": {"path": folder}}
            NotebookClient(notebook, timeout=600, kernel_name="python3", resources=where).execute()
        failed += (found := refused(notebook))
        report = next(
            (
                output.data["text/plain"]
                for cell in notebook.cells
                for output in cell.get("outputs", [])
                if "checks.environment()" in cell.source
            ),
            "",
        )
        print(f"{each}: {len(found)} solutions refused", report, sep="\n", flush=True)
        failed += ["checks.environment()"] if "MISSING" in report else []
    if failed:
        sys.exit("\n".join(["Refused:", *failed]))


if __name__ == "__main__":
    main()
