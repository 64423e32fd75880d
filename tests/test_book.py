"""The course's site: what its pages are made from. Its pages in a browser: tests/browser."""

import base64
import io
import json
import re
import tomllib

import nbformat
import numpy as np
import pytest
from packaging.requirements import Requirement
from PIL import Image

from aehelpers import export, weights
from scripts import (
    book,
    book_figures,
    book_front,
    book_launch,
    book_pages,
    book_print,
    course,
    setup_env,
)
from scripts.book_widgets import smaller

REPOSITORY = "https://github.com/someone/autoencoders"


def stored(figure):
    """Returns a figure as a notebook stores it."""
    file = io.BytesIO()
    Image.fromarray(figure).save(file, "png")
    return file.getvalue()


def read(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.fixture
def figure():
    """A white figure with an image of ink on black at the left and dark letters at the right."""
    pixels = np.full((100, 200, 3), 255, "uint8")
    pixels[20:80, 20:80] = 0
    pixels[40:60, 45:55] = 255  # ink
    pixels[40:50, 120:126] = 51
    pixels[60:70, 120:180] = (189, 31, 1)
    return pixels


def test_a_dark_figure_turns_paper_letters_and_lines_and_keeps_images(figure):
    dark = read(book_figures.dark(stored(figure)))
    assert np.array_equal(dark[20:80, 20:80], figure[20:80, 20:80])
    paper, letter, line = dark[5, 5], dark[45, 122], dark[65, 150]
    assert np.abs(paper - 255 * book_figures.PAPER).max() <= 1
    assert letter.min() > 150
    assert line[0] > line[1] > 0 and line.max() > paper.max() + 60  # still red, and lighter


def test_a_map_of_values_keeps_its_colours():
    from matplotlib import colormaps

    pixels = np.full((100, 200, 3), 255, "uint8")
    values = colormaps["viridis"](np.linspace(0, 1, 5))[:, :3]
    pixels[20:80, 20:170] = np.repeat(np.rint(255 * values), 30, axis=0).astype("uint8")
    dark = read(book_figures.dark(stored(pixels)))
    assert np.array_equal(dark[20:80, 20:170], pixels[20:80, 20:170])


def test_a_figure_is_described_once_for_each_mode(figure, tmp_path):
    figures = book_figures.Figures(tmp_path, "../figures")
    about = {"alt": 'a "digit" & more', "width": 100, "height": 50}
    text = figures.write("one", base64.b64encode(stored(figure)).decode(), about)
    assert text.count('alt="a &quot;digit&quot; &amp; more" width="100" height="50"') == 2
    assert 'class="only-dark" src="../figures/one.dark.png"' in text
    assert (tmp_path / "one.png").read_bytes() == stored(figure)


class Site:
    """Stands in for `book.Site`."""

    def __init__(self, live=None):
        self.figures = self.widgets = self
        self.live = live

    def write(self, name, content, about):
        return f"<img {name} {about['alt']}>"

    def place(self, name, about, still):
        return self.live and f"{self.live} {still}"

    def text(self, markdown):
        return markdown

    def run_it(self, name):
        return f"run {name}"


def page(*cells, **options):
    """Returns the cells of a page."""
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    return book_pages.Chapter("01_x", notebook, Site(**options)).page().cells


def code(source, *outputs, tags=()):
    cell = nbformat.v4.new_code_cell(source, outputs=list(outputs))
    cell.metadata["tags"] = list(tags)
    return cell


def shown(cell):
    return "".join(output.data["text/html"] for output in cell.outputs)


ASK = 'a_guess = predictions.ask("Is it < 1?", ["yes", "yes & no"])\na_guess'


def test_a_prediction_is_a_question_with_buttons_and_its_answer_waits_for_the_choice():
    said = nbformat.v4.new_output(
        "stream", text="No prediction yet. Measured: yes & no (0.5).\n", name="stdout"
    )
    asked, answered = map(shown, page(code(ASK), code("a_guess.answer(2)", said)))
    key = book_pages.key("Is it < 1?")
    assert asked.count(f'type="radio" name="{key}"') == 2
    assert "Is it &lt; 1?" in asked and "yes &amp; no" in asked
    assert f'data-question="{key}" data-true="2"' in answered
    assert "Measured: yes &amp; no (0.5)." in answered
    assert "choice=" not in asked + answered


def test_exercises_and_solutions():
    unanswered = nbformat.v4.new_output("stream", text="not attempted yet", name="stdout")
    stub, solution = page(
        code("checks.ex01_1(f)", unanswered, tags=["exercise"]), code("x", tags=["solution"])
    )
    assert shown(stub) == "run 01_x"
    assert "hide-cell" in solution.metadata["tags"]


@pytest.mark.parametrize("each", course.notebooks(), ids=str)
def test_every_notebook_becomes_a_page(each):
    cells = book_pages.Chapter(each.name, each.read(), Site("LIVE")).page().cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert not any("image/png" in output.get("data", {}) for output in outputs)
    text = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    asked = re.findall(r'class="course-prediction" data-question="(\w+)"', text)
    answered = dict(
        re.findall(r'class="course-answer" data-question="(\w+)" data-true="(\d)"', text)
    )
    assert len(asked) >= 3 and set(asked) == set(answered)
    assert "0" not in answered.values()  # each measured one of its choices
    assert text.count(f"run {each}") == sum(
        "hide-cell" in cell.metadata.get("tags", []) for cell in cells
    )
    stored = [output for cell in each.read().cells for output in cell.get("outputs", [])]
    about = [output.get("metadata", {}).get("aehelpers", {}) for output in stored]
    widgets = [one for one in about if "widget" in one]
    assert text.count("LIVE") == len(widgets)
    for one in widgets:  # none of them is dropped
        names = one["weights"].values() if isinstance(one["weights"], dict) else [one["weights"]]
        assert {*names} <= {*weights.available()}, one


def picture(**about):
    metadata = {"image/png": {"alt": "a digit"}, **about}
    return nbformat.v4.new_output("display_data", {"image/png": "iVBORw0K"}, metadata=metadata)


def test_a_picture_is_described_and_a_widget_lives_where_it_can():
    about = {"aehelpers": {"widget": "draw", "weights": "deep"}}
    (cell,) = page(code("x", picture(), picture(**about)), live="LIVE")
    first, second = (output.data["text/html"] for output in cell.outputs)
    assert "a digit" in first and "LIVE" not in first
    assert "LIVE" in second and "a digit" in second and export.NOTE in second
    assert "LIVE" not in shown(*page(code("x", picture(**about))))


def test_a_page_does_not_speak_of_still_pictures():
    said = (
        "Move it. (Where no widget can run, as on GitHub, there is a picture.) On",
        "The ten units (a still picture shows the first five). On",
    )
    cells = page(*map(nbformat.v4.new_markdown_cell, said))
    assert [cell.source for cell in cells] == ["Move it. On", "The ten units. On"]


def test_a_summary_in_parts_is_one_text():
    parts = [
        nbformat.v4.new_output("display_data", {"text/html": f"<pre style='x'>{text}</pre>"})
        for text in ('<span style="font-weight: bold">Model</span>', "│ 1 &lt; 2 │  ")
    ]
    (cell,) = page(code("encoder.summary()", *parts))
    (output,) = cell.outputs
    assert output.text == "Model\n│ 1 < 2 │\n"


def test_links_lead_to_pages_or_to_the_repository_or_are_text():
    text = "[a](../docs/glossary.md#code) [b](01_x.ipynb) [c](../scripts/book.py) [d](#here)"
    known = {"docs/glossary.md", "notebooks/01_x.ipynb"}
    assert book_pages.linked(text, known, None) == text.replace("[c](../scripts/book.py)", "c")
    assert f"[c]({REPOSITORY}/blob/main/scripts/book.py)" in book_pages.linked(
        text, known, REPOSITORY
    )


def test_a_call_that_opens_an_experiment_leads_to_it():
    text = 'Run `widgets.playground("collapse")`, or `widgets.playground()`.'
    assert book_pages.played(text) == (
        'Run <a href="../playground.html#experiment=collapse">'
        '<code>widgets.playground("collapse")</code></a>, or `widgets.playground()`.'
    )


def test_sections_of_the_readme_that_the_site_takes_are_there():
    readme = (course.ROOT / "README.md").read_text(encoding="utf-8")
    assert "make lab" in book_pages.section(readme, "Start")
    with pytest.raises(ValueError, match=r"headings \['Nowhere'\].*Received: \['Start', "):
        book_pages.section(readme, "Nowhere")


def test_words_and_their_meanings():
    text = "# Glossary\n\n### KL divergence\n\nHow *much*, see [05](../notebooks/05.ipynb).\n"
    assert book_pages.words(text) == {
        "kl-divergence": ["KL divergence", "How <em>much</em>, see 05."]
    }
    assert "\n## KL divergence\n" in book_pages.glossary(text)


def test_addresses_are_made_from_one_setting():
    assert not book_launch.places(None, "01_vanilla", "main")
    assert not book_launch.places("https://example.org/x/y", "01_vanilla", "main")
    places = dict(book_launch.places(REPOSITORY, "01_vanilla", "main"))
    assert set(places) == {"Colab", "Kaggle", "Binder", "Codespaces"}
    end = "someone/autoencoders/blob/gh-pages/colab/01_vanilla.ipynb"
    assert places["Colab"].endswith(end) and places["Kaggle"].endswith(end)
    assert "notebooks%2F01_vanilla.ipynb" in places["Binder"]


def test_a_notebook_that_stands_alone_fetches_the_package_and_nothing_else():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import aehelpers")])
    alone = book_launch.standing_alone(notebook, REPOSITORY)
    nbformat.validate(alone)
    assert f"%pip install --quiet --no-deps git+{REPOSITORY}" in alone.cells[0].source
    assert alone.cells[1].source == "import aehelpers" and len(notebook.cells) == 1


def test_javascript_without_comments_is_the_same():
    code = "/** Says\n * it. */\nfunction f() {\n  // why\n  return `a // b`; // c\n}\n\n\nf();\n"
    assert smaller(code) == "function f() {\nreturn `a // b`; // c\n}\nf();\n"


def test_what_the_page_s_script_reads_is_what_the_pages_have():
    script = (book.BOOK / "static" / "course.js").read_text(encoding="utf-8")
    for name in re.findall(r"dataset\.(\w+)", script):
        if name not in ("ready", "failed", "right", "theme"):
            text = "".join(
                path.read_text("utf-8") for path in course.ROOT.glob("scripts/book_*.py")
            )
            assert f"data-{name}=" in text, name
    assert book_figures.PAPER.tolist() == [
        int(f"{0x14181E:06x}"[i : i + 2], 16) / 255 for i in (0, 2, 4)
    ]
    style = (book.BOOK / "static" / "course.css").read_text(encoding="utf-8")
    assert "--pst-color-background: #14181e" in style


PRINTED = """<html><nav class="bd-links"><a class="reference internal" href="notebooks/a.html">A</a>
<a class="reference internal" href="docs/b.html">B</a>
<a class="reference internal" href="api/index.html">API</a></nav><article class="bd-article"><h1>T
<a class="headerlink" href="#">#</a></h1><section id="one"><h2>One</h2>
<a href="../docs/b.html#word">w</a><a href="b.html">b</a><a href="#one">o</a>
<a href="https://x.org/">x</a></section>
<details><summary>Show</summary><pre>code</pre></details>
<img class="only-light" src="../_static/f.png" loading="lazy"><img class="only-dark" src="d.png">
<fieldset class="course-prediction"><legend>Q</legend><label><input type="radio"> 1</label>
<p>Choose.</p></fieldset></article></html>"""


def test_a_printed_chapter_is_whole_and_its_links_stay_in_the_book(tmp_path):
    for folder in ("notebooks", "docs", "_static"):
        (tmp_path / folder).mkdir()
    for path in ("index.html", "notebooks/a.html", "docs/b.html"):
        (tmp_path / path).write_text(PRINTED)
    (tmp_path / "_static" / "mystnb.1.css").write_text("")
    assert book_print.chapters(tmp_path) == ["notebooks/a.html", "docs/b.html"]
    title, text = book_print.article(tmp_path, "notebooks/a.html")
    assert title == "T"
    links = re.findall(r'href="([^"]*)"', text)
    assert links == ["#docs-b--word", "#notebooks-b", "#notebooks-a--one", "https://x.org/"]
    assert (
        'id="notebooks-a--one"' in text and '<img class="only-light" src="_static/f.png"/>' in text
    )
    assert "<pre>code</pre>" in text and "details" not in text
    assert not re.search(r"only-dark|<input|Choose\.|loading=|headerlink", text)


def test_the_contents_have_the_pages_of_the_print_before(tmp_path):
    test_a_printed_chapter_is_whole_and_its_links_stay_in_the_book(tmp_path)
    page = book_print.book(tmp_path, {("T", ""): 3, ("T", "One"): 4})
    assert '<a href="#notebooks-a">T</a><span>3</span>' in page
    assert '<a href="#notebooks-a--one">One</a><span>4</span>' in page
    assert page.count("<span>4</span>") == 1  # sections of chapters only, not of pages in docs/


def test_the_theme_s_icons_leave_its_style(tmp_path):
    (tmp_path / "_static" / "styles").mkdir(parents=True)
    style = tmp_path / "_static" / "styles" / "pydata-sphinx-theme.css"
    style.write_text('.a{b:c}.fa-sun{--fa:"1"}.fa-bus,.fa-tram{--fa:"2"}.d{e:f}')
    book.leave_icons_out(tmp_path)
    assert style.read_text() == ".a{b:c}.d{e:f}"


def test_the_front_page_shows_what_each_kind_does():
    found = book_front.pictures()
    front = (book.BOOK / "index.md").read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- picture: (\w+) -->", front)) == set(found)
    for pixels, alt in found.values():
        assert pixels.shape == (57, 28 * book_front.TILES) and pixels.max() > 200
        assert len(alt) > 30
    noisy, repaired = found["denoising"][0][:28] / 255.0, found["denoising"][0][29:] / 255.0
    clean = found["vanilla"][0][:28] / 255.0
    assert np.square(repaired - clean).mean() < 0.25 * np.square(noisy - clean).mean()
    few = found["sparse"][0][29:].reshape(28, book_front.TILES, 28) / 255.0
    whole = found["sparse"][0][:28].reshape(28, book_front.TILES, 28) / 255.0
    errors = np.square(few - whole).mean(axis=(0, 2))
    assert errors[-1] < 0.3 * errors[0]


def test_the_site_s_packages_are_installed_once(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(setup_env, "VENV", str(tmp_path))
    monkeypatch.setattr(setup_env, "LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(setup_env, "set_up", lambda: None)
    monkeypatch.setattr(setup_env, "installed", lambda: ["here", "Python 3.12", "digest"])
    monkeypatch.setattr(setup_env, "run", commands.append)
    setup_env.main(["book"])
    setup_env.main(["book"])
    (command,) = commands
    assert command[-3:] == ["--require-hashes", "-r", setup_env.BOOK_LOCK]
    monkeypatch.setattr(setup_env, "installed", lambda: ["here", "Python 3.12", "another"])
    setup_env.main(["book"])
    assert len(commands) == 2


def test_the_site_s_lock_fits_its_group_and_the_course_s_lock():
    def pins(path):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text and "--index" not in text
        entries = text.replace("\\\n", "").splitlines()
        assert all("--hash=sha256:" in entry for entry in entries)
        found = (Requirement(entry.split(" --hash")[0]) for entry in entries)
        return {(each.name, str(each.marker)): each for each in found}

    own = pins(course.ROOT / "book" / "requirements.lock")
    ours = pins(course.ROOT / "requirements.lock")
    assert len(own) > 50
    for key in own.keys() & ours.keys():  # else one command would undo what the other installed
        assert own[key].specifier == ours[key].specifier, key
    project = tomllib.loads((course.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = {name: each for (name, _), each in own.items()}
    for wanted in map(Requirement, project["dependency-groups"]["book"]):
        (pin,) = locked[wanted.name].specifier
        assert wanted.specifier.contains(pin.version), wanted


def test_settings_of_editors_and_tools_are_those_of_the_course():
    hooks = (course.ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    lock = (course.ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert re.search(r"^ruff==(\S+)", lock, re.M)[1] == re.search(r"rev: v(\S+)", hooks)[1]
    container = (course.ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    settings = json.loads(re.sub(r"^\s*//.*\n", "", container, flags=re.M))
    assert settings["onCreateCommand"] == "python scripts/setup_env.py"
    for path in settings["customizations"]["codespaces"]["openFiles"]:
        assert (course.ROOT / path).exists()


def test_the_version_is_everywhere_the_same():
    from aehelpers import __version__

    citation = (course.ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changes = (course.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
    assert re.search(r"^## (\S+?),?(?: |$)", changes, re.M)[1] == __version__
