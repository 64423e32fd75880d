"""The JavaScript of the widgets: its form, and how its modules are joined."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from aehelpers import _bundle, predictions, widgets
from aehelpers.plots import palette
from aehelpers.widgets import _base

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for folder in ("aehelpers", "book")
    for kind in ("js", "css")
    for path in ROOT.glob(f"{folder}/**/*.{kind}")
)
BIOME = ROOT / "node_modules" / ".bin" / "biome"


def test_form():
    if not (BIOME.exists() and shutil.which("node")):
        pytest.skip(
            "Biome is not installed (npm install): JavaScript is neither linted nor formatted."
        )
    run = subprocess.run(
        [BIOME, "ci", "--error-on-warnings", "--colors=off"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_lines_are_short():
    lines = [(path.name, line) for path in FILES for line in path.read_text("utf-8").split("\n")]
    assert len(lines) > 1000
    assert not [each for each in lines if len(each[1]) > 100 and "url(" not in each[1]]


def test_what_is_exported_is_described():
    for path in FILES:
        code = path.read_text("utf-8")
        for export in re.finditer(r"^export (?:async )?(?:function|const) (\w+)", code, re.M):
            before = code[: export.start()].rstrip("\n")
            plain = export[1].isupper()  # a constant, with a comment in its line
            assert before.endswith("*/") or plain, (path.name, export[1])


@pytest.mark.parametrize("view", _base.CLASSES)
def test_bundles_parse(view, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("There is no Node on the PATH; the browser tests parse the bundles, too.")
    for name, text in {
        "bundle.mjs": _bundle.bundle(_base.FOLDER / f"{view}.js"),
        "page.mjs": _bundle.join(_base.FOLDER / f"{view}.js", _base.FOLDER / "page.js"),
        "predictions.mjs": predictions.Prediction._esm,
    }.items():
        path = tmp_path / name
        path.write_text(str(text), encoding="utf-8")
        run = subprocess.run([node, "--check", path], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr


def test_a_module_is_taken_once_and_before_those_that_use_it(tmp_path):
    write(
        tmp_path,
        a='import { f } from "./b.js";\nimport {\n  C,\n  g,\n} from "./c.js";\n\nf(C, g);\n',
        b='import { C } from "./c.js";\n\nexport function f() {\n  return C;\n}\n',
        c="export const C = 1;\nexport async function g() {}\n",
    )
    assert _bundle.join(tmp_path / "a.js") == (
        "const C = 1;\nasync function g() {}\n\nfunction f() {\n  return C;\n}\n\nf(C, g);\n"
    )


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)


@pytest.mark.parametrize(
    "line",
    [
        "export default { render };",
        'export * from "./b.js";',
        'export { f } from "./b.js";',
        "export { f };",
        "export let x = 1;",
        "export const { x } = y;",
        'import * as b from "./b.js";',
        'import b from "./b.js";',
        'import { f as g } from "./b.js";',
        'import { f } from "b";',
        'import "./b.js";',
        'const b = await import("./b.js");',
        "const here = import.meta.url;",
        "var x = 1;",
        "const [x, y] = [1, 2];",
        "function* f() {}",
    ],
)
def test_what_the_joining_does_not_take_is_named(line, tmp_path):
    write(tmp_path, a=f"const first = 1;\n{line}\n", b="export function f() {}\n")
    with pytest.raises(ValueError) as error:
        _bundle.join(tmp_path / "a.js")
    assert str(error.value).startswith("a.js is written in a way that the joining")
    assert str(error.value).split("): ")[1] in line


def test_names_that_collide_or_are_missing_are_named(tmp_path):
    write(
        tmp_path,
        a='import { f } from "./b.js";\nconst size = f();\n',
        b="export function f() {}\nconst size = 1;\n",
    )
    with pytest.raises(ValueError, match="size is declared in b.js and in a.js: rename"):
        _bundle.join(tmp_path / "a.js")
    write(tmp_path, a='import { g } from "./b.js";\n')
    with pytest.raises(ValueError, match="a.js imports what b.js doesn't export: g"):
        _bundle.join(tmp_path / "a.js")
    write(tmp_path, a='import { f } from "./b.js";\n', b='import { g } from "./a.js";\n')
    with pytest.raises(ValueError, match="in a circle: a.js -> b.js -> a.js"):
        _bundle.join(tmp_path / "a.js")


# ---- Colours ----


def test_colours_that_mean_something_come_from_python(monkeypatch):
    written = {
        colour.lower()
        for path in FILES
        if path.is_relative_to(ROOT / "aehelpers")  # the site's own colours mean nothing
        for colour in re.findall(r"#[\da-f]{3,8}\b|\b(?:rgba?|hsla?)\([^)]*\)", path.read_text())
    }
    assert written
    grey = {each for each in written if re.fullmatch(r"#(.)\1\1|#(..)\2\2", each)}
    assert written - grey <= {"#1565c0"}  # where JupyterLab has no colour for what has the focus
    monkeypatch.setattr(palette, "PALETTE", ("#010203",) * 10)
    assert _base.colours()["classes"] == ("#010203",) * 10


def test_a_widget_names_an_example():
    with pytest.raises(TypeError, match="Received: Silent without view and example"):
        type("Silent", (_base.Widget,), {"_esm": "export default {};"})
    assert sorted(_base.CLASSES) == widgets.__all__
