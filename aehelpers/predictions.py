"""Predictions: the learner says what to expect before a result, and is answered after it.

A prediction shows itself as radio buttons where there are widgets, and as a numbered list where
there are none: in a stored notebook, on a web page, in a terminal.
"""

import html
from pathlib import Path

import anywidget
import traitlets

__all__ = ["Prediction", "ask"]

_HOW = "Choose one, or add choice= with its number to the call above."
_ASSETS = Path(__file__).parent / "assets"
_chosen = {}  # by question, so that a cell that is run again doesn't forget


class Prediction(anywidget.AnyWidget):
    """A question with a few choices, of which the learner takes one.

    Attributes:
        question: What is asked.
        choices: The possible answers.
        choice: The number of the one taken, from 1; 0 as long as there is none.
    """

    _esm = _ASSETS / "predictions.js"
    _css = _ASSETS / "predictions.css"
    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    choice = traitlets.Int(0).tag(sync=True)

    def answer(self, number, why=""):
        """Prints what the learner had predicted, and what was measured.

        Args:
            number: The number of the choice that came true, from 1.
            why: What there is to add, in a sentence or two.

        Raises:
            ValueError: If there is no such choice.
        """
        measured = self.choices[self._number(number, "number") - 1]
        if self.choice == 0:
            said = "No prediction yet."
        elif self.choice == number:
            said = f"You said: {measured}. So it is."
        else:
            said = f"You said: {self.choices[self.choice - 1]}."
        print(f"{said} Measured: {measured}.{' ' * bool(why)}{why}")

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
        items = "".join(
            f"<li>{html.escape(text)}{' <b>(your choice)</b>' * (i == self.choice)}</li>"
            for i, text in enumerate(self.choices, start=1)
        )
        data["text/html"] = (
            f"<p><b>Your prediction:</b> {html.escape(self.question)}</p>"
            f"<ol>{items}</ol>{f'<p>{_HOW}</p>' * (not self.choice)}"
        )
        return data, metadata


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
    >>> guess.answer(1, "One toss says little.")
    You said: tails. Measured: heads. One toss says little.
    """
    if isinstance(choices, str) or len(set(choices)) < 2 or len(set(choices)) < len(choices):
        raise ValueError(f"choices must be two or more different texts. Received: {choices!r}")
    prediction = Prediction(question=question, choices=list(choices))
    if choice is None:
        before = _chosen.get(question, 0)
        choice = before if before <= len(choices) else 0
    else:
        choice = prediction._number(choice, "choice")
    prediction.choice = choice
    return prediction
