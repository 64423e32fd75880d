"""Widgets in pages without a kernel: those that `save` writes, and exported notebooks."""

import base64
import json
import os
import re
import subprocess
import sys

import keras
import nbformat
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from finger import Finger, place
from lab_notebook import NAMES
from layout import assert_room
from pages import opened
from pictures import assert_changes, assert_same_picture, eventually, grey, levels

from aehelpers import data, models, plots, training, widgets
from scripts import course, notebooks, setup_env


@pytest.fixture(scope="module")
def digits():
    mnist = data.load_mnist()
    return mnist.x_test[:30], mnist.y_test[:30]


@pytest.fixture(scope="module")
def made(digits):
    """Every widget, of small models that are the same on every machine."""
    keras.utils.set_random_seed(0)
    x, y = digits
    plane = models.deep(2, sizes=(12,))
    longer = models.variational(5, sizes=(12,))
    maps = models.convolutional(None, filters=(4, 4))
    for model in (plane, longer):
        rng = np.random.default_rng(0)
        model.decoder.set_weights(
            [weight + rng.normal(0, 0.3, weight.shape) for weight in model.decoder.get_weights()]
        )
    flow = models.code_flow(5, width=12, depth=1, num_classes=10)
    flow.adapt(longer.encoder.predict(x, verbose=0))
    flow.net.set_weights(
        [weight + rng.normal(0, 0.3, weight.shape) for weight in flow.net.get_weights()]
    )
    return {
        "sliders": widgets.latent_sliders(longer, x),
        "latent-map": widgets.latent_map(plane, x, y),
        "morph": widgets.morph(longer, x[0], x[1]),
        "noise": widgets.noise(maps, x),
        "features": widgets.features(models.sparse(40, k=6), x),
        "draw": widgets.draw({"two numbers": plane, "maps": maps}),
        "playground": widgets.playground(),
        "walk": widgets.walk(longer, flow),
        "bits": widgets.bits(longer, longer.encoder.predict(x, verbose=0), x),
    }


@pytest.fixture(scope="module")
def saved(made, tmp_path_factory):
    """The addresses of their pages."""
    folder = tmp_path_factory.mktemp("pages")
    return {name: w.save(folder / f"{name}.html").as_uri() for name, w in made.items()}


def show_on(page, saved, name):
    """Opens the page of a widget without a network."""
    page.context.set_offline(True)
    page.goto(saved[name])
    page.wait_for_selector("body[data-ready]")
    return page.locator(f".aew-{name}")


@pytest.fixture
def show(page, saved):
    return lambda name: show_on(page, saved, name)


def test_sliders(show, made):
    widget, w = show("sliders"), made["sliders"]
    digit = widget.get_by_role("img")
    assert_same_picture(digit, w.image)
    slider = widget.get_by_role("slider").first
    slider.focus()
    slider.press("End")
    z = np.array(w.z)
    z[w.units[0]] = float(slider.get_attribute("max"))
    assert_same_picture(digit, w.decode(z))
    assert f"z{w.units[0] + 1} = {z[w.units[0]]:.2f}" in digit.get_attribute("aria-label")
    assert slider.get_attribute("aria-valuetext") == f"{z[w.units[0]]:.2f}"
    widget.get_by_role("button", name="Reset").click()
    assert_same_picture(digit, w.image)
    widget.get_by_role("button", name="Start from image 3 of").click()
    assert_changes(digit, np.rint(levels(w.image)))
    before = grey(digit)
    widget.get_by_role("button", name="Random code").click()
    assert_changes(digit, before)


def test_map(page, show, made):
    widget, w = show("latent-map"), made["latent-map"]
    digit = widget.get_by_role("img").first
    assert_same_picture(digit, w.image)
    map = widget.get_by_role("application")
    box = map.locator("svg").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 90, steps=4)
    page.mouse.up()
    dragged = grey(digit)
    assert not np.array_equal(dragged, np.rint(levels(w.image)))
    map.press("ArrowLeft")
    map.press("Shift+ArrowDown")
    assert_changes(digit, dragged)
    assert "nearest" in digit.get_attribute("aria-label")
    map.press("Home")
    assert_same_picture(digit, w.image)
    points = map.locator(".aew-dots circle")
    colours = points.evaluate_all("points => points.map((each) => each.getAttribute('fill'))")
    assert colours == [plots.PALETTE[label] for label in w._config["plane"]["labels"]]
    point = points.first.bounding_box()
    page.mouse.move(point["x"] + 2, point["y"] + 2)
    assert map.locator(".aew-tip").is_visible()


