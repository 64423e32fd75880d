"""How long the notebooks' sections take, and how much memory: for the table in docs/teaching.md.

    python scripts/section_times.py

writes the table anew from benchmarks/results/notebooks.json, to which scripts/notebooks.py adds a
row whenever it stores a notebook.
"""

import re
import sys
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import results

NAME = "notebooks"  # of the results, and of the markers in the guide
GUIDE = results.ROOT / "docs" / "teaching.md"


def seconds_by_section(notebook):
    """Adds up the seconds of a notebook's cells under each heading of the second level.

    Args:
        notebook: A notebook as nbclient leaves it, with the times in its cells' metadata.

    Returns:
        List of pairs of heading and seconds, in the notebook's order. What stands before the first
        of these headings is called "Opening".
    """
    sections = [["Opening", 0.0]]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            without_code = re.sub(r"```.*?```", "", cell.source, flags=re.S)
            for title in re.findall(r"^## (.+)$", without_code, flags=re.M):
                sections.append([title, 0.0])
        elif "execution" in cell.metadata:
            times = cell.metadata["execution"]
            start, end = (times.get(f"iopub.status.{word}") for word in ("busy", "idle"))
            if start and end:
                took = datetime.fromisoformat(end) - datetime.fromisoformat(start)
                sections[-1][1] += took.total_seconds()
    return [[title, round(seconds, 1)] for title, seconds in sections if seconds >= 0.05]


class Meter:
    """Notes the largest memory of a kernel, in GiB, as its cells are executed (Linux only)."""

    def __init__(self):
        self.client = None
        self.peak = None

    def __call__(self, **_):
        try:
            status = Path(f"/proc/{self.client.km.provisioner.pid}/status").read_text()
            self.peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 2**20
        except (AttributeError, OSError, TypeError):
            pass


def record(name, sections, memory):
    """Stores the times of one notebook, in place of those of an earlier run.

    Args:
        name: The notebook's name.
        sections: What `seconds_by_section` returned.
        memory: Its kernel's largest memory in GiB, or None.
    """
    rows = results.load(NAME)["rows"] if (results.RESULTS / f"{NAME}.json").exists() else []
    row = {
        "notebook": name,
        "seconds": round(sum(seconds for _, seconds in sections), 1),
        "memory_gib": memory and round(memory, 2),
        "sections": sections,
    }
    rows = sorted([row, *(r for r in rows if r["notebook"] != name)], key=lambda r: r["notebook"])
    render(results.store(NAME, rows))


def table(found):
    """Returns the guide's table, as Markdown."""
    lines = ["| notebook, and its sections | to run | most memory |", "|---|---|---|"]
    for row in found["rows"]:
        memory = f"{row['memory_gib']:.1f} GiB" if row["memory_gib"] else ""
        link = f"[{row['notebook']}](../notebooks/{row['notebook']}.ipynb)"
        lines.append(f"| **{link}** | **{_time(row['seconds'])}** | {memory} |")
        for title, seconds in row["sections"]:
            if seconds >= 1:
                lines.append(f"| {title} | {_time(seconds)} | |")
    return "\n".join([*lines, "", results.described(found["machine"]), _BELOW])


_BELOW = "Sections of less than a second are left out. Loading TensorFlow is part of the opening."


def _time(seconds):
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def render(found):
    """Puts the table into the guide."""
    results.render(GUIDE, NAME, table(found))


if __name__ == "__main__":
    render(results.load(NAME))
