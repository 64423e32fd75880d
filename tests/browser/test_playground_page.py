"""The playground in a page of its own: it trains, is moved, told, taken away and kept in order."""

import itertools
import json

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from finger import Finger, place
from layout import assert_room
from pages import opened
from pictures import assert_changes, eventually, grey

from aehelpers import weights, widgets
from aehelpers.widgets import _playground


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = widgets.playground().save(tmp_path_factory.mktemp("playground") / "playground.html")
    return path.as_uri()


def show(page, address, state=""):
    """Opens the page without a network, and waits for its first picture."""
    page.context.set_offline(True)
    page.goto(f"{address}{state}")
    page.wait_for_selector("#widget[data-step='0']")
    return page.locator(".aew-playground")


def steps(page):
    return int(page.locator("#widget").get_attribute("data-step"))


def trained(page, least):
    page.wait_for_function(
        "least => Number(document.getElementById('widget').dataset.step) >= least", arg=least
    )


def press(widget, name):
    widget.get_by_role("button", name=name, exact=True).click()


def losses(widget):
    """The losses of digits held out, as the chart tells them to a screen reader."""
    text = widget.get_by_role("img", name="Reconstruction:").get_attribute("aria-label")
    return float(text.split(", ")[1].split()[0])


def test_it_trains_pauses_and_starts_over(page, address):
    widget = show(page, address)
    before = losses(widget)
    out = widget.get_by_role("img", name="Their reconstructions")
    picture = grey(out)
    press(widget, "Train")
    trained(page, 100)
    press(widget, "Pause")
    widget.get_by_role("status").first.get_by_text("Paused. After").wait_for()
    assert losses(widget) < 0.6 * before
    assert_changes(out, picture)
    still = steps(page)
    press(widget, "One step")
    trained(page, still + 1)
    page.wait_for_timeout(300)
    assert steps(page) == still + 1
    press(widget, "Start over")
    page.wait_for_selector("#widget[data-step='0']")
    np.testing.assert_array_equal(grey(out), picture)  # the same seed, the same net


