"""The weights that are shipped: storing them, rounded, and loading them again.

Weights are `.npz` files without pickles, each beside a card, a JSON file that says what they are
and how they came about.
"""

import hashlib
import inspect
import io
import json
import platform
import re
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from aehelpers import models
from aehelpers._files import UNREADABLE

__all__ = ["available", "load_pretrained", "quantise", "read_card", "save_weights"]

WEIGHTS = Path(__file__).parent / "assets" / "weights"
MAX_FILE_BYTES = 3_000_000  # of a file of weights; git keeps every version of it
CARD_FIELDS = ("what", "builder", "arguments", "data", "seed", "minutes")


def save_weights(model, name, card, metrics=None, directory=None, dtype="float16"):
    """Stores a model's weights, rounded, and their card.

    Kernels are stored as `dtype`; biases and other vectors as float32. With `"int8"` each column
    of a kernel has a scale of its own, and kernels of less than 10,000 numbers are float16.

    Args:
        model: A `keras.Model` that `card["builder"]` makes.
        name: Stem of the two files, `name.npz` and `name.json`.
        card: Dictionary with `what` (a sentence), `builder` (a function of `aehelpers.models`),
            `arguments` (of the builder), `data`, `seed`, `minutes` (of training).
        metrics: Function of a model that returns a dictionary of numbers for the card. It gets the
            model as it will be loaded, with its rounded weights.
        directory: Folder of the files, by default that of the shipped weights.
        dtype: `"float16"` or `"int8"`.

    Returns:
        The card, with `dtype`, `sha256`, `versions` and `metrics` added.

    Raises:
        ValueError: If the card is incomplete, the builder makes another model, or the file is
            over 3 MB.

    Example:

    >>> import tempfile
    >>> from aehelpers import models
    >>> card = dict(what="Nothing learnt.", builder="vanilla", arguments={"latent_dim": 4},
    ...             data="none", seed=0, minutes=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     card = save_weights(models.vanilla(4), "nothing", card, directory=folder)
    ...     load_pretrained("nothing", directory=folder).count_params()
    7060
    """
    if missing := [field for field in CARD_FIELDS if field not in card]:
        raise ValueError(f"card must have {', '.join(CARD_FIELDS)}. Missing: {', '.join(missing)}")
    if dtype not in ("float16", "int8"):
        raise ValueError(f"dtype must be 'float16' or 'int8'. Received: dtype={dtype!r}")
    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise ValueError(f"name must be of a-z, 0-9, _ and -. Received: name={name!r}")
    arrays = {}
    for key, variable in _named_weights(model).items():
        values = keras.ops.convert_to_numpy(variable).astype("float32")
        if not np.isfinite(values).all():
            raise ValueError(f"Weights must be finite. Received: {key} with NaN or infinity")
        if values.ndim < 2:
            arrays[key] = values
        elif dtype == "int8" and values.size >= 10_000:
            arrays[key], arrays[key + ":scale"] = quantise(values)
        else:
            arrays[key] = values.astype("float16")
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    content = file.getvalue()
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(
            f"A file of weights must be {MAX_FILE_BYTES:,} bytes at most. "
            f"Received: {len(content):,} bytes as {dtype}"
        )
    rounded = _model_from(card, content, name)
    card = {
        **card,
        "dtype": dtype,
        "sha256": hashlib.sha256(content).hexdigest(),
        "versions": {
            "python": platform.python_version(),
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "numpy": np.__version__,
        },
        "metrics": metrics(rounded) if metrics else card.get("metrics", {}),
    }
    directory = Path(directory or WEIGHTS)
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    (directory / f"{name}.npz").write_bytes(content)
    (directory / f"{name}.json").write_text(text, encoding="utf-8")
    return card


