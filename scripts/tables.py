"""Writes anew what the pages take from elsewhere: tables, pictures, links to the glossary, slides.

    python -m scripts.tables

In README.md and docs/ a table stands between `<!-- table: NAME, written by make tables -->` and
`<!-- /table -->`. NAME is a function, with its arguments as words after it, that returns Markdown:
the page says what writes it, so this file knows no table. (The package cogapp does the same with
Python inside the comments; a name is enough here.)
"""

import base64
import re
from importlib import import_module

import nbformat

from scripts import course, glossary, slides

_BETWEEN = re.compile(
    r"(<!-- table: ([\w.]+(?: \w+)*), written by make tables -->\n).*?(<!-- /table -->)", re.S
)


# Pictures of pages: the notebook that stores them, and words of the cell that draws them.
PICTURES = {"docs/reconstructions.png": ("01_vanilla", "30 numbers a digit")}


def picture(name, words):
    """Returns the PNG file that a notebook stores for the one cell with these words in its code."""
    (png,) = (
        output.data["image/png"]
        for cell in course.notebook(name).read().cells
        if cell.cell_type == "code" and words in cell.source
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    )
    return base64.b64decode(png)


def pages():
    """Returns the pages that may hold tables."""
    return [course.ROOT / "README.md", *sorted((course.ROOT / "docs").glob("*.md"))]


def rendered(text):
    """Returns a page's text with its tables written anew."""

    def write(found):
        path, *arguments = found[2].split()
        module, _, function = path.rpartition(".")
        table = getattr(import_module(module), function)(*arguments)
        return f"{found[1]}{table}\n{found[3]}"

    return _BETWEEN.sub(write, text)


def complete(notebook):
    """Links a notebook's words to the glossary, and gives new cells their type of slide.

    Returns:
        Whether anything was changed.
    """
    linked, marked = glossary.link(notebook), slides.mark(notebook)
    return bool(linked or marked)


def write():
    """Brings all pages and notebooks up to date; returns those that were changed."""
    changed = []
    for each in course.notebooks():
        notebook = each.read()
        if complete(notebook):
            nbformat.write(notebook, each.path)
            changed.append(each.path)
    for path, source in PICTURES.items():
        path, png = course.ROOT / path, picture(*source)
        if path.read_bytes() != png:
            path.write_bytes(png)
            changed.append(path)
    for page in pages():
        before = page.read_text(encoding="utf-8")
        if (text := rendered(before)) != before:
            page.write_text(text, encoding="utf-8", newline="\n")
            changed.append(page)
    return changed


def main():
    """Writes everything and says what was changed."""
    changed = write()
    for path in changed:
        print(path.relative_to(course.ROOT))
    if not changed:
        print("Everything was up to date.")


if __name__ == "__main__":
    main()
