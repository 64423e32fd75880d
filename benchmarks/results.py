"""Where results are kept, what machine they come from, and how they get into the prose.

Results lie in benchmarks/results/NAME.json, a list under `rows` beside a description of the
machine. In README.md and docs/, tables stand between `<!-- NAME: ... -->` and `<!-- /NAME -->`.
"""

import json
import os
import platform
import re
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
