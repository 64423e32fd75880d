"""Joins the JavaScript modules of a widget into one, as front ends load one file and no others.

A bundler would need Node wherever the course runs. This takes a part of the language, and refuses
the rest by name:

- `import { a, b } from "./name.js";`, of modules beside it and without other names for what they
  export;
- `export` before a `function`, an `async function`, a `class` or a `const` at the beginning of a
  line;
- `function`, `class`, `const` and `let` of one name each at the beginning of a line, in no two
  modules the same.
"""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent

_IMPORT = re.compile(
    r'^import \{\s*([\w$]+(?:,\s*[\w$]+)*),?\s*\} from "\./(\w+\.js)";\n', flags=re.M
)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const)\b)", flags=re.M)
_NAMED = re.compile(
    r"^(export )?(?:(?:async )?function|class|const|let) ([\w$]+)(?=[ (<=;,])", flags=re.M
)
# What must be gone once the imports and exports above are out.
_REFUSED = re.compile(
    r"^(?:import|export|var|(?:async )?function ?\*|(?:const|let) ?[\[{]).*"
    r"|\bimport ?\(.*|\bimport\.meta\b.*",
    flags=re.M,
)


@cache
def bundle(name, folder=FOLDER):
    """Returns a view and the modules that it imports as one module, for a widget's `_esm`.

    Args:
        name: Of a file that exports `render`, such as `"draw.js"`.
        folder: Where it and the modules that it imports lie.

    Raises:
        ValueError: If a module is written in a way that this doesn't take.
    """
    return join(name, folder=folder) + "\nexport default { render };\n"


def join(*names, folder=FOLDER):
    """Returns the text of modules, after that of the modules that they import.

    Args:
        *names: Of files.
        folder: Where they and the modules that they import lie.

    Raises:
        ValueError: If a module is written in a way that this doesn't take.
    """
    texts, exported, owners = [], {}, {}

    def collect(name, path=()):
        if name in path:
            raise ValueError(f"Modules must not import in a circle: {' -> '.join([*path, name])}")
        if name in exported:
            return
        code = (folder / name).read_text(encoding="utf-8")
        for wanted, module in _IMPORT.findall(code):
            collect(module, (*path, name))
            for each in re.split(r",\s*", wanted):
                if each not in exported[module]:
                    raise ValueError(f"{name} imports what {module} doesn't export: {each}")
        text = _EXPORT.sub("", _IMPORT.sub("", code))
        if refused := _REFUSED.search(text):
            raise ValueError(
                f"{name} is written in a way that the joining of modules doesn't take "
                f"(see aehelpers/widgets/_bundle.py): {refused[0]}"
            )
        exported[name] = set()
        for export, each in _NAMED.findall(code):
            if other := owners.get(each):
                raise ValueError(f"{each} is declared in {other} and in {name}: rename one of them")
            owners[each] = name
            if export:
                exported[name].add(each)
        texts.append(text.strip("\n"))

    for name in names:
        collect(name)
    return "\n\n".join(texts) + "\n"
