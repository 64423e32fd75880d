"""Runs what was chosen of a notebook and has the course's checks judge it: in a process of its own.

What it finds is reported line by line, so that what was judged before an endless loop or a killed
process isn't lost: the next process leaves out what the last one died of.
"""

import builtins
import contextlib
import functools
import inspect
import re
import signal
import sys
import types

from scripts import course
from scripts.grading import cells

AGAIN = 0.2  # seconds after which what went on after its alarm is stopped once more
LETTERS = 1_000_000  # that a notebook may print
BY_HAND = "To be marked by hand"
LONGEST = 3000  # letters of a message


class TooMuchOutput(Exception):
    """Raised in code that prints without end."""


class _Sink:
    """Takes what is printed, up to a limit, and keeps none of it."""

    encoding = "utf-8"

    def __init__(self):
        self._left = LETTERS

    def write(self, text):
        self._left -= len(text)
        if self._left < 0:
            raise TooMuchOutput(f"it printed more than {LETTERS:,} letters")
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


@contextlib.contextmanager
def _alarm(seconds):
    """Raises TimeoutError in what runs too long, where the system can."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_):
        raise TimeoutError(f"it ran for more than {seconds} seconds")

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Noted:
    """What a check that only noted an answer returns in a learner's cell."""

    passed, message = None, ""


def course_functions(number):
    """Returns the names that the course gives the answers of a notebook, by exercise."""
    found = {}
    for cell in course.notebook(number).read().cells:
        if "exercise" in cell.metadata.get("tags", []):
            name, answer = re.search(r"(ex\d\d_\d+)\((\w+)\)", cell.source).groups()
            found[name] = answer
    return found


def exercises(number):
    """Returns the checks of a notebook by their names, such as `{"ex01_1": <check>}`."""
    from aehelpers import checks

    found = [name for name in checks.__all__ if name.startswith(f"ex{number}_")]
    return {name: getattr(checks, name) for name in found}


def run(content, skip, functions, report, seconds):
    """Judges a notebook.

    Args:
        content: The bytes of the file.
        skip: Places of cells and names of exercises that are left out, and why.
        functions: By the number of a notebook, the names of its answers by exercise.
        report: Function of keywords that passes something on: `problem`, `notebook`, `at`, or a
            verdict.
        seconds: How long a statement may take, and the judging of an answer.
    """
    sys.stdout = sys.stderr = _Sink()
    try:
        found = cells.read(content)
        number = cells.number_of(found)
        if number is None or number not in functions:
            raise cells.Damaged("There is no exercise of this course in it.")
    except cells.Damaged as error:
        report(problem=str(error))
        return
    chosen, unreadable = cells.parts(found)
    report(notebook=number)
    before = fingerprint()
    space, noted, failed = execute(chosen, skip, report, seconds)
    by_hand = ""
    if places := cells.looks_into_checks(found):
        by_hand = f"{BY_HAND}: it looks into the course's checks ({', '.join(places)})."
    for name, check in exercises(number).items():
        report(at=name)
        mine = [cell for cell in found if cell.is_exercise and name in cell.checked]
        tries = max((cell.tries.get(check.number, 0) for cell in found), default=0)
        place = mine[-1].place if mine else ""
        answer = noted.get(name) or [space[n] for n in [functions[number][name]] if n in space]
        changed = by_hand or _changed(before)
        if changed:
            passed, message = None, changed
        elif reason := skip.get(name):
            passed, message = False, reason
        elif answer:
            passed, message = _judged(check, answer, seconds)
        else:
            passed, message = _missing(mine, unreadable, failed, skip)
        if not changed and (changed := _changed(before) or _fooled(check)):
            passed, message = None, changed
        report(
            exercise=check.number,
            passed=passed,
            message=str(message)[:LONGEST],
            tries=tries or None,
            place=place,
        )


def execute(chosen, skip, report, seconds):
    """Runs statements one after another, whatever becomes of those before.

    Args:
        chosen: `cells.Part`s.
        skip: As for `run`.
        report: As for `run`.
        seconds: As for `run`.

    Returns:
        The names that they set; the answers that were given to each check, by exercise; and by
        place the first error of each cell.
    """
    noted, failed = {}, {}

    def note(name, answer):
        noted.setdefault(name, []).append(answer)
        return _Noted()

    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module  # classes look there for their names
    space = module.__dict__
    space[cells.NOTED] = note
    at = None
    for part in chosen:
        if part.place in skip:
            continue
        if part.place != at:
            at = part.place
            report(at=at)
        try:
            with _alarm(seconds):
                exec(part.code, space)
        except BaseException as error:  # SystemExit, too
            failed.setdefault(part.place, f"{type(error).__name__}: {_text(error)}")
    return space, noted, failed


def _text(error):
    try:
        return " ".join(str(error).split())[:300]
    except Exception:
        return ""


def _judged(check, answers, seconds):
    """Has a check judge the last answer that isn't an untouched stub."""
    from aehelpers.checks.answer import Answer

    def is_stub(answer):
        with contextlib.suppress(Exception):
            return callable(answer) and Answer(answer, []).is_stub()
        return False

    written = [answer for answer in answers if not is_stub(answer)]
    answer = (written or answers)[-1]
    try:
        with _alarm(seconds):
            verdict = check(answer)
    except BaseException as error:  # what a check doesn't catch, such as a KeyboardInterrupt
        return False, f"Your function stopped with {type(error).__name__}: {_text(error)}"
    return verdict.passed, verdict.message


def _missing(mine, unreadable, failed, skip):
    """Says why there is no answer: a pair of passed and message."""
    for cell in reversed(mine):
        if reason := unreadable.get(cell.place) or failed.get(cell.place):
            return False, f"The code of {cell.place} doesn't run. {reason}"
        if cell.place in skip:
            return False, skip[cell.place]
    if mine:
        return False, f"There is no answer in {mine[-1].place}: its check is never called."
    return None, "The exercise isn't in this notebook."


def fingerprint():
    """Returns the code of all functions of the course's checks, and of what these lean on."""
    import numpy as np

    found = {name: getattr(builtins, name) for name in ("all", "any", "isinstance", "zip", "len")}
    found |= {name: getattr(np, name) for name in ("allclose", "isclose", "asarray", "square")}
    for name, module in list(sys.modules.items()):
        if name.split(".")[:2] != ["aehelpers", "checks"]:
            continue
        for key, value in list(vars(module).items()):
            if inspect.isfunction(value):
                found[f"{name}.{key}"] = value.__code__
            elif inspect.isclass(value) and value.__module__ == name:
                for method, function in list(vars(value).items()):
                    code = getattr(function, "__code__", None)
                    found[f"{name}.{key}.{method}"] = code or id(function)
            elif type(value).__name__ == "Exercise":
                for part, function in vars(value).items():
                    if not part.startswith("_"):  # not what it remembers of its answers
                        found[f"{name}.{key}.{part}"] = id(function)
    return found


def _changed(before):
    """Says that a notebook has changed the checks, or returns nothing."""
    now = fingerprint()
    names = sorted(name for name in before.keys() & now.keys() if before[name] != now[name])
    names += sorted(before.keys() - now.keys())
    if names:
        return f"{BY_HAND}: it changes the course's checks ({names[0]})."
    return ""


def _fooled(check):
    """Says that a check would pass anything by now, or returns nothing."""
    wrong = check.mistakes[0][0] if check.mistakes else functools.partial(int, 7)
    try:
        fooled = check(wrong).passed
    except BaseException:
        fooled = True
    return f"{BY_HAND}: after it, a check passes what is wrong." if fooled else ""
