"""Marks for notebooks that were handed in; `scripts/grade.py` is the command.

`hand_ins.py` finds them and tells who handed in what; `cells.py` chooses what of a notebook is run;
`judge.py` runs it and has the course's checks judge the answers, in a process that `warm.py` keeps
within limits; `pages.py` writes what came of it.
"""