def ellipses(map):
    shown = map.locator(".aew-cloud:visible")
    return [each.bounding_box() for each in shown.all()]


def test_the_cloud_of_a_digit_and_of_a_drawing(page, digits, tmp_path):
    keras.utils.set_random_seed(0)
    vae = models.variational(2, sizes=(12,))
    w = widgets.latent_map(vae, *digits, draw=True)
    page.context.set_offline(True)
    page.goto(w.save(tmp_path / "map.html").as_uri())
    page.wait_for_selector("body[data-ready]")
    widget = page.locator(".aew-latent-map")
    map, digit = widget.locator("svg"), widget.get_by_role("img").first
    assert not ellipses(map)
    widget.get_by_role("button", name="Its cloud").click()
    mean, log_var = (each.numpy() for each in vae.posterior(digits[0]))
    code = w._codes.mean(axis=0)
    nearest = int(np.argmin(np.square(mean - code).sum(axis=1)))
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1)[nearest]
    widget.get_by_text(f"The cloud of this {digits[1][nearest]} costs {kl:.1f} nats").wait_for()
    inner, outer = ellipses(map)
    assert outer["width"] == pytest.approx(2 * inner["width"], rel=0.05)
    low, high = (np.array(w._config["plane"][end]) for end in ("low", "high"))
    pixels = 2 * np.exp(log_var[nearest] / 2) * (440 - np.array([46, 34])) / (high - low)
    np.testing.assert_allclose([inner["width"], inner["height"]], pixels, rtol=0.05, atol=2)
    before = grey(digit)
    assert_same_picture(digit, w.decode(mean[nearest]))
    widget.get_by_role("button", name="New noise").click()
    assert_changes(digit, before)
    assert ellipses(map) == [inner, outer]  # another code of the same cloud

    desk = widget.get_by_role("application", name="Draw a digit")
    x, y = place(desk, 0.3, 0.2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 90, steps=4)
    widget.get_by_text("The cloud of your digit costs").wait_for()
    half = ellipses(map)
    page.mouse.move(x + 90, y + 20, steps=4)  # the cloud follows the pen
    eventually(lambda: _differ(ellipses(map), half), widget)
    page.mouse.up()
    widget.get_by_role("button", name="Clear").click()
    assert not ellipses(map)
    found = Axe().run(page).response["violations"]
    assert not [each["id"] for each in found if each["impact"] in ("serious", "critical")]


def _differ(one, other):
    assert one != other


def test_morph(show, made):
    widget, w = show("morph"), made["morph"]
    latent, pixels = widget.get_by_role("img").all()
    slider = widget.get_by_role("slider")
    slider.press("Home")
    assert_same_picture(latent, w.decode(w._ends[0]))
    assert_same_picture(pixels, w._pair[0])
    slider.press("End")
    assert_same_picture(latent, w.decode(w._ends[1]))
    assert_same_picture(pixels, w._pair[1])


def in_rows(images):
    """Ten digits as the widget lays them out, two rows of five."""
    return np.block([list(images[:5]), list(images[5:])])


def test_walk(show, made):
    widget, w = show("walk"), made["walk"]
    digits = widget.get_by_role("img")
    assert_same_picture(digits, in_rows(w.images))
    slider = widget.get_by_role("slider")
    for key, steps in (("Home", 1), ("ArrowRight", 2), ("End", 20)):
        slider.press(key)
        w.steps = steps
        assert_same_picture(digits, in_rows(w.images))
    widget.get_by_role("combobox").select_option("a 3")
    w.label = 3
    assert_same_picture(digits, in_rows(w.images))
    assert digits.get_attribute("aria-label") == (
        "Ten digits drawn from noise in 20 steps, asked to be a 3."
    )
    widget.get_by_role("button", name="Other noise").click()
    w.draw = 1
    assert_same_picture(digits, in_rows(w.images))


