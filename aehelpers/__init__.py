"""The small package that the course's notebooks import.

`import aehelpers` loads nothing else; a submodule is loaded when it is first used, so that drawing
the first digits does not wait for TensorFlow:

>>> import aehelpers
>>> aehelpers.data.check_images([[0.0] * 784]).shape
(1, 28, 28, 1)
"""

import importlib

__version__ = "0.1.0"

_SUBMODULES = (
    "checks",
    "data",
    "layers",
    "losses",
    "metrics",
    "models",
    "plots",
    "predictions",
    "training",
    "weights",
    "widgets",
)


# These import Keras, which fails in words of its own where it is set to another backend.
_ON_KERAS = ("layers", "losses", "models", "training", "weights", "widgets")


def __getattr__(name):
    if name in _SUBMODULES:
        if name in _ON_KERAS:
            importlib.import_module(f"{__name__}._keras_config").check()
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_SUBMODULES])
