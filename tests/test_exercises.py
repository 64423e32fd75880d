"""The exercises and predictions of the notebooks, without running the notebooks."""

import ast
import builtins
import re

import pytest

from aehelpers import checks
from scripts import course

NOTEBOOKS = {each.name: each.read() for each in course.notebooks()}


def tags(cell):
    return set(cell.metadata.get("tags", []))


def code(name):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "code"]


def parse(cell):
    return ast.parse(re.sub(r"^[%!].*$", "", cell.source, flags=re.M))


def headings(name):
    text = [cell.source for cell in NOTEBOOKS[name].cells if cell.cell_type == "markdown"]
    without_code = re.sub(r"```.*?```", "", "\n\n".join(text), flags=re.S)
    return re.findall(r"^#+ (.+)$", without_code, flags=re.M)


def exercises(kind):
    """All cells with a tag, and the check that each calls."""
    return [
        pytest.param(name, cell, *re.findall(r"checks\.(ex\d\d_\d)\((\w+)\)", cell.source)[0])
        for name in NOTEBOOKS
        for cell in code(name)
        if kind in tags(cell)
    ]


def ids(value):
    return value if isinstance(value, str) and value.startswith("ex") else ""


def names(tree):
    """Returns the names that a cell reads, and those that it sets, wherever in the cell."""
    read, written = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else written).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            written.add(node.name)
        elif isinstance(node, ast.arg):
            written.add(node.arg)
        elif isinstance(node, ast.alias):
            written.add((node.asname or node.name).split(".")[0])
    return read, written


def definitions(name, solution):
    """Runs what defines functions in a notebook: its imports, constants, functions and classes."""
    space = {}
    cells = [cell for cell in code(name) if not {"exercise", "solution"} & tags(cell)]
    for cell in [*cells, solution]:
        body = [
            node
            for node in parse(cell).body
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
            or "parameters" in tags(cell)
        ]
        exec(compile(ast.Module(body, []), name, "exec"), space)
    return space


@pytest.mark.parametrize(("name", "cell", "check", "function"), exercises("solution"), ids=ids)
def test_every_solution_passes(name, cell, check, function):
    space = definitions(name, cell)
    verdict = getattr(checks, check)(space[function])
    assert verdict.passed, verdict


@pytest.mark.parametrize(("name", "cell", "check", "function"), exercises("exercise"), ids=ids)
def test_every_stub_is_not_attempted(name, cell, check, function):
    space = definitions(name, cell)
    assert getattr(checks, check)(space[function]).passed is None


@pytest.mark.parametrize(("name", "cell", "check", "function"), exercises("solution"), ids=ids)
def test_every_check_names_a_section_of_its_notebook(name, cell, check, function):
    assert getattr(checks, check).section in headings(name)


@pytest.mark.parametrize(("name", "cell", "check", "function"), exercises("solution"), ids=ids)
def test_every_solution_shows_what_to_expect(name, cell, check, function):
    pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    printed = " ".join(output.get("text", "") for output in cell.outputs)
    assert pictures or re.search(r"^(?!Exercise ).*\d", printed, flags=re.M)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_there_are_enough_exercises(name):
    stubs = [cell for cell in code(name) if "exercise" in tags(cell)]
    assert len(stubs) >= (5 if name == "05_variational" else 3)
    titles = [title for title in headings(name) if re.match(r"Exercise \d", title)]
    assert len(titles) == len(stubs)
    for title in titles:
        assert re.search(r"\((easy|medium|hard), \d+ minutes\)$", title), title


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_nothing_needs_an_exercise(name):
    """What is no exercise runs with any of them blank, and without all their solutions."""
    known = set(dir(builtins))
    for cell in code(name):  # a function may read what is set after it, before it is called
        known |= set() if {"exercise", "solution"} & tags(cell) else names(parse(cell))[1]
    overwritten = {}  # by exercises: what a later cell would find changed
    for cell in code(name):
        read, written = names(parse(cell))
        if {"exercise", "solution"} & tags(cell):
            # A solution uses the notebook and itself, and no other exercise.
            assert read <= known | written, (sorted(read - known - written), cell.source)
            overwritten |= dict.fromkeys(written, cell.source)
        else:
            assert read <= known | written, (sorted(read - known - written), cell.source)
            for word in read & set(overwritten) - written:
                pytest.fail(f"{word} comes from an exercise:\n{overwritten[word]}")
            for word in written:
                overwritten.pop(word, None)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_predictions_are_asked_before_and_answered_after(name):
    asked, answered = {}, {}
    for i, cell in enumerate(code(name)):
        for node in ast.walk(parse(cell)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner, method = node.func.value, node.func.attr
            if method == "ask" and owner.id == "predictions":
                assert not any(word.arg == "choice" for word in node.keywords)
                (word,) = (n for n in names(parse(cell))[1] if n.endswith("_guess"))
                asked[word] = i
                assert parse(cell).body[-1].value.id == word  # shown
                assert len(cell.source.splitlines()) <= 10
            elif method == "answer" and isinstance(owner, ast.Name):
                assert owner.id not in answered
                # The answer is computed from the run, and doesn't stand there to be read.
                assert not isinstance(node.args[0], ast.Constant), cell.source
                answered[owner.id] = i
    assert 3 <= len(asked) <= 6
    assert asked.keys() == answered.keys()
    for word, i in asked.items():
        j = answered[word]
        assert i + 1 < j  # the result stands between the two
        used = [k for k, cell in enumerate(code(name)) if word in names(parse(cell))[0]]
        assert used == [i, j]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_stored_predictions_are_text_and_undecided(name):
    for cell in code(name):
        if "predictions.ask(" in cell.source:
            (output,) = cell.outputs
            assert set(output.data) == {"text/plain", "text/html"}
            assert "Your prediction: " in output.data["text/plain"]
        elif "_guess.answer(" in cell.source:
            (output,) = cell.outputs
            assert output.text.startswith("No prediction yet. Measured: ")
            assert "none of these" not in output.text