def load_pretrained(name, directory=None):
    """Makes one of the course's models and gives it the weights that were trained for it.

    Args:
        name: One of `available()`.
        directory: Folder of the files, by default that of the shipped weights.

    Returns:
        A `keras.Model`, not compiled, with float32 weights.

    Raises:
        ValueError: If there are no such weights, the file is not the one its card describes, or
            it doesn't fit the model.
    """
    card = read_card(name, directory)
    content = Path(directory or WEIGHTS, f"{name}.npz").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != card.get("sha256"):
        raise ValueError(
            f"{name}.npz is not the file that {name}.json describes. "
            f"Expected: SHA-256 {card.get('sha256')}. Received: {digest}"
        )
    return _model_from(card, content, name)


def read_card(name, directory=None):
    """Reads what is known about weights: data, seed, versions, minutes, metrics on test images.

    Args:
        name: One of `available()`.
        directory: Folder of the files, by default that of the shipped weights.

    Returns:
        A dictionary.

    Raises:
        ValueError: If there are no such weights, or the card can't be read.
    """
    names = available(directory)
    if name not in names:
        there = ", ".join(names) or "none"
        raise ValueError(
            f"No pretrained weights of this name. There are: {there}. Received: {name!r}"
        )
    try:
        card = json.loads(Path(directory or WEIGHTS, f"{name}.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{name}.json must be a card in JSON. Received: {error}") from error
    if not isinstance(card, dict) or not {"builder", "arguments"} <= card.keys():
        raise ValueError(
            f"{name}.json must be a card with builder and arguments. Received: {card!r}"
        )
    return card


def available(directory=None):
    """Lists the names that `load_pretrained` knows.

    Args:
        directory: Folder of the files, by default that of the shipped weights.

    Returns:
        A sorted list of strings.
    """
    files = Path(directory or WEIGHTS).glob("*.npz")
    return sorted(file.stem for file in files if file.with_suffix(".json").exists())


def quantise(kernel):
    """Rounds a kernel to int8, with one scale for each index of its last axis.

    Args:
        kernel: Finite numbers, of any shape; the last axis are the outputs of the layer.

    Returns:
        Integers from -127 to 127 of that shape, and the scales by which to multiply them, float32.

    Example:

    >>> steps, scale = quantise(np.array([[1.0, 0.0], [-2.0, 0.0]]))
    >>> print(steps[:, 0], (steps * scale)[:, 0].round(2))
    [  64 -127] [ 1.01 -2.  ]
    """
    # Clipping the largest magnitudes for finer steps, at the range of least squared error, was
    # tried: 8 bits are so fine that it gains less than 1 % of the error.
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    scale = np.where(largest > 0, largest / 127, 1).astype("float32")
    return np.rint(kernel / scale).astype("int8"), scale


def _model_from(card, content, name):
    builder = getattr(models, card["builder"], None) if card["builder"] in models.__all__ else None
    if not inspect.isfunction(builder):
        raise ValueError(
            f"The builder of {name} must be a function of aehelpers.models. "
            f"Received: builder={card['builder']!r}"
        )
    try:
        model = builder(**card["arguments"])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{card['builder']} must take the card's arguments. "
            f"Received: {card['arguments']!r} ({error})"
        ) from error
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except UNREADABLE as error:
        raise ValueError(
            f"{name}.npz must hold arrays without pickles. Received: {error}"
        ) from error
    scales = {key: arrays.pop(key) for key in list(arrays) if key.endswith(":scale")}
    weights = _named_weights(model)
    found = {key: tuple(array.shape) for key, array in arrays.items()}
    expected = {key: tuple(variable.shape) for key, variable in weights.items()}
    if found != expected:
        differs = sorted(k for k in found | expected if found.get(k) != expected.get(k))
        raise ValueError(
            f"{name}.npz must fit the model {card['builder']}({card['arguments']}). "
            f"Expected: { ({k: expected.get(k) for k in differs}) }. "
            f"Received: { ({k: found.get(k) for k in differs}) }"
        )
    for key, variable in weights.items():
        variable.assign(arrays[key].astype("float32") * scales.get(key + ":scale", np.float32(1)))
    return model


def _named_weights(model):
    """Returns the weights under their place and path, without the counts of this process."""
    return {
        f"{i:02d}/{re.sub(r'_[0-9]+(?=/|$)', '', variable.path)}": variable
        for i, variable in enumerate(model.weights)
    }
