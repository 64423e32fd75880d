"""Hand-ins of learners who don't exist: right, wrong in known ways, broken, hostile."""

import ast
import inspect
import json
import re
from importlib import import_module

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from scripts import course


def answers(number):
    """Returns the answers of tests/answers to a notebook, as source code.

    Args:
        number: The notebook's, such as `"01"`.

    Returns:
        What all of them need; and by exercise the right ones, and pairs of a wrong one and words of
        its hint.
    """
    module = import_module(f"answers.ex{number}")
    tree = ast.parse(inspect.getsource(module))
    found, common = {}, []
    for node in tree.body:
        name = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
        if name in ("RIGHT", "WRONG"):
            found[name] = {
                key.value: [ast.unparse(each) for each in value.elts]
                for key, value in zip(node.value.keys, node.value.values)
            }
        elif name != "SURVIVORS":
            common.append(ast.unparse(node))
    hints = {name: [hint for _, hint in wrong] for name, wrong in module.WRONG.items()}
    wrong = {
        name: [
            (ast.unparse(ast.parse(source).body[0].value.elts[0]), hint)
            for source, hint in zip(sources, hints[name])
        ]
        for name, sources in found["WRONG"].items()
    }
    return "\n\n".join(common), found["RIGHT"], wrong


def notebook(number, given=None, common="", tags=("exercise",)):
    """Returns a copy of a notebook for learners, with answers in it, as text.

    Args:
        number: The notebook's.
        given: By exercise the source of an expression, the answer.
        common: Source of a cell before all others; and once more after them, as a notebook may
            give some of its names to something else.
        tags: Of the exercises' cells, which some systems take away.
    """
    cells = [new_code_cell(common)] if common else []
    for cell in course.notebook(number).read().cells:
        cell_tags = cell.get("metadata", {}).get("tags", [])
        if cell.cell_type != "code" or "solution" in cell_tags:
            continue
        cell.outputs, cell.execution_count = [], None
        if "exercise" in cell_tags:
            cell.metadata["tags"] = list(tags)
            name = re.search(r"ex\d\d_\d", cell.source)[0]
            if name in (given or {}):
                cell.source = f"answer = {given[name]}\nchecks.{name}(answer)"
        cells.append(cell)
    cells += [new_code_cell(common)] if common else []
    return nbformat.writes(new_notebook(cells=cells))


def right(number, turn=0):
    """Returns a notebook with a right answer to each exercise."""
    common, good, _ = answers(number)
    given = {name: each[turn % len(each)] for name, each in good.items()}
    return notebook(number, given, common, tags=["exercise"] if turn % 2 else [])


def wrong(number, turn):
    """Returns a notebook with a wrong answer to each exercise, and the hints that they earn."""
    common, _, bad = answers(number)
    chosen = {name: each[(5 * turn) % len(each)] for name, each in bad.items()}
    text = notebook(number, {name: source for name, (source, _) in chosen.items()}, common)
    return text, {name: hint for name, (_, hint) in chosen.items()}


def with_code(code, answer="lambda x: x.mean(axis=0)"):
    """Returns notebook 00 with code before it, and an answer to its first exercise."""
    return notebook("00", {"ex00_1": answer}, code)


# What is no notebook: the content, and what is said of it.
BROKEN = {
    "empty": (b"", "The file is empty."),
    "cut off": (right("00").encode()[:3000], "cut off or damaged at line"),
    "web page": (b"<!DOCTYPE html><html>Sign in</html>", "a web page"),
    "binary": (b"\x89PNG\r\n\x1a\n\xff\xfe", "no text"),
    "archive": (b"PK\x03\x04....", "a zip archive of that name"),
    "list": (b"[1, 2]", "JSON of another kind"),
    "merge": (b'{"cells": [\n<<<<<<< HEAD\n]}\n', "git couldn't merge"),
    "deep": (b'{"cells": ' + b"[" * 200_000, "lists within lists"),
    "no cells": (b'{"metadata": {}}', "without a list of cells"),
    "other course": (json.dumps(new_notebook(cells=[new_code_cell("1 + 1")])).encode(), "no exer"),
    "huge": (b'{"cells": []}' + b" " * 21 * 2**20, "at most 21 MB"),
}

RIGHT_ANSWER = "lambda x: x.mean(axis=0)"
# What does harm: the code, the answer to 0.1 that stands in the notebook, whether that one passes,
# and words of the message.
HOSTILE = {
    "endless loop": ("", "lambda x: sum(0 for _ in iter(int, 1))", False, "TimeoutError"),
    # Within C, which hears of no alarm.
    "deaf loop": ("import itertools", "lambda x: sum(itertools.repeat(0))", False, "took too long"),
    "stubborn loop": (
        "def stubborn(x):\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
        "stubborn",
        False,
        "TimeoutError",
    ),
    "memory": ("", "lambda x: np.ones((10**6, 10**4)).sum(0)", False, "MemoryError"),
    "slow memory": ("", "lambda x: [bytearray(10**8) for _ in range(999)]", False, "MemoryError"),
    "exit": ("import os", "lambda x: os._exit(0)", False, "it ended itself"),
    "signal": ("import ctypes", "lambda x: ctypes.string_at(0)", False, "killed by SIGSEGV"),
    "exit in a cell": ("class A:\n    import os; os._exit(3)", RIGHT_ANSWER, True, ""),
    "print": ("", "lambda x: [print('x' * 10**5) for _ in range(10**6)]", False, "TooMuchOutput"),
    "program": ("import os", "lambda x: os.system('touch owned')", False, "PermissionError"),
    "fork": ("import os", "lambda x: [os.fork() for _ in range(99)]", False, "PermissionError"),
    "network": (
        "import urllib.request",
        "lambda x: urllib.request.urlopen('http://127.0.0.1:9').read()",
        False,
        "PermissionError",
    ),
    "deletes": (
        "import shutil, pathlib",
        f"lambda x: shutil.rmtree({str(course.ROOT)!r})",
        False,
        "in its own folder only",
    ),
    "writes": (
        "import pathlib",
        f"lambda x: pathlib.Path({str(course.ROOT / 'owned')!r}).write_text('x')",
        False,
        "in its own folder only",
    ),
    "forges": (
        """class A:
    import os
    for n in range(3, 99):
        try:
            os.write(n, b'{"exercise": "0.2", "passed": true}')
        except OSError:
            pass""",
        "lambda x: x[0]",
        False,
        "",
    ),
    "changes the checks": (
        "from aehelpers import checks\ntype(checks.ex00_1).__call__ = lambda self, f: 1\n"
        "class A:\n    type(checks.ex00_1).__call__ = lambda self, f: 1",
        "lambda x: x[0]",
        None,
        "To be marked by hand",
    ),
    "changes NumPy": (
        "class A:\n    import numpy\n    numpy.allclose = lambda *a, **k: True",
        "lambda x: x[0]",
        None,
        "To be marked by hand",
    ),
    "reads the answer": ("", "checks.ex00_1.reference", None, "To be marked by hand"),
    "no function": ("", "'an answer'", False, "Expected a function"),
    "markup": ("", "lambda x: int('<script>alert(1)</script>')", False, "ValueError"),
    "interrupt": ("", "lambda x: (_ for _ in ()).throw(KeyboardInterrupt)", False, "KeyboardInt"),
    "syntax": ("def broken(:\n    pass", RIGHT_ANSWER, True, ""),
    "magic": ("%matplotlib inline\n!pip install nothing\nimport os", RIGHT_ANSWER, True, ""),
    "missing module": ("import nothing_of_this_name", RIGHT_ANSWER, True, ""),
}
