"""What this machine has of what the course needs."""

import importlib.metadata
import os
import shutil
import sys
from pathlib import Path

from aehelpers import _keras_config

__all__ = ["Report", "environment"]


def environment():
    """Says what this machine has of what the course needs, and in words what is missing.

    Returns:
        A text that shows itself, one line for each thing looked at; `.passed` is False if
        something is missing.
    """
    lines, missing = [], []

    def line(fine, text, remedy=""):
        lines.append(f"{'fine   ' if fine else 'MISSING'}  {text}{'' if fine else '. ' + remedy}")
        if not fine:
            missing.append(text)

    python = sys.version_info
    line(
        (3, 11) <= python[:2] <= (3, 13),
        f"Python {python.major}.{python.minor}",
        "TensorFlow 2.21 needs 3.11 to 3.13: install one of these and run `make lab`",
    )
    for name, wanted in (("keras", "3.15"), ("numpy", "2."), ("matplotlib", "3.11")):
        found = _version(name)
        line(
            found is not None and found.startswith(wanted),
            f"{name} {found or 'not installed'}",
            f"The course needs {wanted.rstrip('.')}: start it with `make lab`, which installs it",
        )
    tensorflow = _version("tensorflow-cpu") or _version("tensorflow")
    line(
        tensorflow is not None and tensorflow.startswith("2.21"),
        f"tensorflow {tensorflow or 'not installed'}",
        "The course needs 2.21: start it with `make lab`, which installs it",
    )
    disk = shutil.disk_usage(_home()).free / 1e9
    line(disk > 0.5, "disk space", f"Only {disk:.1f} GB are free; 0.5 GB are needed")
    line(
        (os.cpu_count() or 1) >= 2,
        "two processor cores",
        "Everything works on one, in about twice the time",
    )
    for problem in _keras_config.problems():
        line(False, *problem.split(". ", maxsplit=1))
    return Report("\n".join(lines), not missing)


class Report:
    """A text that shows itself as it is, and whether all was well."""

    def __init__(self, text, passed):
        self.text = text
        self.passed = passed

    def __repr__(self):
        return self.text


def _home():
    """Returns the user's folder, or this one where there is none."""
    home = Path(os.path.expanduser("~"))  # Path.home() raises for users without an entry
    return home if home.is_dir() else Path.cwd()


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
