"""What this machine has of what the course needs."""

import importlib.metadata
import os
import shutil
import sys
from pathlib import Path

from aehelpers import _keras_config

__all__ = ["Report", "environment"]

# What the course is made with, and what else it is tested with where others choose the versions.
_WANTED = (
    ("keras", "3.15", ("3.13",)),
    ("numpy", "2.", ()),
    ("matplotlib", "3.11", ("3.10",)),
    ("tensorflow", "2.21", ("2.20",)),
)
# Variables by which a service is known to those who run in it.
_HOSTS = (
    ("Colab", "COLAB_RELEASE_TAG"),
    ("Kaggle", "KAGGLE_KERNEL_RUN_TYPE"),
    ("Binder", "BINDER_LAUNCH_HOST"),
    ("Codespaces", "CODESPACES"),
)
_BRING_THEIR_OWN = ("Colab", "Kaggle")
_OWN_PYTHON = "install one of these and run `make lab`"
_PYTHON = {
    "Colab": "choose Runtime > Change runtime type, and there the latest version",
    "Kaggle": "choose the latest environment in the notebook's settings",
    "Binder": "start it again from the course's page, which chooses the Python",
    "Codespaces": "choose the kernel .venv at the top right; python scripts/setup_env.py makes it",
}


def _host():
    """Returns the name of the service that this runs on, or None on one's own machine."""
    return next((name for name, variable in _HOSTS if os.environ.get(variable)), None)


def _remedy(host, name, wanted):
    """Returns what to do about a package that is missing, or has another version."""
    if host in _BRING_THEIR_OWN:
        restart = "Runtime > Restart session" if host == "Colab" else "Run > Restart kernel"
        return f'run `%pip install "{name}=={wanted.rstrip(".")}.*"`, then {restart}'
    if host:
        return f"{_PYTHON[host]}"
    return "start it with `make lab`, which installs it"


def environment():
    """Says what this machine has of what the course needs, and in words what is missing.

    Returns:
        A text that shows itself, one line for each thing looked at; `.passed` is False if
        something is missing.
    """
    lines, missing = [], []
    host = _host()

    def line(fine, text, remedy=""):
        lines.append(f"{'fine   ' if fine else 'MISSING'}  {text}{'' if fine else '. ' + remedy}")
        if not fine:
            missing.append(text)

    python = sys.version_info
    line(
        (3, 11) <= python[:2] <= (3, 13),
        f"Python {python.major}.{python.minor}",
        f"TensorFlow 2.21 needs 3.11 to 3.13: {_PYTHON.get(host, _OWN_PYTHON)}",
    )
    found = {name: _version(name) for name, *_ in _WANTED}
    found["tensorflow"] = _version("tensorflow-cpu") or found["tensorflow"]
    for name, wanted, there in _WANTED:
        versions = (wanted, *there) if host in _BRING_THEIR_OWN else (wanted,)
        words = " or ".join(each.rstrip(".") for each in versions)
        line(
            found[name] is not None and found[name].startswith(versions),
            f"{name} {found[name] or 'not installed'}",
            f"The course needs {words}: {_remedy(host, name, wanted)}",
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
