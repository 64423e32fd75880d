import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from benchmarks import results
from scripts import section_times


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
def guide(tmp_path, monkeypatch):
    path = tmp_path / "teaching.md"
    path.write_text("# Guide\n\n<!-- notebooks: here -->\n<!-- /notebooks -->\n")
    monkeypatch.setattr(section_times, "GUIDE", path)
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    return path


def test_cells_are_added_up_below_their_heading(notebook):
    assert section_times.seconds_by_section(notebook) == [
        ["Opening", 2.0],
        ["First", 3.8],
        ["Last", 0.8],
    ]


def test_a_run_replaces_the_row_of_an_earlier_one(notebook, guide):
    sections = section_times.seconds_by_section(notebook)
    section_times.record("01_b", sections, 1.234)
    section_times.record("00_a", [["Opening", 120.0]], None)
    section_times.record("01_b", [["Opening", 2.0], ["First", 300.0]], 1.5)
    rows = results.load("notebooks")["rows"]
    assert [row["notebook"] for row in rows] == ["00_a", "01_b"]
    text = guide.read_text()
    assert "| **[00_a](../notebooks/00_a.ipynb)** | **2.0 min** |  |" in text
    assert "| **[01_b](../notebooks/01_b.ipynb)** | **5.0 min** | 1.5 GiB |" in text
    assert "| First | 5.0 min | |" in text
    assert text.count("<!-- notebooks: here -->") == 1


def test_the_meter_reads_a_process():
    class Client:
        class km:
            class provisioner:
                pid = "self"

    meter = section_times.Meter()
    meter(cell=None, cell_index=0)
    assert meter.peak is None
    meter.client = Client
    meter(cell=None, cell_index=0)
    assert meter.peak is None or 0.01 < meter.peak < 100


@pytest.mark.skipif(
    not (results.RESULTS / "notebooks.json").exists(), reason="no notebook has been timed"
)
def test_the_guide_holds_what_was_measured():
    text = section_times.GUIDE.read_text(encoding="utf-8")
    assert section_times.table(results.load("notebooks")) in text
