"""The widgets in a real JupyterLab with a real kernel."""

import ast
import json

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from pictures import assert_changes, assert_same_picture, eventually, grey

CELLS = [
    """
import json
import keras
import numpy as np
from aehelpers import data, models, widgets
keras.utils.set_random_seed(0)
mnist = data.load_mnist()
x, y = mnist.x_test[:30], mnist.y_test[:30]
model = models.variational(4, sizes=(12,))
rng = np.random.default_rng(0)
model.decoder.set_weights(
    [each + rng.normal(0, 0.3, each.shape) for each in model.decoder.get_weights()]
)
maps = models.convolutional(3, filters=(4, 4))
unknown = keras.Sequential([
    keras.Input((3,)), keras.layers.LayerNormalization(), keras.layers.Dense(784, "sigmoid"),
])
""",
    "sliders = widgets.latent_sliders(model, x)\nsliders",
    "other = widgets.latent_sliders(maps, x)\nother",
    "slow = widgets.latent_sliders(unknown)\nslow",
    "map = widgets.latent_map(model, x, y)\nmap",
    "morph = widgets.morph(model, x[0], x[1])\nmorph",
    "noise = widgets.noise(maps, x)\nnoise",
    "features = widgets.features(model, x)\nfeatures",
    "draw = widgets.draw({'a model': model})\ndraw",
]
NAMES = {"sliders": 3, "latent-map": 1, "morph": 1, "noise": 1, "features": 1, "draw": 1}

EVALUATE = """async (code) => {
  const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
  const future = kernel.requestExecute({ code: "", user_expressions: { value: code } });
  const { content } = await future.done;
  return content.user_expressions.value;
}"""


class Notebook:
    """The notebook above, open and run."""

    def __init__(self, lab, page):
        self.lab, self.page = lab, page

    def run_all(self):
        self.lab.command(self.page, "notebook:run-all-cells")

    def widget(self, name, number=0):
        return self.page.locator(f".jp-OutputArea .aew-{name}").nth(number)

    def value(self, expression):
        """Evaluates an expression in the kernel; arrays come back as arrays."""
        code = f"json.dumps(({expression}).tolist())"
        answer = self.page.evaluate(EVALUATE, code)
        assert answer["status"] == "ok", answer
        return np.array(json.loads(ast.literal_eval(answer["data"]["text/plain"])))

    def execute(self, code):
        """Sends code to the kernel, and doesn't wait."""
        self.page.evaluate(
            "code => { window.jupyterapp.shell.currentWidget.context.sessionContext.session"
            ".kernel.requestExecute({ code }); }",
            code,
        )

    def status(self):
        return self.page.evaluate(
            "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.status"
        )

    def all_there(self):
        for name, number in NAMES.items():
            assert self.page.locator(f".jp-OutputArea .aew-{name}").count() == number, name


@pytest.fixture(scope="module")
def notebook(lab, chromium):
    """One notebook for all tests of this file, as a kernel takes long to start."""
    # Windowed notebooks drop the cells that are out of sight.
    context = chromium.new_context(viewport={"width": 1300, "height": 5000})
    page = context.new_page()
    page.set_default_timeout(120_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    lab.open(page, "widgets", CELLS)
    notebook = Notebook(lab, page)
    notebook.widget("draw").wait_for()
    eventually(notebook.all_there, page.locator("body"))
    yield notebook
    context.close()
    assert not errors


def test_each_appears_once_and_shows_what_keras_decodes(notebook):
    notebook.all_there()
    for name, expression in {
        "sliders": "model.decoder(sliders.z[None])",
        "latent-map": "model.decoder(map.z[None])",
        "morph": "model.decoder(morph.z[None])",
        "features": "model.decoder(features.z[None])",
    }.items():
        digit = notebook.widget(name).get_by_role("img").first
        assert_same_picture(digit, notebook.value(f"np.asarray({expression})"))
    assert_same_picture(notebook.widget("noise").get_by_role("img").nth(1), notebook.value(
        "np.asarray(maps(noise.noisy[None, ..., None]))"
    ))  # fmt: skip


def test_sliders_move_by_key_and_mouse_and_python_knows(notebook):
    widget = notebook.widget("sliders")
    digit, slider = widget.get_by_role("img"), widget.get_by_role("slider").first
    cell = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    slider.focus()
    before, active = grey(digit), notebook.page.evaluate(cell)
    # JupyterLab has shortcuts of its own for these.
    for key, way in {"ArrowRight": 1, "ArrowLeft": -1, "ArrowUp": 1, "ArrowDown": -1}.items():
        value = float(slider.input_value())
        slider.press(key)
        assert np.sign(float(slider.input_value()) - value) == way, key
    for key in ("PageUp", "PageUp", "End"):
        slider.press(key)
    assert notebook.page.evaluate(cell) == active
    assert slider.input_value() == slider.get_attribute("max")
    assert_changes(digit, before)
    expected = notebook.value("np.asarray(model.decoder(sliders.z[None]))")
    assert_same_picture(digit, notebook.value("sliders.image"))

    def python_knows():
        assert float(slider.get_attribute("max")) in notebook.value("sliders.z")

    eventually(python_knows, digit)
    expected = notebook.value("np.asarray(model.decoder(sliders.z[None]))")
    assert_same_picture(digit, expected)

    box = slider.bounding_box()
    before = grey(digit)
    notebook.page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert_changes(digit, before)
    assert float(slider.input_value()) < 0


def test_python_moves_the_sliders(notebook):
    widget = notebook.widget("sliders")
    notebook.execute("sliders.z = [1, -1, 0.5, 2]")
    expected = notebook.value("np.asarray(model.decoder(np.array([[1, -1, 0.5, 2]])))")
    assert_same_picture(widget.get_by_role("img"), expected)
    values = [float(each.input_value()) for each in widget.get_by_role("slider").all()]
    assert sorted(values) == [-1, 0.5, 1, 2]
    notebook.execute("noise.kind, noise.strength = 'masking', 1.0")
    assert_same_picture(notebook.widget("noise").get_by_role("img").first, np.zeros(784))
    notebook.execute("draw.image = x[3]")
    assert_same_picture(notebook.widget("draw").get_by_role("img").first, notebook.value("x[3]"))


def test_widgets_on_one_page_do_not_disturb_each_other(notebook):
    first, second = (notebook.widget("sliders", i) for i in (0, 1))
    still = grey(first.get_by_role("img"))
    moving = second.get_by_role("img")
    before = grey(moving)
    second.get_by_role("slider").first.press("Home")
    assert_changes(moving, before)
    eventually(lambda: assert_same_picture(moving, notebook.value("other.image")), moving)
    np.testing.assert_array_equal(grey(first.get_by_role("img")), still)


def test_every_other_widget_answers(notebook):
    page = notebook.page
    map = notebook.widget("latent-map")
    before = grey(map.get_by_role("img").first)
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft", "ArrowDown"):
        map.get_by_role("application").press(key)
        assert_changes(map.get_by_role("img").first, before)
        before = grey(map.get_by_role("img").first)
    morph = notebook.widget("morph")
    morph.get_by_role("slider").press("End")
    assert_same_picture(morph.get_by_role("img").nth(1), notebook.value("x[1]"))
    features = notebook.widget("features")
    features.get_by_role("button", name="All off").click()
    zero = notebook.value("np.asarray(model.decoder(np.zeros((1, 4))))")
    assert_same_picture(features.get_by_role("img").first, zero)
    draw = notebook.widget("draw")
    draw.get_by_role("button", name="Clear").click()
    box = draw.get_by_role("application").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 160, steps=5)
    page.mouse.up()

    def python_knows():
        seen = grey(draw.get_by_role("img").first)
        assert seen.any()
        np.testing.assert_allclose(seen, 255 * notebook.value("draw.image").ravel(), atol=1)

    eventually(python_knows, draw)


