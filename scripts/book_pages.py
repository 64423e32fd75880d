"""The pages of the course's site, as Sphinx takes them: from the notebooks, README and docs/.

Nothing is executed. What a notebook shows is what it has stored; what a page shows otherwise than
JupyterLab is written here: widgets that live without a kernel, predictions that the page remembers,
solutions that unfold, links that lead to other pages.
"""

import hashlib
import html
import json
import re
import tomllib

import nbformat

from aehelpers import export, prose
from scripts import course, predictions

# What is said for places where no widget runs; on a page, where one does, it would be untrue.
_STILL = re.compile(r" ?\((?:Where no widget can run|a still picture shows)[^()]*\)")
_TAGS = re.compile(r"<[^>]+>")
_UNDECIDED = "No prediction yet."
DOCS = ("glossary", "scoreboard", "speed", "teaching")
REPOSITORY = "Repository"  # its name in pyproject.toml's [project.urls]
BRANCH = "main"


def repository():
    """Returns the address of the course's repository as pyproject.toml has it, or None."""
    project = tomllib.loads((course.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project["project"].get("urls", {}).get(REPOSITORY, "").rstrip("/") or None


def linked(text, known, address):
    """Returns Markdown whose links lead to other pages, or to the repository, or are text.

    Args:
        text: Markdown of a page one folder below the root.
        known: Set of paths below the root that are pages.
        address: Of the repository, or None.
    """

    def target(link):
        path, hash_, anchor = link.partition("#")
        path = path.removeprefix("../") if path.startswith("../") else f"notebooks/{path}"
        if path in known:
            return link
        return f"{address}/blob/{BRANCH}/{path}{hash_}{anchor}" if address else None

    return prose.with_links(text, target)


def played(text):
    """Returns Markdown in which a call that opens an experiment leads to it on the site."""
    link = r'<a href="../playground.html#experiment=\2"><code>\1</code></a>'
    return re.sub(r'`(widgets\.playground\("(\w+)"\))`', link, text)


class Chapter:
    """Makes the page of one notebook.

    Args:
        name: The notebook's.
        notebook: The notebook; it is changed.
        site: A `Site`, which takes figures and widgets.
    """

    def __init__(self, name, notebook, site):
        self.name, self.notebook, self.site = name, notebook, site
        self._asked = predictions.questions(notebook)
        self._count = 0

    def page(self):
        """Returns the notebook as a page has it."""
        answers = predictions.measured(self.notebook)
        for cell in self.notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = self.site.text(_STILL.sub("", cell.source))
                continue
            tags = cell.metadata.get("tags", [])
            if "solution" in tags:
                cell.metadata["tags"] = [*tags, "hide-cell"]
                cell.metadata["mystnb"] = {
                    "code_prompt_show": "Show a solution and what to expect",
                    "code_prompt_hide": "Hide the solution",
                }
            asked = [each for each in self._asked if re.search(rf"\b{each}\b", cell.source)]
            if "exercise" in tags:
                cell.outputs = [_html(self.site.run_it(self.name))]
            elif asked and f"{asked[0]}.answer(" in cell.source:
                self._answer(cell, *self._asked[asked[0]], answers)
            elif asked and "predictions.ask(" in cell.source:
                cell.outputs = [_html(question(*self._asked[asked[0]]))]
            else:
                cell.outputs = _merged(cell.outputs)
                for output in cell.outputs:
                    self._picture(output)
        self.notebook.metadata.pop("aehelpers", None)
        return self.notebook

    def _picture(self, output):
        """Puts a described figure, or a live widget, in the place of a stored picture."""
        data, about = output.get("data", {}), output.get("metadata", {})
        if "image/png" not in data:
            return
        self._count += 1
        name = f"{self.name}-{self._count:02d}"
        text = self.site.figures.write(name, data["image/png"], about["image/png"])
        text = f'<div class="course-figure">{text}</div>'
        if "widget" in about.get("aehelpers", {}):
            live = self.site.widgets.place(name, about["aehelpers"], text)
            text = f'{live}<p class="course-note">{export.NOTE}</p>' if live else text
        output["data"], output["metadata"] = {"text/html": text}, {}

    def _answer(self, cell, asked, choices, answers):
        """Makes an answer that the page completes with what the reader has chosen."""
        said = "".join(output.get("text", "") for output in cell.outputs).strip()
        measured = said.removeprefix(_UNDECIDED).strip()
        true = answers.get(asked)
        number = choices.index(true) + 1 if true in choices else 0
        cell.outputs = [
            _html(
                f'<p class="course-answer" data-question="{key(asked)}" data-true="{number}" '
                f'data-choices="{html.escape(json.dumps(choices))}">'
                f'<span role="status">{_UNDECIDED}</span> {html.escape(measured)}</p>'
            )
        ]


def key(asked):
    """Returns a short name for a question, under which a browser remembers the choice."""
    return hashlib.sha256(asked.encode()).hexdigest()[:12]


def question(asked, choices):
    """Returns a prediction as HTML, with radio buttons."""
    name = key(asked)
    labels = "".join(
        f'<label><input type="radio" name="{name}" value="{i}"> {i}. {html.escape(text)}</label>'
        for i, text in enumerate(choices, start=1)
    )
    return (
        f'<fieldset class="course-prediction" data-question="{name}">'
        f"<legend>Your prediction: {html.escape(asked)}</legend>{labels}"
        '<p role="status">Choose one, then read on.</p></fieldset>'
    )


def _html(text):
    return nbformat.v4.new_output("display_data", {"text/html": text})


def _merged(outputs):
    """Returns outputs with Keras's summaries, which come in five parts, as one text each."""
    found = []
    for output in outputs:
        page = output.get("data", {}).get("text/html", "")
        if not page.lstrip().startswith("<pre"):
            found.append(output)
            continue
        lines = html.unescape(_TAGS.sub("", page)).strip("\n")
        lines = "\n".join(line.rstrip() for line in lines.splitlines())
        if found and found[-1].output_type == "stream":
            found[-1].text += f"{lines}\n"
        else:
            found.append(nbformat.v4.new_output("stream", name="stdout", text=f"{lines}\n"))
    return found


def document(text):
    """Returns a page of docs/ without the marks of `make tables`."""
    return re.sub(r"^<!-- /?table.*-->\n", "", text, flags=re.M)


def glossary(text):
    """Returns the glossary with its words one level below its heading."""
    return re.sub(r"^### ", "## ", text, flags=re.M)


def words(text):
    """Returns what the glossary says, `{anchor: [word, meaning in HTML]}`."""
    found = prose.glossary(text)
    return {anchor: [word, prose.as_html(meaning)] for anchor, (word, meaning) in found.items()}


def section(text, *headings):
    """Returns parts of a page, each from its heading of the second level up to the next.

    Raises:
        ValueError: If there is no such heading.
    """
    parts = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, flags=re.M | re.S))
    if missing := [each for each in headings if each not in parts]:
        raise ValueError(f"Expected headings {missing} in the page. Received: {list(parts)}")
    return "\n".join(f"## {each}\n{parts[each]}" for each in headings)
