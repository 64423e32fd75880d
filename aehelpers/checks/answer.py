"""A learner's function, called so that nothing it does gets out, and what it returned."""

import contextlib
import copy
import dis
import inspect
import io
import re
import types
import warnings

import numpy as np

__all__ = ["Answer", "Hint", "NotAttempted", "as_numbers", "kind_of", "listed"]

# What a body of nothing but `...`, `pass`, `return None` or a docstring compiles to.
_STUB = {"RESUME", "NOP", "LOAD_CONST", "POP_TOP", "RETURN_CONST", "RETURN_VALUE"}


class Hint(Exception):
    """Raised while an answer is judged: why it isn't right, in words for the learner."""


class NotAttempted(Exception):
    """Raised by a stub that was left as it is."""


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
            raise NotAttempted from None
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
                raise NotAttempted
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
                f"Your function should take {listed(self.names)}, in this order. "
                f"Received: a function of {signature}"
            ) from None

    def check_unchanged(self):
        """Raises a hint if an argument was changed."""
        if self.changed:
            raise Hint(f"The result is right, but look: {self.change_message()}")

    def change_message(self):
        """Says which arguments the function changes."""
        names = listed([name for name in self.names if name in self.changed])
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
        raise Hint(f"Expected numbers. Received: {kind_of(value)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array = np.asarray(value)
    except Exception:
        raise Hint(
            f"Expected an array of numbers. Received: {kind_of(value)} that can't be made into "
            "one; are its rows of different lengths?"
        ) from None
    if array.dtype.kind == "c":
        raise Hint("Expected real numbers. Received: complex ones, as the root of a negative gives")
    if array.dtype.kind in "USMm":
        raise Hint("Expected numbers. Received: text or dates in an array")
    try:
        return array.astype("float64")
    except Exception:
        raise Hint(f"Expected numbers. Received: {kind_of(value)}") from None


def _text(error):
    try:
        text = str(error)
    except Exception:
        text = ""
    text = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", text)  # what TensorFlow puts around its messages
    return text if len(text) <= 300 else f"{text[:300]} …"


def kind_of(value):
    """Names the type of a value, with its article."""
    names = {"str": "text", "NoneType": "None", "dict": "a dict", "set": "a set"}
    name = type(value).__name__
    if name in names:
        return names[name]
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def listed(words):
    """Joins words as a sentence does: `a, b and c`."""
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
