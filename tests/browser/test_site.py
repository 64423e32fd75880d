"""The built site in a browser: from a server and from a folder, and nothing asked of anybody else.

The site is built here, unless AEHELPERS_TEST_SITE names a folder that `make book` has written.
"""

import functools
import http.server
import importlib.util
import json
import os
import re
import threading
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from layout import assert_room

from scripts import course

PATIENCE = 60_000
NAMES = [
    "index.html",
    "playground.html",
    "run.html",
    "search.html",
    *(f"notebooks/{each}.html" for each in course.notebooks()),
    *(f"docs/{name}.html" for name in ("glossary", "scoreboard", "speed", "teaching")),
    "api/index.html",
    "api/models.html",
    "api/widgets.html",
]
KINDS = ["index.html", "notebooks/05_variational.html", "docs/glossary.html", "api/models.html"]
CHAPTER = "notebooks/00_start_here.html"
_BLOCKS = "pre, table, .math, .course-live"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site."""
    if folder := os.environ.get("AEHELPERS_TEST_SITE"):
        return Path(folder).resolve()
    if importlib.util.find_spec("sphinx_book_theme") is None:
        pytest.skip("The group `book` is not installed (make book installs it).")
    from scripts import book

    return book.build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def server(site):
    """The address of a web server that has the site."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/"
        running.shutdown()


@pytest.fixture(params=["server", "folder"])
def address(request, site):
    """The address of the site, by either way."""
    return request.getfixturevalue("server") if request.param == "server" else f"{site.as_uri()}/"


@pytest.fixture
def visit(chromium):
    """Opens pages of the site; whatever goes wrong on them fails the test at its end."""
    contexts, faults = [], []

    def open_page(base, path, width=1440, scheme="light", **options):
        size = {"width": width, "height": 900}
        context = chromium.new_context(viewport=size, color_scheme=scheme, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append((path, str(error))))
        page.on(
            "console",
            lambda said: said.type in ("error", "warning") and faults.append((path, said.text)),
        )
        page.on("requestfailed", lambda asked: faults.append((path, "failed", asked.url)))
        local = (base, "data:", "blob:")
        page.on(
            "request",
            lambda asked: asked.url.startswith(local) or faults.append((path, "out", asked.url)),
        )
        page.goto(base + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults, faults


def enliven(page):
    """Brings each widget of a page into view, and waits until it lives; returns how many."""
    places = page.locator(".course-live").all()
    for place in places:
        place.scroll_into_view_if_needed()
        place.locator("xpath=self::*[@data-ready]").wait_for()
    return len(places)


@pytest.mark.parametrize("path", NAMES)
def test_every_page_by_server(visit, server, path):
    page = visit(server, path)
    expected = 0
    if path.startswith("notebooks/"):
        cells = course.notebook(Path(path).stem).read().cells
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        expected = sum("aehelpers" in output.get("metadata", {}) for output in outputs)
        assert page.locator("img.only-light:not(.course-still img)").count() >= 1
    assert enliven(page) == expected + (path in ("index.html", "playground.html"))
    assert page.locator("h1:not(#jb-print-docs-body h1)").count() == 1
    assert "still picture" not in page.locator("article, main").first.inner_text()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.set_viewport_size({"width": 390, "height": 800})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    for block in page.locator(f"article :is({_BLOCKS})").all():
        wide = "e => e.getBoundingClientRect().right > innerWidth + 1"
        inside = "e => !e.closest('.pst-scrollable-table-container, details:not([open])')"
        assert not (block.evaluate(inside) and block.evaluate(wide)), block.evaluate(
            "e => e.outerHTML.slice(0, 200)"
        )


@pytest.mark.parametrize("path", KINDS)
def test_every_kind_of_page_from_a_folder(visit, site, path):
    page = visit(f"{site.as_uri()}/", path)
    assert (enliven(page) > 0) is (path in KINDS[:2])


def axe(page):
    for details in page.locator("details").all():
        details.evaluate("d => { d.open = true; }")
    # What opens fades in; half faded its contrast is that of nothing that stays.
    page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished))")
    return [
        (found["id"], [node["html"][:200] for node in found["nodes"]][:5])
        for found in Axe().run(page, options={"preload": False}).response["violations"]
    ]


@pytest.mark.parametrize("path", NAMES)
def test_every_page_can_be_read_by_everybody(visit, server, path):
    schemes = ["light", "dark"] if path in KINDS else [["light", "dark"][len(path) % 2]]
    for scheme in schemes:
        page = visit(server, path, scheme=scheme)
        enliven(page)
        assert not axe(page)


