"""The exercises as a course for nbgrader; where nbgrader is installed, by its own commands."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from scripts import course, nbgrader_course, student

_CLEARED = re.compile(r"^ *### BEGIN SOLUTION\n.*?^ *### END SOLUTION", re.M | re.S)


def marked(notebook, key):
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get(key)]


@pytest.fixture(scope="module")
def made():
    return {
        each.name: nbgrader_course.assignment(each.read(), student.without_solutions(each.read()))
        for each in course.notebooks()
    }


@pytest.mark.parametrize("each", course.notebooks(), ids=str)
def test_solutions_stand_between_marks_and_each_is_tested(made, each):
    notebook = made[each.name]
    nbformat.validate(notebook)
    exercises = [c for c in each.read().cells if "exercise" in c.metadata.get("tags", [])]
    assert len(marked(notebook, "solution")) == len(marked(notebook, "grade")) == len(exercises)
    names = [cell.metadata["nbgrader"]["grade_id"] for cell in marked(notebook, "schema_version")]
    assert len(names) == len(set(names)) == 2 * len(exercises)
    for stub, cell in zip(exercises, marked(notebook, "solution")):
        ast.parse(cell.source)
        cleared = _CLEARED.sub("    ...", cell.source)
        assert ast.dump(ast.parse(cleared)) == ast.dump(ast.parse(stub.source))
        assert cleared != cell.source
        after = notebook.cells[notebook.cells.index(cell) + 1]
        assert after.metadata["nbgrader"] == {
            "grade": True,
            "grade_id": f"{cell.metadata['nbgrader']['grade_id']}_points",
            "locked": True,
            "points": 1,
            "schema_version": 3,
            "solution": False,
            "task": False,
        }
    assert not re.search(r"\]\((\.\./|\d\d_)", "".join(cell.source for cell in notebook.cells))


def test_the_command_writes_a_course_and_keeps_what_was_changed(tmp_path, capsys):
    command = ["00_start_here", "--nbgrader", "--to", str(tmp_path)]
    student.main(command)
    source = tmp_path / "source" / "00_start_here" / "00_start_here.ipynb"
    assert "### BEGIN SOLUTION" in source.read_text(encoding="utf-8")
    compile((tmp_path / "nbgrader_config.py").read_text(encoding="utf-8"), "config", "exec")
    student.main(command)
    assert capsys.readouterr().out.count("as it was") == 3
    source.write_text(source.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    student.main(command)
    assert "left so; the newer one is 00_start_here.new.ipynb" in capsys.readouterr().out


ANSWERS = {
    "right": ("return x.mean(axis=0)", 1, "passed"),
    "wrong": ("return x.mean()", 0, "single grey"),
    "blank": ("...", 0, "not attempted yet"),
}


@pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None, reason="nbgrader isn't installed here."
)
def test_assignment_marks_and_feedback_by_nbgrader_itself(tmp_path):
    name = "00_start_here"
    student.main([name, "--nbgrader", "--to", str(tmp_path)])

    def run(*command):
        # nbgrader calls a program that lies beside its Python.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = os.environ | {"PYTHONPATH": str(course.ROOT), "PATH": path}
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    run("generate_assignment", name)
    release = nbformat.read(tmp_path / "release" / name / f"{name}.ipynb", as_version=4)
    text = str(release)
    assert "SOLUTION" not in text and "x.mean(axis=0)" not in text
    for who, (answer, *_) in ANSWERS.items():
        for cell in release.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "ex00_1":
                original = cell.source
                cell.source = cell.source.replace("...", answer, 1)
                folder = tmp_path / "submitted" / who / name
                folder.mkdir(parents=True)
                nbformat.write(release, folder / f"{name}.ipynb")
                cell.source = original
    run("autograde", name)
    run("generate_feedback", name)

    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        for who, (_, points, _) in ANSWERS.items():
            submission = book.find_submission(name, who)
            assert (submission.score, submission.max_score) == (points, 3), who
    for who, (*_, words) in ANSWERS.items():
        page = (tmp_path / "feedback" / who / name / f"{name}.html").read_text(encoding="utf-8")
        assert words in page