def test_a_layer_that_only_the_kernel_knows(notebook):
    widget = notebook.widget("sliders", 2)
    said = notebook.page.get_by_text("The browser can't compute LayerNormalization")
    assert said.count() == 1
    widget.get_by_role("slider").first.press("End")
    widget.get_by_role("slider").nth(1).press("Home")

    def same():
        np.testing.assert_allclose(
            grey(widget.get_by_role("img")), 255 * notebook.value("slow.image").ravel(), atol=1
        )
        assert np.count_nonzero(notebook.value("slow.z")) == 2

    eventually(same, widget)


def test_they_answer_while_a_cell_is_busy(notebook):
    widget = notebook.widget("sliders")
    digit, slider = widget.get_by_role("img"), widget.get_by_role("slider").first
    notebook.execute("import time\nbusy = True\nwhile busy: time.sleep(0.01)")

    def busy():
        assert notebook.status() == "busy"

    eventually(busy, widget)
    for key in ("Home", "End", "Home"):
        before = grey(digit)
        slider.press(key)
        assert_changes(digit, before)
    assert notebook.status() == "busy"
    notebook.page.evaluate(
        "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.interrupt()"
    )
    eventually(lambda: assert_same_picture(digit, notebook.value("sliders.image")), widget)


def test_a_flood_of_moves_ends_where_it_should(notebook):
    widget = notebook.widget("sliders")
    widget.get_by_role("slider").first.evaluate(
        """async slider => {
          for (let i = 0; i < 300; i++) {
            slider.value = 3 * Math.sin(i);
            slider.dispatchEvent(new Event("input"));
            if (i % 10 === 9) await new Promise(requestAnimationFrame);
          }
          slider.value = 1.5;
          slider.dispatchEvent(new Event("input"));
        }"""
    )

    def settled():
        assert np.isclose(notebook.value("sliders.z"), 1.5).any()

    eventually(settled, widget)
    assert_same_picture(widget.get_by_role("img"), notebook.value("sliders.image"))


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_no_serious_fault(notebook, theme):
    page = notebook.page
    notebook.lab.command(page, "apputils:change-theme", {"theme": theme})
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    response = Axe().run(page, context={"include": [[".aew"]]}).response
    assert len(response["violations"]) == 0 or all(
        each["impact"] not in ("serious", "critical") for each in response["violations"]
    ), json.dumps(response["violations"], indent=1)[:3000]


def test_after_a_restart_of_the_kernel(notebook):
    page = notebook.page
    page.evaluate(
        "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
    )
    widget = notebook.widget("sliders")
    before = grey(widget.get_by_role("img"))
    slider = widget.get_by_role("slider").first
    slider.press("Home" if float(slider.input_value()) > 0 else "End")
    assert_changes(widget.get_by_role("img"), before)  # the old one still moves

    page.evaluate("document.querySelectorAll('.aew').forEach(each => each.classList.add('old'))")
    notebook.run_all()
    page.wait_for_function(
        "n => document.querySelectorAll('.jp-OutputArea .aew:not(.old)').length === n",
        arg=sum(NAMES.values()),
    )
    notebook.all_there()
    digit = widget.get_by_role("img")
    before = grey(digit)
    widget.get_by_role("slider").first.press("End")
    widget.get_by_role("slider").nth(1).press("End")
    assert_changes(digit, before)
    eventually(lambda: assert_same_picture(digit, notebook.value("sliders.image")), digit)