def test_a_page_on_a_telephone_can_be_read_by_everybody(visit, server):
    page = visit(server, "notebooks/05_variational.html", width=390, scheme="dark")
    enliven(page)
    assert not axe(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_a_white_box_in_a_dark_page(visit, server, scheme):
    page = visit(server, "notebooks/05_variational.html", scheme=scheme)
    enliven(page)
    white = """() => [...document.querySelectorAll("article *")].filter((element) => {
      const { width, height } = element.getBoundingClientRect();
      const colour = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number);
      const light = colour.length === 3 || colour[3] > 0.5;
      return width * height > 2000 && light && Math.min(...colour.slice(0, 3)) > 180;
    }).map((element) => element.outerHTML.slice(0, 120))"""
    if scheme == "dark":
        assert not page.evaluate(white)
        shown = page.locator("img:visible")
        assert shown.count() > 10
        assert all(".dark.png" in image.get_attribute("src") for image in shown.all())
    else:
        assert not page.locator("img[src*='.dark.png']:visible").count()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(
    "path",
    ["index.html", "playground.html", *(f"notebooks/{each}.html" for each in course.notebooks())],
)
def test_widgets_have_room(visit, server, width, path):
    page = visit(server, path, width=width)
    enliven(page)
    for widget in page.locator(".course-widget .aew").all():
        assert_room(widget)


@pytest.mark.parametrize(
    ("path", "control"),
    [
        ("notebooks/08_drawing_from_codes.html", ".aew-bit"),
        ("notebooks/00_start_here.html", "input[type=range]"),
    ],
)
def test_pictures_stay_in_view_on_a_telephone(visit, server, path, control):
    page = visit(server, path, width=390)
    enliven(page)
    page.locator(f".course-widget {control}").last.scroll_into_view_if_needed()
    widget = page.locator(f".course-widget .aew:has({control})").last
    below = page.locator(".bd-header-article").bounding_box()["height"]
    for picture in widget.get_by_role("img").all():
        assert 0 <= picture.bounding_box()["y"] - below < 40


def test_a_slider_moves_the_digit_on_the_front_page(visit, address):
    page = visit(address, "index.html")
    enliven(page)
    slider = page.get_by_role("slider").first
    box = slider.bounding_box()
    assert box["y"] + box["height"] < 900  # above the fold
    pixels = "document.querySelector('.aew-picture').toDataURL()"
    before = page.evaluate(pixels)
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{pixels} !== {json.dumps(before)}")


def test_the_playground_trains_and_its_address_follows(visit, address):
    page = visit(address, "playground.html#experiment=collapse&code=8&beta=40")
    enliven(page)
    widget = page.locator(".aew-playground")
    experiment = widget.get_by_role("combobox", name="Experiment")
    assert experiment.input_value() == "collapse"
    assert widget.get_by_role("slider", name="β").get_attribute("aria-valuetext") == "40"
    before = page.locator(".course-widget").get_attribute("data-step")
    assert before in (None, "0")
    widget.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("Number(document.querySelector('.course-widget').dataset.step) > 20")
    widget.get_by_role("slider", name="β").press("Home")
    page.wait_for_function("location.hash.includes('beta=0')")
    assert "experiment=collapse" in page.url


def test_a_chapter_leads_to_its_experiment(visit, server):
    page = visit(server, "notebooks/05_variational.html")
    link = page.locator("article a[href*='playground.html#experiment=']").first
    page = visit(server, link.get_attribute("href").removeprefix("../"))
    page.locator(".aew-experiment legend").wait_for()


def test_a_page_remembers_a_prediction_and_answers_after_the_result(visit, address):
    page = visit(address, CHAPTER)
    field = page.locator(".course-prediction").first
    answer = page.locator(".course-answer").first
    assert answer.inner_text().startswith("No prediction yet. Measured: about four fifths")
    field.get_by_role("radio").nth(2).check()
    assert answer.inner_text().startswith("You said: about four fifths. So it is. Measured:")
    field.get_by_role("radio").nth(0).check()
    assert answer.inner_text().startswith("You said: about a third. Measured:")
    page.reload()
    assert page.locator(".course-prediction").first.get_by_role("radio").nth(0).is_checked()
    said = page.locator(".course-answer").first.inner_text()
    assert said.startswith("You said: about a third. Measured: about four fifths (0.809).")


def test_every_prediction_has_an_answer_that_knows_what_came_true(visit, server):
    asked = 0
    for each in course.notebooks():
        page = visit(server, f"notebooks/{each}.html")
        questions = page.locator(".course-prediction")
        keys = questions.evaluate_all("all => all.map((each) => each.dataset.question)")
        answers = page.locator(".course-answer").evaluate_all(
            "all => Object.fromEntries(all.map(({ dataset }) => [dataset.question, dataset.true]))"
        )
        assert set(keys) == set(answers)
        asked += len(keys)
    assert asked >= 25


def test_solutions_are_folded_and_unfold(visit, server):
    page = visit(server, CHAPTER)
    solution = page.locator("details.hide").first
    assert not solution.locator("pre").first.is_visible()
    solution.locator("summary").click()
    assert "def solution_0_1" in solution.locator("pre").first.inner_text()
    assert "passed" in solution.inner_text()
    assert page.locator(".course-run").count() == page.locator("details.hide").count()


def test_formulas_are_mathml_and_no_script(visit, server):
    page = visit(server, "notebooks/05_variational.html")
    assert page.locator("article math").count() > 30
    assert not re.search(r"\$\$|\\frac|\\begin", page.locator("article.bd-article").inner_text())


def test_code_is_copied(visit, server):
    page = visit(server, CHAPTER, permissions=["clipboard-read", "clipboard-write"])
    cell = page.locator(".cell_input").first
    cell.hover()
    cell.locator("button.copybtn").click()
    page.wait_for_function(
        "navigator.clipboard.readText().then((text) => text.includes('import numpy as np'))"
    )


@pytest.mark.parametrize("word", ["posterior", "checkerboard", "PCA", "anomaly", "gaussian_noise"])
def test_search_finds(visit, address, word):
    page = visit(address, "index.html")
    page.locator(".search-button-field:visible").click()
    page.locator("#pst-search-dialog input").fill(word)
    page.keyboard.press("Enter")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    page.wait_for_load_state("networkidle")  # the lines around what was found
    results.first.click()
    page.wait_for_load_state()
    assert word.lower() in page.locator("article").last.inner_text().lower()


def test_a_word_is_explained_on_focus_and_on_hover(visit, address):
    page = visit(address, CHAPTER)
    link = page.locator('article.bd-article a[href*="glossary.html#encoder"]')
    tip = page.get_by_role("tooltip")
    link.focus()
    tip.wait_for()
    assert "turns an image into a code" in tip.inner_text()
    assert link.get_attribute("aria-describedby") == "course-tip"
    enliven(page)  # which moves the text
    page.wait_for_timeout(100)
    link.scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    under = tip.bounding_box()["y"] - link.bounding_box()["y"]
    assert 15 < abs(under) < 120 and tip.is_visible()
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    page.locator("h1").last.hover()
    page.locator('article.bd-article a[href*="glossary.html#decoder"]').hover()
    tip.wait_for()
    assert "turns a code back" in tip.inner_text()
    tip.hover()  # it stays while it is read
    page.wait_for_timeout(500)
    assert tip.is_visible()
    page.locator("h1").last.hover()
    tip.wait_for(state="hidden")


def test_every_icon_of_the_theme_is_drawn(site):
    style = (site / "_static" / "course.css").read_text(encoding="utf-8")
    drawn = set(re.findall(r"^\.fa-([\w-]+) \{\n  --icon", style, re.M))
    pages = [*site.glob("*.html"), *site.glob("*/*.html"), *site.glob("_static/scripts/*.js")]
    text = "".join(path.read_text(encoding="utf-8") for path in pages)
    assert set(re.findall(r"fa-solid fa-([\w-]+)", text)) <= drawn


def test_internal_links_lead_somewhere(site):
    from bs4 import BeautifulSoup

    pages = {
        path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }
    ids = {path: {element["id"] for element in page.select("[id]")} for path, page in pages.items()}
    checked = 0
    for path, page in pages.items():
        for element in page.select("a[href], img[src], script[src], link[href]"):
            target = element.get("href") or element.get("src")
            if urlsplit(target).scheme:
                # To other sites only for a reader who follows a link.
                assert element.name == "a" or target.startswith("data:"), target
                continue
            there, anchor = urldefrag(urljoin(path.as_uri(), target))
            file = Path(unquote(urlsplit(there).path))
            assert file.exists(), (path.name, target)
            if anchor and file in ids and "=" not in anchor:  # the playground's settings
                assert unquote(anchor) in ids[file], (path.name, target)
            checked += 1
    assert checked > 1000


def test_a_chapter_is_small_and_shares_its_weights(visit, server, site):
    loaded = """performance.getEntries().reduce(
      (sum, { encodedBodySize }) => sum + (encodedBodySize ?? 0), 0)"""
    for name in ("index.html", "notebooks/05_variational.html"):
        page = visit(server, name)
        page.wait_for_load_state("networkidle")
        size = page.evaluate(loaded)
        assert 100_000 < size < 1_500_000, (name, size)
    parts = list((site / "_static" / "course" / "live").glob("[0-9a-f]" * 16 + ".js"))
    state = (site / "_static/course/live").glob("state-*.js")
    used = [key for each in state for key in re.findall(r'"key":"(\w+)"', each.read_text("utf-8"))]
    assert len(used) > len(set(used)) == len(parts)
