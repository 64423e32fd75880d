"""The one place that knows the notebooks: their names, order, titles, times and weights.

Whatever lists them reads `notebooks()`. What it says of a notebook is read from the notebook, so
that a new one needs nothing but its file in notebooks/.
"""

import ast
import re
from functools import cached_property
from pathlib import Path

import nbformat

from scripts import arguments

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
WEIGHTS = ROOT / "aehelpers" / "assets" / "weights"


class Notebook:
    """A notebook of the course.

    Args:
        path: Where it lies.

    Attributes:
        name: As commands take it, such as `"01_vanilla"`.
        number: As text, such as `"01"`.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.name = self.path.stem
        self.number = self.name[:2]

    def __repr__(self):
        return self.name

    def read(self):
        """Returns the notebook as it lies there, a new copy with each call."""
        return nbformat.read(self.path, as_version=4)

    @cached_property
    def _stored(self):
        return self.read()

    @property
    def title(self):
        """Its heading."""
        return re.search(r"^# (.+)$", self._stored.cells[0].source, flags=re.M)[1]

    @property
    def question(self):
        """The question that it answers, without links."""
        return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", self._said("The question"))

    @property
    def minutes(self):
        """Minutes that its cells take to run on two cores, as its opening says; 0 for seconds."""
        found = re.match(r"about (\d+) minutes? to run", self._said("Time"))
        return int(found[1]) if found else 0

    @property
    def work(self):
        """How long it takes to work through, in words."""
        return re.search(r", ([^,]+) to work through", self._said("Time"))[1]

    @property
    def optional(self):
        """Whether nothing else builds on it."""
        return "This notebook is optional" in self._said("You need first")

    @property
    def weights(self):
        """Names of the shipped weights that it loads, in alphabetical order."""
        shipped = {path.stem for path in WEIGHTS.glob("*.json")}
        loaded, words = [], set()
        for cell in self._stored.cells:
            if cell.cell_type == "code":
                for node in ast.walk(ast.parse(cell.source)):
                    if isinstance(node, ast.Call):
                        if ast.unparse(node.func).endswith("load_pretrained"):
                            loaded.append(node.args[0])
                    elif isinstance(node, ast.Constant):
                        words.add(node.value)
        named = {node.value for node in loaded if isinstance(node, ast.Constant)}
        if not all(isinstance(node, ast.Constant) for node in loaded):
            named = words  # one loads what a variable names, so each name that occurs may be meant
        return sorted(named & shipped)

    def _said(self, what):
        found = re.search(rf"^\*\*{what}:\*\* (.+)$", self._stored.cells[0].source, flags=re.M)
        if not found:
            raise ValueError(
                f"{self.path.name} must open with a line that begins with **{what}:**. "
                f"Received: {self._stored.cells[0].source[:80]!r}"
            )
        return found[1]


def notebooks():
    """Returns the notebooks in the order of the course."""
    found = (path for path in FOLDER.iterdir() if re.fullmatch(r"\d\d_[a-z_]+\.ipynb", path.name))
    return [Notebook(path) for path in sorted(found)]


def core():
    """Returns the notebooks that aren't optional."""
    return [notebook for notebook in notebooks() if not notebook.optional]


def notebook(name):
    """Returns a notebook by its name; with or without a folder and `.ipynb`, or by its number.

    Raises:
        ValueError: If there is none of this name.
    """
    known = notebooks()
    for found in known:
        if Path(name).name.removesuffix(".ipynb") in (found.name, found.number):
            return found
    raise ValueError(
        f"Expected notebooks among {', '.join(map(str, known))}. Received: {str(name)!r}"
    )


def add_argument(parser, flag="notebooks"):
    """Lets a command take notebooks by their names; all of them by default.

    Args:
        parser: An `argparse.ArgumentParser`.
        flag: Name of the argument, under which `Notebook`s are found.
    """
    arguments.add(parser, flag, notebook, "notebooks, such as 01_vanilla", default=notebooks())


def is_written_out(cell):
    """Returns whether a cell writes a model out: it has a tag that names what it builds."""
    return any(
        tag.isidentifier() and tag not in ("exercise", "solution", "parameters")
        for tag in cell.metadata.get("tags", [])
    )


def table():
    """Returns the course in a table for the README, as Markdown."""
    lines = [
        "| notebook | the question it answers | to run | to work through |",
        "|---|---|---|---|",
    ]
    for each in notebooks():
        link = f"[{each.title}](notebooks/{each.name}.ipynb)" + ", optional" * each.optional
        question = each.question[0].upper() + each.question[1:]
        run = f"{each.minutes} min" if each.minutes else "seconds"
        lines.append(f"| {link} | {question} | {run} | {each.work} |")
    return "\n".join(lines)
