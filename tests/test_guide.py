import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from benchmarks import results
from scripts import guide


def timed(seconds):
    cell = new_code_cell("...")
    cell.metadata["execution"] = {
        "iopub.status.busy": "2026-01-02T03:04:05.000000Z",
        "iopub.status.idle": f"2026-01-02T03:04:{5 + seconds:09.6f}Z",
    }
    return cell


@pytest.fixture
def notebook():
    cells = [
        new_markdown_cell("# Title"),
        timed(2),
        new_markdown_cell("text\n\n## First\n\n### Below it\n\n```\n## no heading\n```"),
        timed(1.5),
        timed(2.25),
        new_markdown_cell("## Empty"),
        new_markdown_cell("## Last"),
        timed(0.75),
    ]
    return nbformat.from_dict(new_notebook(cells=cells))


@pytest.fixture
def page(tmp_path, monkeypatch):
    path = tmp_path / "teaching.md"
    marks = ["notebooks", *guide.SCHEDULES, "answers"]
    path.write_text("\n".join(f"<!-- {mark}: here -->\n<!-- /{mark} -->" for mark in marks))
    monkeypatch.setattr(guide, "GUIDE", path)
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    return path


def test_cells_are_added_up_below_their_heading(notebook):
    assert guide.seconds_by_section(notebook) == [
        ["Opening", 2.0],
        ["First", 3.8],
        ["Last", 0.8],
    ]


def test_a_run_replaces_the_row_of_an_earlier_one(notebook, page):
    sections = guide.seconds_by_section(notebook)
    guide.record("01_b", sections, 1.234)
    guide.record("00_a", [["Opening", 120.0]], None)
    guide.record("01_b", [["Opening", 2.0], ["First", 300.0]], 1.5)
    rows = results.load("notebooks")["rows"]
    assert [row["notebook"] for row in rows] == ["00_a", "01_b"]
    text = page.read_text()
    assert "| **[00_a](../notebooks/00_a.ipynb)** | **2.0 min** |  |" in text
    assert "| **[01_b](../notebooks/01_b.ipynb)** | **5.0 min** | 1.5 GiB |" in text
    assert "| First | 5.0 min | |" in text
    assert text.count("<!-- notebooks: here -->") == 1


def test_the_meter_reads_a_process():
    class Client:
        class km:
            class provisioner:
                pid = "self"

    meter = guide.Meter()
    meter(cell=None, cell_index=0)
    assert meter.peak is None
    meter.client = Client
    meter(cell=None, cell_index=0)
    assert meter.peak is None or 0.01 < meter.peak < 100


def test_the_guide_holds_what_was_measured_and_what_the_notebooks_say():
    text = guide.GUIDE.read_text(encoding="utf-8")
    found = {"rows": []}
    if (results.RESULTS / "notebooks.json").exists():
        found = results.load("notebooks")
        assert guide.table(found) in text, "Run: python scripts/guide.py"
    for name in guide.SCHEDULES:
        assert guide.schedule(name, found) in text, "Run: python scripts/guide.py"
    assert guide.answers() in text, "Run: python scripts/guide.py"


@pytest.mark.parametrize("name", guide.SCHEDULES)
def test_schedules_name_sections_that_exist(name):
    for minutes, what, notebook, sections in guide.SCHEDULES[name]:
        assert minutes >= 0 and (what or minutes == 0)
        path = guide.NOTEBOOKS / f"{notebook}.ipynb"
        assert not notebook or path.exists()
        if sections:
            cells = nbformat.read(path, as_version=4).cells
            prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
            for title in sections:
                assert f"## {title}\n" in prose


def test_the_lecture_takes_ninety_minutes_and_the_workshop_half_a_day():
    totals = {name: sum(row[0] for row in rows) for name, rows in guide.SCHEDULES.items()}
    assert totals["lecture"] == 90
    assert totals["workshop"] == 240


def test_a_schedule_adds_up_the_sections_that_are_run():
    title = guide.SCHEDULES["lecture"][0][3][0]
    rows = [{"notebook": "00_start_here", "sections": [["Opening", 500], [title, 7.2]]}]
    line = guide.schedule("lecture", {"rows": rows}).splitlines()[2]
    assert line.endswith("| [00](../notebooks/00_start_here.ipynb) | 7 s |")


def test_predictions_are_found_with_their_answers():
    cells = [
        new_code_cell('a_guess = predictions.ask("One?", ["x", "y"])\na_guess'),
        new_code_cell('a_guess.answer(2, "why")'),
    ]
    assert guide.predictions(new_notebook(cells=cells)) == [("One?", "y")]
