import json
import random
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from aehelpers import predictions
from scripts import predictions as stored

QUESTION, CHOICES = "Which is <larger>?", ["the first", "the second", "neither"]


@pytest.fixture(autouse=True)
def nothing_chosen():
    predictions._chosen.clear()
    predictions._asked.clear()


def answered(prediction, capsys, outcome=2, **kwargs):
    prediction.answer(outcome, **kwargs)
    return capsys.readouterr().out


def test_without_a_choice_only_the_measured_is_told(capsys):
    prediction = predictions.ask(QUESTION, CHOICES)
    assert prediction.choice == 0
    assert answered(prediction, capsys) == "No prediction yet. Measured: the second.\n"


def test_a_wrong_and_a_right_prediction(capsys):
    wrong = predictions.ask(QUESTION, CHOICES, choice=1)
    assert answered(wrong, capsys) == "You said: the first. Measured: the second.\n"
    right = predictions.ask(QUESTION, CHOICES, choice=2)
    assert answered(right, capsys).startswith("You said: the second. So it is. Measured:")


def test_a_cell_that_is_run_again_keeps_the_choice(capsys):
    predictions.ask(QUESTION, CHOICES).choice = 3  # as the radio button does
    again = predictions.ask(QUESTION, CHOICES)
    assert again.choice == 3
    assert "You said: neither." in answered(again, capsys)
    assert predictions.ask("Another question?", CHOICES).choice == 0


def test_a_choice_that_no_longer_exists_is_forgotten():
    predictions.ask(QUESTION, CHOICES, choice=3)
    assert predictions.ask(QUESTION, CHOICES[:2]).choice == 0


def test_a_choice_in_the_code_wins_over_an_earlier_one():
    predictions.ask(QUESTION, CHOICES, choice=3)
    assert predictions.ask(QUESTION, CHOICES, choice=1).choice == 1


@pytest.mark.parametrize("number", [0, 4, -1, True, "1", None, 1.5])
def test_answers_that_do_not_exist(number):
    with pytest.raises(ValueError, match=r"outcome must be one of the choices' numbers, 1 to 3\. "):
        predictions.ask(QUESTION, CHOICES).answer(number)


def test_the_outcome_is_whichever_came_true(capsys):
    prediction = predictions.ask(QUESTION, CHOICES, choice=2)
    for outcome in ([False, True, False], (0, 1, 0), np.array([1, 2, 1]) > 1):
        assert answered(prediction, capsys, outcome).startswith("You said: the second. So it is.")
    for nothing in ([False] * 3, np.zeros(3)):
        assert answered(prediction, capsys, nothing) == (
            "You said: the second. Measured: none of these.\n"
        )


@pytest.mark.parametrize("outcome", [[True, True, False], [True, False], [], [False] * 4])
def test_outcomes_that_fit_no_choices(outcome):
    with pytest.raises(ValueError, match=r"true or false for each of the 3 choices.*Received"):
        predictions.ask(QUESTION, CHOICES).answer(outcome)


@pytest.mark.parametrize(
    ("outcome", "choice"),
    [(1.06, "3"), (4, "3"), (6, "10"), (10.7, "10"), (np.float32(400), "30"), (-1, "3")],
)
def test_a_measured_number_is_nearest_to_one_of_the_choices(outcome, choice, capsys):
    prediction = predictions.ask("By what factor?", ["3", "10", "30"])
    told = answered(prediction, capsys, outcome, values=[3, 10, 30])
    assert told == f"No prediction yet. Measured: {choice} ({float(outcome):.3g}).\n"


def test_a_number_that_is_none(capsys):
    prediction = predictions.ask("By what factor?", ["3", "10", "30"])
    told = answered(prediction, capsys, float("nan"), values=[3, 10, 30])
    assert "Measured: none of these" in told


def test_values_for_some_choices_only():
    with pytest.raises(ValueError, match=r"a number for each of the 3 choices\. Received: values="):
        predictions.ask(QUESTION, CHOICES).answer(1.0, values=[1, 2])


def test_what_the_stored_run_measured_is_told_where_it_differs(capsys, monkeypatch):
    monkeypatch.setattr(predictions, "_stored", lambda: {QUESTION: "the second"})
    prediction = predictions.ask(QUESTION, CHOICES, choice=1)
    assert answered(prediction, capsys, 2) == "You said: the first. Measured: the second.\n"
    for outcome in (1, [False] * 3):
        told = answered(prediction, capsys, outcome)
        assert told.endswith(
            " (The run on all of MNIST that the text speaks of measured: the second.)\n"
        )
    # A question whose choices were reworded since.
    monkeypatch.setattr(predictions, "_stored", lambda: {QUESTION: "another"})
    assert "that the text speaks of" not in answered(prediction, capsys, 1)


