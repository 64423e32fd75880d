"""What scripts/course.py reads from the notebooks, and that commands know no others."""

import ast

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from benchmarks import quick
from scripts import course, glossary, notebooks, slides, student, weights

OPENING = (
    "# 9 · Maps\n\n**The question:** where is [a code](x.md)?\n\n**You need first:** nothing.\n\n"
    "**Time:** about 4 minutes to run on a laptop with two cores, 2 to 3 hours to work through."
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "FOLDER", tmp_path)
    return tmp_path


def write(folder, name, opening=OPENING, code=""):
    cells = [new_markdown_cell(opening), new_code_cell(code)]
    (folder / f"{name}.ipynb").write_text(writes(new_notebook(cells=cells)))


def test_a_new_notebook_needs_nothing_but_its_file(folder):
    write(folder, "10_your_own")
    write(folder, "09_maps", code='model = training.load_pretrained("deep")')
    for other in ("09_maps-Copy1", "Untitled", "09_maps.new"):
        write(folder, other)
    assert [each.name for each in course.notebooks()] == ["09_maps", "10_your_own"]
    each = course.notebook("09")
    assert (each.number, each.title) == ("09", "9 · Maps")
    assert (each.question, each.minutes, each.work) == ("where is a code?", 4, "2 to 3 hours")
    assert each.weights == ["deep"] and not each.optional
    row = "| [9 · Maps](notebooks/10_your_own.ipynb) | Where is a code? | 4 min | 2 to 3 hours |"
    assert row in course.table()


def test_optional_notebooks_are_not_of_the_core(folder):
    write(folder, "00_a")
    write(folder, "01_b", OPENING.replace("nothing.", "00. This notebook is optional: it ends."))
    assert [each.name for each in course.core()] == ["00_a"]
    assert "[9 · Maps](notebooks/01_b.ipynb), optional" in course.table()


def test_the_weights_of_the_course():
    assert course.notebook("02_convolutional").weights == [
        "convolutional",
        "convolutional_map",
        "deep",
    ]
    assert set(course.notebook("06_applications").weights) >= {"sparse", "variational_2d"}
    assert course.notebook("04_sparse").weights == []


def test_seconds_are_no_minutes(folder):
    write(folder, "00_a", OPENING.replace("about 4 minutes", "a few seconds"))
    assert course.notebook("00").minutes == 0


def test_an_opening_without_its_lines(folder):
    write(folder, "00_a", "# Title")
    with pytest.raises(ValueError, match=r"00_a.ipynb must open with .*The question.* Received"):
        _ = course.notebook("00_a").question


@pytest.mark.parametrize("name", ["01_vanilla", "01", "01_vanilla.ipynb", "notebooks/01_vanilla"])
def test_names_as_people_give_them(name):
    assert course.notebook(name).name == "01_vanilla"


@pytest.mark.parametrize("command", [glossary, slides, student, notebooks, quick])
def test_one_error_for_names_that_are_no_notebook(command, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(["--only"] * (command is quick) + ["99_nothing"])
    error = capsys.readouterr().err
    assert "Expected notebooks among 00_start_here, 01_vanilla" in error
    assert "Received: '99_nothing'" in error


def test_a_name_that_is_no_model(capsys):
    with pytest.raises(SystemExit, match="2"):
        weights.main(["nothing"])
    assert "Expected models among deep, " in capsys.readouterr().err


def test_cells_that_write_a_model_out():
    tagged = {"metadata": {"tags": ["vanilla"]}}
    assert course.is_written_out(new_code_cell("", **tagged))
    for tags in ([], ["exercise"], ["solution"], ["parameters"], ["raises-exception"]):
        assert not course.is_written_out(new_code_cell("", metadata={"tags": tags}))


@pytest.mark.parametrize("folder", ["scripts", "benchmarks"])
def test_scripts_do_not_import_benchmarks_and_nothing_needs_a_path(folder):
    files = sorted((course.ROOT / folder).glob("*.py"))
    assert len(files) > 5
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 500, path
        assert "sys.path" not in text, path
        for node in ast.walk(ast.parse(text)):
            names = [getattr(node, "module", None) or ""]
            names += [name.name for name in getattr(node, "names", ())]
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert folder == "benchmarks" or names[0].split(".")[0] != "benchmarks", path
                assert folder == "benchmarks" or "benchmarks" not in names, path
