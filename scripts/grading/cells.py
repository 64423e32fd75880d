"""What of a handed-in notebook is run: imports, definitions, constants and the exercises' cells.

Everything else, each training first of all, is left out: no check needs what a notebook trained.
Notebooks come as strangers left them, so they are read without trust in their form.
"""

import ast
import codecs
import json
import re
import warnings
from dataclasses import dataclass, field

NOTED = "__noted__"  # the function that takes the place of a check in a cell
LARGEST_NOTEBOOK = 20 * 2**20  # bytes; the course's own are below one million
_CHECK = re.compile(r"\bex(\d\d)_(\d+)\b")
_MAGIC = re.compile(r"^\s*(?:[%!?].*|.*\?)$")
_INNER = {"reference", "mistakes", "judge", "cases", "shapes", "unusual", "right", "_exercises"}
_READERS = {"getattr", "vars", "dir", "inspect.getsource", "inspect.getmembers"}
# Calls of these are constants: they need nothing that a notebook has trained or loaded.
_PLAIN_MODULES = {"numpy", "math", "functools", "itertools", "collections", "string", "fractions"}
_PLAIN_CALLS = {
    *("abs", "bool", "dict", "float", "frozenset", "int", "len", "list", "max", "min", "pow"),
    *("range", "round", "set", "slice", "sorted", "str", "sum", "tuple", "zip", "enumerate"),
}
_PLAIN = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Lambda, ast.Starred),
    *(ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr),
    *(ast.FormattedValue, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp),
    *(ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.Call, ast.keyword),
    *(ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop),
)


class Damaged(Exception):
    """A file that is no notebook, or none that can be read: why, in a sentence."""


@dataclass
class Cell:
    """A code cell as it was handed in.

    Attributes:
        place: What people call it, such as `"cell 12"`, counted from 1 over all cells.
        source: Its code, without what only IPython understands.
        tags: Its tags.
        tries: By exercise, how often the check had judged an attempt, as the output says.
    """

    place: str
    source: str
    tags: set
    tries: dict = field(default_factory=dict)

    @property
    def checked(self):
        """Numbers of the exercises whose checks the cell names, such as `["ex01_2"]`."""
        return [f"ex{a}_{b}" for a, b in _CHECK.findall(self.source)]

    @property
    def is_solution(self):
        """Whether it is one of the course's own solutions."""
        return "solution" in self.tags or bool(
            re.search(r"^\s*def solution_", self.source, flags=re.M)
        )

    @property
    def is_exercise(self):
        """Whether it is a learner's answer: tagged so, or one that has a check judge something."""
        return not self.is_solution and ("exercise" in self.tags or bool(self.checked))


@dataclass
class Part:
    """A statement to run.

    Attributes:
        place: The cell that it stands in.
        exercises: The exercises of this cell, none if it isn't an exercise's.
        code: A compiled statement.
    """

    place: str
    exercises: list
    code: object


def read(content):
    """Returns the code cells of a notebook.

    Args:
        content: The bytes of the file.

    Raises:
        Damaged: If it isn't a notebook.
    """
    if len(content) > LARGEST_NOTEBOOK:
        raise Damaged(
            f"Expected a notebook of at most {LARGEST_NOTEBOOK / 1e6:.0f} MB. "
            f"Received: {len(content) / 1e6:.0f} MB"
        )
    text = _text(content)
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise Damaged("Expected a notebook. Received: lists within lists without end") from None
    except ValueError as error:
        raise Damaged(_what_instead(text, error)) from None
    if not isinstance(notebook, dict):
        raise Damaged("Expected a notebook. Received: JSON of another kind")
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):  # before 2015
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in sheet.get("cells") or []]
    if not isinstance(cells, list):
        raise Damaged("Expected a notebook. Received: JSON without a list of cells")
    return [
        _cell(number, cell)
        for number, cell in enumerate(cells, start=1)
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]


def _text(content):
    """Decodes a file; editors on Windows may have written it in another code."""
    if not content.strip():
        raise Damaged("The file is empty.")
    if content.startswith(b"PK\x03\x04"):
        raise Damaged("Expected a notebook. Received: a zip archive of that name")
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise Damaged("Expected a notebook. Received: a file that is no text") from None


def _what_instead(text, error):
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html")):
        return "Expected a notebook. Received: a web page, as a browser saves it"
    if "\n<<<<<<< " in text:
        return "Expected a notebook. Received: two versions that git couldn't merge"
    if start.startswith("{"):
        return f"The notebook is cut off or damaged at line {getattr(error, 'lineno', '?')}."
    return "Expected a notebook. Received: text of another kind"