def test_bits(page, show, made):
    widget, w = show("bits"), made["bits"]
    original, stored, now = widget.get_by_role("img").all()
    assert_same_picture(original, w._digits[0])
    assert_same_picture(stored, w.image)
    assert_same_picture(now, w.image)
    error = np.square(w.image - w._digits[0, ..., 0]).sum()
    told = re.search(r"Squared error ([\d.]+), ([\d.]+) bits", now.get_attribute("aria-label"))
    assert float(told[1]) == pytest.approx(error, abs=0.2)
    as_stored = w.levels
    costs = np.frombuffer(w._data, "float32", 80, w._config["costs"]["at"]).reshape(5, 16)
    assert float(told[2]) == pytest.approx(costs[np.arange(5), as_stored].sum(), abs=0.06)

    first = widget.get_by_role("button", name="z1, worth 8")
    before = first.inner_text()
    first.press("Enter")
    w.flips = [8, 0, 0, 0, 0]
    assert_same_picture(now, w.image)
    assert first.inner_text() == str(1 - int(before))
    assert first.get_attribute("aria-label") == f"z1, worth 8: {1 - int(before)}, flipped"
    value = widget.get_by_role("row").first.get_by_role("gridcell").nth(4)
    assert value.inner_text() == str(w.levels[0] - 8).replace("-", "−")
    widget.get_by_text("Decoded with 1 flipped bit. Squared error").wait_for(state="attached")

    for key in ("ArrowDown", "ArrowDown", "End", "ArrowUp", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.ariaLabel").startswith("z2, worth 2: ")
    w.flips = [8, 2, 0, 0, 0]
    assert_same_picture(now, w.image)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("z1, worth 1: ")
    assert widget.locator(".aew-bit[tabindex='0']").count() == 1  # one stop for the Tab key
    widget.get_by_role("button", name="Flip all bits worth 4").click()
    w.flips = [12, 6, 4, 4, 4]
    assert_same_picture(now, w.image)
    widget.get_by_role("button", name="The code of image 3 of").click()
    w.digit = 2
    assert_same_picture(now, w.image)
    assert_same_picture(original, w._digits[2])
    widget.get_by_role("button", name="As stored").click()
    w.flips = [0] * 5
    assert_same_picture(now, w.image)
    assert_same_picture(stored, w.image)
    w.digit = 0


# A worker that is given nothing more to start with once `window.deaf` is set.
DEAF = """const Real = window.Worker;
window.Worker = class extends Real {
  postMessage(message, ...more) {
    if (!(window.deaf && message.type === "start")) super.postMessage(message, ...more);
  }
};"""


def trained(page, least):
    page.wait_for_function(
        "least => Number(document.getElementById('widget').dataset.step) >= least", arg=least
    )
    return int(page.locator("#widget").get_attribute("data-step"))


def taken(page, widget, name, folder):
    with page.expect_download() as download:
        widget.get_by_role("button", name=name).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_playground_weights_and_card_are_of_one_moment(page, show, tmp_path):
    widget = show("playground")
    widget.get_by_role("button", name="Train", exact=True).click()
    seen = trained(page, 20)
    first = taken(page, widget, "Weights (.npz)", tmp_path)
    seen = trained(page, seen + 40)
    card = taken(page, widget, "Their card (.json)", tmp_path)
    steps = {"first": json.loads(card.read_text(encoding="utf-8"))["what"]}
    training.load_pretrained(first.stem, tmp_path)  # the card's sum is of these weights
    # Both were handed over, so the next are of a later moment; whichever is asked for first.
    seen = trained(page, seen + 40)
    card = taken(page, widget, "Their card (.json)", tmp_path)
    steps["later"] = json.loads(card.read_text(encoding="utf-8"))["what"]
    trained(page, seen + 40)
    before = first.read_bytes()
    again = taken(page, widget, "Weights (.npz)", tmp_path)
    training.load_pretrained(again.stem, tmp_path)
    assert again.read_bytes() != before and steps["first"] != steps["later"]


def test_playground_the_same_file_again_is_of_now(page, show, tmp_path):
    widget = show("playground")
    widget.get_by_role("button", name="Train", exact=True).click()
    seen = trained(page, 20)
    before = taken(page, widget, "Weights (.npz)", tmp_path).read_bytes()
    trained(page, seen + 40)
    again = taken(page, widget, "Weights (.npz)", tmp_path)
    assert again.read_bytes() != before
    taken(page, widget, "Their card (.json)", tmp_path)
    training.load_pretrained(again.stem, tmp_path)


def test_playground_a_new_net_has_nothing_to_show_before_its_picture(page, show):
    page.add_init_script(DEAF)
    widget = show("playground")
    trained(page, 0)
    page.evaluate("window.deaf = true")
    widget.get_by_role("button", name="Start over").click()
    downloads = []
    page.on("download", lambda download: downloads.append(download))
    widget.get_by_role("button", name="Weights (.npz)").click()
    widget.get_by_role("application", name="Map of codes").click()  # a fault would end the test
    page.wait_for_timeout(300)
    assert not downloads
    assert widget.locator(".aew-touch [aria-live]").inner_text() == ""


def test_noise(show, made):
    widget, w = show("noise"), made["noise"]
    noisy, denoised, clean = widget.get_by_role("img").all()
    for kind in ("gaussian", "salt and pepper", "masking", "block"):
        widget.get_by_role("combobox").select_option(kind)
        w.kind = kind
        assert_same_picture(noisy, w.noisy)
        assert_same_picture(denoised, w.image)
    widget.get_by_role("slider").press("Home")
    assert_same_picture(noisy, w.clean)
    assert "∞" in noisy.get_attribute("aria-label")
    widget.get_by_role("button", name="Take image 2 of").click()
    assert_changes(clean, np.rint(levels(w.clean)))


def test_features(show, made):
    widget, w = show("features"), made["features"]
    rebuilt = widget.get_by_role("img").first
    assert_same_picture(rebuilt, w.image)
    tiles = widget.get_by_role("group", name="Units that are on").get_by_role("button")
    assert tiles.count() == np.count_nonzero(w.z)
    tiles.first.press("Enter")
    assert tiles.first.get_attribute("aria-pressed") == "false"
    z = np.array(w.z)
    z[np.argmax(np.abs(z))] = 0
    assert_same_picture(rebuilt, w.decode(z))
    legend = widget.locator(".aew-plus").evaluate("e => getComputedStyle(e).backgroundColor")
    red = plots.SIGNED[round(0.85 * len(plots.SIGNED))]
    assert legend == f"rgb({', '.join(str(int(red[i : i + 2], 16)) for i in (1, 3, 5))})"
    widget.get_by_role("button", name="All off").click()
    assert_same_picture(rebuilt, w.decode(0 * z))


def assert_mass(canvas, there):
    assert grey(canvas).any() == there


def test_draw(page, show, made):
    widget = show("draw")
    desk, seen = widget.get_by_role("application"), widget.get_by_role("img").first
    assert not grey(seen).any()
    box = desk.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 20)  # a vertical stroke at the left, too small
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 100, steps=8)
    page.mouse.up()

    def is_scaled():
        rows, columns = np.nonzero(grey(seen).reshape(28, 28))
        assert len(rows) and np.ptp(rows) == 19 and np.ptp(columns) < 8  # 20 pixels high

    eventually(is_scaled, seen)
    image = grey(seen).reshape(28, 28)
    mass = image / image.sum()
    centre = [(mass.sum(axis) * np.arange(28)).sum() for axis in (1, 0)]
    np.testing.assert_allclose(centre, 14, atol=0.51)
    assert "squared error" in widget.get_by_role("img").nth(1).get_attribute("aria-label")

    widget.get_by_role("button", name="Clear").click()
    eventually(lambda: assert_mass(seen, False), seen)
    desk.focus()
    for key in ["Space", *["ArrowDown"] * 8, "Space"]:
        desk.press(key)
    eventually(lambda: assert_mass(seen, True), seen)
    widget.get_by_role("button", name="Draw a 3").click()
    digits, _ = widgets._base.bundled_digits()
    assert_same_picture(seen, digits[3])


