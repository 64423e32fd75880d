"""Training that can be watched, stopped and taken up again; and the weights that are shipped.

Weights are stored as `.npz` files without pickles, each beside a card, a JSON file that says what
they are and how they came about.
"""

import contextlib
import hashlib
import html
import inspect
import io
import json
import math
import os
import platform
import re
import sys
import tempfile
import time
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from aehelpers import models, plots

__all__ = ["LiveTraining", "available", "load_pretrained", "read_card", "save_weights"]

WEIGHTS = Path(__file__).parent / "assets" / "weights"
MAX_FILE_BYTES = 3_000_000  # of a file of weights; git keeps every version of it
CARD_FIELDS = ("what", "builder", "arguments", "data", "seed", "minutes")

_BACKUP_DAYS = 7
_SECONDS_BETWEEN_UPDATES = 0.25
# What reading a damaged or foreign .npz file can raise.
_UNREADABLE = (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error)


class LiveTraining(keras.callbacks.Callback):
    """Shows how training goes, and resumes it after an interrupt.

    In a notebook there is a progress bar with the time left, and a sketch of the loss (training
    solid, validation dashed); a figure and one line of text are left at the end. Elsewhere, at
    most ten lines are printed.

    The weights, the optimiser's state and the history are backed up after every epoch, under
    `AEHELPERS_CACHE_DIR` or the user's cache folder. When `fit` was stopped, or its kernel died,
    running it again goes on after the last epoch that was finished. What other callbacks keep to
    themselves is not restored. At the end of training the backup is deleted; one that nobody
    comes back to, after a week.

    Args:
        resume: Whether to go on with an interrupted training of the same configuration: the same
            notebook or script, layers, `compile` arguments, epochs and steps. With `False`
            training starts over.
        name: Tells apart trainings that have the same configuration, for instance on other data.
        ylabel: What the loss is and its unit, for the figure.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.0), loss="mse")
    >>> x, y = np.zeros((4, 2)), np.ones((4, 1))
    >>> live = LiveTraining(resume=False)
    >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[live])
    Epoch 1 of 3: loss 1.000
    Epoch 2 of 3: loss 1.000
    3 epochs: loss 1.000
    """

    def __init__(self, resume=True, name=None, ylabel="loss (nats per image)"):
        super().__init__()
        self.resume = resume
        self.name = name
        self.ylabel = ylabel

    def on_train_begin(self, logs=None):
        self._epochs, self._steps = self.params["epochs"], self.params["steps"]
        self._history, self._first, self._clock = {}, 0, None
        # Keras would keep what an earlier resume had set, and skip epochs of this training.
        self.model._initial_epoch = None
        self._path = _backup_path(self.model, self.params, self.name)
        if self._path and self._path.exists():
            self._take_up()
        self._display = None
        ipython = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
        if hasattr(ipython, "kernel"):
            from IPython.display import display

            self._events = ipython.events
            self._display = display(_html("Starting"), display_id=True)
            self._next_update = time.monotonic() + _SECONDS_BETWEEN_UPDATES
            # `on_train_end` isn't called when training is interrupted.
            self._events.register("post_run_cell", self._on_interrupt)

    def on_epoch_begin(self, epoch, logs=None):
        self.model._initial_epoch = None
        self._epoch, self._batch = epoch, 0

    # The begin of a batch, not its end: with a callback there, Keras would wait for the numbers
    # of every batch.
    def on_train_batch_begin(self, batch, logs=None):
        self._batch = batch
        if self._display is None:
            return
        now = time.monotonic()
        if self._clock is None and batch:  # not at 0, as the first batch is slow
            self._clock = now, self._epoch, batch
        if now >= self._next_update:
            self._display.update(_html(self._status(now), self._done(), self._history))
            # Sending waits for another thread, long where the cores are busy: 1 % of the time.
            then = time.monotonic()
            pause = min(100 * (then - now), 8 * _SECONDS_BETWEEN_UPDATES)
            self._next_update = then + max(pause, _SECONDS_BETWEEN_UPDATES)

    def on_epoch_end(self, epoch, logs=None):
        self._steps = self._steps or self._batch + 1
        for key, value in (logs or {}).items():
            self._history.setdefault(key, []).append(float(value))
        if self._path:
            try:
                _write_backup(self._path, self.model, epoch + 1, self._history)
            except OSError as error:
                self._path = None
                print(f"No more backups of this training: {error.strerror}.")
        every = math.ceil(self._epochs / 10)
        if self._display is None and (epoch + 1) % every == 0 and epoch + 1 < self._epochs:
            print(f"Epoch {epoch + 1} of {self._epochs}: {_numbers(self._history)}")

    def on_train_end(self, logs=None):
        if self._first:
            self.model.history.epoch[:0] = range(self._first)
        if self._path:
            self._path.unlink(missing_ok=True)
        if self._display is not None:
            self._events.unregister("post_run_cell", self._on_interrupt)
            self._leave_figure()
        n = len(self._history.get("loss", ()))
        print(f"{n} epoch{'s' * (n != 1)}: {_numbers(self._history)}")

    def _take_up(self):
        if not self.resume:
            self._path.unlink()
            return
        try:
            self._first, self._history = _read_backup(self._path, self.model)
        except _UNREADABLE as error:
            self._path.unlink(missing_ok=True)
            print(
                "The backup of an interrupted training can't be used, so training starts from the "
                f"beginning ({type(error).__name__}: {getattr(error, 'strerror', None) or error})."
            )
            return
        self.model._initial_epoch = self._first
        self.model.history.history = {key: list(v) for key, v in self._history.items()}
        print(
            f"Resumed after epoch {self._first} of {self._epochs}. "
            "LiveTraining(resume=False) would start over."
        )

    def _on_interrupt(self, result=None):
        self._events.unregister("post_run_cell", self._on_interrupt)
        self._leave_figure()
        finished = len(self._history.get("loss", ()))
        print(
            f"Stopped after {finished} of {self._epochs} epochs."
            + (" Run the cell again to go on from there." if finished and self._path else "")
        )

    def _leave_figure(self):
        if "loss" in self._history:
            self._display.update(plots.curves(self._history, ylabel=self.ylabel))
        else:
            self._display.update(_html("No epoch was finished."))

    def _done(self):
        return (self._epoch + self._batch / self._steps) / self._epochs if self._steps else None

    def _status(self, now):
        status = f"epoch {self._epoch + 1} of {self._epochs}"
        if self._steps:
            status += f", batch {self._batch} of {self._steps}"
        if self._history:
            status += f"; {_numbers(self._history)}"
        if self._clock and self._steps:
            since, epoch, batch = self._clock
            done = self._steps * (self._epoch - epoch) + self._batch - batch
            left = self._steps * (self._epochs - self._epoch) - self._batch
            if done:
                minutes, seconds = divmod(math.ceil((now - since) / done * left), 60)
                status += f"; {minutes} min {seconds} s left" if minutes else f"; {seconds} s left"
        return status


