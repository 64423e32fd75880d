"""Checks for the exercises: each says "passed", or what it found and where to read again.

`exercise.py` says what an exercise is and how an answer is judged; `ex00.py` and so on hold the
exercises of one notebook each, with `inputs.py`, `nets.py` and `noises.py` for what they ask with
and look at; `machine.py` looks at what is installed, `loss_doctor.py` at what a loss weighs.

An exercise's stub returns None, and its check then says "not attempted yet", so that a notebook
runs from top to bottom with any exercise left blank.
"""

import importlib
import pkgutil
import re

from aehelpers.checks.exercise import Verdict, hint
from aehelpers.checks.loss_doctor import LossScale, loss_scale
from aehelpers.checks.machine import environment

__all__ = ["LossScale", "Verdict", "environment", "hint", "loss_scale"]

# All that the files of the notebooks list, so that a new exercise is told of in one file.
for _file in pkgutil.iter_modules(__path__):
    if re.match(r"ex\d\d", _file.name):
        _module = importlib.import_module(f"{__name__}.{_file.name}")
        globals().update({name: getattr(_module, name) for name in _module.__all__})
        __all__ += _module.__all__
__all__.sort()
