"""Marks the notebooks that learners have handed in, by the course's own checks.

    python -m scripts.grade FOLDER_OR_ZIP [--to marks] [--jobs 2]

Of each notebook only imports, definitions, constants and the cells of the exercises are run, in a
process of its own with limits of time, memory and output. The folder gets `marks.csv`, a page for
each learner with hints and pictures, `class.html` without names, to be shown to the class, and
`index.html` for the teacher. What names of folders and files say of the learners is in
`scripts/grading/hand_ins.py`.

Code of strangers is run here. The limits stop accidents and pranks, not an attack: on a machine
that holds more than the hand-ins, run it in a container, as deploy/README.md shows.
"""

import argparse
import csv
import io
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from scripts import course, student, votes
from scripts.grading import hand_ins, judge, pages
from scripts.grading.warm import Marker

RECORD = ".written.json"
COLUMNS = ("who", "exercise", "passed", "message", "tries", "file")


@dataclass
class Marked:
    """A hand-in and what came of it.

    Attributes:
        hand_in: The file.
        notebook: The number of the course's notebook that it is of, or None.
        verdicts: Dictionaries with `exercise`, `passed`, `message`, `tries` and `place`.
        problem: Why it wasn't judged, in a sentence.
        counts: Whether it is the one that counts, of several of the same learner.
        remarks: Sentences for the teacher.
    """

    hand_in: hand_ins.HandIn
    notebook: str | None = None
    verdicts: list = field(default_factory=list)
    problem: str = ""
    counts: bool = True
    remarks: list = field(default_factory=list)

    @property
    def who(self):
        return self.hand_in.who


def mark(found, closed=(), jobs=1, said=lambda done: None, **limits):
    """Judges what was handed in.

    Args:
        found: `hand_ins.HandIn`s.
        closed: Folders that the notebooks' code may not read.
        jobs: How many are judged at once.
        said: Called with each `Marked` as it is ready.
        **limits: Of `Marker`.

    Returns:
        The list of `Marked`, in the order of `found`.
    """
    exercises = {
        each.number: [
            f"{int(name[2:4])}.{name[5:]}" for name in judge.course_functions(each.number)
        ]
        for each in course.notebooks()
    }
    markers = SimpleQueue()
    everyone = [Marker(closed, **limits) for _ in range(jobs)]
    for marker in everyone:
        markers.put(marker)

    def one(hand_in):
        done = Marked(hand_in, problem=hand_in.problem)
        if not done.problem and not hand_in.is_notebook:
            done.problem = "It is no notebook, and is left out."
        if not done.problem:
            marker = markers.get()
            try:
                _take(done, marker.mark(hand_in.content), exercises)
            finally:
                markers.put(marker)
        said(done)
        return done

    try:
        with ThreadPoolExecutor(jobs) as pool:
            marked = list(pool.map(one, found))
    finally:
        for marker in everyone:
            marker.stop()
    choose(marked)
    return marked


def _take(done, found, exercises):
    """Takes over what a marker has found."""
    if found.get("problem"):
        done.problem = found["problem"]
        return
    done.notebook = found["notebook"]
    verdicts = {each["exercise"]: each for each in found["verdicts"]}
    for number in exercises[done.notebook]:
        late = {
            "exercise": number,
            "passed": False,
            "message": f"Not judged: before it, {found.get('died', 'the notebook ended')}.",
            "tries": None,
            "place": "",
        }
        done.verdicts.append(verdicts.get(number, late))


def choose(marked):
    """Says which file counts where a learner has handed in several, and which are the same."""
    files = {}
    for each in marked:
        if each.notebook:
            files.setdefault((each.who, each.notebook), []).append(each)
    for several in files.values():
        *earlier, last = sorted(several, key=lambda each: (each.hand_in.order, each.hand_in.name))
        for each in earlier:
            each.counts = False
            each.remarks.append(f"{last.hand_in.name} was handed in later, and counts.")
    same = {}
    for each in marked:
        if each.notebook:
            same.setdefault(each.hand_in.content, []).append(each)
    for group in same.values():
        for each in group:
            if others := sorted({one.who for one in group} - {each.who}):
                each.remarks.append(f"The file is the same, letter by letter: {', '.join(others)}.")


