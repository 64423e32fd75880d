"""Pages of marks: one for each learner, one for the class without names, one for the teacher.

They are plain HTML that needs no network. Names and messages come from strangers: Jinja escapes
them all.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

import jinja2

from aehelpers import checks
from scripts import course
from scripts.grading import judge

_TEMPLATES = Path(__file__).parent / "templates"
SIGNS = {"passed": "✓", "not yet": "✗", "not attempted": "–", "by hand": "?"}


@cache
def exercises(number):
    """Returns the exercises of a notebook by number: their titles and what a right answer shows.

    Args:
        number: The notebook's, such as `"01"`.

    Returns:
        A dictionary such as `{"1.1": {"title": …, "pictures": [(alt, base64)], "steps": […]}}`.
    """
    found = {}
    for cell in course.notebook(number).read().cells:
        if cell.cell_type == "markdown":
            for title in re.findall(r"^#+ (Exercise \d+\.\d+ .*)$", cell.source, flags=re.M):
                name = title.split()[1]
                found[name] = {"title": title, "pictures": [], "steps": _steps(name)}
        elif "solution" in cell.metadata.get("tags", []):
            called = re.search(r"\bex(\d\d)_(\d+)\(", cell.source)
            name = f"{int(called[1])}.{called[2]}"
            for output in cell.outputs:
                if png := output.get("data", {}).get("image/png"):
                    alt = output.metadata.get("image/png", {}).get("alt", "")
                    found[name]["pictures"].append((alt, png.replace("\n", "")))
    return found


def _steps(name):
    notebook, _, number = name.partition(".")
    return getattr(checks, f"ex{int(notebook):02d}_{number}").steps


def kind(message):
    """Returns what a hint says of the mistake, without the values of this one answer."""
    if stopped := re.match(r"(With .*?: )?(Your function stopped with \w+)", message):
        return f"{stopped[2]}."
    text = re.sub(r"\s*Read again: “[^”]*”\.$", "", message)
    if found := re.search(r"(^|\s)With [^“”]*?: expected .*, received .*$", text, flags=re.S):
        return text[: found.start()].strip() or "Another result than the one asked for."
    return text.split(" Received:")[0].strip()


def word(verdict):
    """Returns what came of an exercise, as `SIGNS` has it."""
    if verdict["passed"] is None:
        return "by hand" if verdict["message"].startswith(judge.BY_HAND) else "not attempted"
    return "passed" if verdict["passed"] else "not yet"


def page_name(who):
    """Returns the name of a learner's page, whatever the learner is called."""
    plain = unicodedata.normalize("NFKD", who).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]
    return f"learners/{plain or 'learner'}-{hashlib.sha256(who.encode()).hexdigest()[:6]}.html"


def environment():
    """Returns the environment of the templates, in which everything is escaped."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(word=word, SIGNS=SIGNS)
    return templates


def written(marked):
    """Returns the text of each page by its name.

    Args:
        marked: The list of `Marked` that `scripts.grade.mark` returns.
    """
    templates = environment()
    learners = {}
    for each in marked:
        learners.setdefault(each.who, []).append(each)
    counted = [each for each in marked if each.notebook and each.counts]
    found = {
        page_name(who): templates.get_template("learner.html").render(
            who=who, files=files, exercises=exercises
        )
        for who, files in learners.items()
    }
    numbers = sorted({each.notebook for each in counted})
    # Everybody has passed or not what anybody was asked.
    rows = [(number, name) for number in numbers for name in exercises(number)]
    marks = {
        (each.who, verdict["exercise"]): verdict for each in counted for verdict in each.verdicts
    }
    found["index.html"] = templates.get_template("index.html").render(
        learners=sorted(learners, key=str.casefold),
        page_name=page_name,
        rows=rows,
        marks=marks,
        problems=[each for each in marked if each.problem or each.remarks],
    )
    found["class.html"] = templates.get_template("class.html").render(
        notebooks=[_class(number, counted) for number in numbers],
        learners=len({each.who for each in counted}),
    )
    return found


def _class(number, counted):
    """Returns how a class did in a notebook: by exercise the counts, and the mistakes counted."""
    found = []
    for name, exercise in exercises(number).items():
        verdicts = [v for each in counted for v in each.verdicts if v["exercise"] == name]
        words = Counter(map(word, verdicts))
        kinds = Counter(kind(v["message"]) for v in verdicts if v["passed"] is False)
        found.append(
            {
                "title": exercise["title"],
                "passed": {each: words[each] for each in SIGNS if words[each] or each != "by hand"},
                "all": max(len(verdicts), 1),
                "mistakes": kinds.most_common(),
            }
        )
    return {"title": course.notebook(number).title, "exercises": found}
