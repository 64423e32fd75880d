"""Links within the course, and the glossary's words."""

import re

import nbformat
import pytest

from aehelpers import prose
from scripts import course, glossary

ROOT = course.ROOT
PATHS = [each.path for each in course.notebooks()]
PROSE = [*PATHS, *sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def text(path):
    if path.suffix == ".ipynb":
        cells = course.Notebook(path).read().cells
        found = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        found = path.read_text(encoding="utf-8")
    return re.sub(r"```.*?```", "", found, flags=re.S)


def anchors(path):
    headings = re.findall(r"^#+ (.+)$", text(path), flags=re.M)
    return {prose.slug(re.sub(r"[*`]", "", heading)) for heading in headings}


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_links_within_the_course_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text(path)):
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{path.name}: {target}"
        assert ROOT in [there, *there.parents]
        if anchor:
            assert anchor in anchors(there), f"{path.name}: {target}"


@pytest.mark.parametrize("each", course.notebooks(), ids=str)
def test_words_are_linked_to_the_glossary_where_they_first_appear(each):
    assert not glossary.link(each.read()), "Run: make tables"
    assert text(each.path).count("../docs/glossary.md#") >= 5


def test_the_glossary_is_in_order_and_brief():
    page = glossary.GLOSSARY.read_text(encoding="utf-8")
    entries = re.findall(r"^### (.+)\n\n(.+)\n", page, flags=re.M)
    words = [word for word, _ in entries]
    assert len(words) == len(re.findall("^### ", page, flags=re.M)) >= 40
    assert words == sorted(words, key=str.lower)
    for word, meaning in entries:
        sentences = re.findall(r"[.:](?=\s|$)", re.sub(r"\([^)]*\)", "", meaning))
        assert 1 <= len(sentences) <= 5, word


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "A **bottleneck** and `code`.",
            "A **[bottleneck](../docs/glossary.md#bottleneck)** and `code`.",
        ),
        ("## A bottleneck\n\n$bottleneck$", "## A bottleneck\n\n$bottleneck$"),
        ("[a bottleneck](x.md)", "[a bottleneck](x.md)"),
        ("## References\n\n- bottleneck", "## References\n\n- bottleneck"),
        ("Bottlenecks", "[Bottlenecks](../docs/glossary.md#bottleneck)"),
    ],
)
def test_what_is_linked_and_what_stays(before, after):
    cell = nbformat.v4.new_markdown_cell(before)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    glossary.link(notebook)
    assert cell.source == after
    assert not glossary.link(notebook)
