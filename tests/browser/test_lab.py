"""The widgets in a real JupyterLab with a real kernel."""

import json

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from finger import Finger, place
from lab_notebook import NAMES
from layout import assert_room
from pictures import assert_changes, assert_same_picture, eventually, grey


def test_each_appears_once_and_shows_what_keras_decodes(notebook):
    notebook.all_there()
    for name, expression in {
        "sliders": "model.decoder(sliders.z[None])",
        "latent-map": "model.decoder(map.z[None])",
        "morph": "model.decoder(morph.z[None])",
        "features": "model.decoder(features.z[None])",
    }.items():
        digit = notebook.widget(name).get_by_role("img").first
        notebook.shows(digit, f"np.asarray({expression})")
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

    def python_knows():
        assert float(slider.get_attribute("max")) in notebook.value("sliders.z")

    eventually(python_knows, digit)
    notebook.shows(digit, "sliders.image")
    notebook.shows(digit, "np.asarray(model.decoder(sliders.z[None]))")

    box = slider.bounding_box()
    before = grey(digit)
    notebook.page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert_changes(digit, before)
    assert float(slider.input_value()) < 0
    # Else the click could reach Python after what the next test sets there.
    notebook.shows(digit, "sliders.image")


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


def test_the_playground_trains_beside_the_kernel(notebook):
    widget = notebook.widget("playground")
    train = widget.get_by_role("button", name="Train", exact=True)
    train.click()
    notebook.page.wait_for_function(
        "Number(document.querySelector('[data-step]').dataset.step) > 20"
    )
    widget.get_by_role("button", name="Pause").click()
    rate = widget.get_by_role("slider", name="Learning rate")
    rate.focus()
    rate.press("Home")

    def python_knows():
        assert notebook.value("np.array(play.settings['rate'])") == 0.0001

    eventually(python_knows, widget)
    notebook.execute("play.settings = {'kind': 'sparse', 'code': 32}")
    widget.get_by_text("of 32 numbers ever on").wait_for()
    assert widget.get_by_label("Kind of net").evaluate("e => e.value") == "3"


def test_widgets_on_one_page_do_not_disturb_each_other(notebook):
    first, second = (notebook.widget("sliders", i) for i in (0, 1))
    still = grey(first.get_by_role("img"))
    moving = second.get_by_role("img")
    before = grey(moving)
    second.get_by_role("slider").first.press("Home")
    assert_changes(moving, before)
    notebook.shows(moving, "other.image")
    np.testing.assert_array_equal(grey(first.get_by_role("img")), still)


def _equal(array, other):
    np.testing.assert_array_equal(array, other)


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
    bits = notebook.widget("bits")
    for key in ("Space", "ArrowDown", "ArrowRight", "Enter"):  # two of them, Jupyter's own keys
        bits.locator("button:focus, .aew-bit[tabindex='0']").first.press(key)
    eventually(lambda: _equal(notebook.value("np.array(bits.flips)"), [8, 4, 0, 0]), bits)
    notebook.shows(bits.get_by_role("img").nth(2), "bits.image")
    notebook.execute("bits.digit, bits.flips = 2, [0, 0, 8, 0]")
    notebook.shows(bits.get_by_role("img").nth(2), "bits.image")
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
    said = notebook.page.get_by_text("The browser can't compute UnitNormalization")
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
    # Where the tests run in the background, kernels are born deaf to interrupts.
    notebook.execute(
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "while True: time.sleep(0.01)"
    )
    notebook.begins()
    try:
        for key in ("Home", "End", "Home"):
            before = grey(digit)
            slider.press(key)
            assert_changes(digit, before)
        assert notebook.runs()
    finally:  # else all that follows would wait for it
        notebook.page.evaluate(
            "window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.interrupt()"
        )
    notebook.shows(digit, "sliders.image")


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
    notebook.shows(widget.get_by_role("img"), "sliders.image")


def test_with_a_finger(notebook):
    finger = Finger(notebook.page)
    sliders, map, draw = (notebook.widget(name) for name in ("sliders", "latent-map", "draw"))
    digit, slider = sliders.get_by_role("img"), sliders.get_by_role("slider").first
    slider.press("Home")
    low = float(slider.input_value())
    finger.drag(place(slider, 0.02, 0.5), place(slider, 0.6, 0.5))
    assert float(slider.input_value()) > low
    notebook.shows(digit, "sliders.image")
    digit = map.get_by_role("img").first
    before = grey(digit)
    finger.drag(place(map.locator("svg"), 0.3, 0.3), place(map.locator("svg"), 0.8, 0.6))
    assert_changes(digit, before)
    notebook.shows(digit, "map.image")
    desk, seen = draw.get_by_role("application"), draw.get_by_role("img").first
    before = grey(seen)
    finger.drag(place(desk, 0.2, 0.3), place(desk, 0.8, 0.7))
    assert_changes(seen, before)
    notebook.shows(seen, "draw.image")


def test_room_at_200_percent(notebook):
    page = notebook.page
    page.set_viewport_size({"width": 640, "height": 5000})  # a window of 1280 pixels
    try:
        for name in NAMES:
            widget = notebook.widget(name)
            widget.scroll_into_view_if_needed()
            eventually(lambda widget=widget: assert_room(widget), widget)
    finally:
        page.set_viewport_size({"width": 1300, "height": 5000})


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
    # The one that the kernel computes says why it doesn't.
    notebook.widget("sliders", 2).get_by_role("slider").first.press("Home")
    page.get_by_text("The kernel doesn't answer, and it has to compute this net.").wait_for()

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
    notebook.shows(digit, "sliders.image")
