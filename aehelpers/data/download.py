"""Finds the whole MNIST database on this computer, or downloads it once.

`data.load_mnist` is what the notebooks call; this module holds what they never see. It looks at

1. `AEHELPERS_DATA_DIR`, a folder that many may share and that is never written to,
2. Keras's cache, `$KERAS_HOME/datasets` or `~/.keras/datasets`,
3. the download that Keras uses, stored in Keras's cache.

A file counts only if it holds MNIST to the last pixel. A download that fails is not tried again for
an hour, or for five minutes where it had begun and was too slow, by any process: `mnist.npz.failed`
in the cache (or in the temporary folder, where the cache can't be written) remembers it. Delete
that file to try at once.
"""

import contextlib
import hashlib
import io
import os
import queue
import stat
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import warnings
from pathlib import Path

import numpy as np

from aehelpers._files import try_lock

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
URL_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
# Files known to hold MNIST: Keras's download, and the same arrays compressed anew.
FILE_SHA256 = {
    URL_SHA256,
    "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
}
# For any other file: SHA-256 of the bytes of the four arrays, one after the other in this order.
CONTENT_SHA256 = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16"
SHAPES = {
    "x_train": (60000, 28, 28),
    "y_train": (60000,),
    "x_test": (10000, 28, 28),
    "y_test": (10000,),
}
MAX_BYTES = 64 * 2**20  # uncompressed, the four arrays are 55 MB

ANSWER_SECONDS = 5  # until the first bytes come: name look-up, connecting and the answer together
STALL_SECONDS = 20  # between two pieces of a download that has begun
SLOW_SECONDS = 30  # in which there must come SLOW_BYTES: more slowly, it would take 10 minutes
SLOW_BYTES = 600_000
RETRY_SECONDS = 3600
RETRY_SLOW_SECONDS = 300

_failure = None  # (time, seconds, reason) of a failed download that could be written down nowhere


class NotFound(Exception):
    """The whole database could not be had; the message is the reason, in words."""


class TooSlow(NotFound):
    """A download had begun, but stopped or crept: it may well go on in a few minutes."""


def find():
    """Returns the four arrays of MNIST and where they were found.

    A file that is not MNIST is named in a warning, and the search goes on.

    Returns:
        `(arrays, source)`: a dictionary of the uint8 arrays `x_train`, `y_train`, `x_test` and
        `y_test`, and "AEHELPERS_DATA_DIR", "keras cache" or "download".

    Raises:
        NotFound: the whole database is nowhere to be found.
    """
    if folder := os.environ.get("AEHELPERS_DATA_DIR"):
        path = Path(os.path.expanduser(folder)) / "mnist.npz"  # an unknown ~user stays as it is
        arrays = _read_or_warn(path)
        if arrays is not None:
            return arrays, "AEHELPERS_DATA_DIR"
        if _is_missing(path):
            warnings.warn(
                "AEHELPERS_DATA_DIR must be a folder that holds mnist.npz. "
                f"Received: AEHELPERS_DATA_DIR={folder}, and {path.absolute()} does not exist. "
                "Looking elsewhere.",
                stacklevel=4,
            )
    path = cache_path()
    before = _stamp(path)
    arrays = _read_or_warn(path)
    if arrays is not None:
        return arrays, "keras cache"
    return download(path, before)


def cache_path():
    """Returns the place of `mnist.npz` in Keras's cache."""
    try:
        home = os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser()
    except RuntimeError as error:
        raise NotFound("there is no home folder for Keras's cache") from error
    return Path(home) / "datasets" / "mnist.npz"


def read(path):
    """Returns the four arrays in the file `path` if they are MNIST, to the last pixel.

    Raises:
        OSError: the file can't be read.
        ValueError: the file holds something else; the message says what.
    """
    status = os.stat(path)
    size = status.st_size
    if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
        raise ValueError("expected a file. Received: a folder, a pipe or a device")
    if size > MAX_BYTES:
        raise ValueError(f"expected at most {MAX_BYTES:,} bytes. Received: {size:,} bytes")
    content = Path(path).read_bytes()
    if not content.startswith(b"PK"):
        raise ValueError(
            "expected a NumPy archive (.npz). "
            f"Received: {len(content):,} bytes that start with {content[:16]!r}"
        )
    known_file = hashlib.sha256(content).hexdigest() in FILE_SHA256
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            unpacked = sum(member.file_size for member in archive.zip.infolist())
            if unpacked > MAX_BYTES:
                raise ValueError(f"{unpacked:,} bytes when unpacked")
            arrays = {name: archive[name] for name in SHAPES}
    except Exception as error:  # a damaged archive fails in a dozen ways, each with its own type
        raise ValueError(
            f"expected the arrays {', '.join(SHAPES)}. "
            f"Received: an archive of {size:,} bytes that can't be read "
            f"({type(error).__name__}: {error})"
        ) from error
    for name, shape in SHAPES.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.uint8:
            raise ValueError(
                f"expected {name} of shape {shape} and dtype uint8. "
                f"Received: shape {array.shape} and dtype {array.dtype}"
            )
    if not known_file:
        digest = hashlib.sha256()
        for name in SHAPES:
            digest.update(np.ascontiguousarray(arrays[name]))
        if digest.hexdigest() != CONTENT_SHA256:
            raise ValueError(
                "expected the pixels and labels of MNIST, in its original order "
                f"(SHA-256 {CONTENT_SHA256[:12]}…). "
                f"Received: other pixels or labels (SHA-256 {digest.hexdigest()[:12]}…)"
            )
    return arrays


