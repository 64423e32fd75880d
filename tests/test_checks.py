"""Every exercise's check, asked with right answers, wrong answers, mutants and nonsense."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf
from answers import RIGHT, SURVIVORS, WRONG
from mutants import mutants

from aehelpers import checks
from aehelpers.checks import exercise as harness
from aehelpers.checks.answer import Answer

EXERCISES = {name: getattr(checks, name) for name in checks.__all__ if name.startswith("ex")}
COMPARED = [name for name, check in EXERCISES.items() if check.cases]  # by their numbers


def text_of(hint, answer):
    return hint(Answer(answer, [])) if callable(hint) else hint


def test_every_exercise_has_enough_answers():
    assert EXERCISES.keys() == RIGHT.keys() == WRONG.keys()
    for name, check in EXERCISES.items():
        assert name == f"ex{check.number.replace('.', '_').zfill(4)}"
        assert len(RIGHT[name]) >= 4
        assert len(WRONG[name]) >= 8
        assert len({hint for _, hint in WRONG[name]}) >= 3


@pytest.mark.parametrize(
    ("name", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]]
)
def test_right_answers_pass(name, answer):
    verdict = EXERCISES[name](answer)
    assert verdict.passed, verdict
    assert "passed" in repr(verdict)


@pytest.mark.parametrize(
    ("name", "answer", "hint"), [(name, *wrong) for name in WRONG for wrong in WRONG[name]]
)
def test_wrong_answers_get_their_hint(name, answer, hint):
    verdict = EXERCISES[name](answer)
    assert verdict.passed is False, verdict
    assert hint in verdict.message
    assert "“" in verdict.message and "”" in verdict.message  # where to read again
    check_punctuation(verdict.message)


def check_punctuation(message):
    for slip in ("..", "?.", "!.", ". .", " ,", "  ", "shape ()"):
        assert slip not in message.replace("...", "…"), message
    assert message.endswith((".", "?", "!", "…"))


@pytest.mark.parametrize("name", EXERCISES)
def test_every_stated_mistake_earns_its_hint(name):
    check = EXERCISES[name]
    for answer, hint in check.mistakes:
        verdict = check(answer)
        assert verdict.passed is False
        assert verdict.message.startswith(text_of(hint, answer)[:40]), verdict


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_passes_in_every_type(name):
    check = EXERCISES[name]
    assert check(check.reference).passed
    if name not in COMPARED:
        return
    for convert in (
        lambda value: np.asarray(value).tolist(),
        lambda value: tuple(value) if np.ndim(value) else value,
        lambda value: np.asarray(value, "float32"),
        lambda value: np.asarray(value, "float64"),
        lambda value: tf.constant(value),
        lambda value: tf.Variable(value),
        lambda value: keras.ops.convert_to_tensor(value),
        lambda value: keras.Variable(np.asarray(value, "float32")),
    ):
        verdict = check(lambda *args, convert=convert: convert(check.reference(*args)))
        assert verdict.passed, verdict


class Odd:
    def __repr__(self):
        raise RuntimeError("no text for it")


def generator(*args):
    yield 1


async def coroutine(*args):
    return 1


def endless(*args):
    return endless(*args)


def leave(*args):
    raise SystemExit(3)


NONSENSE = {
    "text": "an answer",
    "bytes": b"an answer",
    "dict": {"a": 1},
    "set": {1, 2},
    "ragged": [[1, 2], [3]],
    "NaN": np.nan,
    "NaNs": np.full(6, np.nan),
    "infinity": -np.inf,
    "complex": 1j,
    "object": Odd(),
    "class": Odd,
    "list of None": [None, None],
    "list of text": ["1", "2"],
    "empty": [],
    "no pair": (),
    "pair of None": (None, None),
    "pair of text": ("a", "b"),
    "function": len,
    "date": np.datetime64("2020-01-01"),
    "not implemented": NotImplemented,
}


@pytest.mark.parametrize("name", EXERCISES)
def test_whatever_comes_back_is_judged(name):
    for value in NONSENSE.values():
        verdict = EXERCISES[name](lambda *args, value=value: value)
        assert verdict.passed is False
        check_punctuation(verdict.message)
    for answer in (generator, coroutine, endless, leave, Odd, lambda: 1, lambda *args: args[99]):
        verdict = EXERCISES[name](answer)
        assert verdict.passed is False
        check_punctuation(verdict.message)


@pytest.mark.parametrize("name", EXERCISES)
def test_what_is_no_function(name):
    for value in (None, 3.0, "text", ...):
        assert "Expected a function" in EXERCISES[name](value).message


def stub(*args):
    """What is to be written."""
    ...


def passing(*args):
    pass


def not_written(*args):
    raise NotImplementedError


@pytest.mark.parametrize("name", EXERCISES)
def test_a_stub_is_not_attempted(name):
    for answer in (stub, passing, not_written, lambda *args: None, lambda *args: ...):
        verdict = EXERCISES[name](answer)
        assert verdict.passed is None
        assert repr(verdict).endswith("not attempted yet.")


@pytest.mark.parametrize("name", EXERCISES)
def test_a_missing_return_is_named(name, capsys):
    reference = EXERCISES[name].reference

    def forgotten(*args):
        value = reference(*args)
        len(str(value))

    def printed(*args):
        print(reference(*args))

    for answer in (forgotten, printed):
        verdict = EXERCISES[name](answer)
        assert verdict.passed is False
        assert "`return`" in verdict.message


@pytest.mark.parametrize("name", COMPARED)
def test_an_answer_that_changes_its_input_is_told_so(name):
    check = EXERCISES[name]

    def changing(*args):
        value = np.array(check.reference(*args), dtype="float64")
        for arg in args:
            if isinstance(arg, np.ndarray):
                arg[...] = 0
        return value

    if any(isinstance(arg, np.ndarray) for args in check.cases().values() for arg in args):
        verdict = check(changing)
        assert verdict.passed is False
        assert "change" in verdict.message

        def changing_and_wrong(*args):
            return changing(*args) * 3 + 1

        verdict = check(changing_and_wrong)
        assert "change" in verdict.message
        assert "Besides" in verdict.message


@pytest.mark.parametrize("name", COMPARED)
def test_an_answer_that_looks_at_nothing_doesnt_pass(name):
    check = EXERCISES[name]
    for args in check.cases().values():
        wanted = check.reference(*args)
        verdict = check(lambda *args, wanted=wanted: wanted)
        assert verdict.passed is False


@pytest.mark.parametrize("name", COMPARED)
def test_what_learners_print_is_shown_once(name, capsys):
    check = EXERCISES[name]

    def printing(*args):
        print("looked at")
        return check.reference(*args)

    assert check(printing).passed
    assert capsys.readouterr().out == "looked at\n"


def test_checks_draw_no_random_numbers_of_the_notebook():
    import random

    keras.utils.set_random_seed(0)
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    for check in EXERCISES.values():
        check(check.reference)
    assert before == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002


@pytest.mark.parametrize("name", EXERCISES)
def test_mutants_of_the_reference_are_refused(name):
    passed, tried = {}, 0
    for description, mutant in mutants(EXERCISES[name].reference):
        tried += 1
        if EXERCISES[name](mutant).passed:
            passed[description] = mutant
    assert tried
    unexplained = passed.keys() - SURVIVORS.get(name, {}).keys()
    assert not unexplained, unexplained
    assert SURVIVORS.get(name, {}).keys() <= passed.keys()


def test_nearly_all_mutants_are_refused():
    tried = sum(len(list(mutants(check.reference))) for check in EXERCISES.values())
    survived = sum(len(found) for found in SURVIVORS.values())
    assert survived <= 0.05 * tried
    assert all(reason for found in SURVIVORS.values() for reason in found.values())


@pytest.mark.parametrize("name", EXERCISES)
def test_hints_come_one_at_a_time(name, monkeypatch):
    monkeypatch.setattr(harness, "_shown", {})
    check = EXERCISES[name]
    assert 2 <= len(check.steps) <= 4
    for count in range(1, len(check.steps) + 1):
        shown = repr(checks.hint(check.number))
        assert check.steps[count - 1] in shown
        assert all(step not in shown for step in check.steps[count:])
    assert repr(checks.hint(check.number)) == shown
    for step in check.steps:
        assert step.endswith((".", "?"))


@pytest.mark.parametrize("number", ["9.9", "", None, "ex01_1"])
def test_a_hint_for_no_exercise(number):
    with pytest.raises(ValueError, match=r"number must be one of '0.1', .*Received: number="):
        checks.hint(number)


def test_checks_are_named_as_their_arguments():
    """Hints name the arguments as the exercise's stub does."""
    for check in EXERCISES.values():
        assert list(inspect.signature(check.reference).parameters)


def test_an_argument_that_nobody_needs_isnt_missed():
    verdict = checks.ex05_4(lambda r, kl, beta, training: r + 3 * beta * kl)
    assert "doesn't use" not in verdict.message
    assert "expected 140, received 240" in verdict.message


def test_a_message_of_tensorflow_is_readable():
    verdict = checks.ex04_2(lambda scores, k: tf.constant([1.0, 2.0]) + tf.constant([1.0] * 3))
    assert "InvalidArgumentError: Incompatible shapes: [2] vs. [3]" in verdict.message
    assert "{" not in verdict.message
    assert "[Op" not in verdict.message
