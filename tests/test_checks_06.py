import numpy as np
import pytest

from aehelpers import checks, metrics


def pairs(normal, anomalous):
    return np.asarray(anomalous)[:, None] - np.asarray(normal)


def labels(normal, anomalous):
    return np.repeat([False, True], [len(normal), len(anomalous)])


def area(normal, anomalous):
    return metrics.auroc(np.concatenate([normal, anomalous]), labels(normal, anomalous))


def table(x, x_train):
    difference = x.reshape(len(x), 1, 784) - x_train.reshape(1, -1, 784)
    return np.square(difference).sum(axis=2)


def by_products(x, x_train):
    a, b = x.reshape(len(x), -1), x_train.reshape(len(x_train), -1)
    squared = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squared, 0)).min(axis=1)


CORRECT = {
    "ex06_1": [area, lambda n, a: np.mean((pairs(n, a) > 0) + 0.5 * (pairs(n, a) == 0))],
    "ex06_2": [
        lambda scores, rate: np.quantile(scores, 1 - rate),
        lambda scores, rate: np.sort(scores)[-int(rate * len(scores)) - 1],
    ],
    "ex06_3": [lambda x, t: np.sqrt(table(x, t)).min(axis=1), by_products],
}

WRONG = {
    "ex06_1": [
        (lambda n, a: 1 - area(n, a), "Upside down"),
        (lambda n, a: np.mean(pairs(n, a) < 0), "Upside down"),
        (lambda n, a: np.mean(pairs(n, a) > 0), "Ties"),
        (lambda n, a: np.mean(pairs(n, a) >= 0), "Ties"),
        (lambda n, a: 100 * area(n, a), "rather than per cent"),
        (lambda n, a: area(n, a) * len(n) * len(a), "number of pairs"),
        (lambda n, a: np.mean(a > np.mean(n)), "mean of the normal scores"),
        (lambda n, a: pairs(n, a) > 0, "one number"),
        (lambda n, a: 0.5, "it should be"),
        (lambda n, a: n + a, "stopped with ValueError"),
    ],
    "ex06_2": [
        (lambda scores, rate: np.quantile(scores, rate), "wrong end"),
        (lambda scores, rate: scores.max(), "single odd image"),
        (lambda scores, rate: 1 - rate, "rate itself"),
        (lambda scores, rate: scores.mean() + 2 * scores.std(), "follow a Gaussian"),
        (lambda scores, rate: np.quantile(scores, 1 - rate / 2), "quantile does it"),
        (lambda scores, rate: scores > 1, "one number"),
    ],
    "ex06_3": [
        (lambda x, t: table(x, t).min(axis=1), "Squared distances"),
        (lambda x, t: np.sqrt(table(x, t)).mean(axis=1), "hides the one copy"),
        (lambda x, t: np.sqrt(table(x, t)).max(axis=1), "farthest"),
        (lambda x, t: table(x, t).argmin(axis=1), "how far away"),
        (lambda x, t: np.sqrt(table(x, t) / 784).min(axis=1), "rather than their mean"),
        (lambda x, t: np.sqrt(np.square(x - t[: len(x)]).sum(axis=(1, 2, 3))), "all of them"),
        (lambda x, t: np.sqrt(table(x, t)).min(axis=0), "each *new* image"),
        (lambda x, t: np.sqrt(table(x, t)), "whole table"),
        (lambda x, t: np.sqrt(table(x, t) - 1).min(axis=1), "slightly negative"),
        (lambda x, t: np.abs(x[:, None] - t).sum(axis=(2, 3, 4)).min(axis=1), "distances differ"),
    ],
}
EXERCISES = sorted(CORRECT)


def test_every_check_is_tested():
    ours = [name for name in checks.__all__ if name.startswith("ex06")]
    assert EXERCISES == sorted(WRONG) == sorted(ours)


@pytest.mark.parametrize(
    ("name", "answer"), [(name, answer) for name in EXERCISES for answer in CORRECT[name]]
)
def test_correct_answers_pass(name, answer):
    verdict = getattr(checks, name)(answer)
    assert verdict.passed, verdict


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
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