@pytest.fixture
def touch(phone, saved):
    """Opens the page of a widget on a telephone, in the middle of what can be scrolled."""

    def touch(name):
        widget = show_on(phone, saved, name)
        phone.evaluate("document.body.style.padding = '500px 4px 1500px'")
        return widget, Finger(phone)

    return touch


def test_two_fingers_do_not_scribble(phone, touch):
    widget, finger = touch("draw")
    desk, seen = widget.get_by_role("application"), widget.get_by_role("img").first
    finger.drag(place(desk, 0.3, 0.2), place(desk, 0.3, 0.8))
    eventually(lambda: assert_mass(seen, True), seen)
    phone.wait_for_timeout(100)
    one = grey(seen)
    # With a mouse: of a tap after a drag, a busy Chromium doesn't always make a click.
    widget.get_by_role("button", name="Clear").click()
    eventually(lambda: assert_mass(seen, False), seen)
    (x, top), (_, bottom), other = (
        place(desk, 0.3, 0.2),
        place(desk, 0.3, 0.8),
        place(desk, 0.9, 0.5),
    )
    finger.put_two((x, top), other)
    finger.move_two((x, bottom), other)
    finger.lift()

    def same():
        np.testing.assert_allclose(grey(seen), one, atol=40)

    eventually(same, seen)


