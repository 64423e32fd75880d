"""Backups of trainings: where they lie, whose they are, and what is in them.

A backup is a file `<slot>-<token>.npz`. The slot stands for the notebook and the kind of model, the
token for the one training. Beside it lies `<slot>-<token>.lock`, which the process that trains
holds; as long as it lives, nobody else takes its backup up.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from aehelpers._files import UNREADABLE, try_lock

_DAYS = 7
_NAME = re.compile(r"[0-9a-f]{16}-[0-9a-f]{8}\.(npz|tmp|lock)")
_MARK = b"lock of a training of aehelpers\n"

_held = {}  # the locks of this process: from paths to open files


class Backup:
    """The backup of one training, which this process holds the lock of.

    Args:
        path: Where it lies, or will lie after the first epoch.
        meta: What it says about itself, where it is there already.
    """

    def __init__(self, path, meta=None):
        self.path = path
        self.meta = meta

    def write(self, model, epoch, history, parts, orders):
        """Stores all that training needs to go on after `epoch` epochs."""
        meta = {
            "epoch": epoch,
            "history": history,
            "parts": parts,
            "orders": orders,
            "build_config": model.get_build_config(),
        }
        arrays = {}
        for i, variable in enumerate(_state(model)):
            array = keras.ops.convert_to_numpy(variable)
            # NumPy has no such type; all its numbers are float32 numbers.
            arrays[f"{i:04d}"] = array.astype("float32") if array.dtype.kind == "V" else array
        # Written beside and moved: a kernel that dies here leaves the backup before.
        beside = self.path.with_suffix(".tmp")
        with open(beside, "wb") as file:
            np.savez(file, meta=json.dumps(meta), **arrays)
        os.replace(beside, self.path)

    def read(self, model):
        """Gives the model what was stored; returns the epoch, the history and the orders."""
        with open(self.path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            meta = json.loads(str(file["meta"]))
            arrays = [file[key] for key in sorted(file.files) if key != "meta"]
        epoch, history, orders = int(meta["epoch"]), dict(meta["history"]), list(meta["orders"])
        if not model.built:
            model.build_from_config(meta["build_config"])
        model.optimizer.build(model.trainable_variables)
        state = _state(model)
        shapes = [tuple(variable.shape) for variable in state]
        if shapes != [array.shape for array in arrays]:
            raise ValueError("its arrays are not those of this model")
        for variable, array in zip(state, arrays, strict=True):
            variable.assign(array)
        return epoch, history, orders

    def delete(self):
        """Removes the files of this training."""
        release(self)
        _remove(self.path)


def folder():
    """Returns a folder for backups, or `None`, and says so, if none can be written."""
    for i, cache in enumerate(cache_folders()):
        place = cache / "training"
        try:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError:
            continue
        if i:
            print(
                "The cache folder can't be written (AEHELPERS_CACHE_DIR sets another): "
                "this training is backed up in the temporary folder."
            )
        _tidy(place)
        return place
    print("Neither the cache folder nor the temporary folder can be written: no backups.")
    return None


def cache_folders():
    """Yields where backups may lie, the best place first."""
    with contextlib.suppress(RuntimeError):  # no home folder
        if given := os.environ.get("AEHELPERS_CACHE_DIR"):
            yield Path(given).expanduser()
        elif sys.platform == "win32":
            local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
            yield Path(local) / "aehelpers"
        elif sys.platform == "darwin":
            yield Path.home() / "Library" / "Caches" / "aehelpers"
        else:
            yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aehelpers"
    user = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    with contextlib.suppress(OSError):  # no temporary folder can be written
        yield Path(tempfile.gettempdir(), f"aehelpers{user}")


def slot(model, name):
    """Returns a text for the trainings of one notebook that are of one kind."""
    where = os.environ.get("JPY_SESSION_NAME") or sys.argv[0]
    kind = re.sub(r"_[0-9]+$", "", model.name)
    parts = [os.getcwd(), where, type(model).__qualname__, kind, name]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def new(place, slot):
    """Returns a `Backup` of a training that begins, held by this process."""
    while True:
        path = place / f"{slot}-{secrets.token_hex(4)}.npz"
        file = open(path.with_suffix(".lock"), "xb")
        if try_lock(file) is not False:
            file.write(_MARK)
            file.flush()
            _held[str(path)] = file
            return Backup(path)
        file.close()


def interrupted(place, slot):
    """Returns the `Backup`s of a slot that nobody else holds, the last one first.

    This process holds them from now on: `release` those that aren't used.
    """
    found = []
    for path in place.glob(f"{slot}-*.npz"):
        if _NAME.fullmatch(path.name) and _hold(path):
            found.append(Backup(path, _meta(path)))
    found.sort(key=lambda backup: -_time(backup.path))
    return found


def release(backup):
    """Gives a backup free for others."""
    if file := _held.pop(str(backup.path), None):
        file.close()


def _hold(path):
    if str(path) in _held:
        return True
    try:
        file = open(path.with_suffix(".lock"), "r+b")
    except OSError:
        return False
    if file.read(len(_MARK)) == _MARK and try_lock(file):
        _held[str(path)] = file
        return True
    file.close()
    return False


def _tidy(place):
    """Removes what trainings have left that died or that nobody came back to."""
    for lock in place.glob("*.lock"):
        path = lock.with_suffix(".npz")
        if not _NAME.fullmatch(lock.name) or str(path) in _held:
            continue
        with contextlib.suppress(OSError), open(lock, "r+b") as file:
            old = time.time() - max(_time(path), _time(lock)) > _DAYS * 86400
            free = try_lock(file) if file.read(len(_MARK)) == _MARK else False
            if free or (free is None and old):
                path.with_suffix(".tmp").unlink(missing_ok=True)
                if not old and path.exists():
                    continue
            else:
                continue
        _remove(path)


def _remove(path):
    for suffix in (".npz", ".tmp", ".lock"):
        with contextlib.suppress(OSError):
            path.with_suffix(suffix).unlink(missing_ok=True)


def _time(path):
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _meta(path):
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            return json.loads(str(file["meta"]))
    except UNREADABLE:
        return {}


def _state(model):
    return [*model.variables, *model.optimizer.variables]
