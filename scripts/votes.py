"""Shows how a class voted on the predictions, on a page without names.

    python -m scripts.votes FOLDER_OR_ZIP [--to votes.html]

Counted is what learners have handed over themselves: files that `predictions.save()` wrote, and
the predictions in notebooks that they saved. Nothing is sent from anywhere. Whoever predicted the
same twice counts once.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from scripts import course, predictions
from scripts.grading import hand_ins, pages

_WIDGETS = "application/vnd.jupyter.widget-state+json"


def is_saved(name):
    """Returns whether a file's name is one that `predictions.save()` gives."""
    name = name.rpartition("/")[2].lower()
    return "predictions" in name and name.endswith(".json")


def of_file(hand_in):
    """Returns what a file says of predictions: dictionaries of question, choices and choice."""
    try:
        found = json.loads((hand_in.content or b"").decode("utf-8-sig"))
        if is_saved(hand_in.name):
            rows = found["predictions"]
        elif hand_in.is_notebook:
            models = found["metadata"]["widgets"][_WIDGETS]["state"].values()
            rows = [each["state"] for each in models]
        else:
            return []
        return [row for row in rows if _is_prediction(row)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def _is_prediction(row):
    choices, choice = row.get("choices"), row.get("choice")
    return (
        isinstance(row.get("question"), str)
        and isinstance(choices, list)
        and all(isinstance(each, str) for each in choices)
        and isinstance(choice, int)
        and not isinstance(choice, bool)
        and 1 <= choice <= len(choices)
    )


def count(found):
    """Counts the votes.

    Args:
        found: `hand_ins.HandIn`s.

    Returns:
        By question a `Counter` of the texts that were chosen. Questions that aren't the course's
        are left out.
    """
    known = asked()
    votes = {}  # by question and learner: the last file counts
    for hand_in in sorted(found, key=lambda each: each.order):
        for row in of_file(hand_in):
            text = row["choices"][row["choice"] - 1]
            if text in known.get(row["question"], {}).get("choices", ()):
                votes[row["question"], (hand_in.who, hand_in.key)] = text
    counted = {}
    for (question, _), text in votes.items():
        counted.setdefault(question, Counter())[text] += 1
    return counted


def asked():
    """Returns the course's predictions by question: their notebook, choices and answer."""
    found = {}
    for each in course.notebooks():
        notebook = each.read()
        answers = predictions.measured(notebook)
        for question, choices in predictions.questions(notebook).values():
            found[question] = {
                "notebook": each.title,
                "choices": choices,
                "answer": answers.get(question, ""),
            }
    return found


def page(counted):
    """Returns the page as HTML."""
    rows = []
    for question, known in asked().items():
        if question in counted:
            votes = {choice: counted[question][choice] for choice in known["choices"]}
            rows.append(known | {"question": question, "votes": votes, "all": sum(votes.values())})
    return pages.environment().get_template("votes.html").render(rows=rows)


def main(args=None):
    """Counts the votes in a folder and writes the page."""
    parser = argparse.ArgumentParser(prog="votes", description=__doc__.splitlines()[0])
    parser.add_argument("handed_in", type=Path, help="folder or zip of a course system")
    parser.add_argument("--to", type=Path, default=course.ROOT / "votes.html", help="page to write")
    args = parser.parse_args(args)
    try:
        counted = count(hand_ins.find(args.handed_in))
    except ValueError as error:
        parser.error(str(error))
    if not counted:
        parser.error(f"There is no prediction in {str(args.handed_in)!r}.")
    existed = args.to.exists()
    args.to.write_text(page(counted), encoding="utf-8", newline="\n")
    votes = sum(each.total() for each in counted.values())
    print(f"{args.to}: {'replaced' if existed else 'written'}, {votes} votes on {len(counted)}")


if __name__ == "__main__":
    sys.exit(main())
