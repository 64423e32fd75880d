"""What a user's settings of Keras would do to the course, in words.

Keras reads `~/.keras/keras.json` and the environment when it is imported. The course's models need
TensorFlow, images with channels last and float32; elsewhere they would be wrong without a word.
"""

import json
import os
import sys
from pathlib import Path

_NEEDED = {"backend": "tensorflow", "image_data_format": "channels_last", "floatx": "float32"}
_HALF = ("float16", "bfloat16")  # mixed policies keep their weights in float32, and work


def problems():
    """Returns a sentence, with the way out, for each setting that the course can't work with.

    Keras is asked where it is imported already; else its settings are read. It isn't imported here.

    Returns:
        A list of strings, empty where all is well.
    """
    found = []
    for name, (value, source) in _settings().items():
        if name in _NEEDED and value != _NEEDED[name]:
            found.append(
                f"Keras's {name} must be {_NEEDED[name]!r}. Received: {value!r} ({source}). "
                f"Set it to {_NEEDED[name]!r} there and restart the kernel."
            )
        elif name == "dtype_policy" and value in _HALF:
            found.append(
                f"Keras's dtype policy must not be {value!r}, in which sums over the pixels have "
                f"no room. Set keras.config.set_dtype_policy('mixed_{value}') or 'float32'."
            )
        elif name in ("max_epochs", "max_steps_per_epoch") and value:
            variable = f"KERAS_{name.upper()}"
            found.append(f"Keras cuts training short: {variable}={value}. Unset {variable}.")
    return found


def check():
    """Raises `RuntimeError` with the sentences of `problems`, if there are any that harm models."""
    found = [each for each in problems() if "cuts training" not in each]
    if found:
        raise RuntimeError(" ".join(found))


def _settings():
    """Returns the settings by name: their value, and where it comes from."""
    variables = {
        name: (os.environ[f"KERAS_{name.upper()}"], f"KERAS_{name.upper()}")
        for name in ("backend", "max_epochs", "max_steps_per_epoch")
        if os.environ.get(f"KERAS_{name.upper()}")
    }
    stored = {name: (value, str(_file())) for name, value in _stored().items()}
    settings = {**stored, **variables}
    keras = sys.modules.get("keras")
    if hasattr(keras, "config"):
        for name in _NEEDED:
            value = getattr(keras.config, name)()
            source = settings[name][1] if settings.get(name, ("",))[0] == value else "set in Python"
            settings[name] = value, source
        settings["dtype_policy"] = keras.config.dtype_policy().name, "set in Python"
    return settings


def _file():
    home = os.environ.get("KERAS_HOME")
    return Path(home or os.path.expanduser("~/.keras")) / "keras.json"


def _stored():
    try:
        stored = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: stored[name] for name in _NEEDED if name in stored}
