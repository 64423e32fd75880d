"""What every exercise is made of, and how an answer to it is judged.

An exercise states a reference answer, the cases it is asked with, and its mistakes: wrong answers
written as functions, each with the hint that it earns. What the learner's function returns is
compared with the reference in every case. Where it differs, the mistake that gives the same tells
what went wrong; if none does, the smallest case that differs is shown.
"""

import contextlib
import copy
import dis
import functools
import inspect
import io
import random
import re
import types
import warnings

import numpy as np

__all__ = ["Exercise", "Hint", "Verdict", "hint"]

_exercises = {}  # by number
_shown = {}  # by number: how many steps `hint` has given

# What a body of nothing but `...`, `pass`, `return None` or a docstring compiles to.
_STUB = {"RESUME", "NOP", "LOAD_CONST", "POP_TOP", "RETURN_CONST", "RETURN_VALUE"}


class Verdict:
    """What a check found.

    Attributes:
        exercise: The exercise's number, such as `"1.2"`.
        passed: True, False, or None if the exercise was not attempted.
        message: What to tell the learner.
    """

    def __init__(self, exercise, passed, message):
        self.exercise = exercise
        self.passed = passed
        self.message = message

    def __repr__(self):
        word = {True: "passed", False: "not yet", None: "not attempted yet"}[self.passed]
        text = f"Exercise {self.exercise}: {word}."
        return f"{text} {self.message}" if self.message else text


class Hint(Exception):
    """Raised while an answer is judged: why it isn't right, in words for the learner."""


class _NotAttempted(Exception):
    """Raised by a stub that was left as it is."""


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
        self.judge = judge or functools.partial(_compare, self)
        self.__doc__ = f"Checks an answer to exercise {number}: call it with your function."
        _exercises[number] = self

    def __repr__(self):
        return f"<check of exercise {self.number}: call it with your function>"

    def __call__(self, function):
        """Judges a learner's function and returns a `Verdict`."""
        if not callable(function):
            message = f"Expected a function. Received: {_kind(function)}"
            return Verdict(self.number, False, _sentence(message))
        answer = Answer(function, list(inspect.signature(self.reference).parameters))
        try:
            with _own_random_numbers():
                praise = self.judge(answer)
            answer.check_unchanged()
            return Verdict(self.number, True, praise)
        except _NotAttempted:
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


class Answer:
    """A learner's function, called so that nothing it does gets out.

    Args:
        function: The function.
        names: The names of its arguments, in the words of the exercise.

    Attributes:
        changed: The names of the arguments that it has changed so far.
    """

    def __init__(self, function, names):
        self.function = function
        self.names = names
        self.changed = set()
        self._quiet = False

    def __call__(self, *args):
        """Returns what the function returns for copies of `args`; an error becomes a hint."""
        self._check_arguments(args)
        given = copy.deepcopy(args)
        printed = io.StringIO()
        # What the learner prints to find a mistake is shown for the first case only.
        quiet = contextlib.redirect_stdout(printed) if self._quiet else contextlib.nullcontext()
        self._quiet = True
        try:
            with quiet, warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                value = self.function(*given)
        except NotImplementedError:
            raise _NotAttempted from None
        except (Exception, SystemExit, GeneratorExit) as error:
            raise Hint(
                f"Your function stopped with {type(error).__name__}: {_text(error)}"
            ) from error
        self.changed |= {
            name for name, before, after in zip(self.names, args, given) if _differ(before, after)
        }
        if inspect.iscoroutine(value):
            value.close()
            raise Hint("Expected a plain function: `def` without `async`")
        if value is None or value is Ellipsis:
            if self.is_stub():
                raise _NotAttempted
            raise Hint(
                "Your function returns nothing. Printing or computing a value doesn't hand it "
                "over: end the function with `return` and the value."
            )
        return value

    def _check_arguments(self, args):
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError):  # built-in functions may have none
            return
        try:
            signature.bind(*args)
        except TypeError:
            raise Hint(
                f"Your function should take {_listed(self.names)}, in this order. "
                f"Received: a function of {signature}"
            ) from None

    def check_unchanged(self):
        """Raises a hint if an argument was changed."""
        if self.changed:
            raise Hint(f"The result is right, but look: {self.change_message()}")

    def change_message(self):
        """Says which arguments the function changes."""
        names = _listed([name for name in self.names if name in self.changed])
        return (
            f"Your function changes {names} itself, and so what the caller goes on working with. "
            "Make a new array, as `a = a - b` does and `a -= b` doesn't."
        )

    def is_stub(self):
        """Returns whether the function's body is still only `...`."""
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        return code is not None and {i.opname for i in dis.get_instructions(code)} <= _STUB

    def uses(self, name):
        """Returns whether the function's code names a function, method or variable."""
        return any(name in code.co_names for code in self._codes())

    def unread(self):
        """Returns the exercise's names of the arguments that the function never looks at."""
        codes = list(self._codes())
        if not codes:
            return []
        code = codes[0]
        read = {
            word
            for each in codes
            for i in dis.get_instructions(each)
            if not i.opname.startswith("STORE")
            for word in (i.argval if isinstance(i.argval, tuple) else (i.argval,))
            if isinstance(word, str)
        }
        count = min(code.co_argcount, len(self.names))
        return [name for name, own in zip(self.names, code.co_varnames[:count]) if own not in read]

    def outer_data(self):
        """Returns the names of the notebook's data that the function reads: no functions."""
        space = getattr(inspect.unwrap(self.function), "__globals__", {})
        read = {
            i.argval
            for code in self._codes()
            for i in dis.get_instructions(code)
            if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")
        }
        return sorted(
            name
            for name in read & space.keys()
            if not callable(space[name]) and not inspect.ismodule(space[name])
        )

    def _codes(self):
        """Yields the code of the function and of the functions within it."""
        waiting = [getattr(inspect.unwrap(self.function), "__code__", None)]
        while waiting:
            code = waiting.pop()
            if code is not None:
                yield code
                waiting += [each for each in code.co_consts if isinstance(each, types.CodeType)]