def _read_or_warn(path):
    """Returns the arrays in `path`, or None; a file that is there and is no good is named."""
    if _is_missing(path):
        return None
    try:
        return read(path)
    except (OSError, ValueError) as error:
        reason = _words(error)
        warnings.warn(f"{path.absolute()} is not used: {reason}. Looking elsewhere.", stacklevel=5)
        return None


def _is_missing(path):
    """Returns whether nothing is there; False for what may not be looked at."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _stamp(path):
    """Returns what tells one file at `path` from the next; None where there is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def download(path, before):
    """Downloads MNIST to `path`, in one process at a time.

    Args:
        path: where the file shall lie.
        before: the `_stamp` of what was there, and was no good. As soon as it changes, another
            process has put the whole file there.

    Returns:
        The arrays and "download", or "keras cache" where another process was faster.

    Raises:
        NotFound: this or an earlier attempt failed; no part of a download is left behind.
    """
    _raise_remembered_failure(path)

    def finished():
        return _stamp(path) not in (before, None)

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _one_process_at_a_time(path.with_name("mnist.npz.lock"), finished) as lock:
            if not finished():
                _raise_remembered_failure(path)
                return _download_alone(path, lock), "download"
    except OSError as error:
        raise NotFound(f"{path.parent} can't be written: {_words(error)}") from error
    try:  # no lock is needed to read, and twenty readers wait for nobody
        return read(path), "keras cache"
    except (OSError, ValueError) as error:
        raise NotFound(f"{path} is not used: {_words(error)}") from error


