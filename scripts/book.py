"""Writes the course as a static site into _build/html; with --pdf, as a book to print as well.

    python -m scripts.book [--pdf]

The pages come from the stored notebooks, from README.md, docs/ and the package's docstrings;
nothing is executed. What the site needs to be read lies in its folder: it works from a web server
and, opened as a file, without one, and asks nothing of any other address. The sources of what is
only on the site are in book/.
"""

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys

import nbformat

import aehelpers
from aehelpers import prose
from scripts import book_launch, book_pages, course
from scripts.book_figures import Figures

BOOK = course.ROOT / "book"
BUILD = course.ROOT / "_build"
WIDGETS = course.ROOT / "aehelpers" / "widgets"
UNUSED = (  # what the theme brings along, and no page loads
    "_static/scripts/fontawesome.js",
    # fa-solid-900 stays: what the search finds has an icon of it.
    *(
        f"_static/vendor/fontawesome/webfonts/fa-{kind}.woff2"
        for kind in ("brands-400", "regular-400")
    ),
)


class Site:
    """The sources that Sphinx makes the site from.

    Args:
        folder: Where they go; what is there goes.
        notebooks: The course's notebooks that become pages.
    """

    def __init__(self, folder, notebooks=None):
        from scripts.book_widgets import Widgets  # TensorFlow

        shutil.rmtree(folder, ignore_errors=True)
        self.folder = folder
        self.notebooks = course.notebooks() if notebooks is None else notebooks
        self.repository = book_pages.repository()
        static = folder / "_static" / "course"
        self.figures = Figures(static / "figures", "../_static/course/figures")
        self.widgets = Widgets(static / "live")
        shutil.copyfile(WIDGETS / "style.css", static / "widgets.css")
        self.known = {f"notebooks/{each}.ipynb" for each in self.notebooks}
        self.known |= {f"docs/{name}.md" for name in book_pages.DOCS}

    def text(self, markdown):
        """Returns Markdown of a page that lies in a folder of the site."""
        text = book_pages.linked(markdown, self.known, self.repository)
        return prose.with_names(book_pages.played(text))

    def launch(self, name, before):
        """Returns links to services that run a notebook, after a word; nothing without any."""
        places = book_launch.places(self.repository, name, book_pages.BRANCH)
        links = [f'<a href="{html.escape(address)}">{service}</a>' for service, address in places]
        return f"{before} {', '.join(links)}." if links else ""

    def run_it(self, name):
        """Returns HTML that says where the exercises of a notebook can be done."""
        return (
            '<p class="course-run"><a href="../run.html">Run it yourself</a>: '
            f"open <code>notebooks/{name}.ipynb</code>, and the check says what it found."
            f"{self.launch(name, ' Or open it in')}</p>"
        )

    def write(self):
        """Writes all of them."""
        for each in self.notebooks:
            page = book_pages.Chapter(each.name, each.read(), self).page()
            if line := self.launch(each.name, "Open this chapter in"):
                page.cells[0].source += f'\n\n<p class="course-launch">{line}</p>'
            self._save(f"notebooks/{each}.ipynb", nbformat.writes(page))
            if self.repository:
                alone = book_launch.standing_alone(each.read(), self.repository)
                for cell in alone.cells:
                    if cell.cell_type == "markdown":
                        cell.source = book_pages.linked(cell.source, set(), self.repository)
                self._save(f"{book_launch.FOLDER}/{each}.ipynb", nbformat.writes(alone))
        for name in book_pages.DOCS:
            text = (course.ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
            if name == "glossary":
                script = json.dumps(book_pages.words(text), ensure_ascii=False)
                self._save("_static/course/glossary.js", f"course.words = {script};\n")
                text = book_pages.glossary(text)
            self._save(f"docs/{name}.md", self.text(book_pages.document(text)))
        self._write_run()
        self._write_api()
        self._write_front()

    def _write_run(self):
        readme = (course.ROOT / "README.md").read_text(encoding="utf-8")
        parts = book_pages.section(readme, "Start", "Other ways to start")
        page = (BOOK / "run.md").read_text(encoding="utf-8")
        parts = re.sub(r"\]\((docs|notebooks)/", r"](../\1/", parts)
        text = book_pages.linked(parts, self.known, self.repository).replace("](../", "](")
        page = page.replace("<!-- services -->", self._services())
        self._save("run.md", page.replace("<!-- README -->", text))

    def _services(self):
        """Returns where each chapter opens without an installation, as Markdown."""
        rows = []
        for each in self.notebooks:
            places = book_launch.places(self.repository, each.name, book_pages.BRANCH)
            links = ", ".join(f"[{service}]({address})" for service, address in places)
            rows += [f"| [{each.title}](notebooks/{each}.ipynb) | {links} |"] if places else []
        if not rows:
            return ""
        lines = ["## Without an installation", "", "| chapter | opens in |", "|---|---|", *rows]
        return "\n".join(lines)

    def _write_api(self):
        rooms = aehelpers._SUBMODULES
        for name in rooms:
            title = f"aehelpers.{name}"
            text = f"{title}\n{'=' * len(title)}\n\n.. automodule:: {title}\n   :members:\n"
            self._save(f"api/{name}.rst", text)
        page = (BOOK / "api.md").read_text(encoding="utf-8")
        self._save("api/index.md", page.replace("<!-- rooms -->", "\n".join(rooms)))

    def _write_front(self):
        from scripts import book_front  # TensorFlow

        page = (BOOK / "index.md").read_text(encoding="utf-8")
        self._save("index.md", book_front.page(self, page))
        page = (BOOK / "playground.md").read_text(encoding="utf-8")
        page = page.replace("<!-- playground -->", book_front.playground(self))
        self._save("playground.md", page)

    def _save(self, path, text):
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def build(build=BUILD, notebooks=None):
    """Writes the site.

    Args:
        build: Folder for the site, in its folder `html`, and for what it is made from.
        notebooks: The notebooks that become pages; all by default.

    Returns:
        The folder of the site.

    Raises:
        SystemExit: If Sphinx finds something wrong.
    """
    source, pages = build / "source", build / "html"
    Site(source, notebooks).write()
    shutil.rmtree(pages, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-c", BOOK, "-d", build / "doctrees", source, pages]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "COURSE_SOURCE": str(source)}
    if subprocess.run(command, cwd=course.ROOT, env=environment).returncode:
        sys.exit("Sphinx found something wrong (above).")
    if (alone := source / book_launch.FOLDER).is_dir():
        shutil.move(alone, pages / book_launch.FOLDER)
    leave_icons_out(pages)
    for path in [*pages.rglob("*.map"), *(pages / name for name in UNUSED)]:
        path.unlink(missing_ok=True)
    return pages


def leave_icons_out(pages):
    """Takes the names of icons, a fifth of it, out of the theme's style: course.css has ours."""
    style = pages / "_static" / "styles" / "pydata-sphinx-theme.css"
    text = style.read_text(encoding="utf-8")
    text = re.sub(r'(?:\.fa-[\w-]+,?)+\{--fa:"[^"]*"\}', "", text)
    style.write_text(text, encoding="utf-8", newline="\n")


def main(args=None):
    """Writes the site and says where it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pdf", action="store_true", help="print it, too; needs Chromium")
    args = parser.parse_args(args)
    pages = build()
    size = sum(path.stat().st_size for path in pages.rglob("*") if path.is_file())
    print(f"{(pages / 'index.html').relative_to(course.ROOT)}: the site, {size / 1e6:.1f} MB")
    if args.pdf:
        from scripts import book_print

        book_print.write(pages)


if __name__ == "__main__":
    main()
