"""Mutants of a function: copies with one slip each, as fingers and minds make them."""

import ast
import copy
import inspect
import textwrap

_OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}
_COMPARISONS = {
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.GtE],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
}
_NAMES = {
    "sum": ["mean", "max"],
    "mean": ["sum", "median"],
    "min": ["max", "mean"],
    "max": ["min", "mean"],
    "argmax": ["argmin"],
    "argmin": ["argmax"],
    "maximum": ["minimum"],
    "minimum": ["maximum"],
    "log": ["log2", "log10"],
    "log10": ["log"],
    "exp": ["exp2", "square"],
    "sqrt": ["square"],
    "square": ["abs", "sqrt"],
    "cumsum": ["cumprod"],
    "quantile": ["percentile"],
}


def mutants(function):
    """Yields pairs of a description and a copy of a function with one thing changed in it.

    Args:
        function: A function whose source is at hand. Names that it doesn't define are found where
            it was written.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    squared = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.square", "np.abs")
        for inner in ast.walk(node)
    }
    for place, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            if what == "swapped" and id(node) in squared:
                continue  # the same square
            mutant = copy.deepcopy(tree)
            twin = next(each for i, each in enumerate(ast.walk(mutant)) if i == place)
            change(twin)
            ast.fix_missing_locations(mutant)
            space = dict(function.__globals__)
            try:
                exec(compile(mutant, "<mutant>", "exec"), space)
            except (SyntaxError, ValueError):
                continue
            before, after = _line(tree, place), _line(mutant, place)
            if before != after:
                yield f"{what}: {after}", space[function.__name__]


def _line(tree, place):
    """Returns the statement in which a node lies, as text."""
    node = next(each for i, each in enumerate(ast.walk(tree)) if i == place)
    found = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.stmt)
        and not isinstance(each, ast.FunctionDef | ast.For)
        and any(inner is node for inner in ast.walk(each))
    ]
    return ast.unparse(found[-1] if found else tree).strip()


def _changes(node):
    """Yields what can be changed in a node: a description, and a function that does it."""
    if isinstance(node, ast.BinOp):
        if other := _OPERATORS.get(type(node.op)):
            yield "operator", lambda n: setattr(n, "op", other())
        yield "left term only", lambda n: _replace(n, n.left)
        yield "right term only", lambda n: _replace(n, n.right)
        if isinstance(node.op, ast.Sub | ast.Div | ast.Pow | ast.MatMult):
            yield "swapped", _swap
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        if not isinstance(node.operand, ast.Constant):
            yield "sign", lambda n: _replace(n, n.operand)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in _COMPARISONS.get(type(node.ops[0]), ()):
            yield "comparison", lambda n, other=other: setattr(n, "ops", [other()])
    elif isinstance(node, ast.Attribute):
        for other in _NAMES.get(node.attr, ()):
            yield "function", lambda n, other=other: setattr(n, "attr", other)
        if node.attr == "T":
            yield "not transposed", lambda n: _replace(n, n.value)
    elif isinstance(node, ast.keyword) and node.arg in ("axis", "keepdims"):
        yield "axis missing", lambda n: (setattr(n, "arg", "axis"), _set(n, ast.Constant(None)))
        if isinstance(node.value, ast.Constant) and node.value.value in (0, 1):
            other = 1 - node.value.value
            yield "other axis", lambda n: _set(n, ast.Constant(other))
        elif isinstance(node.value, ast.Tuple):
            yield "fewer axes", lambda n: n.value.elts.pop()
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "off by one", lambda n: setattr(n, "value", n.value + 1)
        yield "off by one", lambda n: setattr(n, "value", n.value - 1)
    elif isinstance(node, ast.Constant) and node.value in ("relu", "sigmoid", "same"):
        others = {"relu": ("linear", "tanh"), "sigmoid": ("linear", "relu"), "same": ("valid",)}
        for other in others[node.value]:
            yield "word", lambda n, other=other: setattr(n, "value", other)
    elif isinstance(node, ast.Call) and len(node.args) == 1 and _plain(node.func):
        yield "call missing", lambda n: _replace(n, n.args[0])
    elif isinstance(node, ast.Call) and len(node.args) >= 2:
        yield "arguments swapped", lambda n: n.args.insert(0, n.args.pop(1))
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        yield "pair swapped", lambda n: n.value.elts.reverse()


def _plain(function):
    """Returns whether a call is one of NumPy's or of Python's own."""
    if isinstance(function, ast.Name):
        return function.id in ("abs", "len", "sum")
    value = getattr(function, "value", None)
    return isinstance(value, ast.Name) and value.id == "np"


def _swap(node):
    node.left, node.right = node.right, node.left


def _set(node, value):
    node.value = value


def _replace(node, other):
    """Turns a node into another in its place."""
    node.__class__ = other.__class__
    node.__dict__.clear()
    node.__dict__.update(other.__dict__)
