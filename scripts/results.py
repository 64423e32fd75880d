"""Where what was measured is kept, and what machine it comes from.

Results lie in benchmarks/results/NAME.json, a list under `rows` beside a description of the
machine. A benchmark compares, so its rows come from one machine: a run of a part keeps the rest of
what this machine measured before, and on another machine a part is refused. Rows that stand for
themselves, such as those of the notebooks, hold their machine in `machine` and outlive it.
"""

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from aehelpers import data
from scripts.course import ROOT

RESULTS = ROOT / "benchmarks" / "results"


def machine():
    """Describes what the figures are measured on."""
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
    return f"Measured on {_words(machine)}."


def described_rows(rows, name):
    """Returns a sentence on the machines of rows that each hold their own.

    Args:
        rows: List of dictionaries with `machine`.
        name: Function from a row to what it is called; several rows may be of one name.
    """
    by_machine = {}
    for row in rows:
        by_machine.setdefault(_words(row["machine"]), {})[name(row)] = None
    most, *others = sorted(by_machine, key=lambda words: -len(by_machine[words]))
    exceptions = [f"{', '.join(by_machine[words])} on {words}" for words in others]
    return "; ".join([f"Measured on {most}", *exceptions]) + "."


def _words(machine):
    memory = f", {machine['memory_gib']} GiB of memory" if machine.get("memory_gib") else ""
    return f"{machine['cores']} cores{memory}, Keras {machine['keras']}"


def store(name, rows, versions=None, **more):
    """Writes the rows with a description of this machine; returns what was written.

    Args:
        name: Stem of the file.
        rows: List of dictionaries.
        versions: Dictionary of what else took part, added to the machine's description.
        more: What holds for all the rows, such as `presses=100`.
    """
    return write(name, {"machine": machine() | (versions or {}), **more, "rows": rows})


def write(name, found):
    """Writes results as they are, such that an interrupt leaves the file before."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    beside = RESULTS / f"{name}.tmp"
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    beside.write_text(text, encoding="utf-8", newline="\n")
    os.replace(beside, RESULTS / f"{name}.json")
    return found


def load(name):
    """Reads what is stored, `{"rows": []}` if nothing is.

    Raises:
        ValueError: If the file holds something else.
    """
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return {"rows": []}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        iter(found["rows"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} must hold a list of results under 'rows'. Received: {error!r}"
        ) from error
    return found


def earlier(name):
    """Returns the stored rows if they come from this machine, else an empty list."""
    found = load(name)
    return found["rows"] if machine().items() <= found.get("machine", {}).items() else []


def merged(name, rows, same):
    """Returns the rows with those of earlier runs on this machine that are of something else.

    Args:
        name: Stem of the file.
        rows: What was measured now.
        same: Function from a row to what it is of, such as its name.
    """
    now = [same(row) for row in rows]
    return [row for row in earlier(name) if same(row) not in now] + rows


def merged_by_name(name, rows, names):
    """Returns the rows of `merged`, each with a "name", in the order of the names given.

    Rows of other names, of what is no longer measured, are left out.
    """
    rows = {row["name"]: row for row in merged(name, rows, lambda row: row["name"])}
    return [rows[each] for each in names if each in rows]


def check_part(name):
    """Ends the program if a part of a run would replace what another machine measured.

    To be called before anything is measured, if not everything is going to be.
    """
    if load(name)["rows"] and not earlier(name):
        there, here = (described(one) for one in (load(name)["machine"], machine()))
        sys.exit(
            f"A run of a part adds to results of the same machine. Received: a part, but "
            f"benchmarks/results/{name}.json says: {there} Here: {here} Run it whole, or see "
            "with --tiny that it works."
        )


def full_mnist(what, **options):
    """Returns all of MNIST, or ends the program with one sentence if that can't be had.

    Also makes `AEHELPERS_DATA_DIR` absolute, as kernels run in another folder.

    Args:
        what: What is going to be made of it, such as `"Stored outputs"`.
        **options: Of `data.load_mnist`.
    """
    if data.quick():
        sys.exit(f"{what} come from full runs. Received: AEHELPERS_QUICK=1")
    mnist = data.load_mnist(**options)
    if not mnist.full:
        sys.exit(
            f"{what} come from all of MNIST. Received: the bundled digits. Set AEHELPERS_DATA_DIR "
            "to a folder that holds mnist.npz, or run once with a network."
        )
    if "AEHELPERS_DATA_DIR" in os.environ:
        os.environ["AEHELPERS_DATA_DIR"] = str(Path(os.environ["AEHELPERS_DATA_DIR"]).resolve())
    return mnist
