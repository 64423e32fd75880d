"""The live widgets of the course's site: what they show and compute, in files that pages share.

A page has a place for each widget, with its still picture. When the place comes near the view,
book/static/course.js loads three kinds of scripts, which works from a folder, too, where a page may
not fetch anything: the view, the state of this one widget, and the weights and images that it
needs, each under a key made of their content.
"""

import json
import re
import shutil

from aehelpers import export
from aehelpers._bundle import join
from aehelpers.widgets import _base, _page
from scripts.course import ROOT

MOUNT = ROOT / "book" / "mount.js"


class Widgets:
    """Writes what widgets need into a folder of the site.

    Args:
        folder: Where the scripts go.
    """

    def __init__(self, folder):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.examples, self._views, self._parts = export.Examples(), set(), set()
        self._needs = {}

    def place(self, name, about, still):
        """Returns the HTML of a widget's place, or None if it can't be made.

        Args:
            name: Of its state, unlike any other.
            about: What the metadata of an output has under `aehelpers`.
            still: HTML of its picture, which stays where there is no JavaScript, and on paper.
        """
        widget = self.examples.widget(about)
        if widget is None:
            return None
        self.write(name, widget)
        return (
            f'<div class="course-live" data-view="{widget.view}" data-state="{name}" '
            f'style="--height: {widget.height}px"><div class="course-still">{still}</div></div>'
        )

    def early(self, name, address):
        """Returns HTML by which a browser loads a widget's scripts before the page asks for them.

        Args:
            name: Of its state.
            address: Of the folder of the scripts, from the page.
        """
        return "".join(
            f'<link rel="preload" as="script" fetchpriority="low" href="{address}/{file}.js">'
            for file in self._needs[name]
        )

    def write(self, name, widget):
        """Writes the scripts of one widget."""
        values, parts = widget.contents("int8")
        store = {}
        state = {"values": values, "parts": _page.packed(parts, store)}
        self._write(f"state-{name}", "states", name, state)
        self._needs[name] = [f"view-{widget.view}", f"state-{name}", *store]
        for key, text in store.items():
            if key not in self._parts:
                self._parts.add(key)
                self._write(key, "parts", key, text)
        if widget.view not in self._views:
            self._views.add(widget.view)
            script = smaller(join(_base.FOLDER / f"{widget.view}.js", MOUNT))
            mounted = f"course.mounts[{json.dumps(widget.view)}] = mount(render);"
            text = f'(() => {{\n"use strict";\n{script}\n{mounted}\n}})();\n'
            self._save(f"view-{widget.view}", text)
        widget.close()

    def _write(self, file, kind, name, value):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        self._save(file, f"course.{kind}[{json.dumps(name)}] = {text};\n")

    def _save(self, file, text):
        (self.folder / f"{file}.js").write_text(text, encoding="utf-8", newline="\n")


def smaller(script):
    """Returns JavaScript without the comments and blanks that stand on lines of their own."""
    script = re.sub(r"^ *(?://.*|/\*\*(?:.|\n)*?\*/)\n", "", script, flags=re.M)
    return re.sub(r"^ +|\n(?=\n)", "", script, flags=re.M)
