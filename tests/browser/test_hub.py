"""Two learners at a real hub: they work, save, log out, and find their work when they come back."""

import json

import nbformat
import pytest
from pages import opened
from pictures import assert_changes, eventually, grey

from scripts import hub
from scripts.lab import _IDLE, _RUN

CELLS = [
    """
from aehelpers import data, predictions, training, widgets
x_test = data.load_mnist().x_test
drawer = training.load_pretrained("variational")
""",
    'predictions.ask("Which is larger?", ["the first", "the second", "neither"])',
    "sliders = widgets.latent_sliders(drawer, x_test[:10])\nsliders",
    "print('mine:')",
]
NOTEBOOK = "notebooks/00_start_here.ipynb"

pytestmark = pytest.mark.skipif(
    not hub.is_installed(),
    reason="The hub isn't installed here: make hub ARGS=--install, which needs Node.",
)


@pytest.fixture(scope="module")
def running(chromium, tmp_path_factory):
    state = tmp_path_factory.mktemp("hub")
    with hub.Hub(state, ["anna", "ben"], ["00_start_here"]) as running:
        cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
        # A whole one would take minutes; without the kernel's name JupyterLab asks for one.
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        small = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
        nbformat.write(small, state / "handed_out" / NOTEBOOK)
        for name in running.learners:
            own = state / "homes" / name / ".jupyter"
            own.mkdir(parents=True)
            config = {"LabApp": {"expose_app_in_browser": True}}
            (own / "jupyter_lab_config.json").write_text(json.dumps(config))
        yield running


def log_in(running, page, name):
    page.goto(running.url)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(running.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_function(_IDLE, arg=NOTEBOOK)


def stored(running, name):
    # Text, not a notebook: it may be read while it is being written.
    return (running.state / "homes" / name / NOTEBOOK).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["anna", "ben"])
def test_work_is_there_when_they_come_back(running, chromium, name):
    size = {"width": 1300, "height": 3000}
    with opened(chromium, viewport=size) as page:
        log_in(running, page, name)
        page.evaluate(f"window.jupyterapp.commands.execute('{_RUN}')")
        slider = page.locator(".jp-OutputArea .aew-sliders").get_by_role("slider").first
        slider.focus()
        digit = page.locator(".jp-OutputArea .aew-sliders").get_by_role("img").first
        before = grey(digit)
        slider.press("End" if name == "anna" else "Home")
        assert_changes(digit, before)
        value = slider.input_value()
        group = page.get_by_role("group", name="Your prediction: Which is larger?")
        group.get_by_label("2. the second").check()
        group.get_by_text("Recorded: 2.").wait_for()
        assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0

        editor = page.locator(".jp-CodeCell .cm-content").last
        editor.click()
        page.keyboard.press("ControlOrMeta+End")
        page.keyboard.type(f"  # written by {name}")
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("ControlOrMeta+s")

        def is_saved():
            assert f"# written by {name}" in stored(running, name)

        eventually(is_saved, page.locator("body"))
        page.goto(f"{running.url}/hub/logout")

    with opened(chromium, viewport=size) as page:
        log_in(running, page, name)
        page.get_by_text(f"# written by {name}").wait_for()
        slider = page.locator(".jp-OutputArea .aew-sliders").get_by_role("slider").first
        assert slider.input_value() == value
        others = "ben" if name == "anna" else "anna"
        assert page.request.get(f"{running.url}/user/{others}/api/contents").status in (403, 404)


def test_nobody_gets_in_who_isnt_of_the_class(running, page):
    page.goto(running.url)
    page.get_by_label("Username").fill("mallory")
    page.get_by_label("Password").fill(running.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Invalid username or password").wait_for()
