"""What a learner finds who saves a notebook, shuts down and comes back."""

import json

import pytest
from pages import opened
from pictures import assert_changes, eventually, grey

CELLS = [
    """
import keras
from aehelpers import models, predictions, widgets
from aehelpers.widgets import _base
keras.utils.set_random_seed(0)
model = models.variational(4, sizes=(12,))
""",
    'predictions.ask("Which is larger?", ["the first", "the second", "neither"])',
    "w = widgets.latent_sliders(model)\nw",
    "_base.MOST_SAVED = 1000\nlarge = widgets.draw({'a model': model})\nlarge",
]


@pytest.fixture(scope="module")
def page(lab, chromium):
    with opened(chromium, viewport={"width": 1300, "height": 3000}) as page:
        lab.open(page, "next", CELLS)
        page.locator(".jp-OutputArea .aew-draw").wait_for()
        yield page


def state(path):
    """Returns what a notebook holds of its widgets, by their classes."""
    notebook = json.loads(path.read_text("utf-8"))
    widgets = notebook["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    models = widgets["state"].values()
    return {each["state"].get("_anywidget_id", "").split(".")[-1]: each for each in models}


def assert_drawn(canvas):
    assert grey(canvas).any()


def test_saved_shut_down_and_opened_again(page, lab, chromium):
    group = page.get_by_role("group", name="Your prediction: Which is larger?")
    group.get_by_label("2. the second").check()
    group.get_by_text("Recorded: 2.").wait_for()
    sliders = page.locator(".jp-OutputArea .aew-sliders")
    slider = sliders.get_by_role("slider").first
    slider.focus()
    slider.press("End")
    value = slider.input_value()
    page.wait_for_timeout(500)  # until Python has heard of it, too
    path = lab.folder / "next.ipynb"
    before = path.read_text("utf-8")
    slider.press("Control+s")  # with the focus in a widget

    def is_saved():
        text = path.read_text("utf-8")
        assert text and text != before

    eventually(is_saved, page.locator("body"))
    saved = state(path)
    assert "LatentSliders" in saved and "Prediction" in saved
    # What is too large isn't saved, but a picture of it.
    assert len(saved["Draw"]["state"]["_still"]["png"]) > 1000
    assert sum(len(each["data"]) for each in saved["Draw"].get("buffers", [])) < 10

    # Loaded again while the kernel runs, all of it is alive.
    page.reload()
    lab.reopen(page, "next")  # its tab may lie behind another
    draw = page.locator(".jp-OutputArea .aew-draw")
    draw.get_by_role("button", name="Draw a 0").click()
    eventually(lambda: assert_drawn(draw.get_by_role("img").first), draw)

    page.close()
    lab.shut_down("next")
    with opened(chromium, viewport={"width": 1300, "height": 3000}) as tomorrow:
        lab.reopen(tomorrow, "next")
        group = tomorrow.get_by_role("group", name="Your prediction: Which is larger?")
        # Where the kernel takes its time to start, JupyterLab's widget manager gives up before it
        # has read what was saved; docs/teaching.md says so, and that the page is to be loaded anew.
        group.or_(tomorrow.get_by_text("model not found").first).first.wait_for()
        if tomorrow.get_by_text("model not found").count():
            tomorrow.reload()
            lab.reopen(tomorrow, "next")
        group.wait_for()
        assert group.get_by_label("2. the second").is_checked()
        group.get_by_text("You chose 2. The kernel hasn't heard of it").wait_for()
        sliders = tomorrow.locator(".jp-OutputArea .aew-sliders")
        slider, digit = sliders.get_by_role("slider").first, sliders.get_by_role("img").first
        assert slider.input_value() == value
        old = grey(digit)
        slider.press("Home")
        assert_changes(digit, old)
        still = tomorrow.locator(".aew-still")
        assert "A place to draw digits" in still.get_by_role("img").get_attribute("alt")
        assert still.get_by_role("img").evaluate("image => image.naturalWidth") > 300
        assert tomorrow.get_by_text("Error displaying widget").count() == 0
        # All of it comes to life again.
        lab.command(tomorrow, "notebook:run-all-cells")
        tomorrow.locator(".jp-OutputArea .aew-draw").wait_for()
        assert tomorrow.locator(".aew-still").count() == 0
