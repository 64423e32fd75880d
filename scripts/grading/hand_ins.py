"""Finds what was handed in, and tells who handed in what by the names of folders and files.

Known are what Moodle and Canvas download, the exchange and the course folder of nbgrader, a folder
for each learner, and files with the learner's name in theirs. Archives are read where they lie:
nothing is unpacked, so that no name in them leads anywhere.
"""

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scripts import course
from scripts.grading.cells import LARGEST_NOTEBOOK

_COLLECTED = ("submitted", "collected", "inbound")  # folders of nbgrader, with learners in them
MOST_FILES = 20_000
LARGEST_ARCHIVE = 2 * 2**30  # bytes of all that is read of an archive
_IGNORED = re.compile(
    r"(^|/)(\.ipynb_checkpoints|__MACOSX|\.git|__pycache__)(/|$)|(^|/)(\._[^/]*|\.DS_Store|"
    r"Thumbs\.db|desktop\.ini|timestamp\.txt|onlinetext\.html|\.written\.json)$|\.new\.ipynb$"
)
_EXCHANGE = re.compile(
    r"^(?P<who>[^+/]+)\+(?P<what>[^+/]+)\+(?P<time>\d{4}-\d\d-\d\d \d\d.\d\d.\d\d[^+/]*)(\+.*)?$"
)
_MOODLE = re.compile(r"^(?P<who>.+?)_(?P<id>\d+)_assignsubmission_(file|onlinetext)_?(?P<rest>.*)$")
_CANVAS = re.compile(r"^(?P<who>[^_]+)_(?:LATE_)?(?P<id>\d+)_(?P<file>\d+)_(?P<rest>.+)$")
# What systems and browsers add to a file that is there already.
_AGAIN = re.compile(r"(?:-Copy(\d+)|[ _]?\((\d+)\)|-(\d{1,2}))$")


@dataclass
class HandIn:
    """A file that was handed in.

    Attributes:
        who: The learner's name.
        name: The file, with its folders, as it is called where it lies.
        content: Its bytes, None if it couldn't be read.
        problem: Why it couldn't, in a sentence.
        order: What is larger for what was handed in later, by the same learner.
        key: What tells learners of the same name apart.
    """

    who: str
    name: str
    content: bytes | None = None
    problem: str = ""
    order: tuple = ()
    key: str = ""

    @property
    def is_notebook(self):
        return self.name.lower().endswith(".ipynb")


def find(path):
    """Returns what lies in a folder or an archive.

    Args:
        path: The folder, a zip archive, or a single notebook.

    Returns:
        A list of `HandIn`s, in the order of the learners' names. What no course system hands in on
        its own account, such as `.ipynb_checkpoints`, isn't in it.

    Raises:
        ValueError: If there is no such folder or archive.
    """
    path = Path(path)
    if path.is_dir():
        files = list(_in_folder(path))
    elif path.is_file() and path.suffix.lower() == ".zip":
        files = list(_in_archive(path.name, path.read_bytes(), ""))
    elif path.is_file():
        files = [_File(path.name, path.read_bytes(), "", path.stat().st_mtime)]
    else:
        raise ValueError(
            f"HANDED_IN must be a folder, a zip archive or a notebook. Received: {str(path)!r}"
        )
    files = [file for file in files if not _IGNORED.search(file.name)]
    common = _common_folder([file.name for file in files])
    found = [_hand_in(file, file.name[common:].split("/")) for file in files]
    _tell_apart(found)
    return sorted(found, key=lambda each: (each.who.casefold(), each.who, each.order, each.name))


@dataclass
class _File:
    name: str
    content: bytes | None
    problem: str
    time: float


def _in_folder(folder):
    """Yields the files below a folder; archives are opened."""
    for count, path in enumerate(sorted(folder.rglob("*"))):
        name = path.relative_to(folder).as_posix()
        if count >= MOST_FILES:
            yield _File(name, None, f"There are more than {MOST_FILES:,} files.", 0)
            return
        try:
            if path.is_symlink():  # it may lead to what nobody handed in
                yield _File(name, None, "It is a link, not a file.", 0)
            elif path.is_dir() or not path.is_file():
                continue
            elif path.suffix.lower() == ".zip":
                yield from _in_archive(name, path.read_bytes(), f"{name}/")
            elif path.stat().st_size > LARGEST_NOTEBOOK:
                yield _File(name, None, _too_large(path.stat().st_size), path.stat().st_mtime)
            else:
                yield _File(name, path.read_bytes(), "", path.stat().st_mtime)
        except OSError as error:
            yield _File(name, None, f"It can't be read: {error.strerror}.", 0)


def _too_large(size):
    return (
        f"Expected a file of at most {LARGEST_NOTEBOOK / 1e6:.0f} MB. Received: {size / 1e6:.0f} MB"
    )


