"""Writes slides with speaker notes: one HTML file for each notebook, which needs no network.

    python -m scripts.slides [01_vanilla ...] [--to slides] [--mark]

What becomes a slide stands in the cells' `slideshow` metadata, as Jupyter's own tools use it:
"slide", "subslide", "notes" (for the speaker) and "skip". `--mark` gives every cell that has none a
type by rule, and writes it into the notebook. On a slide: arrow keys, Home and End move, N shows
the notes, S opens them in a second window.
"""

import argparse
import html
import re
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from aehelpers import prose
from scripts import course

TYPES = ("slide", "subslide", "notes", "skip")
_MOST_LINES = 16  # of text output, on a slide
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def by_rule(cell):
    """Returns the type of slide that a cell gets unless somebody chooses another."""
    tags = set(cell.metadata.get("tags", []))
    if cell.cell_type == "markdown":
        return "slide" if re.search(r"^##? ", _no_code(cell.source), flags=re.M) else "notes"
    if tags & {"exercise", "solution", "parameters"}:
        return "skip"
    if re.search(r"^(plots|widgets)\.|predictions\.ask\(", cell.source, flags=re.M):
        return "subslide"
    if "_guess.answer(" in cell.source:
        return "notes"
    pictures = any("image/png" in output.get("data", {}) for output in cell.outputs)
    lines = sum(str(output.get("text", "")).count("\n") for output in cell.outputs)
    shown = course.is_written_out(cell) or pictures or 3 <= lines <= _MOST_LINES
    return "subslide" if shown else "skip"


def mark(notebook):
    """Gives every cell without a type the one of the rule; returns how many these were."""
    marked = 0
    for cell in notebook.cells:
        slideshow = cell.metadata.setdefault("slideshow", {})
        if slideshow.get("slide_type") not in TYPES:
            slideshow["slide_type"] = by_rule(cell)
            marked += 1
    return marked


def build(notebook, name):
    """Returns the page of one notebook's slides.

    Args:
        notebook: The notebook, with its stored outputs and with types in its cells.
        name: Its name, for links back to it.

    Returns:
        An HTML page that needs no other file.
    """
    slides = []  # pairs of what is shown and the notes
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "skip")
        if kind == "slide":
            for shown, notes in _split(cell.source):
                if shown or not slides:
                    slides.append([shown, notes])
                else:  # text before a heading is about what was shown before it
                    slides[-1][1] += notes
        elif kind == "subslide":
            shown = _text(cell.source) if cell.cell_type == "markdown" else _code(cell)
            if shown and slides and _is_thin(slides[-1][0]):
                slides[-1][0] += shown  # a sentence alone is no slide
            elif shown:
                slides.append([_heading(slides) + shown, ""])
        elif kind == "notes" and slides:
            slides[-1][1] += _text(cell.source) if cell.cell_type == "markdown" else _outputs(cell)
    slides = [_filled(*slide) if _is_thin(slide[0]) else slide for slide in slides]
    for i in range(len(slides) - 1, 0, -1):
        if _is_thin(slides[i][0]) and not slides[i][1]:  # "Next", which says no more
            slides[i - 1][0] += slides.pop(i)[0]
    title = re.search(r"^# (.+)$", notebook.cells[0].source, flags=re.M)[1]
    sections = [
        f'<section class="slide" id="s{i}" aria-label="Slide {i} of {len(slides)}">\n'
        f'<div class="shown">{shown}</div>\n<aside aria-label="Notes">{notes}</aside>\n</section>'
        for i, (shown, notes) in enumerate(slides, start=1)
    ]
    return _PAGE.format(
        title=html.escape(title),
        style=_STYLE + HtmlFormatter(style="bw").get_style_defs(".code"),
        body="\n".join(sections),
        script=_SCRIPT,
        name=name,
    )


def _no_code(text):
    return re.sub(r"```.*?```", "", text, flags=re.S)


def _split(text):
    """Splits a text at its headings: pairs of what a slide shows and what the speaker says.

    A slide shows formulas, lists, tables and the first sentence of the rest.
    """
    for part in re.split(r"^(?=##? )", text, flags=re.M):
        if not part.strip():
            continue
        blocks = re.split(r"\n{2,}", part.strip())
        shown, notes, sentences = [], [], 0
        if not blocks[0].startswith("#"):
            yield "", _text(part)
            continue
        for block in blocks[1:]:
            if re.match(r"(\||- |\d+\. |\$\$|```|\*\*(The question|You need|Time))", block):
                shown.append(block)
            elif not sentences and not block.startswith("### "):
                first, *rest = re.split(r"(?<=[.?!]) (?=[A-Z*\[(])", block, maxsplit=1)
                shown.append(first)
                notes += rest
                sentences = 1
            else:
                notes.append(block)
        yield _text("\n\n".join([blocks[0], *shown])), _text("\n\n".join(notes))


