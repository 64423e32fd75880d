"""Prints the course's site as a book: one PDF with a contents page, page numbers and bookmarks.

Chromium can't number the lines of a contents page by itself. So it prints twice: the pages on which
chapters begin are read from the first print's bookmarks, and stand in the second.
"""

import html
import re
import sys
from pathlib import Path

from bs4 import BeautifulSoup

from scripts.lab import FLAGS, find_chromium

NAME = "autoencoders-hands-on.pdf"
MOST_PAGES = 200
_LEFT_OUT = (
    ".headerlink",
    "a.headerlink",
    ".course-run",
    ".course-launch",
    ".course-note",
    ".only-dark",
    ".copybtn",
    "script",
    "iframe",
    ".toctree-wrapper",
    ".course-prediction > p",
    ".course-answer > span",
)
_FOOTER = (
    '<div style="width: 100%; font: 8pt sans-serif; color: #444; text-align: center">'
    '<span class="pageNumber"></span></div>'
)
_PAPER = {
    "format": "A4",
    "margin": {"top": "16mm", "bottom": "17mm", "left": "16mm", "right": "16mm"},
    "display_header_footer": True,
    "header_template": "<span></span>",
    "print_background": True,
    "outline": True,
    "tagged": True,
}
PATIENCE = 240_000  # milliseconds


def chapters(pages):
    """Returns the paths of the pages that are printed, in the order of the contents.

    Args:
        pages: The folder of the site. Its API pages are for looking up, and stay out.
    """
    menu = BeautifulSoup((pages / "index.html").read_text(encoding="utf-8"), "html.parser")
    links = [link["href"] for link in menu.select("nav.bd-links a.reference.internal")]
    return [link for link in links if link.endswith(".html") and not link.startswith("api/")]


def article(pages, path):
    """Returns what a page says, for the book: its title, and HTML with links within the book."""
    page = BeautifulSoup((pages / path).read_text(encoding="utf-8"), "html.parser")
    content = page.select_one("article.bd-article")
    folder = Path(path).parent
    for element in content.select(", ".join(_LEFT_OUT)):
        element.decompose()
    for details in content.select("details"):
        details.name = "div"
        if summary := details.find("summary"):
            summary.name = "p"
            summary.string = "A solution and what to expect"
            summary["class"] = "course-solution"
    for field in content.select(".course-prediction input"):
        field.decompose()
    for image in content.select("img"):
        image["src"] = _inside(pages, folder, image["src"])
        image.attrs.pop("loading", None)
    for element in content.select("[id]"):
        element["id"] = f"{_name(path)}--{element['id']}"
    for link in content.select("a[href]"):
        target, _, anchor = link["href"].partition("#")
        if re.match(r"\w+:", target):
            continue
        there = _inside(pages, folder, target) if target else path
        link["href"] = f"#{_name(there)}" + (f"--{anchor}" if anchor else "")
    return content.h1.get_text(strip=True), str(content)


def _name(path):
    return re.sub(r"\W", "-", path.removesuffix(".html"))


def _inside(pages, folder, target):
    return (pages / folder / target).resolve().relative_to(pages.resolve()).as_posix()


def book(pages, numbers=None):
    """Returns the book as one page of HTML, which lies in the site's folder.

    Args:
        pages: The folder of the site.
        numbers: What `begins` returns of an earlier print, if there is one.
    """
    numbers = numbers or {}
    found = [(path, *article(pages, path)) for path in chapters(pages)]
    rows, sections = [], []
    for path, title, text in found:
        rows.append(_row(_name(path), title, numbers.get((title, "")), "course-first"))
        page = BeautifulSoup(text, "html.parser")
        for heading in page.select("section > h2") if path.startswith("notebooks/") else []:
            said = heading.get_text(strip=True)
            rows.append(_row(heading.parent["id"], said, numbers.get((title, said)), ""))
        sections.append(f'<section class="course-chapter" id="{_name(path)}">{text}</section>')
    rows, sections = "".join(rows), "".join(sections)
    styles = "".join(
        f'<link rel="stylesheet" href="_static/{name}">'
        for name in (
            "styles/pydata-sphinx-theme.css",
            "styles/sphinx-book-theme.css",
            "pygments.css",
            next(pages.glob("_static/mystnb*.css")).name,
            "course.css",
            "print.css",
        )
    )
    return (
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f"<title>Autoencoders, hands on</title>{styles}</head>"
        f'<body class="course-book"><header><h1>Autoencoders, hands on</h1>'
        f"<p>Vanilla, convolutional, denoising, sparse and variational autoencoders in Keras 3, on "
        f"handwritten digits. Text and figures: CC BY 4.0. Code: MIT.</p></header>"
        f'<nav aria-label="Contents"><h2>Contents</h2><ol>{rows}</ol></nav>'
        f"<main>{sections}</main></body></html>"
    )


def _row(name, title, number, kind):
    link = f'<a href="#{name}">{html.escape(title)}</a>'
    return f'<li class="{kind}">{link}<span>{number or ""}</span></li>'


def begins(pdf):
    """Returns where chapters and their sections begin in a printed book, and how long it is.

    Args:
        pdf: Path of the file.

    Returns:
        Dictionary from pairs of chapter and section ("" for the chapter itself) to pages, from 1,
        and the number of pages.
    """
    from pypdf import PdfReader  # of the group `book`

    reader = PdfReader(pdf)
    found = {}

    def collect(items, chapter=None):
        said = None
        for item in items:
            if not isinstance(item, list):
                said = re.sub(r"\s+", " ", item.title).strip()
                key = (said, "") if chapter is None else (chapter, said)
                found.setdefault(key, reader.get_destination_page_number(item) + 1)
            elif chapter is None:
                collect(item, said)

    collect(reader.outline)
    return found, len(reader.pages)


def write(pages, to=None):
    """Prints the book.

    Args:
        pages: The folder of the site.
        to: The PDF file; by default beside the site.

    Returns:
        Its path.

    Raises:
        SystemExit: If there is no Chromium, or the book gets too long.
    """
    chromium = find_chromium()
    if chromium is None:
        sys.exit("Printing needs Chromium on the PATH (on Debian: apt-get install chromium).")
    from playwright.sync_api import sync_playwright

    to = to or pages.parent / NAME
    draft = pages / "print.html"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            numbers = {}
            for _ in range(2):
                draft.write_text(book(pages, numbers), encoding="utf-8")
                page = browser.new_page()
                page.set_default_timeout(PATIENCE)
                page.goto(draft.as_uri(), wait_until="load")
                page.pdf(path=to, footer_template=_FOOTER, **_PAPER)
                page.close()
                numbers, count = begins(to)
            browser.close()
    finally:
        draft.unlink(missing_ok=True)
    print(f"{to.name}: {count} pages, {to.stat().st_size / 1e6:.1f} MB")
    if count > MOST_PAGES:
        sys.exit(f"The book must have at most {MOST_PAGES} pages. Received: {count}")
    return to
