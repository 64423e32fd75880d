"""How an answer is judged by its numbers, and what is said where they are wrong."""

import copy
import inspect
import re
import warnings

import numpy as np

from aehelpers.checks.answer import Answer, Hint, as_numbers, listed

__all__ = ["compare"]


def compare(exercise, answer):
    """Judges an answer by its values in all cases."""
    cases = exercise.cases()
    results = [_Result(exercise, answer, words, args) for words, args in cases.items()]
    wrong = [result for result in results if not result.right]
    if not wrong:
        return exercise.praise
    for function, remark in exercise.unusual:
        if all(result.is_like(function) for result in results):
            return f"{exercise.praise} {remark}"
    raise Hint(_reason(exercise, answer, results, wrong))


class _Result:
    """What an answer gave in one case.

    Attributes:
        words: The case in words.
        args: The arguments it was called with.
        wanted: What the reference gives.
        value: What came, as an array, or None if nothing did.
        hint: What is to be said where nothing came.
        right: Whether it is what the reference gives.
    """

    def __init__(self, exercise, answer, words, args):
        self.exercise = exercise
        self.words = words
        self.args = args
        self.wanted = self.of(exercise.reference)
        self.value, self.hint = None, ""
        try:
            self.value = as_numbers(answer(*args))
        except Hint as hint:
            self.hint = str(hint)
        if self.wanted.ndim == 0 and self.value is not None and self.value.size == 1:
            self.value = self.value.reshape(())  # a single number, however it is wrapped
        self.right = self.value is not None and self._is_right()

    def of(self, function):
        """Returns what a function of the course's own gives in this case."""
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(function(*copy.deepcopy(self.args)), dtype="float64")

    def is_like(self, function):
        """Returns whether another function gives the same."""
        try:
            other = self.of(function)
        except Exception:
            return self.value is None
        return self.value is not None and self.same(self.value, other)

    def has_shape_of(self, function):
        """Returns whether another function gives the same shape, and not the one asked for."""
        try:
            shape = self.of(function).shape
        except Exception:
            return False
        return self.value is not None and self.value.shape == shape != self.wanted.shape

    def same(self, a, b):
        """Returns whether two arrays are equal, but for rounding."""
        exercise = self.exercise
        return a.shape == b.shape and np.allclose(
            a, b, rtol=exercise.rtol, atol=exercise.atol, equal_nan=True
        )

    def _is_right(self):
        if self.exercise.right:
            return self.value.shape == self.wanted.shape and bool(
                self.exercise.right(self.value, *copy.deepcopy(self.args))
            )
        return self.same(self.value, self.wanted)


def _reason(exercise, answer, results, wrong):
    """Returns the hint for an answer that is wrong in some cases."""
    first = wrong[0]
    # A mistake that explains every case comes before one that explains what is wrong, and that
    # before one that explains the first wrong case; for single numbers that would say too little.
    groups = [results, wrong, [first]]
    if first.wanted.ndim == 0:
        groups = [group for group in groups[:2] if len(group) > 1 or len(results) == 1]
    for group in groups:
        for function, hint in exercise.mistakes:
            if all(result.is_like(function) for result in group) and not first.hint:
                return hint(answer) if callable(hint) else hint
    for function, hint in exercise.shapes:
        if first.has_shape_of(function):
            return hint(answer) if callable(hint) else hint
    if first.hint:
        hint = first.hint if first is results[0] else f"With {first.words}: {first.hint}"
        return f"{_unused(exercise, answer)} {hint}"
    return _unforeseen(exercise, answer, results, wrong)


def _size(result):
    return sum(np.size(arg) for arg in result.args)


def _unused(exercise, answer):
    """Says which arguments that matter the function never looks at, if there are any."""
    needless = Answer(exercise.reference, answer.names).unread()
    unread = [name for name in answer.unread() if name not in needless]
    if not unread:
        return ""
    said = f"Your function doesn't use its argument{'s' * (len(unread) > 1)} {listed(unread)}"
    if outer := answer.outer_data():
        said += f", but {listed(outer)}, from the notebook. It should work on whatever it is given"
    return f"{said}."


