import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from scripts import course, slides


@pytest.fixture(params=course.notebooks(), ids=str)
def each(request):
    return request.param


def test_every_cell_has_a_type_of_slide(each):
    notebook = each.read()
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in notebook.cells]
    assert set(kinds) <= set(slides.TYPES), "Run: make tables"
    assert kinds[0] == "slide"
    assert 10 <= kinds.count("slide") + kinds.count("subslide") <= 80


def test_pages_need_no_network_and_describe_their_pictures(each):
    page = slides.build(each.read(), each.name)
    assert not re.search(r'(src|href)="(?!data:|https?:)', page)
    assert not re.search(r'src="https?:|@import|url\(|<link|<script src', page)
    assert page.count("<h1") == 1
    assert page.count("<img ") == len(re.findall(r'<img alt="[^"]{20,}"', page))
    assert "def solution_" not in page
    assert "$$" not in page and "FORMULA" not in page
    assert page.count("<section") == page.count("<aside")


def test_what_a_slide_shows_and_what_the_speaker_says():
    text = (
        "# Title\n\nFirst said. Then more.\n\n$$x^2 < 3$$\n\nIn words: small.\n\n- a list\n\n"
        "## Next\n\nA line with `$x` and $y_1$ in it"
    )
    output = new_output(
        "display_data", {"image/png": "AAAA"}, metadata={"image/png": {"alt": '"A"'}}
    )
    cells = [
        new_markdown_cell(text),
        new_code_cell("plots.x()", outputs=[output]),
        new_markdown_cell("Notes **here**."),
        new_code_cell("x = 1"),
    ]
    notebook = new_notebook(cells=cells)
    assert slides.mark(notebook) == 4
    kinds = [cell.metadata["slideshow"]["slide_type"] for cell in notebook.cells]
    assert kinds == ["slide", "subslide", "notes", "skip"]
    assert slides.mark(notebook) == 0
    page = slides.build(notebook, "x")
    first, second = re.findall(r"<section.*?</section>", page, flags=re.S)
    shown, notes = first.split("<aside")
    assert "First said." in shown and "Then more." in notes and "In words" in notes
    assert "<math" in shown and "<li>a list" in shown and "&#x0003C;" in shown
    assert "<code>$x</code>" in second and "<msub>" in second
    assert "<h2>Next</h2>" in second and 'alt="&quot;A&quot;"' in second
    assert "<strong>here</strong>" in second.split("<aside")[1]
    assert "x = 1" not in page


def pages(*cells, kinds):
    """Returns what each slide of some cells shows, and its notes."""
    cells = [new_markdown_cell("# Title\n\n**The question:** why?"), *cells]
    for cell, kind in zip(cells, ["slide", *kinds], strict=True):
        cell.metadata["slideshow"] = {"slide_type": kind}
    page = slides.build(new_notebook(cells=cells), "x")
    return re.findall(
        r'<div class="shown">(.*?)</div>\n<aside[^>]*>(.*?)</aside>', page, flags=re.S
    )


def picture():
    metadata = {"image/png": {"alt": "A"}}
    return new_code_cell(
        "x", outputs=[new_output("display_data", {"image/png": "AA"}, metadata=metadata)]
    )


def test_a_sentence_alone_is_no_slide():
    lone = new_markdown_cell("## One\n\nFirst. Second.\n\nThird.")
    _, (shown, notes) = pages(lone, picture(), kinds=["slide", "subslide"])
    assert "First." in shown and "<img" in shown and "Second." in notes
    _, (shown, notes) = pages(lone, kinds=["slide"])
    assert "Second." in shown and "Third." in notes
    exercises = new_markdown_cell("## Exercises\n\nGo.\n\n### Exercise 1 · Add\n\nNow.")
    _, (shown, notes) = pages(exercises, kinds=["slide"])
    assert "<li>Exercise 1 · Add</li>" in shown and "Now." in notes
    ((shown, _),) = pages(
        new_markdown_cell("## Next\n\nOn."), new_code_cell(""), kinds=["slide", "subslide"]
    )
    assert "why?" in shown and "<h2>Next</h2>" in shown


def test_no_slide_of_the_course_is_empty_or_one_sentence(each):
    page = slides.build(each.read(), each.name)
    for shown in re.findall(r'<div class="shown">(.*?)</div>\n<aside', page, flags=re.S):
        assert re.search("<img|<table|<pre|<li|<math|<p>.*<p>", shown, re.S) or len(shown) > 150


def test_formulas_of_several_lines_are_aligned():
    text = "## A\n\n$$\\begin{aligned}a &= b \\\\ &\\ge c\\end{aligned}$$"
    _, (shown, _) = pages(new_markdown_cell(text), kinds=["slide"])
    assert shown.count("<mtr>") == 2 and "&amp;" not in shown and "<mi>&" not in shown


def test_a_question_is_shown_without_how_to_answer_it_in_jupyter():
    html = "<p>Why?</p><ol><li>x</li></ol><p>Choose one, or add choice= to the call.</p>"
    cell = new_code_cell("a_guess = predictions.ask(1)")
    cell.outputs = [new_output("display_data", {"text/html": html, "text/plain": "Why?"})]
    _, (shown, _) = pages(cell, kinds=["subslide"])
    assert "Why?" in shown and "<li>x</li>" in shown and "choice=" not in shown


def test_wide_text_is_as_small_as_it_must_be():
    cells = [new_code_cell("x", outputs=[new_output("stream", text="y" * n)]) for n in (10, 124)]
    small, wide = (shown for shown, _ in pages(*cells, kinds=["subslide"] * 2)[1:])
    assert "font-size: 19px" in small and "font-size: 14px" in wide


def test_types_that_somebody_chose_stay():
    cell = new_markdown_cell("# Title")
    cell.metadata["slideshow"] = {"slide_type": "skip"}
    assert slides.mark(new_notebook(cells=[cell])) == 0


def test_pages_are_written(tmp_path):
    slides.main(["00_start_here", "--to", str(tmp_path)])
    assert (tmp_path / "00_start_here.html").stat().st_size > 10_000
