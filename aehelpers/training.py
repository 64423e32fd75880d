"""Training that can be watched, stopped and taken up again."""

import contextlib
import hashlib
import html
import json
import math
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from aehelpers import plots

# Notebooks train and load in one breath, and look for both here.
from aehelpers.weights import (
    UNREADABLE,
    available,
    load_pretrained,
    read_card,
    save_weights,
)

__all__ = ["LiveTraining", "available", "load_pretrained", "read_card", "save_weights"]

_BACKUP_DAYS = 7
_SECONDS_BETWEEN_UPDATES = 0.25


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
        except UNREADABLE as error:
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
