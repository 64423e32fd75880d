"""Formulas, links and words in pages that have neither Jupyter nor a network."""

import re

import pytest

from aehelpers import prose
from scripts import course


def test_formulas():
    assert "<msub><mi>x</mi><mi>i</mi></msub>" in prose.mathml("x_i")
    assert 'display="block"' in prose.mathml("x", "block")
    assert prose.mathml(r"\begin{aligned}a &= b\\ &= c\end{aligned}").count("<mtr>") == 2
    assert "<mi>ln</mi><mspace" in prose.mathml(r"\ln p")
    assert "<mspace" not in prose.mathml(r"\log_2 (x) + \ln(x)")
    assert prose.mathml(r"\left( <") == r"<code>\left( &lt;</code>"


def test_dollars_in_code_are_no_formulas():
    text = "`$a$` and $b$ and\n```\n$c$\n```\n$$d$$ and 5 \\$"
    found = prose.with_formulas(text, lambda tex, display: f"<{tex} {display}>")
    assert found == "`$a$` and <b inline> and\n```\n$c$\n```\n<d block> and 5 \\$"


def test_local_links():
    text = "[a](x.md#y), [`b`](../c.py), `[d](e.md)`, [f](https://g.org), [h](#i), ![j](k.png)"
    plain = "a, `b`, `[d](e.md)`, [f](https://g.org), [h](#i), ![j](k.png)"
    assert prose.with_links(text, lambda link: None) == plain
    kept = prose.with_links(text, lambda link: link.upper())
    assert kept.startswith("[a](X.MD#Y), [`b`](../C.PY), `[d](e.md)`")


def test_every_formula_of_the_course_is_known():
    formulas = []
    for each in course.notebooks():
        for cell in each.read().cells:
            if cell.cell_type == "markdown":
                prose.with_formulas(cell.source, lambda tex, _: formulas.append(tex) or "")
    assert len(formulas) > 80
    for tex in formulas:
        page = prose.mathml(tex)
        assert page.startswith("<math") and "\\" not in page and "<mi>&</mi>" not in page, tex


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "docs").mkdir()
    glossary = "### code\n\nA *list*, see [nat](#nat) & `z`.\n\n### nat\n\nA unit.\n"
    (tmp_path / "docs" / "glossary.md").write_text(glossary)
    (tmp_path / "notebooks").mkdir()
    return tmp_path / "notebooks"


def test_words_are_explained_on_the_page(folder):
    page = prose.Page(folder)
    text = page.text("A [code](../docs/glossary.md#code), [one](../docs/glossary.md#unknown) $x$")
    assert text.startswith("A [code](#word-code), one <math")
    assert (
        '<dt id="word-code">code</dt><dd>A <em>list</em>, see nat &amp; <code>z</code>.'
        in page.end()
    )
    assert "unit" not in page.end()


def test_without_the_glossary_words_are_text(tmp_path):
    for folder in (None, tmp_path):
        page = prose.Page(folder)
        assert page.text("[code](../docs/glossary.md#code)") == "code"
        assert page.end() == ""


def test_columns_without_a_name_get_one(folder):
    table = "| | here |\n|---|---|\n| | 1 |"
    text = prose.Page(folder).text(table)
    assert re.match(r'\| <span class="said">row</span> \| here \|\n\|---\|---\|\n\| \| 1 \|', text)
