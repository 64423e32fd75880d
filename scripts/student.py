"""Writes copies of the notebooks without their solutions, to hand out.

    python -m scripts.student [01_vanilla ...] [--to student] [--outputs | --nbgrader]

The copies come from the course's own notebooks, by their cells' tags. In place of each solution
stands what it shows, so that learners still see what to expect. A copy in which a learner has
written is never overwritten: its newer version is put beside it. With `--nbgrader` a course for
nbgrader is written in their place, in which the solutions are still marked: it is the teacher's.
"""

import argparse
import hashlib
import json
import re
import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from aehelpers import prose
from scripts import course, nbgrader_course

RECORD = ".written.json"  # what the copies were, as they were written
# The sentence that says where a solution is.
_WHERE = re.compile(r"The collapsed cell below( each exercise| it)? holds a solution[^.]*\.")


def without_solutions(notebook, outputs=False):
    """Returns a copy of a notebook for learners.

    Args:
        notebook: The notebook with its solutions.
        outputs: Whether to keep the stored outputs. By default learners see no result before they
            have made their predictions.

    Returns:
        The copy. Solutions are replaced by what they show.
    """
    copy = nbformat.from_dict(json.loads(json.dumps(notebook)))
    copy.metadata.pop("aehelpers", None)
    for i, cell in enumerate(copy.cells):
        if cell.cell_type == "markdown":
            cell.source = _WHERE.sub(r"Below\1 stands what to expect.", cell.source)
            cell.source = prose.with_links(cell.source, _handed_out)
        elif "solution" in cell.metadata.get("tags", []):
            copy.cells[i] = _expected(cell)
        else:
            cell.execution_count = None
            if not outputs or "exercise" in cell.metadata.get("tags", []):
                cell.outputs = []
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = None
    return copy


def _handed_out(link):
    """Returns a link if it leads to something that learners get, else None."""
    names = {f"{each}.ipynb" for each in course.notebooks()} | {"../docs/glossary.md"}
    return link if link.partition("#")[0] in names else None


def _expected(solution):
    """Returns a text cell with the outputs of a solution."""
    text, attachments = [], {}
    for output in solution.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            name = f"expected-{len(attachments) + 1}.png"
            attachments[name] = {"image/png": data["image/png"]}
            alt = re.sub(r"[\[\]\n]", " ", output.metadata["image/png"]["alt"])
            text.append(f"![{alt}](attachment:{name})")
        else:
            lines = str(output.get("text") or data.get("text/plain", "")).splitlines()
            lines = [line for line in lines if line.strip() and not line.startswith("Exercise ")]
            if lines:
                text.append("\n".join(["```text", *lines, "```"]))
    cell = new_markdown_cell("\n\n".join(["**What to expect:**", *(text or ["the check passes."])]))
    cell.id = solution.id
    cell.metadata["tags"] = ["expected"]
    if attachments:
        cell.attachments = attachments
    return cell


def write(path, content, record):
    """Writes a copy, unless a learner has changed the one that is there.

    Args:
        path: Where to.
        content: Text of the copy.
        record: Dictionary from names to the hashes of what was written; it is brought up to date.

    Returns:
        What was done, in words.
    """
    new = _hash(content)
    if path.exists():
        found = _hash(path.read_text(encoding="utf-8"))
        if found == new:
            record[path.name] = new
            return "as it was"
        if found != record.get(path.name):
            beside = path.with_suffix(f".new{path.suffix}")
            beside.write_text(content, encoding="utf-8", newline="\n")
            return f"changed since it was written, and left so; the newer one is {beside.name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="\n")
    record[path.name] = new
    return "written"


def _hash(text):
    return hashlib.sha256(text.encode()).hexdigest()


def write_course(folder, notebooks):
    """Writes a course for nbgrader; what was changed in it since is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / RECORD
    record = json.loads(written.read_text(encoding="utf-8")) if written.exists() else {}
    for name, text in nbgrader_course.files(notebooks, without_solutions).items():
        path = folder / name
        known = {path.name: record[name]} if name in record else {}
        print(f"{name}: {write(path, text, known)}")
        if path.name in known:
            record[name] = known[path.name]
        written.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def main(args=None):
    """Writes the copies that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    course.add_argument(parser)
    parser.add_argument("--to", type=Path, help="folder to write to; student/ by default")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--outputs", action="store_true", help="keep the stored outputs")
    kind.add_argument("--nbgrader", action="store_true", help="a course for nbgrader")
    args = parser.parse_args(args)
    if args.nbgrader:
        write_course(args.to or course.ROOT / "student" / "nbgrader", args.notebooks)
        return
    args.to = args.to or course.ROOT / "student"
    folder = args.to / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    (args.to / "docs").mkdir(exist_ok=True)
    shutil.copyfile(course.ROOT / "docs" / "glossary.md", args.to / "docs" / "glossary.md")
    written = folder / RECORD
    record = json.loads(written.read_text(encoding="utf-8")) if written.exists() else {}
    for each in args.notebooks:
        text = nbformat.writes(without_solutions(each.read(), args.outputs)) + "\n"
        done = write(folder / each.path.name, text, record)
        written.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(f"{each.path.name}: {done}")


if __name__ == "__main__":
    main()
