"""Tables in the pages are those that the code writes."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from scripts import course, notebooks, predictions, results, tables

PAGE = "before\n<!-- table: {}, written by make tables -->\n{}\n<!-- /table -->\nafter\n"
OPENING = (
    "# 3 · A\n\n**The question:** what is a code?\n\n**You need first:** nothing.\n\n"
    "**Time:** a few seconds to run, an hour to work through."
)


@pytest.mark.parametrize("page", tables.pages(), ids=lambda page: page.name)
def test_every_table_is_up_to_date(page):
    text = page.read_text(encoding="utf-8")
    assert tables.rendered(text) == text, "Run: make tables"
    assert text.count("<!-- table: ") == text.count("<!-- /table -->")


@pytest.mark.parametrize("path", tables.PICTURES)
def test_pictures_are_those_that_notebooks_store(path):
    stored = tables.picture(*tables.PICTURES[path])
    assert (course.ROOT / path).read_bytes() == stored, "Run: make tables"


def test_pages_hold_all_the_tables():
    text = "".join(page.read_text(encoding="utf-8") for page in tables.pages())
    assert text.count("<!-- table: ") == len(tables._BETWEEN.findall(text)) >= 15


def test_a_table_is_replaced_and_nothing_else():
    old = PAGE.format("scripts.guide.schedule lecture", "old")
    new = tables.rendered(old + old.replace("lecture", "workshop"))
    assert new.count("before\n<!-- table") == new.count("<!-- /table -->\nafter\n") == 2
    assert "Together 90 minutes." in new and "Together 240 minutes." in new and "old" not in new
    assert tables.rendered(new) == new


@pytest.mark.parametrize("name", ["scripts.guide.nothing", "scripts.nothing.table"])
def test_a_name_that_nothing_has(name):
    with pytest.raises((AttributeError, ImportError), match="nothing"):
        tables.rendered(PAGE.format(name, ""))


def test_storing_a_notebook_brings_the_pages_up_to_date(tmp_path, monkeypatch):
    """A run of one notebook on another machine leaves nothing for anybody to do by hand."""
    page, path = tmp_path / "page.md", tmp_path / "03_a.ipynb"
    for name in ("results", "course"):
        (tmp_path / name).mkdir()
    page.write_text(
        PAGE.format("scripts.guide.times", "") + PAGE.format("scripts.course.table", "")
    )
    cells = [new_markdown_cell(OPENING), new_code_cell("print( 1 )")]
    nbformat.write(new_notebook(cells=cells), path)
    monkeypatch.setattr(course, "FOLDER", tmp_path)
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(tables, "pages", lambda: [page])
    monkeypatch.setattr(tables, "PICTURES", {})
    monkeypatch.setattr(predictions, "STORED", tmp_path / "predictions.json")
    predictions.write({})
    elsewhere = results.machine() | {"cores": 8}
    results.write("notebooks", {"rows": [{"notebook": "00_b", "machine": elsewhere} | TIMES]})

    notebooks.run(course.notebook("03"))
    text = page.read_text()
    assert "**[03_a](../notebooks/03_a.ipynb)**" in text and "on 8 cores" in text
    assert "| What is a code? | seconds | an hour |" in text
    cell, code = course.notebook("03").read().cells
    assert "[code](../docs/glossary.md#code)" in cell.source
    assert cell.metadata["slideshow"]["slide_type"] == "slide"
    assert code.source == "print(1)"  # as lint wants it
    assert code.outputs[0].text == "1\n" and code.execution_count == 1
    assert tables.write() == []


SECTION = {"title": "Opening", "seconds": 1.0, "longest": 1.0, "memory_gib": 1.0}
TIMES = {"seconds": 1.0, "memory_gib": 1.0, "sections": [SECTION]}