def as_numbers(value):
    """Turns whatever a learner's function returned into an array of numbers, or raises a hint."""
    if isinstance(value, types.GeneratorType):
        raise Hint("Expected numbers. Received: a generator. Is there a `yield`, or ( ) for [ ]?")
    if isinstance(value, str | bytes | dict | set | frozenset) or callable(value):
        raise Hint(f"Expected numbers. Received: {_kind(value)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array = np.asarray(value)
    except Exception:
        raise Hint(
            f"Expected an array of numbers. Received: {_kind(value)} that can't be made into one; "
            "are its rows of different lengths?"
        ) from None
    if array.dtype.kind == "c":
        raise Hint("Expected real numbers. Received: complex ones, as the root of a negative gives")
    if array.dtype.kind in "USMm":
        raise Hint("Expected numbers. Received: text or dates in an array")
    try:
        return array.astype("float64")
    except Exception:
        raise Hint(f"Expected numbers. Received: {_kind(value)}") from None


def _compare(exercise, answer):
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
    said = f"Your function doesn't use its argument{'s' * (len(unread) > 1)} {_listed(unread)}"
    if outer := answer.outer_data():
        said += f", but {_listed(outer)}, from the notebook. It should work on whatever it is given"
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
    reads = f" (Your function reads {_listed(outer)} from the notebook.)" if outer else ""
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


def _sentence(text):
    """Ends a text with one full stop, unless it ends in another mark."""
    text = re.sub(r"\s+", " ", text).strip()
    return text if text.endswith((".", "?", "!", "…", ".”")) else f"{text}."


def _text(error):
    try:
        text = str(error)
    except Exception:
        text = ""
    text = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", text)  # what TensorFlow puts around its messages
    return text if len(text) <= 300 else f"{text[:300]} …"


def _kind(value):
    """Names the type of a value, with its article."""
    names = {"str": "text", "NoneType": "None", "dict": "a dict", "set": "a set"}
    name = type(value).__name__
    if name in names:
        return names[name]
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _listed(words):
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _differ(before, after):
    """Returns whether an argument is no longer what it was."""
    if isinstance(before, np.ndarray):
        return before.shape != after.shape or not np.array_equal(before, after, equal_nan=True)
    if isinstance(before, list | tuple):
        return len(before) != len(after) or any(map(_differ, before, after))
    if isinstance(before, bool | int | float | str):
        return before != after
    return False  # a generator is meant to change, and functions don't
