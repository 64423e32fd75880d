"""What every exercise is made of.

An exercise states a reference answer, the cases it is asked with, and its mistakes: wrong answers
written as functions, each with the hint that it earns. What the learner's function returns is
compared with the reference in every case (`compare.py`). Where it differs, the mistake that gives
the same tells what went wrong; if none does, the smallest case that differs is shown.
"""

import contextlib
import functools
import inspect
import random
import re

import numpy as np

from aehelpers.checks.answer import Answer, Hint, NotAttempted, kind_of
from aehelpers.checks.compare import compare

__all__ = ["Exercise", "Verdict", "hint"]

_exercises = {}  # by number
_shown = {}  # by number: how many steps `hint` has given


class Verdict:
    """What a check found.

    Attributes:
        exercise: The exercise's number, such as `"1.2"`.
        passed: True, False, or None if the exercise was not attempted.
        message: What to tell the learner.
        tries: How many different answers were judged so far, since the kernel was started.
    """

    def __init__(self, exercise, passed, message, tries=0):
        self.exercise = exercise
        self.passed = passed
        self.message = message
        self.tries = tries

    def __repr__(self):
        word = {True: "passed", False: "not yet", None: "not attempted yet"}[self.passed]
        text = f"Exercise {self.exercise}: {word}."
        return f"{text} {self.message}" if self.message else text

    def _repr_mimebundle_(self, **kwargs):
        """Notes the tries in the learner's own notebook, beside the output."""
        noted = {"aehelpers": {"exercise": self.exercise, "tries": self.tries}}
        return {"text/plain": repr(self)}, noted if self.tries else {}


class Exercise:
    """An exercise, and the check of its answers: call it with the learner's function.

    Args:
        number: The exercise's number, such as `"1.2"`.
        section: The heading to read again if the answer is wrong, unless the hint names a better
            one in quotation marks, “Like this”.
        reference: The right answer, a function. Its arguments' names are the ones in hints.
        cases: A function that returns the cases to ask, `{what it is in words: arguments}`, a usual
            case first. Each call of an answer gets copies.
        mistakes: Pairs of a wrong answer, a function as `reference`, and the hint that it earns. An
            answer that gives the same as the mistake gets the hint. The first that fits counts.
        shapes: The same for answers that are wrong by their shape: pairs of a function and a hint;
            the values don't matter.
        unusual: Pairs of a right answer that gives other values, and what is to be said of it.
        praise: What is said of a right answer.
        what: What is returned, in words, said where the shape is wrong.
        steps: What `hint` tells, one more at each call.
        rtol: By how much a number may differ from the reference's, as a share of it.
        atol: The same, as an amount.
        right: Replaces the comparison where several values are right: a function of what came and
            of the case's arguments.
        otherwise: What is said where no mistake fits: a function of the same, to a text or "".
        judge: Replaces all of this for answers that aren't compared number by number, such as
            models: a function of an `Answer` that raises `Hint` or returns praise.

    Returns:
        A `Verdict`, when called with an answer, whatever the answer is or does.
    """

    def __init__(
        self,
        number,
        section,
        reference,
        cases=None,
        mistakes=(),
        shapes=(),
        unusual=(),
        praise="",
        what="",
        steps=(),
        rtol=1e-3,
        atol=1e-6,
        right=None,
        otherwise=None,
        judge=None,
    ):
        self.number = number
        self.section = section
        self.reference = reference
        self.cases = cases
        self.mistakes = mistakes
        self.shapes = shapes
        self.unusual = unusual
        self.praise = praise
        self.what = what
        self.steps = steps
        self.rtol = rtol
        self.atol = atol
        self.right = right
        self.otherwise = otherwise
        self.judge = judge or functools.partial(compare, self)
        self.__doc__ = f"Checks an answer to exercise {number}: call it with your function."
        self._tries, self._last = 0, None
        _exercises[number] = self

    def __repr__(self):
        return f"<check of exercise {self.number}: call it with your function>"

    def __call__(self, function):
        """Judges a learner's function and returns a `Verdict`."""
        verdict = self._judged(function)
        if verdict.passed is not None:
            # A cell that is run again with the same answer in it is no other try.
            code = getattr(inspect.unwrap(function), "__code__", None)
            self._tries += code is None or code != self._last
            self._last = code
        verdict.tries = self._tries
        return verdict

    def _judged(self, function):
        if not callable(function):
            message = f"Expected a function. Received: {kind_of(function)}"
            return Verdict(self.number, False, _sentence(message))
        answer = Answer(function, list(inspect.signature(self.reference).parameters))
        try:
            with _own_random_numbers():
                praise = self.judge(answer)
            answer.check_unchanged()
            return Verdict(self.number, True, praise)
        except NotAttempted:
            return Verdict(self.number, None, "")
        except Hint as found:
            message = str(found)
        if answer.changed and "change" not in message:
            message = f"{answer.change_message()} Besides: {message}"
        message = _sentence(message)
        if "“" not in message:
            message = f"{message} Read again: “{self.section}”."
        return Verdict(self.number, False, message)


@contextlib.contextmanager
def _own_random_numbers():
    """Leaves the random numbers that the notebook will draw next, weights of layers included."""
    state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def hint(number):
    """Tells how to go about an exercise, one step more at each call.

    Args:
        number: The exercise's number, such as `"3.2"`.

    Returns:
        A text that shows itself.

    Raises:
        ValueError: If there is no such exercise.
    """
    known = str(number)
    if known not in _exercises:
        raise ValueError(
            f"number must be one of {', '.join(map(repr, sorted(_exercises)))}. "
            f"Received: number={number!r}"
        )
    steps = _exercises[known].steps
    count = _shown[known] = min(_shown.get(known, 0) + 1, len(steps))
    lines = [f"{i}. {step}" for i, step in enumerate(steps[:count], start=1)]
    left = len(steps) - count
    lines.append(
        f"(Call hint again for more: {left} left.)" if left else "(That is all; try it now.)"
    )
    return _Text(f"Exercise {known}\n" + "\n".join(lines))


class _Text:
    """A text that shows itself as it is."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def _sentence(text):
    """Ends a text with one full stop, unless it ends in another mark."""
    text = re.sub(r"\s+", " ", text).strip()
    return text if text.endswith((".", "?", "!", "…", ".”")) else f"{text}."
