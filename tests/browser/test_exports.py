"""Exported notebooks as pages: contrast, print, and JupyterLab's own Save and Export."""

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from scripts import course, setup_env, slides

CODE = (
    """import numpy as np  # a comment

class Net(np.ndarray):
    \"\"\"A docstring.\"\"\"

    def f(self, x=0.5, *names):
        return [None, True] if x not in (1, "a") and self is not None else 0x1F ** -x @ 2
"""
    + "y = ["
    + ", ".join(f"value_{i}" for i in range(30))
    + "]"
)
WIDE = "\n".join("a row of a table  " * 7 + str(i) for i in range(4))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The address of an exported notebook with text of all kinds."""
    text = (
        "# Title\n\nA [code](../docs/glossary.md#code) and [a page](https://example.org) in a text."
        "\n\n| | here |\n|---|---|\n| a | 1 |\n\n$$a = \\sum_i b_i$$"
    )
    cell = nbformat.v4.new_code_cell(CODE, execution_count=1)
    cell.outputs = [
        nbformat.v4.new_output("execute_result", {"text/plain": WIDE}, execution_count=1)
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text), cell])
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    exporter = HTMLExporter(config=Config(setup_env.EXPORTS))
    about = {"metadata": {"path": str(course.FOLDER), "name": "one"}}
    path = tmp_path_factory.mktemp("exported") / "one.html"
    path.write_text(exporter.from_notebook_node(notebook, about)[0], encoding="utf-8")
    return path.as_uri()


def test_an_exported_page_can_be_read_by_everybody(page, exported):
    page.goto(exported)
    found = Axe().run(page).response["violations"]
    assert not found, [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def test_nothing_is_cut_on_paper_and_wide_text_scrolls_on_a_screen(page, exported):
    page.goto(exported)
    wide = page.locator(".jp-OutputArea-output pre").last
    page.set_viewport_size({"width": 700, "height": 1000})
    assert wide.evaluate("pre => pre.scrollWidth > pre.clientWidth")  # and no word is broken
    page.emulate_media(media="print")
    blocks = page.locator("pre, table").all()
    assert len(blocks) >= 3
    for block in blocks:
        assert block.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
        assert block.evaluate("e => e.getBoundingClientRect().right <= innerWidth")
    # A row of the table stays a row.
    assert wide.evaluate("pre => pre.getClientRects()[0].height") < 80


def test_save_and_export_of_jupyterlab_is_that_of_the_command_line(lab):
    page = lab.exported("exported", ["x = 1"])
    assert "body.jp-Notebook" in page and "mathjax/2" not in page and "require.min" not in page
    assert "x = 1" in lab.exported("exported", ["x = 1"], to="script")


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """The address of the slides of notebook 06, which has the widest table and most references."""
    folder = tmp_path_factory.mktemp("slides")
    slides.main(["06_applications", "--to", str(folder)])
    return (folder / "06_applications.html").as_uri()


def test_a_slide_opens_by_its_number_typed_into_the_address(page, deck):
    page.goto(f"{deck}#s3")
    assert page.locator("#place").inner_text().startswith("3 / ")
    page.evaluate("location.hash = '#s5'")
    page.wait_for_function("document.getElementById('place').textContent.startsWith('5 / ')")
    assert page.locator("#s5").is_visible() and not page.locator("#s3").is_visible()


def test_every_slide_fits_the_window(page, deck):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(deck)
    shrunk = 0
    for number in range(page.locator(".slide").count()):
        shown = page.locator(f"#s{number + 1} .shown")
        assert shown.evaluate("e => e.getBoundingClientRect().bottom <= innerHeight")
        for block in shown.locator("pre, table, math").all():
            assert block.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
        shrunk += shown.evaluate("e => Boolean(e.style.zoom)")
        page.keyboard.press("ArrowRight")
    assert shrunk