def _download_alone(path, lock):
    for leftover in path.parent.glob("mnist.npz.*.part"):  # of a process that was killed
        leftover.unlink(missing_ok=True)
    part = path.with_name(f"mnist.npz.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            _fetch(file, lock)
            file.flush()
            os.fsync(file.fileno())
        os.utime(lock)
        arrays = read(part)
        if os.path.lexists(path):  # what was found damaged is the user's: keep it, renamed
            os.replace(path, path.with_name("mnist.npz.damaged"))
        os.replace(part, path)
    except (OSError, NotFound) as error:
        reason = _words(error)
        if isinstance(error, OSError):
            reason = f"{path.parent} can't be written: {reason}"
        soon = isinstance(error, TooSlow)
        _remember_failure(path, RETRY_SLOW_SECONDS if soon else RETRY_SECONDS, reason)
        raise NotFound(reason) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    for marker in _markers(path):
        with contextlib.suppress(OSError):
            marker.unlink()
    return arrays


def _fetch(file, lock):
    """Writes what `URL` answers to `file`, with a progress bar; checks its SHA-256."""
    pieces = queue.SimpleQueue()
    given_up = threading.Event()
    # A name look-up can't be given a time limit, so a thread waits for the network, and is left
    # behind where it waits too long. It writes nothing.
    arguments = (URL, pieces, given_up)
    try:
        threading.Thread(target=_receive, args=arguments, daemon=True).start()
    except RuntimeError as error:  # the limit of processes in a container
        raise NotFound(f"no download without a thread ({error})") from error
    host = urllib.parse.urlsplit(URL).netloc
    start, received, total = time.monotonic(), 0, None
    checked, received_then = start, 0
    digest = hashlib.sha256()
    bar = _ProgressBar()
    try:
        while True:
            wait = STALL_SECONDS if received else start + ANSWER_SECONDS - time.monotonic()
            try:
                piece = pieces.get(timeout=max(wait, 0))
            except queue.Empty:
                if not received:
                    raise NotFound(f"no answer from {host} in {ANSWER_SECONDS} s") from None
                raise TooSlow(f"the download from {host} stopped at {received:,} bytes") from None
            if isinstance(piece, Exception):
                raise NotFound(f"{host} can't be reached ({_words(piece)})") from piece
            if isinstance(piece, int):
                total = piece
                continue
            if not piece:
                break
            if not received and not b"PK".startswith(piece[:2]):
                raise NotFound(
                    f"{host} answered with something else than the data, perhaps the web page of "
                    f"a proxy or a login ({piece[:32]!r})"
                )
            received += len(piece)
            if received > MAX_BYTES:
                raise NotFound(f"the download from {host} had no end after {received:,} bytes")
            if (seconds := time.monotonic() - checked) > SLOW_SECONDS:
                if received - received_then < SLOW_BYTES:
                    raise TooSlow(
                        f"the download from {host} is too slow, "
                        f"{received - received_then:,} bytes in {seconds:.0f} s"
                    )
                checked, received_then = time.monotonic(), received
            file.write(piece)
            digest.update(piece)
            os.utime(lock)  # shows those who wait that it goes on
            bar.show(received, total)
    finally:
        given_up.set()
        bar.close()
    if digest.hexdigest() != URL_SHA256:
        raise NotFound(
            f"the download from {host} was damaged: expected SHA-256 {URL_SHA256[:12]}…, "
            f"received {received:,} bytes with SHA-256 {digest.hexdigest()[:12]}…"
        )


def _receive(url, pieces, given_up):
    """Puts the length, the pieces and an empty piece at the end, or an exception, in a queue."""
    try:
        # The one who waits gives up sooner than this, which only ends the thread.
        with urllib.request.urlopen(url, timeout=2 * STALL_SECONDS) as answer:
            if answer.length:
                pieces.put(answer.length)
            while not given_up.is_set():
                piece = answer.read1(2**18)
                pieces.put(piece)
                if not piece:
                    break
    except Exception as error:  # whatever goes wrong is for the thread that waits
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        pieces.put(error)


class _ProgressBar:
    """One line on stderr that redraws itself; elsewhere than on a screen, a few plain lines."""

    def __init__(self):
        module = type(sys.stderr).__module__
        self.redraws = sys.stderr.isatty() or module.startswith("ipykernel")
        self.shown = None

    def show(self, received, total):
        step = received * (20 if self.redraws else 4) // total if total else 0
        if step == self.shown:
            return
        self.shown = step
        text = f"Downloading MNIST: {received / 1e6:.1f}"
        if total:
            bar = "#" * (received * 20 // total)
            text += f" of {total / 1e6:.1f}"
            if self.redraws:
                text = f"[{bar:<20}] {text}"
        start, end = ("\r", "") if self.redraws else ("", "\n")
        print(f"{start}{text} MB", end=end, file=sys.stderr, flush=True)

    def close(self):
        if self.redraws and self.shown is not None:
            print(file=sys.stderr, flush=True)


@contextlib.contextmanager
def _one_process_at_a_time(path, finished=bool):
    """Holds a lock on the file `path`, which stays; the system frees it when a process dies.

    Waits for other processes until they are done or `finished()`.
    """
    with open(path, "a") as file:
        seen, deadline = None, None
        # Without locks each process downloads for itself.
        while not finished() and try_lock(file) is False:
            if seen is None:
                print("Another process is downloading MNIST; waiting for it.", file=sys.stderr)
            if (touched := os.stat(path).st_mtime_ns) != seen:
                seen, deadline = touched, time.monotonic() + 2 * STALL_SECONDS
            elif time.monotonic() > deadline:
                raise NotFound("the process that began the download does not go on")
            time.sleep(0.1)
        yield path


def _markers(path):
    user = os.getuid() if hasattr(os, "getuid") else "user"
    markers = [path.with_name("mnist.npz.failed")]
    with contextlib.suppress(OSError):  # no temporary folder can be written
        markers.append(Path(tempfile.gettempdir()) / f"aehelpers-{user}-mnist.npz.failed")
    return markers


def _remember_failure(path, seconds, reason):
    global _failure
    _failure = None
    for marker in _markers(path):
        try:
            marker.write_text(f"{seconds} {reason}", encoding="utf-8")
        except OSError:
            continue
        return
    _failure = time.time(), seconds, reason


def _raise_remembered_failure(path):
    if _failure and 0 <= time.time() - _failure[0] < _failure[1]:
        raise NotFound(_failure[2])
    for marker in _markers(path):
        try:
            age = time.time() - marker.stat().st_mtime
            seconds, reason = marker.read_text(encoding="utf-8").split(" ", 1)
            seconds = int(seconds)
        except (OSError, ValueError):
            continue
        if 0 <= age < seconds:
            within = "hour" if seconds == RETRY_SECONDS else f"{seconds / 60:.0f} minutes"
            raise NotFound(
                f"{reason}, {age / 60:.0f} minutes ago; to try again within the {within}, delete "
                f"{marker}"
            )


def _words(error):
    """Returns what went wrong in a few words: the system's for an OSError, else the message."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, Exception):
        return _words(reason)
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