def test_pictures_stay_where_they_are_needed(phone, saved):
    noise = show_on(phone, saved, "noise")
    boxes = [each.bounding_box() for each in noise.get_by_role("img").all()]
    assert len({box["y"] for box in boxes}) == 1  # side by side, to be compared
    assert boxes[2]["x"] + boxes[2]["width"] <= 400
    bits = show_on(phone, saved, "bits")
    phone.evaluate("document.body.style.padding = '0 0 1500px'")
    bits.locator(".aew-bit").last.evaluate("e => e.scrollIntoView({ block: 'center' })")
    boxes = [each.bounding_box() for each in bits.get_by_role("img").all()]
    assert len({box["y"] for box in boxes}) == 1 and 0 <= boxes[0]["y"] < 100
    sliders = show_on(phone, saved, "sliders")
    sliders.get_by_role("slider").last.scroll_into_view_if_needed()
    box = sliders.get_by_role("img").bounding_box()
    assert 0 <= box["y"] < 100


def test_nothing_is_measured_before_anything_is_drawn(show):
    widget = show("draw")
    card = widget.get_by_role("region", name="Model two numbers")
    assert card.get_by_text("Nothing is drawn yet.").is_visible()
    assert card.get_by_text("Squared error").count() == 0
    assert not card.locator(".aew-scale i").is_visible()
    assert not card.locator(".aew-marker").is_visible()
    assert not grey(card.get_by_role("img")).any()
    widget.get_by_role("button", name="Draw a 0").click()
    card.get_by_text("Squared error").wait_for()
    assert card.locator(".aew-scale i").is_visible() and card.locator(".aew-marker").is_visible()


@pytest.mark.parametrize("name", [*NAMES, "walk"])
def test_forced_colours_leave_pictures_alone(chromium, saved, name):
    with opened(chromium, forced_colors="active") as page:
        widget = show_on(page, saved, name)
        for canvas in widget.locator("canvas").all():
            style = canvas.evaluate("e => getComputedStyle(e).forcedColorAdjust")
            assert style == "none"
        if name == "draw":
            widget.get_by_role("button", name="Draw a 3").click()
            paper = widget.locator(".aew-paper")
            assert paper.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(0, 0, 0)"
            chosen = widget.locator(".aew-digit[aria-pressed=true] canvas")
            assert chosen.evaluate("e => getComputedStyle(e).outlineWidth") == "3px"


def test_three_models_have_room(chromium, saved, tmp_path):
    w = widgets.draw({name: models.vanilla(2) for name in ("one", "two", "three")})
    path = w.save(tmp_path / "three.html")
    with opened(chromium, viewport={"width": 938, "height": 700}) as page:  # JupyterLab at 1366
        page.goto(path.as_uri())
        page.wait_for_selector("body[data-ready]")
        tops = [each.bounding_box()["y"] for each in page.locator(".aew-card").all()]
        assert len(tops) == 3 and len(set(tops)) == 1


def scrolled(page):
    return page.evaluate("scrollY")


