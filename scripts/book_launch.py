"""Where the course's notebooks can be run without an installation: addresses for one repository.

All of them are made from one setting, the address of the repository in pyproject.toml's
`[project.urls]`. Without it, or where the repository isn't on GitHub, which these services need,
there are none.
"""

import re
from copy import deepcopy

import nbformat

PUBLISHED = "gh-pages"  # the branch that the workflow in .github/workflows/site.yml writes
FOLDER = "colab"  # of the site, with the notebooks that find the package by themselves


def places(repository, name, branch):
    """Returns pairs of a service and the address that opens a notebook there.

    Args:
        repository: Its address, or None.
        name: Of the notebook.
        branch: Of the repository.
    """
    found = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", repository or "")
    if not found:
        return []
    path = f"{found[1]}/blob/{PUBLISHED}/{FOLDER}/{name}.ipynb"
    lab = f"lab%2Ftree%2Fnotebooks%2F{name}.ipynb"
    return [
        ("Colab", f"https://colab.research.google.com/github/{path}"),
        ("Kaggle", f"https://kaggle.com/kernels/welcome?src=https://github.com/{path}"),
        ("Binder", f"https://mybinder.org/v2/gh/{found[1]}/{branch}?urlpath={lab}"),
        ("Codespaces", f"https://codespaces.new/{found[1]}?quickstart=1"),
    ]


def standing_alone(notebook, repository):
    """Returns a copy of a notebook that fetches the course's package in its first cell.

    What Colab and Kaggle bring along stays: the package is installed without its dependencies.
    """
    copy = deepcopy(notebook)
    source = (
        "# Fetches the package of this course, and nothing else: what is installed here will do.\n"
        f"%pip install --quiet --no-deps git+{repository}"
    )
    copy.cells.insert(0, nbformat.v4.new_code_cell(source, id="fetch-the-package"))
    return copy