def _heading(slides):
    """Returns the heading of the last slide, to stand above the next one too."""
    found = re.search(r"<h[12]>(.*?)</h[12]>", slides[-1][0], flags=re.S) if slides else None
    return f"<h2>{found[1]}</h2>" if found else ""


def _is_thin(shown):
    """Returns whether a slide has a heading and no more than a sentence below it."""
    return re.search("<h[23]>", shown) and not re.search(
        r"<(img|pre|table|li|p>.*<p)\b|block", shown, re.S
    )


def _filled(shown, notes):
    """Gives a slide of one sentence more: the headings below it, or else what is said first."""
    titles = re.findall(r"<h3>(.*?)</h3>", notes, flags=re.S)
    if titles:
        return [shown + "<ul>" + "".join(f"<li>{title}</li>" for title in titles) + "</ul>", notes]
    first, end, rest = notes.partition("</p>")
    return [shown + first + end, rest.strip()]


def _text(markdown):
    """Turns Markdown into HTML, with formulas as MathML."""
    formulas = []

    def keep(tex, display):
        formulas.append(prose.mathml(tex, display))
        return f"FORMULA{len(formulas) - 1}END"

    page = _markdown.render(prose.with_formulas(markdown, keep))
    # Links lead from the notebook's folder; on a slide only those to the web lead anywhere.
    page = re.sub(r'<a href="(?!https?:)[^"]*">(.*?)</a>', r"\1", page, flags=re.S)
    return re.sub(r"FORMULA(\d+)END", lambda match: formulas[int(match[1])], page)


def _code(cell):
    source = highlight(cell.source, PythonLexer(), HtmlFormatter(nowrap=True))
    block = f'<pre class="code">{source}</pre>' if course.is_written_out(cell) else ""
    return block + _outputs(cell)


def _outputs(cell):
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            alt = html.escape(output.metadata["image/png"]["alt"])
            parts.append(f'<img alt="{alt}" src="data:image/png;base64,{data["image/png"]}">')
        elif "_guess = predictions.ask(" in cell.source and "text/html" in data:
            question, end, _ = data["text/html"].rpartition(
                "</ol>"
            )  # then how to answer in Jupyter
            parts.append(question + end)
        else:
            text = str(output.get("text") or data.get("text/plain", ""))
            text = re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip()
            if 0 < text.count("\n") + 1 <= _MOST_LINES:
                # As large as fits beside its longest line; characters are 0.6 of their height wide.
                wide = max(map(len, text.splitlines()))
                size = min(19, int(1080 / 0.6 / wide))
                parts.append(f'<pre style="font-size: {size}px">{html.escape(text)}</pre>')
    return "".join(parts)


_STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #222; font: 25px/1.45 system-ui, sans-serif; }
.slide { max-width: 1160px; margin: 0 auto; padding: 3vh 24px; border-bottom: 1px solid #767676; }
h1 { font-size: 1.8em; } h2 { font-size: 1.3em; } h1, h2 { line-height: 1.2; margin: 0 0 0.6em; }
img { display: block; max-width: 100%; max-height: 72vh; margin: 8px auto; }
pre { font-size: 0.72em; overflow-x: auto; background: #f5f5f5; padding: 10px; }
table { border-collapse: collapse; font-size: 0.8em; }
th, td { border-bottom: 1px solid #767676; padding: 3px 10px; text-align: left; }
math { font-size: 1.1em; } mtd[columnalign="left"] { text-align: left; }
mtd[columnalign="right"] { text-align: right; }
aside { font-size: 0.72em; border-top: 2px dashed #767676; }
aside:empty { border: 0; } :focus-visible { outline: 3px solid #1976d2; }
nav { position: fixed; right: 12px; bottom: 8px; font-size: 14px; background: #fff; }
nav button { font: inherit; min-width: 32px; min-height: 32px; }
.live .slide { display: none; border: 0; min-height: 96vh; } .live .slide.now { display: block; }
.live aside { display: none; } .live.notes aside { display: block; }
.live.speaker .shown { zoom: 0.45; } .live.speaker aside { display: block; font-size: 1.1em; }
@media print {
  nav { display: none; } .live .slide { display: block; min-height: 0; }
  .slide { break-after: page; border: 0; } pre { white-space: pre-wrap; }
}
"""

_SCRIPT = """
const slides = [...document.querySelectorAll(".slide")];
const body = document.body, place = document.getElementById("place");
let now = Math.max(0, slides.findIndex((slide) => "#" + slide.id === location.hash));
const speaker = location.search === "?speaker";
let other = speaker ? window.opener : null;
body.classList.add("live");
body.classList.toggle("speaker", speaker);

function show(number, tell = true) {
  now = Math.min(slides.length - 1, Math.max(0, number));
  slides.forEach((slide, i) => slide.classList.toggle("now", i === now));
  place.textContent = `${now + 1} / ${slides.length}`;
  try { history.replaceState(null, "", "#" + slides[now].id); } catch {}
  fit();
  window.scrollTo(0, 0);
  if (tell && other && !other.closed) other.postMessage({ slide: now }, "*");
}
// A slide that is taller than the window is made smaller, down to what can still be read.
function fit() {
  const shown = slides[now].querySelector(".shown");
  shown.style.zoom = "";
  if (speaker) return;
  for (let step = 0; step < 3; step++) {
    const size = Number(shown.style.zoom || 1);
    const room = innerHeight * 0.92 / shown.getBoundingClientRect().height;
    if (room < 1) shown.style.zoom = Math.max(0.5, size * room);
  }
}
const actions = {
  ArrowRight: () => show(now + 1), ArrowDown: () => show(now + 1), PageDown: () => show(now + 1),
  " ": () => show(now + 1), ArrowLeft: () => show(now - 1), ArrowUp: () => show(now - 1),
  PageUp: () => show(now - 1), Home: () => show(0), End: () => show(slides.length - 1),
  n: () => body.classList.toggle("notes"),
  s: () => {
    other = window.open(location.href.split(/[?#]/)[0] + "?speaker#" + slides[now].id, "speaker",
      "width=900,height=700");
  },
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === " " && event.target.closest("button")) return;
  const action = actions[event.key.length > 1 ? event.key : event.key.toLowerCase()];
  if (action) { event.preventDefault(); action(); }
});
addEventListener("message", (event) => {
  if (event.source === other && Number.isInteger(event.data?.slide)) show(event.data.slide, false);
});
addEventListener("hashchange", () => { // typed into the address
  const there = slides.findIndex((slide) => "#" + slide.id === location.hash);
  if (there >= 0 && there !== now) show(there);
});
addEventListener("resize", fit);
addEventListener("load", fit);
for (const [id, key] of [["back", "ArrowLeft"], ["on", "ArrowRight"], ["say", "n"], ["two", "s"]])
  document.getElementById(id).addEventListener("click", actions[key]);
document.querySelector("nav").hidden = false;
show(now);
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<!-- From notebooks/{name}.ipynb; text and figures CC BY 4.0. -->
<style>{style}</style>
</head>
<body>
<main>
{body}
</main>
<nav aria-label="Slides" hidden>
<button id="back" aria-label="Back (arrow left)">←</button>
<span id="place" role="status"></span>
<button id="on" aria-label="On (arrow right)">→</button>
<button id="say" aria-label="Notes below the slide (N)">N</button>
<button id="two" aria-label="Notes in a second window (S)">S</button>
</nav>
<script>{script}</script>
</body>
</html>
"""


def main(args=None):
    """Writes the slides of the notebooks that are named, or of all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    course.add_argument(parser)
    parser.add_argument(
        "--to", type=Path, default=course.ROOT / "slides", help="folder to write to"
    )
    parser.add_argument("--mark", action="store_true", help="give cells their types; no slides")
    args = parser.parse_args(args)
    for each in args.notebooks:
        notebook = each.read()
        if args.mark:
            marked = mark(notebook)
            if marked:
                nbformat.write(notebook, each.path)
            print(f"{each.path.name}: {marked} cells marked")
        else:
            args.to.mkdir(parents=True, exist_ok=True)
            page = args.to / f"{each}.html"
            page.write_text(build(notebook, each.name), encoding="utf-8", newline="\n")
            print(f"{page.name}: {page.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
