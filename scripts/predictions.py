"""Writes what the notebooks' stored runs measured where a prediction was asked for.

A learner's own run may measure something else, with fewer images or other parameters; the answer
to the prediction then says what the text speaks of. `make notebooks` calls this by itself.
"""

import ast
import json
from pathlib import Path

from scripts import course

STORED = Path(__file__).parents[1] / "aehelpers" / "assets" / "predictions.json"
_UNDECIDED = "No prediction yet. Measured: "


def questions(notebook):
    """Returns a notebook's predictions, `{variable: (question, choices)}`, from its code."""
    asked = {}
    for node in _statements(notebook):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id="predictions"), attr="ask"),
                    args=[question, choices, *_],
                ),
            ):
                asked[name] = ast.literal_eval(question), ast.literal_eval(choices)
    return asked


def measured(notebook):
    """Returns what a notebook's stored outputs answer, `{question: choice}`."""
    asked, found = questions(notebook), {}
    for cell in notebook.cells:
        if cell.cell_type != "code" or "_guess.answer(" not in cell.source:
            continue
        for output in cell.outputs:
            text = output.get("text", "")
            if not text.startswith(_UNDECIDED):
                continue
            (name,) = (name for name in asked if f"{name}.answer(" in cell.source)
            question, choices = asked[name]
            said = [each for each in choices if text.startswith(_UNDECIDED + each)]
            if said:
                found[question] = max(said, key=len)
    return found


def forget(notebook):
    """Removes a notebook's questions, so that a run that will be stored is compared with none."""
    known = load()
    for question, _ in questions(notebook).values():
        known.pop(question, None)
    write(known)


def record(notebook):
    """Writes what a notebook's stored outputs answer; questions that none asks any more go."""
    asked = {question for question, _ in questions(notebook).values()}
    for each in course.notebooks():
        asked |= {question for question, _ in questions(each.read()).values()}
    forget(notebook)
    known = load() | measured(notebook)
    write({question: choice for question, choice in known.items() if question in asked})


def load():
    """Returns what is written for all notebooks."""
    return json.loads(STORED.read_text(encoding="utf-8"))


def write(known):
    """Writes what is known of all notebooks, `{question: choice}`."""
    text = json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False)
    STORED.write_text(f"{text}\n", encoding="utf-8")


def _statements(notebook):
    """Yields the statements of a notebook's cells, those that hold magic commands apart."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "predictions.ask(" in cell.source:
            yield from ast.parse(cell.source).body
