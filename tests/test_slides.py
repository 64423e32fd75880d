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
    first, second, third = re.findall(r"<section.*?</section>", page, flags=re.S)
    shown, notes = first.split("<aside")
    assert "First said." in shown and "Then more." in notes and "In words" in notes
    assert "<math" in shown and "<li>a list" in shown and "&#x0003C;" in shown
    assert "<code>$x</code>" in second and "<msub>" in second
    assert "<h2>Next</h2>" in third and 'alt="&quot;A&quot;"' in third
    assert "<strong>here</strong>" in third.split("<aside")[1]
    assert "x = 1" not in page


def test_types_that_somebody_chose_stay():
    cell = new_markdown_cell("# Title")
    cell.metadata["slideshow"] = {"slide_type": "skip"}
    assert slides.mark(new_notebook(cells=[cell])) == 0


def test_pages_are_written(tmp_path):
    slides.main(["00_start_here", "--to", str(tmp_path)])
    assert (tmp_path / "00_start_here.html").stat().st_size > 10_000
