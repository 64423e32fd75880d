"""Predictions: the learner says what to expect before a result, and is answered after it.

A prediction shows itself as radio buttons where there are widgets, and as a numbered list where
there are none: in a stored notebook, on a web page, in a terminal.
"""

import functools
import html
import json
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from aehelpers._bundle import bundle
from aehelpers._cells import close_earlier

__all__ = ["Prediction", "ask", "save"]

_HOW = "Choose one, or add choice= with its number to the call above."
_ASSETS = Path(__file__).parent / "assets"
_chosen = {}  # by question, so that a cell that is run again doesn't forget
_asked = {}  # by question, the choices that were given


@functools.cache
def _stored():
    """Returns what the stored runs of the notebooks measured, the choice by the question."""
    return json.loads((_ASSETS / "predictions.json").read_text(encoding="utf-8"))


class Prediction(anywidget.AnyWidget):
    """A question with a few choices, of which the learner takes one.

    Attributes:
        question: What is asked.
        choices: The possible answers.
        choice: The number of the one taken, from 1; 0 as long as there is none.
    """

    _esm = bundle(_ASSETS / "predictions.js")
    _css = (_ASSETS / "predictions.css").read_text(encoding="utf-8")
    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    choice = traitlets.Int(0).tag(sync=True)

    def __init__(self, **values):
        super().__init__(**values)
        self.on_msg(self._confirm)
        close_earlier(self)

    def _confirm(self, _, message, buffers):
        """Takes a choice, and says which one it is: the page has no other way to know."""
        self.choice = message.get("choice", self.choice)
        self.send({"recorded": self.choice})

    def answer(self, outcome, values=None):
        """Prints what the learner had predicted, and what this run measured.

        Where the run that is stored with the notebook measured something else, as may be with fewer
        images or other parameters, it says so.

        Args:
            outcome: What came true: the number of a choice, from 1; or a list of as many true or
                false as there are choices, of which one is true, or none; or, with `values`, what
                was measured, of which the nearest is taken.
            values: What each choice says, as a number. If all are positive, the nearest is the one
                whose ratio to the outcome is nearest to 1.

        Raises:
            ValueError: If there is no such choice, or several came true.
        """
        measured = "none of these"
        number = self._came_true(outcome, values)
        if number:
            measured = self.choices[number - 1]
        if self.choice == 0:
            said = "No prediction yet."
        elif self.choice == number:
            said = f"You said: {measured}. So it is."
        else:
            said = f"You said: {self.choices[self.choice - 1]}."
        shown = measured if values is None else f"{measured} ({float(outcome):.3g})"
        print(f"{said} Measured: {shown}.{self._unlike_stored(number)}")

    def _came_true(self, outcome, values):
        """Returns the number of the choice that came true, or 0 for none."""
        if values is not None:
            if len(values) != len(self.choices):
                raise ValueError(
                    f"values must have a number for each of the {len(self.choices)} choices. "
                    f"Received: values={values!r}"
                )
            values, outcome = np.asarray(values, "float64"), float(outcome)
            if not np.isfinite(outcome):
                return 0
            if (values > 0).all() and outcome > 0:
                values, outcome = np.log(values), np.log(outcome)
            return int(np.argmin(np.abs(values - outcome))) + 1
        if isinstance(outcome, list | tuple | np.ndarray) and np.ndim(outcome) == 1:
            true = [i for i, came in enumerate(outcome, start=1) if came]
            if len(outcome) != len(self.choices) or len(true) > 1:
                raise ValueError(
                    f"outcome must have a true or false for each of the {len(self.choices)} "
                    f"choices, at most one of them true. Received: outcome={list(outcome)!r}"
                )
            return true[0] if true else 0
        return self._number(outcome, "outcome")

    def _unlike_stored(self, number):
        """Says what the stored run measured, if it was something else."""
        stored = _stored().get(self.question)
        if (
            stored is None
            or stored not in self.choices
            or (number and stored == self.choices[number - 1])
        ):
            return ""
        return f" (The run on all of MNIST that the text speaks of measured: {stored}.)"

    def _number(self, number, name):
        numbers = range(1, len(self.choices) + 1)
        if isinstance(number, bool) or number not in numbers:
            raise ValueError(
                f"{name} must be one of the choices' numbers, 1 to {len(numbers)}. "
                f"Received: {name}={number!r}"
            )
        return int(number)

    @traitlets.observe("choice")
    def _remember(self, change):
        _chosen[self.question] = change.new

    def __repr__(self):
        lines = [f"Your prediction: {self.question}"]
        for i, text in enumerate(self.choices, start=1):
            lines.append(f"  {i}. {text}{'   <- your choice' * (i == self.choice)}")
        return "\n".join(lines + [_HOW] * (not self.choice))

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["text/html"] = as_html(self.question, self.choices, self.choice)
        return data, metadata


