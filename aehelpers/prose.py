"""The text of a notebook for a page that has neither Jupyter nor a network: formulas and links.

Both the exported pages (`aehelpers.export`) and the slides (`scripts/slides.py`) take it from here.
"""

import html
import re

from latex2mathml.converter import convert

# On top of JupyterLab's style, for a page of its own: contrast, links told by more than colour, and
# wide text that scrolls on a screen and fits on paper.
STYLE = """
body.jp-Notebook[data-jp-theme-light="true"] {
  --jp-mirror-editor-comment-color: #2f6868; --jp-mirror-editor-number-color: #006d00;
  --jp-mirror-editor-operator-color: #8a00d6; --jp-mirror-editor-keyword-color: #007000;
}
body.jp-Notebook { --jp-cell-prompt-not-active-opacity: 1; }
body.jp-Notebook .jp-RenderedHTMLCommon a:link { text-decoration: underline; }
body.jp-Notebook dt { font-weight: 600; margin-top: 0.6em; }
body.jp-Notebook math { font-size: 1.1em; }
mtd[columnalign="left"] { text-align: left; } mtd[columnalign="right"] { text-align: right; }
body.jp-Notebook .said { position: absolute; clip-path: inset(50%); }
body.jp-Notebook .jp-Cell:has(style) { display: none; }
@media screen {
  body.jp-Notebook .jp-OutputArea-output pre { white-space: pre; overflow-x: auto; }
}
/* On paper, where a frame would be cut, the stored picture of a widget stands in its place. */
.aehelpers-print { display: none; }
@media print {
  iframe.aehelpers { display: none; }
  .aehelpers-print { display: block; }
  body.jp-Notebook .jp-InputPrompt, body.jp-Notebook .jp-OutputPrompt { display: none; }
  body.jp-Notebook .jp-Cell pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  body.jp-Notebook .celltag_wide .jp-OutputArea-output pre { font-size: 6pt; line-height: 1.4; }
  body.jp-Notebook .jp-InputArea, body.jp-Notebook .jp-InputArea-editor { overflow: visible; }
  body.jp-Notebook img, body.jp-Notebook math, body.jp-Notebook tr { break-inside: avoid; }
  body.jp-Notebook .jp-RenderedHTMLCommon table { table-layout: auto; font-size: 9pt; }
}
"""
WIDE = 90  # characters in a line that fit on paper at the usual size
_NAME = re.compile(r"(?<!<msub>)(?<!<msup>)(?<!<msubsup>)(<mi>(?:ln|log|exp)</mi>)(?=<m[infrs])")
_CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.S)
_FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$\n]+)\$", re.S)
_LINK = re.compile(  # or code, which may be a link's text and may look like a link
    r"(?<!!)\[((?:`[^`\n]*`|[^\]`])*)\]\((?!https?:|mailto:|#)([^)\s]+)\)|" + _CODE.pattern, re.S
)


def mathml(tex, display="inline"):
    r"""Turns a formula into MathML, which browsers show by themselves.

    Args:
        tex: The formula in LaTeX, without its dollars.
        display: `"inline"`, or `"block"` for a formula on a line of its own.

    Returns:
        HTML. A formula that can't be turned stays as it is written, as code.

    Example:

    >>> "<msup>" in mathml("x^2")
    True
    """
    # latex2mathml knows align*, which looks the same, and takes aligned for four letters.
    tex = re.sub(r"\\(begin|end)\{aligned\}", r"\\\1{align*}", tex.strip())
    try:
        page = convert(tex, display=display)
        # TeX has a thin space after the name of a function, which latex2mathml forgets.
        return _NAME.sub(r'\1<mspace width="0.17em" />', page)
    except Exception:  # of many kinds, and not worth a page
        return f"<code>{html.escape(tex)}</code>"


def with_formulas(text, write=mathml):
    """Returns Markdown in which `write(tex, display)` stands for each formula outside code."""

    def formula(found):
        return write(found[1] or found[2], "block" if found[1] else "inline")

    parts = _CODE.split(text)
    parts[::2] = [_FORMULA.sub(formula, part) for part in parts[::2]]
    return "".join(parts)


def with_links(text, target):
    """Returns Markdown in which local links lead to `target(link)`, or are text where it is None.

    Links within the page, to the web, and pictures stay.
    """

    def link(found):
        if found[2] is None:
            return found[0]
        there = target(found[2])
        return f"[{found[1]}]({there})" if there else found[1]

    return _LINK.sub(link, text)


def slug(heading):
    """Returns the anchor that GitHub and JupyterLab give to a heading.

    >>> slug("KL divergence")
    'kl-divergence'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def glossary(page):
    """Returns a glossary's words and what they mean, by their anchors.

    Args:
        page: Markdown, with each word as a heading of the third level.
    """
    found = re.findall(r"^### (.+)\n\n(.+)$", page, flags=re.M)
    return {slug(word): (word, meaning) for word, meaning in found}


def as_html(meaning):
    """Returns what the glossary says of a word as HTML: emphasis and code, and no links.

    >>> as_html("A *code*, as in [01](01.md): `x < 1`.")
    'A <em>code</em>, as in 01: <code>x &lt; 1</code>.'
    """
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", html.escape(meaning, quote=False))
    text = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)


def with_names(text):
    """Returns Markdown in which a table's column without a name has one for those who hear it."""
    return re.sub(r"^\|[^\n]*(?=\n\|[ :|-]+$)", _named, text, flags=re.M)


def _named(header):
    return re.sub(r"\|\s*(?=\|)", '| <span class="said">row</span> ', header[0])


class Page:
    """Makes the text of one notebook complete for a page.

    Formulas become MathML. Words that are linked to the course's glossary are explained at the end
    of the page; other local links become text, as a page that is sent to somebody has no files
    beside it.

    Args:
        folder: Where the notebook lies, or None.
    """

    def __init__(self, folder=None):
        path = folder and folder / ".." / "docs" / "glossary.md"
        self._words = glossary(path.read_text("utf-8")) if path and path.is_file() else {}
        self._used = {}

    def text(self, markdown):
        """Returns the Markdown of a cell as the page has it."""
        return with_names(with_formulas(with_links(markdown, self._target)))

    def _target(self, link):
        file, _, anchor = link.partition("#")
        if file.endswith("docs/glossary.md") and anchor in self._words:
            self._used[anchor] = self._words[anchor]
            return f"#word-{anchor}"
        return None

    def mark(self, cell):
        """Tags a code cell whose text output is too wide for paper, for the style to see to it."""
        texts = [
            str(output.get("text") or output.get("data", {}).get("text/plain", ""))
            for output in cell.outputs
        ]
        if any(len(line) > WIDE for text in texts for line in text.splitlines()):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "wide"]

    def end(self):
        """Returns the words that the text has used and their meanings, as HTML; or nothing."""
        if not self._used:
            return ""
        lines = ["<h2>Words</h2>", "<dl>"]
        for anchor, (word, meaning) in sorted(
            self._used.items(), key=lambda item: item[1][0].lower()
        ):
            meaning = as_html(meaning)
            lines.append(f'<dt id="word-{anchor}">{html.escape(word)}</dt><dd>{meaning}</dd>')
        return "\n".join([*lines, "</dl>"])
