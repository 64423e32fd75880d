"""What `jupyter nbconvert --to html` makes of the course's widgets."""

from pathlib import Path

import nbformat
import pytest

from aehelpers import export

PNG = "iVBORw0KGgo="
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def exported(widget="latent_sliders", weights="variational_2d"):
    """Returns the HTML of an output that has shown a widget."""
    output = nbformat.v4.new_output(
        "display_data",
        {"image/png": PNG, "text/plain": "a digit"},
        metadata={
            "image/png": {"alt": "a digit & more"},
            "aehelpers": {"widget": widget, "weights": weights},
        },
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])])
    export.AehelpersExporter().preprocess(notebook, {})
    return notebook.cells[0].outputs[0].data["text/html"]


def test_a_widget_is_alive_in_a_page():
    page = exported()
    assert "<iframe" in page and export.NOTE in page


@pytest.mark.parametrize(
    "about", [{"weights": "nothing_shipped"}, {"widget": "nothing"}], ids=["weights", "widget"]
)
def test_a_widget_that_cannot_be_made_leaves_its_picture(about):
    page = exported(**about)
    assert "<iframe" not in page and export.STILL in page
    assert 'alt="a digit &amp; more"' in page


def test_a_page_does_not_get_too_large(monkeypatch):
    monkeypatch.setattr(export, "MAX_WEIGHTS", 1000)
    page = exported()
    assert "<iframe" not in page and export.STILL in page


def test_notebook_05_fits_into_a_mail():
    notebook = nbformat.read(NOTEBOOKS / "05_variational.ipynb", as_version=4)
    export.AehelpersExporter().preprocess(notebook, {})
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pages = [output.get("data", {}).get("text/html", "") for output in outputs]
    assert sum("<iframe" in page for page in pages) >= 4
    # JupyterLab's styles come to 0.3 MB more.
    assert sum(map(len, pages)) + sum(len(cell.source) for cell in notebook.cells) < 2_600_000