def _unforeseen(exercise, answer, results, wrong):
    """Returns a hint where no mistake fits: what can be said of any wrong result."""
    first, result = wrong[0], min(wrong, key=_size)
    unused, outer = _unused(exercise, answer), answer.outer_data()
    if unused and outer:
        return unused
    if first.value.shape != first.wanted.shape:
        about = _about_shape(exercise, first.value, first.wanted)
        about = f"{unused} {about}"
        return about if first is results[0] else f"{about} (with {first.words})"
    if result.value is None or result.value.shape != result.wanted.shape:
        result = first
    value, wanted = result.value, result.wanted
    if unused:
        return f"{unused} {_case(result)}"
    reads = f" (Your function reads {listed(outer)} from the notebook.)" if outer else ""
    if about := exercise.otherwise and exercise.otherwise(value, *copy.deepcopy(result.args)):
        return f"{about} {_case(result)}{reads}"
    if not np.isfinite(value).all() and np.isfinite(wanted).all():
        word = "NaN (not a number)" if np.isnan(value).any() else "infinity"
        return f"There is {word} in the result. {_case(result)}{reads}"
    if factor := _common_factor(results):
        what = (
            "The sign is turned" if factor == -1 else f"The result is {factor:.4g} times too large"
        )
        if 0 < factor < 1:
            what = f"The result is {1 / factor:.4g} times too small"
        return f"{what}. {_case(result)}{reads}"
    return f"{_case(result)}{reads}"


def _about_shape(exercise, value, wanted):
    """Says what is wrong with a shape."""
    said = f"{exercise.what} " if exercise.what else ""
    shapes = f"Expected {_shape(wanted)}. Received: {_shape(value)}"
    same_numbers = value.size == wanted.size and np.allclose(
        value.ravel(), wanted.ravel(), rtol=1e-3, atol=1e-5
    )
    if same_numbers and np.squeeze(value).shape == np.squeeze(wanted).shape:
        if value.ndim > wanted.ndim:
            why = "an axis of length 1 is left over, as keepdims=True or a slice leaves it"
        else:
            why = "an axis of length 1 is missing; x[..., None] or reshape puts it back"
        return f"The numbers are right, but {why}. {shapes}"
    if same_numbers:
        return f"The numbers are right, but not their shape. {shapes}"
    if value.shape == wanted.shape[::-1] and np.allclose(value.T, wanted, rtol=1e-3, atol=1e-5):
        return f"Rows and columns are swapped. {shapes}"
    return f"{said}{shapes}"


def _common_factor(results):
    """Returns the number by which all results are too large, or None."""
    if any(r.value is None or r.value.shape != r.wanted.shape for r in results):
        return None
    value, wanted = (
        np.concatenate([getattr(result, name).ravel() for result in results])
        for name in ("value", "wanted")
    )
    if np.count_nonzero(wanted) < 2 or not np.isfinite(value).all():
        return None
    factor = np.vdot(wanted, value) / np.vdot(wanted, wanted)
    same = factor and np.allclose(value, factor * wanted, rtol=1e-3, atol=1e-6)
    return round(float(factor), 6) if same else None


def _case(result):
    """Shows a case: what went in, what was expected, what came."""
    given = [
        f"{name} = {_shown_value(arg)}"
        for name, arg in zip(inspect.signature(result.exercise.reference).parameters, result.args)
        if not callable(arg) and np.size(arg) <= 12
    ]
    place = ", ".join(given) if len(given) == len(result.args) else result.words
    value, wanted = result.value, result.wanted
    if value.size > 8:
        with np.errstate(invalid="ignore"):
            off = np.nan_to_num(np.abs(value - wanted), nan=np.inf)
        at = np.unravel_index(int(np.argmax(off)), value.shape)
        place = f"{place}, at place [{', '.join(map(str, at))}] of the result"
        value, wanted = value[at], wanted[at]
    return f"With {place}: expected {_shown_value(wanted)}, received {_shown_value(value)}"


def _shown_value(value):
    """Shows a number or a small array as a learner would write it."""
    if isinstance(value, str | bool):
        return repr(value)
    rounded = np.asarray(value, dtype="float64")
    if rounded.ndim == 0:
        return f"{rounded:.5g}"
    return re.sub(r"'", "", str(np.vectorize(lambda v: f"{v:.4g}", otypes=["O"])(rounded).tolist()))


def _shape(array):
    return "one number" if array.ndim == 0 else f"an array of shape {array.shape}"
