"""Checks for the exercises: each says "passed", or what it found and where to read again.

`exercise.py` says what an exercise is and how an answer is judged; `ex00.py` to `ex07.py` hold the
exercises of one notebook each, with `inputs.py`, `nets.py` and `noises.py` for what they ask with
and look at; `machine.py` looks at what is installed.

An exercise's stub returns None, and its check then says "not attempted yet", so that a notebook
runs from top to bottom with any exercise left blank.
"""

from aehelpers.checks.ex00 import ex00_1, ex00_2, ex00_3
from aehelpers.checks.ex01 import ex01_1, ex01_2, ex01_3
from aehelpers.checks.ex02 import ex02_1, ex02_2, ex02_3
from aehelpers.checks.ex03 import ex03_1, ex03_2, ex03_3
from aehelpers.checks.ex04 import ex04_1, ex04_2
from aehelpers.checks.ex04_atoms import ex04_3
from aehelpers.checks.ex05 import ex05_1, ex05_2
from aehelpers.checks.ex05_bugs import ex05_3, ex05_4, ex05_5
from aehelpers.checks.ex06 import ex06_1, ex06_2, ex06_3
from aehelpers.checks.ex07 import ex07_1, ex07_2, ex07_3
from aehelpers.checks.exercise import Verdict, hint
from aehelpers.checks.machine import environment

__all__ = [
    "Verdict",
    "environment",
    "ex00_1",
    "ex00_2",
    "ex00_3",
    "ex01_1",
    "ex01_2",
    "ex01_3",
    "ex02_1",
    "ex02_2",
    "ex02_3",
    "ex03_1",
    "ex03_2",
    "ex03_3",
    "ex04_1",
    "ex04_2",
    "ex04_3",
    "ex05_1",
    "ex05_2",
    "ex05_3",
    "ex05_4",
    "ex05_5",
    "ex06_1",
    "ex06_2",
    "ex06_3",
    "ex07_1",
    "ex07_2",
    "ex07_3",
    "hint",
]
