import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from scripts import course, guide, notebooks, results


def timed(seconds, memory=None):
    cell = new_code_cell("...")
    cell.metadata["execution"] = {
        "iopub.status.busy": "2026-01-02T03:04:05.000000Z",
        "iopub.status.idle": f"2026-01-02T03:04:{5 + seconds:09.6f}Z",
    }
    if memory:
        cell.metadata["memory_gib"] = memory
    return cell


def section(title, seconds, longest=None, memory=None):
    longest = seconds if longest is None else longest
    return {"title": title, "seconds": seconds, "longest": longest, "memory_gib": memory}


@pytest.fixture
def notebook():
    cells = [
        new_markdown_cell("# Title"),
        timed(2),
        new_markdown_cell("text\n\n## First\n\n### Below it\n\n```\n## no heading\n```"),
        timed(1.5, memory=0.9),
        timed(2.25, memory=0.8),
        new_markdown_cell("## Empty"),
        new_markdown_cell("## Last"),
        timed(0.75),
    ]
    return nbformat.from_dict(new_notebook(cells=cells))


def test_cells_are_added_up_below_their_heading(notebook):
    assert notebooks.by_section(notebook) == [
        section("Opening", 2.0),
        section("First", 3.8, longest=2.2, memory=0.9),
        section("Last", 0.8),
    ]


def test_a_run_replaces_the_row_of_an_earlier_one(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    notebooks.record("01_b", [section("Opening", 2.0, memory=1.2)])
    notebooks.record("00_a", [section("Opening", 120.0)])
    notebooks.record(
        "01_b", [section("Opening", 2.0, memory=1.2), section("First", 300.0, 70.0, memory=1.5)]
    )
    text = guide.times()
    assert [row["notebook"] for row in results.load("notebooks")["rows"]] == ["00_a", "01_b"]
    assert "| **[00_a](../notebooks/00_a.ipynb)** | **2.0 min** |  |" in text
    assert "| **[01_b](../notebooks/01_b.ipynb)** | **5.0 min** | 1.5 GiB |" in text
    assert "| First | 5.0 min | 1.5 GiB |" in text
    assert results.load("notebooks")["rows"][1]["longest_cell"] == 70


def test_each_row_keeps_the_machine_that_it_was_measured_on(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    small = results.machine() | {"cores": 2, "memory_gib": 24, "keras": "3.15.1"}
    for machine, names in ((small, "abc"), (small | {"cores": 1000}, "b")):
        monkeypatch.setattr(results, "machine", lambda machine=machine: machine)
        for name in names:
            notebooks.record(name, [section("Opening", 2.0)])
    said = "2 cores, 24 GiB of memory, Keras 3.15.1; b on 1000 cores, 24 GiB of memory, Keras"
    assert f"Measured on {said} 3.15.1.\n" in guide.times()


def test_the_meter_reads_a_process():
    class Client:
        class km:
            class provisioner:
                pid = "self"

    meter, cell = notebooks._Meter(), new_code_cell("...")
    meter(cell=cell, cell_index=0)
    assert "memory_gib" not in cell.metadata
    meter.client = Client
    meter(cell=cell, cell_index=0)
    assert 0.01 < cell.metadata.get("memory_gib", 1) < 100


def test_nothing_was_measured_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    assert guide.times().count("\n") == 1
    assert "Together 90 minutes." in guide.schedule("lecture")


@pytest.mark.parametrize("name", guide.SCHEDULES)
def test_schedules_name_sections_that_exist(name):
    for minutes, what, notebook, sections in guide.SCHEDULES[name]:
        assert minutes >= 0 and (what or minutes == 0)
        assert not notebook or course.notebook(notebook).name == notebook
        if sections:
            cells = course.notebook(notebook).read().cells
            prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
            for title in sections:
                assert f"## {title}\n" in prose


def test_the_lecture_takes_ninety_minutes_and_the_workshop_half_a_day():
    totals = {name: sum(row[0] for row in rows) for name, rows in guide.SCHEDULES.items()}
    assert totals["lecture"] == 90
    assert totals["workshop"] == 240


def test_a_schedule_adds_up_the_sections_that_are_run():
    title = guide.SCHEDULES["lecture"][0][3][0]
    sections = [{"title": "Opening", "seconds": 500}, {"title": title, "seconds": 7.2}]
    rows = [{"notebook": "00_start_here", "sections": sections}]
    line = guide.schedule("lecture", {"rows": rows}).splitlines()[2]
    assert line.endswith("| [00](../notebooks/00_start_here.ipynb) | 7 s |")