def test_a_finger_on_the_map(phone, touch):
    widget, finger = touch("latent-map")
    digit, map = widget.get_by_role("img").first, widget.locator("svg")
    before = grey(digit)
    phone.touchscreen.tap(*place(map, 0.8, 0.2))
    assert_changes(digit, before)
    start, end = place(map, 0.8, 0.2), place(map, 0.3, 0.8)
    still = scrolled(phone)
    finger.put(*start)
    for share in (0.3, 0.6, 1):  # the digit follows the finger on its way
        before = grey(digit)
        finger.move(*(a + share * (b - a) for a, b in zip(start, end)))
        assert_changes(digit, before)
    finger.lift()
    assert scrolled(phone) == still
    marker = map.locator(".aew-marker circle").first.bounding_box()
    centre = [marker["x"] + marker["width"] / 2, marker["y"] + marker["height"] / 2]
    np.testing.assert_allclose(centre, end, atol=1)


def test_a_finger_draws(phone, touch):
    widget, finger = touch("draw")
    desk, seen = widget.get_by_role("application"), widget.get_by_role("img").first
    phone.touchscreen.tap(*place(desk, 0.5, 0.5))
    eventually(lambda: assert_mass(seen, True), seen)
    widget.get_by_role("button", name="Clear").tap()
    eventually(lambda: assert_mass(seen, False), seen)
    start, end = place(desk, 0.2, 0.2), place(desk, 0.8, 0.8)
    still = scrolled(phone)
    finger.drag(start, end)

    def is_a_line():
        image = grey(seen).reshape(28, 28) > 100
        rows, columns = np.nonzero(image)
        assert len(rows) and np.ptp(rows) >= 18 and np.ptp(columns) >= 18
        assert image[rows.min() : rows.max() + 1].any(axis=1).all()  # without gaps
        assert np.corrcoef(rows, columns)[0, 1] > 0.9

    eventually(is_a_line, seen)
    assert scrolled(phone) == still
    cards = widget.get_by_role("img")
    assert "larger than for" in cards.nth(1).get_attribute("aria-label")


@pytest.mark.parametrize("name", ["sliders", "morph", "noise"])
def test_a_finger_on_a_slider(phone, touch, name):
    widget, finger = touch(name)
    digit = widget.get_by_role("img").first
    slider = widget.get_by_role("slider").first
    low, high = (float(slider.get_attribute(end)) for end in ("min", "max"))

    def share():
        return (float(slider.input_value()) - low) / (high - low)

    before = grey(digit)
    phone.touchscreen.tap(*place(slider, 0.9, 0.5))
    assert_changes(digit, before)
    assert share() > 0.8
    before = grey(digit)
    finger.drag(place(slider, 0.9, 0.5), place(slider, 0.2, 0.5))
    assert_changes(digit, before)
    assert 0.1 < share() < 0.3
    x, y = place(slider, 0.8, 0.5)
    still = scrolled(phone)
    finger.drag((x, y), (x, y - 150))
    assert scrolled(phone) > still + 50  # up and down, the page moves
    assert 0.1 < share() < 0.3  # and the slider is where it was
    for strip in widget.locator(".aew-strip").all()[:1]:
        x, y = place(strip, 0.5, 0.5)
        before, still = grey(digit), scrolled(phone)
        finger.drag((x, y), (x, y - 150))
        assert scrolled(phone) > still + 50
        np.testing.assert_array_equal(grey(digit), before)
        phone.touchscreen.tap(*place(strip, 0.5, 0.5))
        assert_changes(digit, before)


def test_a_finger_on_buttons(phone, touch):
    widget, _ = touch("features")
    tile = widget.get_by_role("group", name="Units that are on").get_by_role("button").first
    tile.tap()
    assert tile.get_attribute("aria-pressed") == "false"
    widget, _ = touch("bits")
    before = grey(widget.get_by_role("img").nth(2))
    widget.get_by_role("button", name="z5, worth 8").tap()
    assert_changes(widget.get_by_role("img").nth(2), before)
    widget, _ = touch("sliders")
    before = grey(widget.get_by_role("img"))
    widget.get_by_role("button", name="Start from image 3 of").tap()
    assert_changes(widget.get_by_role("img"), before)


