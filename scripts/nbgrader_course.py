"""The exercises as a course for nbgrader: notebooks with solutions marked, and cells that test.

`make student ARGS="--nbgrader"` writes the folder of a course: `source/`, an assignment for each
notebook, and `nbgrader_config.py`. From there on nbgrader's own commands go on.
"""

import ast
import re

import nbformat
from nbformat.v4 import new_code_cell

from aehelpers import prose
from scripts import course

CONFIG = '''"""The course for nbgrader, as `make student ARGS="--nbgrader"` writes it."""

import os

c = get_config()  # noqa: F821  nbgrader gives it
c.CourseDirectory.course_id = "autoencoders"
# What stays of a solution. The checks call a function of nothing but this "not attempted yet",
# while nbgrader's own stub would stop with an error.
c.ClearSolutions.code_stub = {"python": "..."}
# Grading executes notebooks from top to bottom, with all that they train.
c.ExecutePreprocessor.timeout = 900
os.environ.setdefault("AEHELPERS_QUICK", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
'''
_VERSION = 3  # of nbgrader's metadata


def assignment(notebook, handed_out):
    """Returns a notebook as nbgrader wants its source.

    Args:
        notebook: The course's notebook, with its solutions.
        handed_out: The same for learners, as `student.without_solutions` returns it: its cells
            stand in the same order.

    Returns:
        A copy of `handed_out` in which each exercise's cell holds the solution between nbgrader's
        marks, and is followed by a locked cell that tests it for one point.
    """
    solutions = {}
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []):
            solutions[_check(cell.source)[0]] = cell.source
    cells = []
    for cell in handed_out.cells:
        if cell.cell_type == "markdown":
            cell.source = prose.with_links(cell.source, _beside)
        cells.append(cell)
        if "exercise" in cell.metadata.get("tags", []):
            name, function = _check(cell.source)
            cell.source = _with_solution(cell.source, function, solutions[name])
            cell.metadata["nbgrader"] = _marked(name, solution=True)
            cells.append(_test(name, function))
    handed_out.cells = cells
    return handed_out


def _check(source):
    """Returns the name of the check that a cell calls, and that of the answer it is given."""
    return re.search(r"checks\.(ex\d\d_\d+)\((\w+)\)", source).groups()


def _beside(link):
    """Returns a link that leads somewhere from the folder of one assignment, else None."""
    path, _, place = link.partition("#")
    if path.endswith("glossary.md"):
        return f"glossary.md#{place}" if place else "glossary.md"
    return link if not path or link.startswith(("http:", "https:", "attachment:")) else None


def _with_solution(stub, function, solution):
    """Writes a solution into the stub, between the marks between which nbgrader clears it."""
    (node,) = (
        each
        for each in ast.parse(solution).body
        if isinstance(each, ast.FunctionDef) and each.name.startswith("solution_")
    )
    body = solution.splitlines()[node.body[0].lineno - 1 : node.end_lineno]
    lines = stub.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"def {function}("))
    end = next(i for i in range(start, len(lines)) if lines[i].rstrip().endswith("..."))
    head = [re.sub(r"\s*\.\.\.$", "", line) for line in lines[start : end + 1]]
    marked = ["    ### BEGIN SOLUTION", *body, "    ### END SOLUTION"]
    return "\n".join([*lines[:start], *(line for line in head if line), *marked, *lines[end + 1 :]])


def _test(name, function):
    source = f"verdict = checks.{name}({function})\nassert verdict.passed, verdict"
    cell = new_code_cell(source, id=f"{name.replace('_', '-')}-points")
    cell.metadata["nbgrader"] = _marked(f"{name}_points", grade=True, locked=True) | {"points": 1}
    return cell


def _marked(name, grade=False, locked=False, solution=False):
    return {
        "grade": grade,
        "grade_id": name,
        "locked": locked,
        "schema_version": _VERSION,
        "solution": solution,
        "task": False,
    }


def files(notebooks, without_solutions):
    """Returns the files of the course by their names.

    Args:
        notebooks: `course.Notebook`s.
        without_solutions: `student.without_solutions`.
    """
    glossary = (course.ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    found = {"nbgrader_config.py": CONFIG}
    for each in notebooks:
        original = each.read()
        made = assignment(original, without_solutions(original))
        found[f"source/{each}/{each.path.name}"] = nbformat.writes(made) + "\n"
        found[f"source/{each}/glossary.md"] = glossary
    return found