def as_html(question, choices, choice):
    """Returns a prediction for a page without radio buttons."""
    items = "".join(
        f"<li>{html.escape(text)}{' <b>(your choice)</b>' * (i == choice)}</li>"
        for i, text in enumerate(choices, start=1)
    )
    return (
        f"<p><b>Your prediction:</b> {html.escape(question)}</p>"
        f"<ol>{items}</ol>{f'<p>{_HOW}</p>' * (not choice)}"
    )


def ask(question, choices, choice=None):
    """Asks for a prediction.

    Args:
        question: What is asked, in one sentence.
        choices: The possible answers, two or more.
        choice: The number of one of them, from 1: records it without radio buttons. By default the
            one that was taken when the same question was asked before, if any.

    Returns:
        A `Prediction`: end a cell with it. Its `answer` belongs in the cell after the result.

    Raises:
        ValueError: If there are fewer than two different choices, or `choice` is none of them.

    Example:
    >>> guess = ask("Which side shows?", ["heads", "tails"])
    >>> guess.answer(1)
    No prediction yet. Measured: heads.
    >>> guess = ask("Which side shows?", ["heads", "tails"], choice=2)
    >>> guess.answer([True, False])
    You said: tails. Measured: heads.
    >>> ask("How many heads in ten?", ["about 2", "about 5"], choice=2).answer(6, values=[2, 5])
    You said: about 5. So it is. Measured: about 5 (6).
    """
    if isinstance(choices, str) or len(set(choices)) < 2 or len(set(choices)) < len(choices):
        raise ValueError(f"choices must be two or more different texts. Received: {choices!r}")
    prediction = Prediction(question=question, choices=list(choices))
    _asked[question] = list(choices)
    if choice is None:
        before = _chosen.get(question, 0)
        choice = before if before <= len(choices) else 0
    else:
        choice = prediction._number(choice, "choice")
    prediction.choice = choice
    return prediction


def save(path="predictions.json"):
    """Writes what was chosen so far to a file of your own, to be handed over or not.

    Nothing is sent anywhere. What the file has from other notebooks stays in it.

    Args:
        path: Where to write; the file's name should hold "predictions".

    Returns:
        The path.

    Raises:
        ValueError: If nothing was chosen yet, or the file is there and holds something else.
    """
    mine = [
        {"question": question, "choices": choices, "choice": _chosen[question]}
        for question, choices in _asked.items()
        if 0 < _chosen.get(question, 0) <= len(choices)
    ]
    if not mine:
        raise ValueError("There is nothing to save: no prediction was made yet.")
    path = Path(path)
    rows = []
    if path.exists():
        try:
            rows = [dict(row) for row in json.loads(path.read_text("utf-8"))["predictions"]]
            known = {row["question"] for row in mine}
            rows = [row for row in rows if row["question"] not in known]
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(
                f"path must be a new file or one with predictions. Received: {str(path)!r}, "
                "which holds something else"
            ) from error
    text = json.dumps({"predictions": rows + mine}, indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path