def _numbers(history):
    """Returns the last value of every recorded number, to four digits."""
    last = {key: f"{values[-1]:#.4g}".rstrip(".") for key, values in history.items()}
    return ", ".join(f"{key} {value}" for key, value in last.items())


def _html(status, done=None, history=None):
    """Returns the bar and a sketch of the curves; a Matplotlib figure would take 100 ms a time."""
    from IPython.display import HTML

    value = "" if done is None else f'value="{done:.4f}"'
    bar = f'<progress style="width:360px" aria-label="training" {value}></progress>'
    return HTML(f"<div>{bar}<br>{html.escape(status)}</div>{_sketch(history or {})}")


def _sketch(history, width=360, height=120):
    curves = {key: history[key] for key in ("loss", "val_loss") if key in history}
    finite = [v for curve in curves.values() for v in curve if math.isfinite(v)]
    steps = len(history.get("loss", ())) - 1
    if steps < 1 or not finite:
        return ""
    low, high = min(finite), max(finite)
    lines = ""
    for key, curve in curves.items():
        points = " ".join(
            f"{i / steps * width:.1f},{(high - v) / ((high - low) or 1) * (height - 4) + 2:.1f}"
            for i, v in enumerate(curve)
            if math.isfinite(v)
        )
        dashes = ' stroke-dasharray="4 3"' if key == "val_loss" else ""
        lines += f'<polyline points="{points}"{dashes}/>'
    legend = f"loss from {high:.4g} (top) to {low:.4g}"
    legend += "; training solid, validation dashed" if "val_loss" in curves else ""
    return (
        f'<svg width="{width}" height="{height}" role="img" aria-label="{legend}" fill="none" '
        f'stroke="currentColor">{lines}</svg><div>{legend}</div>'
    )


