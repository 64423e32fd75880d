"""Where results are kept, what machine they come from, and how they get into the prose.

Results lie in benchmarks/results/NAME.json, a list under `rows` beside a description of the
machine. In README.md and docs/, tables stand between `<!-- NAME: ... -->` and `<!-- /NAME -->`.
A run of a part keeps the rest of what this machine measured before; on another machine a part is
refused, as it would replace the whole.
"""

import json
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def machine():
    """Describes what the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
        if hasattr(os, "sysconf")
        else None,
        "python": platform.python_version(),
        "keras": version("keras"),
    }


def described(machine):
    """Returns a sentence on the machine, for below a table."""
    memory = f", {machine['memory_gib']} GiB of memory" if machine.get("memory_gib") else ""
    return f"Measured on {machine['cores']} cores{memory}, Keras {machine['keras']}."


def store(name, rows, versions=None, **more):
    """Writes the rows with a description of this machine; returns what was written.

    Args:
        name: Stem of the file.
        rows: List of dictionaries.
        versions: Dictionary of what else took part, added to the machine's description.
        more: What holds for all the rows, such as `presses=100`.
    """
    found = {"machine": machine() | (versions or {}), **more, "rows": rows}
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(found, indent=1) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    return found


def load(name):
    """Reads what `store` wrote."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def earlier(name):
    """Returns the stored rows if they come from this machine, else an empty list."""
    if not (RESULTS / f"{name}.json").exists():
        return []
    found = load(name)
    return found["rows"] if machine().items() <= found["machine"].items() else []


def merged(name, rows, same):
    """Returns the rows with those of earlier runs on this machine that are of something else.

    Args:
        name: Stem of the file.
        rows: What was measured now.
        same: Function from a row to what it is of, such as its name.
    """
    now = [same(row) for row in rows]
    return [row for row in earlier(name) if same(row) not in now] + rows


def check_part(name):
    """Ends the program if a part of a run would replace what another machine measured.

    To be called before anything is measured, if not everything is going to be.
    """
    if (RESULTS / f"{name}.json").exists() and not earlier(name):
        there, here = (described(one) for one in (load(name)["machine"], machine()))
        sys.exit(
            f"A run of a part adds to results of the same machine. Received: a part, but "
            f"benchmarks/results/{name}.json says: {there} Here: {here} Run it whole, or see "
            "with --tiny that it works."
        )


def check_digits(mnist):
    """Ends the program unless the images are all of MNIST."""
    if not mnist.full:
        sys.exit(
            "Benchmarks run on all of MNIST. Received: the bundled digits. Set AEHELPERS_DATA_DIR "
            "to a folder that holds mnist.npz, and leave AEHELPERS_QUICK unset."
        )


def resolve_data_dir():
    """Makes `AEHELPERS_DATA_DIR` absolute, as kernels run in another folder."""
    if "AEHELPERS_DATA_DIR" in os.environ:
        os.environ["AEHELPERS_DATA_DIR"] = str(Path(os.environ["AEHELPERS_DATA_DIR"]).resolve())


def render(path, name, table):
    """Puts a table between its markers in a Markdown file.

    Raises:
        ValueError: If the file has no such markers.
    """
    text = path.read_text(encoding="utf-8")
    pattern = rf"(<!-- {name}: [^>]*-->\n).*?(<!-- /{name} -->)"
    if not re.search(pattern, text, flags=re.S):
        raise ValueError(
            f"{path.name} must hold the markers <!-- {name}: written by ... --> and "
            f"<!-- /{name} -->. Received: a file without them"
        )
    text = re.sub(pattern, lambda found: f"{found[1]}{table}\n{found[2]}", text, flags=re.S)
    path.write_text(text, encoding="utf-8")
