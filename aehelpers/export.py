"""What an export to HTML needs beyond nbconvert: widgets that work, pictures that speak, formulas.

`scripts/setup_env.py` switches it on, for `jupyter nbconvert` and for JupyterLab's own export.
"""

import html
import os
from pathlib import Path

import nbformat
import traitlets
from nbconvert.preprocessors import Preprocessor

from aehelpers import predictions, prose

NOTE = (
    "The weights in this page are those that are shipped with the course, not those of the run "
    "that is shown here."
)
STILL = "In the notebook this is a widget. For a page its weights are too large, or not shipped."
MAX_WEIGHTS = 2_000_000  # characters in one page, so that it can be sent by mail


class AehelpersExporter(Preprocessor):
    """Makes a notebook's outputs complete for a page without a kernel and without a network.

    Where a cell has shown a widget of `aehelpers.widgets` for a model of a kind whose weights are
    shipped, the same widget is put into the page, with these weights and the package's own digits,
    while the page stays small; the playground, which trains there, needs no weights. Elsewhere the
    still picture stays, and a line says so.
    Pictures get the description that is stored beside them as the `alt` of their `<img>`, which
    the templates of nbconvert don't read. Formulas, links and style are those of `aehelpers.prose`.

    With `--sanitize-html`, which lets neither frames nor formulas nor our pictures through, all
    stays as nbconvert knows it, and the descriptions stand below the pictures.
    """

    def preprocess(self, nb, resources):
        """Changes a notebook that is to become HTML."""
        if resources.get("should_sanitize_html"):
            for cell in nb.cells:
                if cell.cell_type == "markdown":
                    cell.source = prose.with_links(cell.source, lambda link: None)
                _describe(cell.get("outputs", []))
            return nb, resources
        folder = resources.get("metadata", {}).get("path")
        page = prose.Page(Path(folder) if folder is not None else None)
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                cell.source = page.text(cell.source)
            elif cell.cell_type == "code":
                page.mark(cell)
        if page.end():
            nb.cells.append(_cell(page.end()))
        # nbconvert's list of styles is written after this; browsers take one from a cell as well.
        nb.cells.insert(0, _cell(f"<style>{prose.STYLE}</style>"))
        pages, states = _Pages(), _take_states(nb)
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                data, metadata = output.get("data", {}), output.get("metadata", {})
                alt = metadata.get("image/png", {}).get("alt")
                text, caption = None, ""
                if "widget" in metadata.get("aehelpers", {}):
                    text, caption = pages.frame(metadata["aehelpers"]), _caption(STILL)
                    if text is not None and alt is not None and "image/png" in data:
                        still = _image(data["image/png"], metadata["image/png"])
                        text += f'\n<div class="aehelpers-print">{still}</div>'
                elif (choice := _choice(data, states)) is not None:
                    text = choice
                if text is None and alt is not None and "image/png" in data:
                    text = _image(data["image/png"], metadata["image/png"]) + caption
                if text is not None:
                    output["data"] = {"text/html": text}
                    output["metadata"] = {}
        return nb, resources


def _cell(text):
    """Returns a cell that a page has and slides don't."""
    return nbformat.v4.new_markdown_cell(text, metadata={"slideshow": {"slide_type": "skip"}})


def _take_states(nb):
    """Takes the saved state of widgets out of a notebook: nbconvert would fetch a script for it."""
    widgets = nb.metadata.pop("widgets", {})
    return widgets.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})


def _choice(data, states):
    """Returns HTML for a prediction as it was saved, with the choice, or `None`."""
    view = data.get("application/vnd.jupyter.widget-view+json", {})
    state = states.get(view.get("model_id"), {}).get("state", {})
    if state.get("_anywidget_id") != "aehelpers.predictions.Prediction":
        return None
    return predictions.as_html(state["question"], state["choices"], state.get("choice", 0))


def _describe(outputs):
    """Puts the description of each picture below it, as text."""
    for i in range(len(outputs), 0, -1):
        alt = outputs[i - 1].get("metadata", {}).get("image/png", {}).get("alt")
        if alt and "image/png" in outputs[i - 1].get("data", {}):
            text = nbformat.v4.new_output("display_data", {"text/plain": f"Picture: {alt}"})
            outputs.insert(i, text)


def _image(png, metadata):
    size = "".join(
        f' {name}="{metadata[name]}"' for name in ("width", "height") if name in metadata
    )
    png = "".join(png.split())
    alt = html.escape(metadata["alt"])
    return (
        f'<img alt="{alt}"{size} style="max-width: 100%; height: auto" '
        f'src="data:image/png;base64,{png}">'
    )


def _caption(text):
    return f'<p style="margin: 4px 0; color: #5a5a5a">{text}</p>'


class Examples:
    """Widgets as stored outputs show them, of shipped weights, each loaded once."""

    def __init__(self):
        self.models = {}

    def widget(self, about):
        """Returns a widget, or `None` if it can't be made.

        Args:
            about: What the metadata of an output has under `aehelpers`.
        """
        # TensorFlow is only loaded for notebooks with widgets, and not heard.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        from aehelpers import weights
        from aehelpers.widgets import _base, _page

        kind, names = about["widget"], about["weights"]
        # Of a later course, or of weights that are not shipped any more.
        wanted = names.values() if isinstance(names, dict) else [names]
        if kind not in _base.CLASSES or not {*wanted} <= {*weights.available()}:
            return None
        for name in wanted:
            if name not in self.models:
                self.models[name] = weights.load_pretrained(name)
        if isinstance(names, dict):
            model = {label: self.models[name] for label, name in names.items()}
        else:
            model = self.models[names]
        digits = about.get("digits")
        digits = None if digits is None else _page.unpacked_images(digits)
        widget = _base.CLASSES[kind].example(model, digits)
        values = about.get("values", {})
        try:
            for name in values.keys() & {*widget.shown}:
                setattr(widget, name, values[name])
        except traitlets.TraitError:  # of a later course
            return None
        return widget


class _Pages:
    """The widgets of one notebook, which share weights."""

    def __init__(self):
        self.store, self.done, self.examples = {}, {}, Examples()

    def frame(self, about):
        """Returns HTML for a widget, or `None` if it can't be made."""
        widget = self.examples.widget(about)
        if widget is None:
            return None
        from aehelpers.widgets import _page

        store = dict(self.store)
        page = widget.page("int8", store=store)
        if sum(map(len, store.values())) > MAX_WEIGHTS:
            return None
        self.store = store
        parts = _page.shared(self.store, self.done)
        frame = _page.frame(page, widget.title, widget.height)
        return f"{parts}\n{frame}\n{_caption(NOTE) if about['weights'] else ''}"
