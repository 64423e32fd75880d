"""The exercises as a course for nbgrader; where nbgrader is installed, by its own commands."""

import ast
import copy
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


RIGHT = "right"  # this learner hands in by the exchange, as the user who runs the tests
ANSWERS = {
    RIGHT: ("return x.mean(axis=0)", 1, "passed"),
    "wrong": ("return x.mean()", 0, "single grey"),
    "blank": ("...", 0, "not attempted yet"),
}


@pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None, reason="nbgrader isn't installed here."
)
def test_a_round_by_nbgrader_itself(tmp_path):
    """From the assignment to the feedback: one learner by the exchange, others by the folder."""
    name, course_folder, desk = "00_start_here", tmp_path / "course", tmp_path / "desk"
    student.main([name, "--nbgrader", "--to", str(course_folder)])
    desk.mkdir()

    from nbgrader.api import Gradebook
    from nbgrader.utils import get_username

    me = get_username()

    def run(*command, at=course_folder):
        # nbgrader calls a program that lies beside its Python.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = os.environ | {"PYTHONPATH": str(course.ROOT), "PATH": path}
        exchange = [f"--Exchange.{each}={tmp_path / each}" for each in ("root", "cache")]
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command, *exchange],
            cwd=at,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def hand_in(notebook, answer, folder):
        notebook = copy.deepcopy(notebook)
        (cell,) = [cell for cell in marked(notebook, "solution") if "ex00_1" in cell.source]
        cell.source = cell.source.replace("...", answer, 1)
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / f"{name}.ipynb")

    run("generate_assignment", name)
    release = nbformat.read(course_folder / "release" / name / f"{name}.ipynb", as_version=4)
    text = str(release)
    assert "SOLUTION" not in text and "x.mean(axis=0)" not in text

    run("release_assignment", name)
    run("fetch_assignment", name, "--course=autoencoders", at=desk)
    fetched = nbformat.read(desk / name / f"{name}.ipynb", as_version=4)
    hand_in(fetched, ANSWERS[RIGHT][0], desk / name)
    run("submit", name, "--course=autoencoders", at=desk)
    run("collect", name)
    for who, (answer, *_) in ANSWERS.items():
        if who != RIGHT:
            hand_in(release, answer, course_folder / "submitted" / who / name)

    run("autograde", name)
    run("generate_feedback", name)
    # Of those who didn't hand in by the exchange it knows no time, and stops.
    run("release_feedback", name, f"--student={me}")
    run("fetch_feedback", name, "--course=autoencoders", at=desk)

    pages = {
        who: course_folder / "feedback" / who / name / f"{name}.html"
        for who in ANSWERS
        if who != RIGHT
    }
    (pages[RIGHT],) = (desk / name / "feedback").rglob(f"{name}.html")
    with Gradebook(f"sqlite:///{course_folder / 'gradebook.db'}") as book:
        for who, (_, points, words) in ANSWERS.items():
            submission = book.find_submission(name, me if who == RIGHT else who)
            assert (submission.score, submission.max_score) == (points, 3), who
            assert words in pages[who].read_text(encoding="utf-8"), who
