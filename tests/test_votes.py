"""How a class voted, from what learners handed over."""

import json

import nbformat
import pytest
from nbformat.v4 import new_notebook

from scripts import votes
from scripts.grading import hand_ins

QUESTION = "Which reconstruction has the larger squared error?"
CHOICES = votes.asked()[QUESTION]["choices"]


def saved(choice, question=QUESTION, choices=CHOICES):
    return {"question": question, "choices": choices, "choice": choice}


@pytest.fixture
def folder(tmp_path):
    def put(who, name, content):
        (tmp_path / who).mkdir(exist_ok=True)
        (tmp_path / who / name).write_text(content)

    put("anna", "predictions.json", json.dumps({"predictions": [saved(1)]}))
    put("ben", "predictions (1).json", json.dumps({"predictions": [saved(2), saved(9)]}))
    state = {"a": {"state": saved(2)}, "b": {"state": {"value": 3}}, "c": {"state": saved(0)}}
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": state}}
    put("chloe", "Untitled.ipynb", nbformat.writes(new_notebook(metadata={"widgets": widgets})))
    put("chloe", "predictions.json", json.dumps({"predictions": [saved(2)]}))
    put("david", "predictions.json", json.dumps({"predictions": [saved(1, "Whose cat?")]}))
    put("david", "other-predictions.json", json.dumps({"predictions": [saved(1, choices=["?"])]}))
    for i, content in enumerate(["", "[]", '{"predictions": 3}', '{"predictions": [3, {}]}']):
        put(f"broken {i}", "predictions.json", content)
        put(f"broken {i}", "a.ipynb", content)
    put("text", "notes.txt", "x")
    return tmp_path


def test_each_learner_counts_once_and_nonsense_never(folder):
    counted = votes.count(hand_ins.find(folder))
    assert counted == {QUESTION: {CHOICES[0]: 1, CHOICES[1]: 2}}


def test_the_page_has_counts_and_answer_but_no_names(folder, tmp_path, capsys):
    page = tmp_path / "votes.html"
    for word in ("written", "replaced"):
        votes.main([str(folder), "--to", str(page)])
        assert f"votes.html: {word}, 3 votes on 1" in capsys.readouterr().out
    text = page.read_text("utf-8")
    assert f"<h3>{QUESTION}</h3>" in text and "2 of 3</meter>" in text
    assert f"<p>{votes.asked()[QUESTION]['answer']}</p>" in text
    assert not any(name in text for name in ("anna", "ben", "chloe", "david", "http"))


def test_every_prediction_of_the_course_is_known():
    for question, known in votes.asked().items():
        assert known["answer"] in known["choices"], question


def test_nothing_to_count(tmp_path, capsys):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(SystemExit, match="2"):
        votes.main([str(tmp_path)])
    assert "There is no prediction in" in capsys.readouterr().err
