"""Answers to the exercises as learners write them, a file for each notebook.

`RIGHT` has answers in different idioms. `WRONG` has pairs of an answer and a piece of the hint that
it must get; the hint of an answer that is a mistake stated in the check itself is tested anyway.
`SURVIVORS` has the mutants of the reference that pass, each with the reason why it is no mistake.
"""

import importlib
import pkgutil

RIGHT, WRONG, SURVIVORS = {}, {}, {}
for _file in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_file.name}")
    RIGHT |= _module.RIGHT
    WRONG |= _module.WRONG
    SURVIVORS |= _module.SURVIVORS