def _cell(number, cell):
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    tags = {tag for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else set()
    source = source if isinstance(source, str) else ""
    return Cell(f"cell {number}", _python(source), tags, _tries(cell.get("outputs")))


def _python(source):
    """Takes out what only IPython understands; the lines keep their numbers."""
    lines = source.replace("\r\n", "\n").split("\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
        return source
    except Exception:  # no Python, or what no parser gets through
        return "\n".join("" if _MAGIC.match(line) else line for line in lines)


def _tries(outputs):
    """Reads how often checks have judged an attempt, which they note in their output."""
    found = {}
    for output in outputs if isinstance(outputs, list) else []:
        metadata = output.get("metadata") if isinstance(output, dict) else None
        noted = metadata.get("aehelpers") if isinstance(metadata, dict) else None
        if isinstance(noted, dict) and isinstance(noted.get("tries"), int):
            number, tries = str(noted.get("exercise")), noted["tries"]
            found[number] = max(found.get(number, 0), min(max(tries, 0), 9999))
    return found


def number_of(cells):
    """Returns the number of the course's notebook that the cells are of, such as `"01"`, or None.

    By what is in it, as files get renamed.
    """
    named = [name for cell in cells if not cell.is_solution for name in cell.checked]
    numbers = [name[2:4] for name in named]
    return max(sorted(set(numbers)), key=numbers.count) if numbers else None


def looks_into_checks(cells):
    """Returns the places of cells that look at the checks' own answers, or beyond their names."""
    return [cell.place for cell in cells if not cell.is_solution and _looks_in(cell.source)]


def _looks_in(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nodes = list(ast.walk(ast.parse(source)))
    except Exception:
        return False
    return any(
        (isinstance(node, ast.Attribute) and node.attr in _INNER and _is_of_checks(node))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in _READERS and any(
            _is_of_checks(each) for each in node.args
        ))
        or "aehelpers.checks." in _imported(node)
        for node in nodes
    )  # fmt: skip


def _is_of_checks(node):
    """Returns whether an expression is a check, or a part of one."""
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return "checks" in names or any(_CHECK.fullmatch(name) for name in names)


def _imported(node):
    """Returns what an import names, in dotted names with a space between; "" of all else."""
    if not isinstance(node, ast.ImportFrom | ast.Import):
        return ""
    module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    public = r"aehelpers\.checks\.(ex\d\d_\d+|hint|environment|Verdict|\*)"
    names = [f"{module}{alias.name}" for alias in node.names]
    return " ".join(name for name in names if not re.fullmatch(public, name))


def parts(cells):
    """Chooses what is run.

    Args:
        cells: What `read` returned.

    Returns:
        The list of `Part`s in the notebook's order, and by place the reasons why cells can't be
        read as Python.
    """
    chosen, unreadable = [], {}
    plain = set()  # names whose calls are constants
    for cell in cells:
        if cell.is_solution:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                body = ast.parse(cell.source).body
                found = _chosen(cell, body, plain)
        except SyntaxError as error:
            unreadable[cell.place] = f"SyntaxError: {error.msg} (line {error.lineno})"
        except (ValueError, RecursionError, MemoryError) as error:
            unreadable[cell.place] = f"it can't be read as Python: {type(error).__name__}"
        else:
            chosen += found
    return chosen, unreadable


def _chosen(cell, body, plain):
    """Returns the parts of one cell."""
    whole = cell.is_exercise or "parameters" in cell.tags
    exercises = list(dict.fromkeys(cell.checked)) if cell.is_exercise else []
    found = []
    for node in body:
        if whole or _is_definition(node, plain):
            tree = ast.Module([_Noting().visit(node)], [])
            code = compile(ast.fix_missing_locations(tree), cell.place, "exec")
            found.append(Part(cell.place, exercises, code))
    return found


def _is_definition(node, plain):
    """Returns whether a statement is an import, a definition or a constant."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            module = node.module or "" if isinstance(node, ast.ImportFrom) else alias.name
            if module.split(".")[0] in _PLAIN_MODULES:
                plain.add((alias.asname or alias.name).split(".")[0])
        return True
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return True
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return node.value is not None and _is_constant(node.value, plain)
    if isinstance(node, ast.Try | ast.If):  # an import that may fail, a definition that depends
        inner = [*node.body, *node.orelse, *getattr(node, "finalbody", [])]
        inner += [each for handler in getattr(node, "handlers", []) for each in handler.body]
        return all(isinstance(each, ast.Pass) or _is_definition(each, plain) for each in inner)
    return False


def _is_constant(value, plain):
    """Returns whether an expression needs nothing but literals, names and plain functions."""
    for node in ast.walk(value):
        if not isinstance(node, (*_PLAIN, ast.arguments, ast.arg)):
            return isinstance(value, ast.Lambda)
        if isinstance(node, ast.Call):
            function = node.func
            while isinstance(function, ast.Attribute):
                function = function.value
            known = plain | (_PLAIN_CALLS if function is node.func else set())
            if not (isinstance(function, ast.Name) and function.id in known):
                return isinstance(value, ast.Lambda)
    return True


class _Noting(ast.NodeTransformer):
    """Puts a function that notes an answer in the place of a check that would judge it."""

    def visit_Call(self, node):
        self.generic_visit(node)
        function = node.func
        named = function.attr if isinstance(function, ast.Attribute) else None
        named = function.id if isinstance(function, ast.Name) else named
        if not (named and _CHECK.fullmatch(named)):
            return node
        answer = node.args[:1] or [word.value for word in node.keywords[:1]]
        answer = answer or [ast.Constant(None)]
        noted = ast.Call(ast.Name(NOTED, ast.Load()), [ast.Constant(named), *answer], [])
        return ast.copy_location(noted, node)