def notebook(answer="No prediction yet. Measured: heads and tails (2).\n"):
    ask = new_code_cell(
        'coin_guess = predictions.ask(\n    "What " "shows?", ["heads", "heads and tails"]\n)\n'
        "coin_guess"
    )
    told = new_code_cell(
        "coin_guess.answer(1 + 1)", outputs=[new_output("stream", name="stdout", text=answer)]
    )
    return new_notebook(cells=[ask, told])


def test_stored_runs_are_read_from_the_notebooks(tmp_path, monkeypatch):
    path = tmp_path / "predictions.json"
    another = next(iter(stored.load()))  # of a notebook of the course
    path.write_text(json.dumps({another: "one", "Reworded since?": "yes"}))
    monkeypatch.setattr(stored, "STORED", path)
    stored.record(notebook())
    assert stored.load() == {another: "one", "What shows?": "heads and tails"}
    stored.forget(notebook())
    assert stored.load() == {another: "one"}
    stored.record(notebook("No prediction yet. Measured: none of these.\n"))
    assert stored.load() == {another: "one"}


def test_the_stored_runs_are_those_of_the_notebooks():
    from_notebooks = {}
    for path in sorted(Path("notebooks").glob("[0-9]*.ipynb")):
        from_notebooks |= stored.measured(nbformat.read(path, as_version=4))
    assert stored.load() == from_notebooks
    assert len(from_notebooks) >= 24


@pytest.mark.parametrize("choice", [0, 4, "the first"])
def test_choices_that_do_not_exist(choice):
    with pytest.raises(ValueError, match=r"choice must be one of .*Received: choice="):
        predictions.ask(QUESTION, CHOICES, choice=choice)


@pytest.mark.parametrize("choices", [[], ["one"], "ab", ["same", "same"]])
def test_choices_must_be_several_and_different(choices):
    with pytest.raises(ValueError, match="two or more different texts"):
        predictions.ask(QUESTION, choices)


def test_without_widgets_it_is_text():
    data, _ = predictions.ask(QUESTION, CHOICES)._repr_mimebundle_()
    for text in ("1. the first", "2. the second", "3. neither", "choice="):
        assert text in data["text/plain"]
    assert "Which is &lt;larger&gt;?" in data["text/html"]
    assert data["text/html"].count("<li>") == 3
    assert "application/vnd.jupyter.widget-view+json" in data
    data, _ = predictions.ask(QUESTION, CHOICES, choice=2)._repr_mimebundle_()
    assert "the second   <- your choice" in data["text/plain"]
    assert "<li>the second <b>(your choice)</b></li>" in data["text/html"]


def test_asking_draws_no_random_numbers():
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    prediction = predictions.ask(QUESTION, CHOICES)
    prediction._repr_mimebundle_()
    assert before == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002


def test_the_page_names_its_controls():
    script = (predictions._ASSETS / "predictions.js").read_text()
    for part in ('"fieldset"', '"legend"', '"label"', 'type = "radio"', "keepKeys("):
        assert part in script
    style = (predictions._ASSETS / "predictions.css").read_text()
    assert "focus-within" in style and "--jp-" in style


def test_what_was_chosen_can_be_saved_and_other_notebooks_stay(tmp_path):
    path = tmp_path / "predictions.json"
    with pytest.raises(ValueError, match="no prediction was made yet"):
        predictions.save(path)
    predictions.ask(QUESTION, CHOICES, choice=2)
    predictions.ask("Undecided?", CHOICES)
    assert predictions.save(path) == path
    predictions._chosen.clear()
    predictions.ask("Another?", CHOICES, choice=1)
    predictions.ask("Another?", CHOICES, choice=3)
    predictions.save(path)
    assert json.loads(path.read_text("utf-8"))["predictions"] == [
        {"question": QUESTION, "choices": CHOICES, "choice": 2},
        {"question": "Another?", "choices": CHOICES, "choice": 3},
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"predictions": [1]}', '{"predictions": [{}]}'])
def test_a_file_of_something_else_is_left(tmp_path, text):
    path = tmp_path / "predictions.json"
    path.write_text(text)
    predictions.ask(QUESTION, CHOICES, choice=2)
    with pytest.raises(ValueError, match=r"path must be a new file .* Received: .*json"):
        predictions.save(path)
    assert path.read_text() == text