KINDS = {
    "linear": {"code": "8"},
    "vanilla": {"code": "3", "hidden": "0"},
    "denoising": {"code": "32", "noise": "0.8"},
    "sparse": {"code": "64", "hidden": "0", "k": "4"},
    "l1": {"code": "64", "hidden": "32", "l1": "2"},
    "variational": {"code": "4", "beta": "4", "loss": "squared_error"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_learns_and_comes_to_keras(page, address, kind, tmp_path):
    state = "&".join(f"{name}={value}" for name, value in {"kind": kind, **KINDS[kind]}.items())
    widget = show(page, address, f"#{state}")
    before = losses(widget)
    press(widget, "Train")
    trained(page, 60)
    press(widget, "Pause")
    widget.get_by_role("status").first.get_by_text("Paused. After").wait_for()
    assert losses(widget) < 0.9 * before
    for name in ("Weights (.npz)", "Their card (.json)"):
        with page.expect_download() as download:
            press(widget, name)
        download.value.save_as(tmp_path / download.value.suggested_filename)
    (name,) = [path.stem for path in tmp_path.glob("*.npz")]
    model = weights.load_pretrained(name, tmp_path)
    card = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert card["arguments"]["kind"] == kind and card["metrics"]["held_out"]["reconstruction"] > 0
    shown = grey(widget.get_by_role("img", name="Ten digits")).reshape(28, 10, 28)
    out = grey(widget.get_by_role("img", name="Their reconstructions")).reshape(28, 10, 28)
    x = shown.transpose(1, 0, 2)[..., None].astype("float32") / 255
    expected = 255 * np.clip(np.asarray(model(x)), 0, 1)[..., 0]
    np.testing.assert_allclose(out.transpose(1, 0, 2), expected, atol=2)  # noise is rounded here


def test_controls_move_while_it_trains_and_the_address_follows(page, address):
    widget = show(page, address)
    press(widget, "Train")
    trained(page, 20)
    beta = widget.get_by_role("slider", name="β")
    beta.focus()
    beta.press("End")
    assert beta.get_attribute("aria-valuetext") == "40"
    before = steps(page)
    trained(page, before + 20)  # it goes on
    assert "beta=40" in page.url and "seed" not in page.url
    widget.get_by_label("Numbers in the code").select_option("8")  # starts over, and goes on
    page.wait_for_function("location.hash.includes('code=8')")
    widget.get_by_text("of 8 numbers").wait_for()
    press(widget, "Pause")
    widget.get_by_label("Kind of net").select_option("linear")
    assert widget.get_by_label("Loss").is_disabled() and widget.get_by_label("Hidden").is_disabled()
    assert not beta.is_visible()
    with opened(page.context.browser) as other:
        again = show(other, page.url)
        assert again.get_by_label("Kind of net").evaluate("e => e.value") == "0"
        assert again.get_by_label("Numbers in the code").evaluate("e => e.value") == "3"


def test_what_the_address_asks_for_wrongly_is_said(page, address):
    widget = show(page, address, "#beta=1000&code=2&seed=-1&nonsense=3&experiment=none")
    said = widget.get_by_role("status").first
    said.get_by_text("The address asks for what there isn’t: beta of 1000; seed of -1.").wait_for()
    seed = widget.get_by_role("spinbutton", name="Seed")
    seed.fill("7.5")
    seed.press("Enter")
    widget.get_by_text("A seed is a whole number from 0 to 99.").wait_for()


def test_a_net_that_diverged_says_so_and_the_way_back(page, address):
    widget = show(page, address, "#kind=linear&loss=squared_error&code=256&rate=0.5")
    press(widget, "Train")
    widget.get_by_text("the loss has run away").wait_for()
    train = widget.get_by_role("button", name="Train", exact=True)
    assert train.is_disabled()
    rate = widget.get_by_role("slider", name="Learning rate")
    rate.focus()
    for _ in range(6):
        rate.press("ArrowLeft")
    press(widget, "Start over")
    page.wait_for_selector("#widget[data-step='0']")
    train.click()
    trained(page, 20)


def test_a_place_of_the_map_is_decoded_and_a_digit_is_drawn(page, address):
    widget = show(page, address)
    press(widget, "Train")
    trained(page, 60)
    press(widget, "Pause")
    widget.get_by_role("status").first.get_by_text("Paused. After").wait_for()
    decoded = widget.get_by_role("img", name="Nothing is decoded yet.")
    element = decoded.element_handle()
    map = widget.get_by_role("application", name="Map of codes")
    map.click(position={"x": 200, "y": 100})
    picture = page.locator(".aew-touched canvas").last
    eventually(lambda: _some_ink(picture), picture)
    assert "Code" in element.get_attribute("aria-label")
    before = grey(picture)
    map.focus()
    for _ in range(8):
        map.press("Shift+ArrowDown")
    assert_changes(picture, before)
    desk = widget.get_by_role("application", name="Draw a digit")
    x, y = place(desk, 0.5, 0.2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 100, steps=6)
    page.mouse.up()
    widget.get_by_text("; squared error").wait_for()
    assert "KL" in element.get_attribute("aria-label")
    press(widget, "Clear")
    assert widget.get_by_role("img", name="Nothing is decoded yet.").count() == 1


def _some_ink(picture):
    assert grey(picture).max() > 60


def test_samples_are_drawn_anew(page, address):
    widget = show(page, address)
    samples = widget.get_by_role("img", name="Ten images decoded from codes drawn")
    before = grey(samples)
    press(widget, "Other codes")
    assert_changes(samples, before)


def test_every_experiment_sets_the_controls_after_a_prediction(page, address):
    widget = show(page, address)
    defaults = {name: value for name, (_, value) in _playground.SETTINGS.items()}
    for each in _playground.EXPERIMENTS:
        widget.get_by_role("combobox", name="Experiment").select_option(each["name"])
        start = widget.get_by_role("button", name="Set the controls and train")
        assert not start.is_visible() and f"experiment={each['name']}" in page.url
        widget.get_by_label(each["choices"][0], exact=True).check()
        start.click()
        trained(page, 5)
        press(widget, "Pause")
        state = dict(part.split("=") for part in page.url.split("#")[1].split("&"))
        wanted = defaults | each["settings"]
        changed = {name: str(v) for name, v in wanted.items() if v != defaults[name]}
        assert state == changed | {"experiment": each["name"]}
        press(widget, "What was measured")
        found = widget.locator(".aew-measured").inner_text()
        assert found.startswith("As you said" if each["answer"] == 0 else "You said")
        assert found.endswith(each["measured"])


def test_a_collapsed_code_has_no_bars(page, address):
    widget = show(page, address, "#code=8&beta=40")
    press(widget, "Train")
    widget.get_by_text("0 of 8 numbers active", exact=True).wait_for()
    press(widget, "Pause")
    widget.get_by_role("status").first.get_by_text("Paused. After").wait_for()
    heights = "all => all.map((bar) => bar.getBoundingClientRect().height)"
    assert max(widget.locator(".aew-units i").evaluate_all(heights)) < 9  # of 36


def test_a_page_that_forbids_workers_trains_in_its_own_time(page, address):
    page.add_init_script("delete window.Worker")
    widget = show(page, address)
    press(widget, "Train")
    trained(page, 20)
    assert "in the page’s own time" in widget.locator(".aew-count").inner_text()
    press(widget, "Pause")


def test_a_worker_that_fails_is_replaced(page, address):
    page.add_init_script("""const Real = window.Worker;
        window.Worker = class extends Real {
          constructor() { super(URL.createObjectURL(new Blob(["throw new Error('forbidden')"]))); }
        };""")
    widget = show(page, address)
    press(widget, "Train")
    trained(page, 20)
    assert "in the page’s own time" in widget.locator(".aew-count").inner_text()


def test_without_webassembly_it_trains_too(page, address):
    page.add_init_script("delete window.Worker; delete window.WebAssembly")
    widget = show(page, address)
    press(widget, "Train")
    trained(page, 5)
    assert "without WebAssembly" in widget.locator(".aew-count").inner_text()


def test_a_hidden_page_pauses_and_goes_on(page, address):
    show(page, address)
    press(page.locator(".aew-playground"), "Train")
    trained(page, 20)
    hide = """hidden => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    page.get_by_role("button", name="Train", exact=True).wait_for()
    page.wait_for_timeout(500)
    still = steps(page)
    page.wait_for_timeout(500)
    assert steps(page) == still
    page.evaluate(hide, False)
    trained(page, still + 20)


def test_a_finger_moves_over_the_map(phone, address):
    widget = show(phone, address)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    press(widget, "Train")
    trained(phone, 20)
    press(widget, "Pause")
    finger = Finger(phone)
    map = widget.get_by_role("application", name="Map of codes")
    map.scroll_into_view_if_needed()
    finger.drag(place(map, 0.4, 0.4), place(map, 0.7, 0.7))
    widget.locator(".aew-touch [aria-live]").get_by_text("Code ").wait_for()
    assert_room(widget)


def test_no_fault_in_any_colours(small_page, address):
    show(small_page, address, "#experiment=two_or_eight")
    for width in (640, 430):
        small_page.set_viewport_size({"width": width, "height": 450})
        for scheme in ("light", "dark"):
            small_page.emulate_media(color_scheme=scheme)
            found = Axe().run(small_page).response["violations"]
            assert not found, json.dumps(found, indent=1)[:3000]


def test_forced_colours_and_less_motion(chromium, address):
    options = {"forced_colors": "active", "reduced_motion": "reduce"}
    with opened(chromium, **options) as page:
        widget = show(page, address)
        press(widget, "Train")
        trained(page, 100)
        times = page.evaluate("""async () => {
          const seen = [];
          await new Promise((resolve) => {
            new MutationObserver(() => seen.push(performance.now()) < 4 || resolve())
              .observe(document.getElementById("widget"), { attributes: true });
          });
          return seen;
        }""")
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert min(gaps) > 500, gaps  # a picture a second, however slow the machine
        line = page.locator(".aew-held").first
        assert line.evaluate("e => getComputedStyle(e).forcedColorAdjust") == "none"
