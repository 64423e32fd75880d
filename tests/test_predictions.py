import random

import numpy as np
import pytest

from aehelpers import predictions

QUESTION, CHOICES = "Which is <larger>?", ["the first", "the second", "neither"]


@pytest.fixture(autouse=True)
def nothing_chosen():
    predictions._chosen.clear()


def answered(prediction, capsys, number=2, why=""):
    prediction.answer(number, why)
    return capsys.readouterr().out


def test_without_a_choice_only_the_measured_is_told(capsys):
    prediction = predictions.ask(QUESTION, CHOICES)
    assert prediction.choice == 0
    assert answered(prediction, capsys) == "No prediction yet. Measured: the second.\n"


def test_a_wrong_and_a_right_prediction(capsys):
    wrong = predictions.ask(QUESTION, CHOICES, choice=1)
    assert answered(wrong, capsys, why="It has more.") == (
        "You said: the first. Measured: the second. It has more.\n"
    )
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
    with pytest.raises(ValueError, match=r"number must be one of the choices' numbers, 1 to 3\. "):
        predictions.ask(QUESTION, CHOICES).answer(number)


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
    for part in ('"fieldset"', '"legend"', '"label"', 'type = "radio"', "lmSuppressShortcuts"):
        assert part in script
    style = (predictions._ASSETS / "predictions.css").read_text()
    assert "focus-within" in style and "--jp-" in style
