"""Joins JavaScript modules into one, as front ends load one file for a widget and no others.

A bundler would need Node wherever the course runs. This takes a part of the language, and refuses
the rest by name:

- `import { a, b } from "./name.js";`, of modules given by their relative paths and without other
  names for what they export;
- `export` before a `function`, an `async function`, a `class` or a `const` at the beginning of a
  line;
- `function`, `class`, `const` and `let` of one name each at the beginning of a line, in no two
  modules the same.
"""

import re

_IMPORT = re.compile(
    r'^import \{\s*([\w$]+(?:,\s*[\w$]+)*),?\s*\} from "(\.\.?/[\w./]+\.js)";\n', flags=re.M
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


def bundle(path):
    """Returns a view and the modules that it imports as one module, for a widget's `_esm`.

    Args:
        path: Of a file that exports `render`, and `initialize` if its modules do.

    Raises:
        ValueError: If a module is written in a way that this doesn't take.
    """
    text = join(path)
    hooks = "initialize, render" if "\nfunction initialize(" in text else "render"
    return f"{text}\nexport default {{ {hooks} }};\n"


def join(*paths):
    """Returns the text of modules, after that of the modules that they import.

    Args:
        *paths: Of files.

    Raises:
        ValueError: If a module is written in a way that this doesn't take.
    """
    texts, exported, owners = [], {}, {}

    def collect(path, way=()):
        path, name = path.resolve(), path.name
        if path in way:
            circle = [each.name for each in (*way, path)]
            raise ValueError(f"Modules must not import in a circle: {' -> '.join(circle)}")
        if path in exported:
            return
        code = path.read_text(encoding="utf-8")
        for wanted, place in _IMPORT.findall(code):
            module = (path.parent / place).resolve()
            collect(module, (*way, path))
            for each in re.split(r",\s*", wanted):
                if each not in exported[module]:
                    raise ValueError(f"{name} imports what {module.name} doesn't export: {each}")
        text = _EXPORT.sub("", _IMPORT.sub("", code))
        if refused := _REFUSED.search(text):
            raise ValueError(
                f"{name} is written in a way that the joining of modules doesn't take "
                f"(see aehelpers/_bundle.py): {refused[0]}"
            )
        exported[path] = set()
        for export, each in _NAMED.findall(code):
            if other := owners.get(each):
                raise ValueError(f"{each} is declared in {other} and in {name}: rename one of them")
            owners[each] = name
            if export:
                exported[path].add(each)
        texts.append(text.strip("\n"))

    for path in paths:
        collect(path)
    return "\n\n".join(texts) + "\n"
