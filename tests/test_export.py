"""What `jupyter nbconvert --to html` makes of the course's widgets."""

import html
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from aehelpers import data, export, prose, weights, widgets
from aehelpers.widgets import _page
from scripts import setup_env

PNG = "iVBORw0KGgo="
NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def exported(widget="latent_sliders", weights="variational_2d", **about):
    """Returns the HTML of an output that has shown a widget."""
    output = nbformat.v4.new_output(
        "display_data",
        {"image/png": PNG, "text/plain": "a digit"},
        metadata={
            "image/png": {"alt": "a digit & more"},
            "aehelpers": {"widget": widget, "weights": weights, **about},
        },
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])])
    export.AehelpersExporter().preprocess(notebook, {})
    return notebook.cells[1].outputs[0].data["text/html"]  # after the style


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


def test_the_playground_comes_into_a_page_as_it_was_set():
    values = {"settings": {"kind": "sparse", "k": 3}, "experiment": "collapse"}
    page = exported("playground", {}, values=values)
    frame = html.unescape(page.split('srcdoc="')[1])
    assert "allow-downloads" in page and export.NOTE not in page
    assert '"k": 3' in frame and '"experiment": "collapse"' in frame
    later = exported("playground", {}, values={"settings": {"kind": "of a later course"}})
    assert "<iframe" not in later and export.STILL in later


def page_of(*cells, **options):
    """Returns the page that an export with the course's settings makes of some cells."""
    config = Config(setup_env.EXPORTS)
    exporter = HTMLExporter(config=config, **options)
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    return exporter.from_notebook_node(notebook, {"metadata": {"path": str(NOTEBOOKS)}})[0]


TEXT = nbformat.v4.new_markdown_cell(
    "A [code](../docs/glossary.md#code) as in [01](01_vanilla.ipynb), by "
    "[a script](../scripts/weights.py): $z_i^2$\n\n| | here |\n|---|---|\n| a | 1 |"
)


def picture():
    metadata = {"image/png": {"alt": 'a "digit"', "width": 10}}
    output = nbformat.v4.new_output("display_data", {"image/png": PNG}, metadata=metadata)
    return nbformat.v4.new_code_cell("x = 1", outputs=[output])


def test_a_page_needs_no_network_and_no_other_file():
    page = page_of(TEXT, picture())
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert not re.search(r"@import|url\((?!data:|&quot;data:|\"data:)", page)
    assert "<math" in page and "$z_i" not in page
    assert ".ipynb" not in page and "weights.py" not in page
    assert 'href="#word-code"' in page and '<dt id="word-code">code</dt>' in page
    assert "What the encoder makes of an image" in page


def test_a_sanitised_page_keeps_pictures_with_their_descriptions():
    page = page_of(TEXT, picture(), sanitize_html=True)
    assert f"data:image/png;base64,{PNG}" in page
    assert 'Picture: a "digit"' in page
    assert "$z_i^2$" in page and ".ipynb" not in page


def test_text_that_is_too_wide_for_paper_is_marked():
    def cell(width):
        return nbformat.v4.new_code_cell(
            outputs=[nbformat.v4.new_output("stream", text="x" * width)]
        )

    assert page_of(cell(prose.WIDE)).count("celltag_wide") == page_of().count("celltag_wide")
    assert (
        page_of(cell(prose.WIDE + 1)).count("celltag_wide") == page_of().count("celltag_wide") + 1
    )


def test_notebook_05_fits_into_a_mail():
    notebook = nbformat.read(NOTEBOOKS / "05_variational.ipynb", as_version=4)
    export.AehelpersExporter().preprocess(notebook, {})
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pages = [output.get("data", {}).get("text/html", "") for output in outputs]
    assert sum("<iframe" in page for page in pages) >= 4
    # JupyterLab's styles come to 0.3 MB more.
    assert sum(map(len, pages)) + sum(len(cell.source) for cell in notebook.cells) < 2_600_000


def test_the_digits_that_were_chosen_are_those_of_the_page():
    (_, _), (x, _) = data.bundled()
    pair = data.check_images(x[[7, 2]])
    w = widgets.morph(weights.load_pretrained("variational"), *pair)
    _, metadata = w._repr_mimebundle_()
    about = metadata["aehelpers"]
    assert len(about["digits"]) < 2000
    again = widgets._base.CLASSES["morph"].example(
        weights.load_pretrained("variational"), _page.unpacked_images(about["digits"])
    )
    np.testing.assert_allclose(again._pair, pair, atol=1 / 500)
    assert exported(**about) != exported(widget="morph", weights=about["weights"])


def test_a_saved_prediction_keeps_its_choice():
    view = "application/vnd.jupyter.widget-view+json"
    output = nbformat.v4.new_output("display_data", {view: {"model_id": "1"}, "text/html": "old"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])])
    about = {"_anywidget_id": "aehelpers.predictions.Prediction", "question": "Which?"}
    states = {"1": {"state": {**about, "choices": ["<a>", "b"], "choice": 2}}}
    notebook.metadata["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": states, "version_major": 2}
    }
    export.AehelpersExporter().preprocess(notebook, {})
    text = notebook.cells[1].outputs[0].data["text/html"]
    assert "<li>b <b>(your choice)</b></li>" in text and "&lt;a&gt;" in text
    assert "widgets" not in notebook.metadata  # for which nbconvert would fetch a script