@pytest.mark.parametrize("name", [*NAMES, "walk"])
def test_no_serious_fault_and_room_at_200_percent(small_page, saved, name):
    widget = show_on(small_page, saved, name)
    for width in (640, 430):  # of windows of 1280 and 860 pixels
        small_page.set_viewport_size({"width": width, "height": 450})
        eventually(lambda: assert_room(widget), widget)
        for scheme in ("light", "dark"):
            small_page.emulate_media(color_scheme=scheme)
            violations = Axe().run(small_page).response["violations"]
            faults = [each for each in violations if each["impact"] in ("serious", "critical")]
            assert not faults, json.dumps(faults, indent=1)[:3000]


def test_saved_pages_need_a_browser_that_knows_the_layers():
    keras.utils.set_random_seed(0)
    decoder = keras.Sequential([
        keras.Input((2,)), keras.layers.UnitNormalization(), keras.layers.Dense(784),
    ])  # fmt: skip
    w = widgets.latent_sliders(decoder)
    with pytest.raises(ValueError, match="A page without a kernel needs layers"):
        w.save("never.html")


@pytest.fixture(scope="module")
def exported(digits, tmp_path_factory):
    """A stored notebook with widgets of a shipped model, through nbconvert's own command."""
    folder = tmp_path_factory.mktemp("export")
    model = training.load_pretrained("denoising")
    shown = [widgets.noise(model, digits[0]), widgets.draw({"denoising": model})]
    outputs = []
    for w in shown:
        content, metadata = w._repr_mimebundle_()
        assert metadata["aehelpers"]["widget"] in ("noise", "draw")
        outputs.append(nbformat.v4.new_output("display_data", content, metadata=metadata))
    png = {"image/png": base64.b64encode(b"no picture").decode()}
    about = {"image/png": {"alt": 'A "quoted" & <odd> one', "width": 10, "height": 20}}
    outputs.append(nbformat.v4.new_output("display_data", png, metadata=about))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("w", outputs=outputs)])
    notebooks.normalise(notebook)
    assert "widget-view" not in json.dumps(notebook)
    nbformat.write(notebook, folder / "one.ipynb")
    setup_env.write_settings(str(folder))
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "one.ipynb"],
        cwd=folder,
        env=os.environ
        | {"JUPYTER_CONFIG_DIR": str(folder / "etc" / "jupyter")}
        | {"PYTHONPATH": str(course.ROOT)},
        stdin=subprocess.DEVNULL,
        check=True,
        capture_output=True,
    )
    return folder / "one.html"


def test_exported_pages_work_without_a_network(page, exported, digits):
    page.context.set_offline(True)
    page.goto(exported.as_uri())
    assert page.get_by_text("are those that are shipped with the course").count() == 2
    assert page.get_by_role("img", name='A "quoted" & <odd> one').count() == 1
    noise = page.frame_locator("iframe[title='Noise and its removal']")
    noise.locator("body[data-ready]").wait_for()
    denoised = noise.get_by_role("img").nth(1)
    before = grey(denoised)
    noise.get_by_role("slider").press("Home")
    model = training.load_pretrained("denoising")
    clean, _ = widgets._base.bundled_digits()
    expected = model.predict(digits[0][:1], verbose=0)  # the digit that was chosen
    # The weights are those of the file, which are 8-bit numbers; here they are rounded so again.
    assert_same_picture(denoised, expected, atol=8)
    assert_changes(denoised, before)
    page.emulate_media(media="print")  # where a frame would be cut
    assert page.locator("iframe.aehelpers:visible").count() == 0
    assert page.get_by_role("img", name="A digit with gaussian noise").is_visible()
    page.emulate_media(media="screen")
    assert page.get_by_role("img", name="A digit with gaussian noise").count() == 0
    page.set_viewport_size({"width": 640, "height": 450})  # a window of 1280x900 pixels at 200 %
    eventually(lambda: assert_room(noise.locator(".aew")), denoised)

    page.locator("iframe[title='Draw a digit']").scroll_into_view_if_needed()
    draw = page.frame_locator("iframe[title='Draw a digit']")
    draw.locator("body[data-ready]").wait_for()
    draw.get_by_role("button", name="Draw a 0").click()
    assert_same_picture(draw.get_by_role("img").first, clean[0])
    eventually(lambda: assert_room(draw.locator(".aew")), page.locator("body"))
    page.wait_for_function(
        "document.querySelector(\"iframe[title='Draw a digit']\").style.height !== '560px'"
    )
