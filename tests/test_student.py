import json
import re

import nbformat
import pytest

from scripts import course, student


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


@pytest.mark.parametrize("each", course.notebooks(), ids=str)
def test_copies_hold_no_solution_and_still_show_what_to_expect(each):
    original = each.read()
    copy = student.without_solutions(original)
    nbformat.validate(copy)
    text = json.dumps(copy)
    assert "def solution_" not in text
    assert "collapsed cell" not in text
    assert not tagged(copy, "solution")
    assert len(tagged(copy, "expected")) == len(tagged(original, "solution"))
    assert len(tagged(copy, "exercise")) == len(tagged(original, "exercise")) >= 1
    assert len(copy.cells) == len(original.cells)
    assert not any(cell.get("outputs") for cell in copy.cells)
    for cell in tagged(copy, "expected"):
        for name in cell.get("attachments", {}):
            assert f"](attachment:{name})" in cell.source
            assert "![](" not in cell.source


def test_links_of_the_copies_lead_somewhere(tmp_path):
    student.main(["--to", str(tmp_path)])
    links = 0
    for path in sorted((tmp_path / "notebooks").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for target in re.findall(r"\]\((?!https?:|attachment:)([^)#\s]+)", cell.source):
                if cell.cell_type == "markdown":
                    links += 1
                    assert (path.parent / target).exists(), f"{path.name}: {target}"
    assert links > 100


def test_outputs_can_be_kept_but_not_those_of_exercises():
    original = course.notebook("03_denoising").read()
    copy = student.without_solutions(original, outputs=True)
    assert any(cell.get("outputs") for cell in copy.cells)
    assert not any(cell.outputs for cell in tagged(copy, "exercise"))


def test_the_original_stays_as_it_is():
    original = course.notebooks()[0].read()
    before = json.dumps(original)
    student.without_solutions(original)
    assert json.dumps(original) == before


def test_what_a_learner_has_written_is_never_lost(tmp_path, capsys):
    first = ["00_start_here", "--to", str(tmp_path)]
    student.main(first)
    path = tmp_path / "notebooks" / "00_start_here.ipynb"
    assert "00_start_here.ipynb: written" in capsys.readouterr().out
    assert (tmp_path / "docs" / "glossary.md").exists()

    student.main(first)
    assert "as it was" in capsys.readouterr().out

    mine = path.read_text(encoding="utf-8").replace("...", "return 1", 1)
    path.write_text(mine, encoding="utf-8")
    student.main(first)
    assert "left so; the newer one is 00_start_here.new.ipynb" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == mine
    assert (tmp_path / "notebooks" / "00_start_here.new.ipynb").exists()


def test_an_untouched_copy_is_brought_up_to_date(tmp_path, capsys):
    record = {}
    path = tmp_path / "a.ipynb"
    assert student.write(path, "one\n", record) == "written"
    assert student.write(path, "two\n", record) == "written"
    assert path.read_text() == "two\n"