def _in_archive(name, content, before, depth=0):
    """Yields the files in a zip archive, whose names begin with `before`."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        yield _File(name, None, "It is no zip archive, or a damaged one.", 0)
        return
    left = LARGEST_ARCHIVE
    for count, member in enumerate(members):
        inner = before + _plain_name(member.filename)
        if count >= MOST_FILES:
            yield _File(inner, None, f"There are more than {MOST_FILES:,} files.", 0)
            return
        if member.is_dir() or _IGNORED.search(inner):
            continue
        time = _time(member)
        try:
            if member.file_size > LARGEST_NOTEBOOK:
                yield _File(inner, None, _too_large(member.file_size), time)
                continue
            with archive.open(member) as file:  # what it says of its size may be untrue
                data = file.read(LARGEST_NOTEBOOK + 1)
        except RuntimeError:
            yield _File(inner, None, "It is locked by a password.", time)
            continue
        except Exception as error:  # whatever a damaged archive does to the modules that read it
            yield _File(inner, None, f"It can't be unpacked: {type(error).__name__}.", time)
            continue
        left -= len(data)
        if len(data) > LARGEST_NOTEBOOK or left < 0:
            yield _File(inner, None, "It unpacks to far more than its archive says.", time)
        elif inner.lower().endswith(".zip") and depth == 0:
            yield from _in_archive(inner, data, f"{inner}/", depth + 1)
        else:
            yield _File(inner, data, "", time)


def _plain_name(name):
    """Returns a member's name without anything that leads out of its archive."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "/".join(part for part in parts if part not in ("..", "/", ".")) or "file"


def _time(member):
    """Returns when a member was changed, in any unit that grows."""
    years, months, days, hours, minutes, seconds = member.date_time
    return ((((years * 12 + months) * 31 + days) * 24 + hours) * 60 + minutes) * 60 + seconds


def _common_folder(names):
    """Returns how many letters of all names are folders that say nothing of who it was."""
    length = 0
    while names:
        heads = {name[length:].partition("/")[0] for name in names}
        head = heads.pop()
        if heads or any("/" not in name[length:] for name in names):
            break
        inner = [name[length + len(head) + 1 :] for name in names]
        direct = [name for name in inner if "/" not in name]
        named = {_without_course(name) for name in direct}
        if _known(head) or (direct and len(named) < 2):  # one learner's folder
            break
        length += len(head) + 1
        if head in _COLLECTED:
            break
    return length


def _known(part):
    """Returns what a course system's naming says of a file or folder, or None."""
    return _EXCHANGE.match(part) or _MOODLE.match(part) or _CANVAS.match(part)


def _hand_in(file, parts):
    """Makes a hand-in of a file and what its folders and its name say."""
    again = _AGAIN.search(PurePosixPath(parts[-1]).stem)
    copies = int(next(filter(None, again.groups()))) if again else 0
    order = (0, "", copies, file.time)
    for part in parts:
        if found := _known(part):
            time = found.groupdict().get("time") or ""
            canvas = _CANVAS.match(part) is not None and not _MOODLE.match(part)
            if canvas:  # which counts what was handed in again
                order = (1, "", copies, file.time)
            elif time:
                order = (1, time, 0, file.time)
            return _made(file, found["who"], found.groupdict().get("id") or "", order)
    folders = [each for each in parts[:-1] if each not in _COLLECTED]
    folders = [re.sub(r"\.zip$", "", each, flags=re.I) for each in folders]
    who = _without_course(folders[0]) if folders else _without_course(parts[-1])
    who = who or (folders[0] if folders else PurePosixPath(parts[-1]).stem)
    return _made(file, who, "", order)


def _made(file, who, key, order):
    who = unicodedata.normalize("NFC", who).replace("_", " ")
    who = " ".join("".join(c if c.isprintable() else " " for c in who).split())[:80]
    return HandIn(who or "(no name)", file.name, file.content, file.problem, order, key)


def _without_course(name):
    """Returns what a file's name says beside the notebook's, such as a learner's name."""
    stem = re.sub(r"\.(ipynb|zip)$", "", name, flags=re.I)
    stem = _AGAIN.sub("", stem)
    for each in course.notebooks():
        spaced = each.name.replace("_", "[_ -]")
        stem = re.sub(rf"(?<![A-Za-z0-9]){spaced}(?![a-z])", "", stem, flags=re.I)
    stem = stem.strip(" _-.,")
    return re.sub(r"^\((.*)\)$", r"\1", stem)


def _tell_apart(found):
    """Puts the course system's number behind the names that several learners have."""
    keys = {}
    for each in found:
        keys.setdefault(each.who, set()).add(each.key)
    for each in found:
        if each.key and len(keys[each.who]) > 1:
            each.who = f"{each.who} ({each.key})"
