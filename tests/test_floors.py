"""The house of the package: imports lead downwards, rooms say what is in them, and are lazy."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import aehelpers

FOLDER = Path(aehelpers.__file__).parent
# A room imports from those before it only.
ORDER = (
    "_bundle",
    "_cells",
    "_check",
    "prose",
    "_files",
    "_keras_config",
    "_keras_memory",
    "data",
    "metrics",
    "layers",
    "losses",
    "models",
    "plots",
    "_backups",
    "_fingerprint",
    "weights",
    "training",
    "widgets",
    "predictions",
    "checks",
    "export",
)
ROOMS = [path.parent.name for path in FOLDER.glob("*/__init__.py")]
MODULES = sorted(path for path in FOLDER.rglob("*.py") if path != FOLDER / "__init__.py")


def imported(path):
    """Yields the dotted names of this package that a module imports, wherever in the module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports by the full name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "aehelpers")


def room(path):
    return path.relative_to(FOLDER).with_suffix("").parts[0]


def test_every_module_has_a_floor():
    assert {room(path) for path in MODULES} == set(ORDER)
    assert {name for name in ORDER if not name.startswith("_")} - {"export", "prose"} == set(
        aehelpers._SUBMODULES
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_imports_lead_downwards(path):
    mine = ORDER.index(room(path))
    for name in imported(path):
        other = name.split(".")[1]
        assert other == room(path) or ORDER.index(other) < mine, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_modules_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600


@pytest.mark.parametrize("name", [*ROOMS, "layers", "losses", "metrics", "training", "weights"])
def test_rooms_list_what_they_have(name):
    module = importlib.import_module(f"aehelpers.{name}")
    assert module.__doc__
    for each in module.__all__:  # in the order that ruff wants
        assert getattr(module, each).__doc__, f"{name}.{each}"


def test_rooms_come_when_they_are_asked_for():
    code = (
        "import sys, aehelpers; assert not [m for m in sys.modules if m.startswith('aehelpers.')]; "
        "aehelpers.data.load_mnist().x_train; heavy = {'tensorflow', 'keras', 'matplotlib'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); "
        "aehelpers.metrics, aehelpers.plots; "
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    environment = {**os.environ, "AEHELPERS_QUICK": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert {"data", "models", "plots", "weights"} <= set(dir(aehelpers))
    with pytest.raises(AttributeError, match="has no attribute 'dates'"):
        _ = aehelpers.dates
