"""Prints the course's site as a book: one PDF with a contents page, page numbers and bookmarks.

Chromium can't number the lines of a contents page by itself. So it prints twice: the pages on which
chapters begin are read from the first print's bookmarks, and stand in the second.
"""

import html
import re
import sys
import tempfile
from pathlib import Path

from bs4 import BeautifulSoup
from pypdf import PdfReader

from scripts import course
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
)
_FOOTER = (
    '<div style="width: 100%; font: 8pt sans-serif; color: #444; text-align: center">'
    '<span class="pageNumber"></span></div>'
)


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
        numbers: Dictionary from titles to the pages on which they begin, if that is known.
    """
    numbers = numbers or {}
    found = [(path, *article(pages, path)) for path in chapters(pages)]
    rows = "".join(
        f'<li><a href="#{_name(path)}">{html.escape(title)}</a>'
        f"<span>{numbers.get(title, '')}</span></li>"
        for path, title, _ in found
    )
    sections = "".join(
        f'<section class="course-chapter" id="{_name(path)}">{text}</section>'
        for path, _, text in found
    )
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


def begins(pdf):
    """Returns on which pages, from 1, the chapters of a printed book begin, by their titles."""
    reader = PdfReader(pdf)
    found = {}

    def collect(items):
        for item in items:
            if isinstance(item, list):
                collect(item)
            else:
                page = reader.get_destination_page_number(item) + 1
                found.setdefault(re.sub(r"\s+", " ", item.title).strip(), page)

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
    with (
        sync_playwright() as playwright,
        tempfile.NamedTemporaryFile("w", dir=pages, suffix=".html", encoding="utf-8") as file,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        numbers = {}
        for _ in range(2):
            file.seek(0)
            file.truncate()
            file.write(book(pages, numbers))
            file.flush()
            page = browser.new_page()
            page.goto(Path(file.name).as_uri(), wait_until="load", timeout=120_000)
            page.pdf(
                path=to,
                format="A4",
                margin={"top": "18mm", "bottom": "18mm", "left": "17mm", "right": "17mm"},
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=_FOOTER,
                print_background=True,
                outline=True,
                tagged=True,
            )
            page.close()
            numbers, count = begins(to)
        browser.close()
    print(f"{to.relative_to(course.ROOT)}: {count} pages, {to.stat().st_size / 1e6:.1f} MB")
    if count > MOST_PAGES:
        sys.exit(f"The book must have at most {MOST_PAGES} pages. Received: {count}")
    return to
