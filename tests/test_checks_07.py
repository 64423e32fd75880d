import numpy as np
import pytest

from aehelpers import checks

CORRECT = {
    "ex07_1": [
        lambda g, n: np.average(g, axis=0, weights=n),
        lambda g, n: (n @ g) / sum(n),
    ],
    "ex07_2": [
        lambda c, m: (2 * c * m) ** 0.5,
        lambda c, m: min(np.arange(1, 5000, 0.1), key=lambda t: c / t + t / (2 * m)),
    ],
}

WRONG = {
    "ex07_1": [
        (lambda g, n: g.mean(axis=0), "mean of the means"),
        (lambda g, n: g.sum(axis=0), "divided already"),
        (lambda g, n: n @ g, "sum over all images"),
        (lambda g, n: n @ g / len(n), "number of workers"),
        (lambda g, n: g[0], "whole batch"),
        (lambda g, n: g, "one number for each weight"),
        (lambda g, n: g @ n, "stopped with ValueError"),
    ],
    "ex07_2": [
        (lambda c, m: 2 * c * m, "its square"),
        (lambda c, m: (c * m) ** 0.5, "factor is missing"),
        (lambda c, m: (2 * c * m) ** 0.5 / 60, "in minutes"),
        (lambda c, m: m / 2, "derivative"),
    ],
}
EXERCISES = sorted(CORRECT)


def test_every_check_is_tested():
    ours = [name for name in checks.__all__ if name.startswith("ex07")]
    assert EXERCISES == sorted(WRONG) == sorted(ours)


@pytest.mark.parametrize(
    ("name", "answer"), [(name, answer) for name in EXERCISES for answer in CORRECT[name]]
)
def test_correct_answers_pass(name, answer):
    verdict = getattr(checks, name)(answer)
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    ("name", "answer", "hint"), [(name, *wrong) for name in EXERCISES for wrong in WRONG[name]]
)
def test_wrong_answers_get_their_own_hint(name, answer, hint):
    verdict = getattr(checks, name)(answer)
    assert verdict.passed is False
    assert hint in verdict.message
    assert "“" in verdict.message and "”" in verdict.message  # where to read again


@pytest.mark.parametrize("name", EXERCISES)
def test_a_stub_is_not_attempted(name):
    for stub in (lambda *args: None, lambda *args: ...):
        assert getattr(checks, name)(stub).passed is None