def table(marked):
    """Returns the marks as the text of a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for each in marked:
        rows = each.verdicts if each.counts else []
        if each.problem:
            rows = [{"exercise": "", "passed": None, "message": each.problem, "tries": None}]
        for row in rows:
            passed = "" if row["passed"] is None else row["passed"]
            said = row["message"] or ("not attempted yet" if row["passed"] is None else "")
            tries = "" if row["tries"] is None else row["tries"]
            values = (each.who, row["exercise"], passed, said, tries, each.hand_in.name)
            writer.writerow([_harmless(value) for value in values])
    return text.getvalue()


def _harmless(value):
    """Keeps a spreadsheet from taking a learner's text for a formula."""
    if isinstance(value, str):
        value = value.replace("\0", "")
        if value.startswith(("=", "+", "-", "@", "\t", "\r")):
            return f"'{value}"
    return value


class Folder:
    """The folder of the marks: what somebody has changed in it since is left as it is.

    Args:
        path: Where it is.

    Raises:
        ValueError: If it holds what this command didn't write.
    """

    def __init__(self, path):
        self.path = Path(path)
        record = self.path / RECORD
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(f"--to must be a folder. Received: {str(path)!r}")
        if not record.exists() and self.path.exists() and any(self.path.iterdir()):
            raise ValueError(
                "--to must be a new folder, an empty one, or one with marks of an earlier run. "
                f"Received: {str(path)!r}, which holds other files"
            )
        self._record = record
        self._written = json.loads(record.read_text("utf-8")) if record.exists() else {}
        self.done = {}

    def write(self, name, text):
        """Writes a file, or a newer one beside one that was changed by hand."""
        known = {Path(name).name: self._written[name]} if name in self._written else {}
        existed = (self.path / name).exists()
        done = student.write(self.path / name, text, known)
        if done == "written" and existed:
            done = "replaced"
        if Path(name).name in known:
            self._written[name] = known[Path(name).name]
        self.done[name] = done

    def close(self):
        """Notes what was written, and returns what is to be said of it."""
        self._record.write_text(json.dumps(self._written, indent=1) + "\n", encoding="utf-8")
        counts = Counter(done for done in self.done.values() if "changed" not in done)
        lines = [", ".join(f"{count} {done}" for done, count in counts.items())]
        lines += [f"{name}: {done}" for name, done in self.done.items() if "changed" in done]
        stale = sorted(self._written.keys() - self.done.keys())
        if stale := [name for name in stale if (self.path / name).exists()]:
            lines.append(f"From an earlier run, and left: {', '.join(stale)}")
        return "\n".join(line for line in lines if line)


def main(args=None):
    """Marks a folder and writes the pages; returns the exit code."""
    parser = argparse.ArgumentParser(prog="grade", description=__doc__.splitlines()[0])
    parser.add_argument("handed_in", type=Path, help="folder or zip of a course system")
    parser.add_argument("--to", type=Path, default=course.ROOT / "marks", help="folder to write to")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1), help="at once")
    args = parser.parse_args(args)
    if args.jobs < 1:
        parser.error(f"--jobs must be a positive integer. Received: {args.jobs}")
    started = time.monotonic()
    try:
        folder = Folder(args.to)
        found = [each for each in hand_ins.find(args.handed_in) if not votes.is_saved(each.name)]
    except ValueError as error:
        parser.error(str(error))
    if not found:
        parser.error(f"There is nothing to mark in {str(args.handed_in)!r}.")

    def said(done):
        passed = sum(each["passed"] is True for each in done.verdicts)
        what = done.problem or f"{done.notebook}, {passed} of {len(done.verdicts)} passed"
        print(f"{_printable(done.who)}: {_printable(done.hand_in.name)}: {what}", flush=True)

    jobs = min(args.jobs, len(found))
    marked = mark(found, [args.handed_in, args.to], jobs, said)
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.write("marks.csv", table(marked))
    for name, text in pages.written(marked).items():
        folder.write(name, text)
    print(f"\n{folder.path}: {folder.close()}")
    notebooks = sum(each.notebook is not None for each in marked)
    problems = sum(bool(each.problem) for each in marked)
    seconds = time.monotonic() - started
    print(f"Notebooks judged in {seconds:.0f} s: {notebooks}. Files that couldn't be: {problems}.")
    return 0


def _printable(text):
    return "".join(c if c.isprintable() else "?" for c in text)


if __name__ == "__main__":
    sys.exit(main())