def _cache_folders():
    """Yields where backups may lie, the best place first."""
    home = Path.home()
    if folder := os.environ.get("AEHELPERS_CACHE_DIR"):
        yield Path(folder).expanduser()
    elif sys.platform == "win32":
        yield Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "aehelpers"
    elif sys.platform == "darwin":
        yield home / "Library" / "Caches" / "aehelpers"
    else:
        yield Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "aehelpers"
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    yield Path(tempfile.gettempdir(), f"aehelpers{user}")


def _backup_path(model, params, name):
    """Returns the file for backups of this configuration, `None` if no folder can be written."""
    for i, cache in enumerate(_cache_folders()):
        folder = cache / "training"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            continue
        if i:
            print(
                "The cache folder can't be written (AEHELPERS_CACHE_DIR sets another): "
                "this training is backed up in the temporary folder."
            )
        for old in folder.iterdir():
            # Another process may be faster to delete it.
            with contextlib.suppress(OSError):
                if time.time() - old.stat().st_mtime > _BACKUP_DAYS * 86400:
                    old.unlink()
        return folder / f"{_fingerprint(model, params, name)}.npz"
    print("Neither the cache folder nor the temporary folder can be written: no backups.")
    return None


def _fingerprint(model, params, name):
    """Returns a hash of what makes two trainings the same, in this kernel or the next."""
    try:
        config = keras.saving.serialize_keras_object(model)
    except (NotImplementedError, TypeError, ValueError):  # a subclass that can't be saved
        config = {"name": type(model).__qualname__, "compile_config": model.get_compile_config()}
    names = {}
    config = json.dumps(_portable(config, names), default=lambda x: type(x).__name__)
    # "dense_7" counts the layers that this kernel has made: number them anew.
    string = re.compile(r'"((?:[^"\\]|\\.)*)"')
    config = string.sub(lambda match: f'"{names.get(match[1], match[1])}"', config)
    where = os.environ.get("JPY_SESSION_NAME") or sys.argv[0]
    parts = [config, os.getcwd(), where, params["epochs"], params["steps"], name]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _portable(config, names):
    """Leaves out of `config` what differs once a model is built, and collects its names."""
    if isinstance(config, dict):
        if isinstance(config.get("name"), str):
            names.setdefault(config["name"], f"#{len(names)}")
        layers = config.get("layers")
        if "build_input_shape" in config and layers[0]["class_name"] == "InputLayer":
            config = {**config, "layers": layers[1:]}
        skip = ("build_config", "build_input_shape")
        return {str(k): _portable(v, names) for k, v in config.items() if k not in skip}
    if isinstance(config, list | tuple):
        return [_portable(value, names) for value in config]
    return config


def _state(model):
    return [*model.variables, *model.optimizer.variables]


def _write_backup(path, model, epoch, history):
    meta = {"epoch": epoch, "history": history, "build_config": model.get_build_config()}
    arrays = {f"{i:04d}": keras.ops.convert_to_numpy(v) for i, v in enumerate(_state(model))}
    # Written beside and moved: a kernel that dies here leaves the backup before.
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    with open(beside, "wb") as file:
        np.savez(file, meta=json.dumps(meta), **arrays)
    os.replace(beside, path)


def _read_backup(path, model):
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        meta = json.loads(str(file["meta"]))
        arrays = [file[key] for key in sorted(file.files) if key != "meta"]
    epoch, history = int(meta["epoch"]), dict(meta["history"])
    if not model.built:
        model.build_from_config(meta["build_config"])
    model.optimizer.build(model.trainable_variables)
    state = _state(model)
    shapes = [tuple(v.shape) for v in state]
    if shapes != [a.shape for a in arrays]:
        raise ValueError("its arrays are not those of this model")
    for variable, array in zip(state, arrays, strict=True):
        variable.assign(array)
    return epoch, history


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
            arrays[key], arrays[key + ":scale"] = _quantise(values)
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
    except _UNREADABLE as error:
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


def _quantise(kernel):
    """Rounds to int8, with one scale for each index of the last axis (an output of the layer)."""
    # Clipping the largest magnitudes for finer steps, at the range of least squared error, was
    # tried: 8 bits are so fine that it gains less than 1 % of the error.
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    scale = np.where(largest > 0, largest / 127, 1).astype("float32")
    return np.rint(kernel / scale).astype("int8"), scale
