"""Tests of the search for MNIST, with a local server in place of the network."""

import errno
import http.server
import io
import os
import re
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from shared import pack, put

from aehelpers import data
from aehelpers.data import download


class Server:
    """A local server that answers every request with `answer(handler)` and counts them."""

    def __init__(self, answer):
        outer = self
        self.requests = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests += 1
                answer(self)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/mnist.npz"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *args):
        self.server.shutdown()
        self.server.server_close()


def answer(content, status=200, content_type="application/octet-stream", length=None):
    def respond(handler):
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        handler.send_header("Content-Length", str(length or len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return respond


def files(folder):
    return {path.name for path in folder.rglob("*") if path.is_file()}


# The search


def test_the_shared_folder_comes_first_and_is_only_read(home, archive, tmp_path, monkeypatch):
    put(home / "datasets", archive[1])
    put(tmp_path / "shared", archive[1])
    monkeypatch.setenv("AEHELPERS_DATA_DIR", str(tmp_path / "shared"))
    assert data.load_mnist(validation=0).source == "AEHELPERS_DATA_DIR"
    assert files(tmp_path / "shared") == {"mnist.npz"}


def test_a_shared_folder_without_the_file_is_named(home, archive, tmp_path, monkeypatch):
    put(home / "datasets", archive[1])
    monkeypatch.setenv("AEHELPERS_DATA_DIR", str(tmp_path / "nowhere"))
    with pytest.warns(UserWarning, match="nowhere/mnist.npz does not exist"):
        assert data.load_mnist(validation=0).source == "keras cache"


def test_other_compression_is_accepted_by_content(home, archive):
    put(home / "datasets", pack(archive[0], save=np.savez))
    assert data.load_mnist(validation=0).source == "keras cache"


def damaged(archive, how):
    """A file that is not the database, in one of many ways, and what is said of it."""
    arrays, packed = archive
    changed = dict(arrays)
    if how == "truncated":
        return packed[: len(packed) // 2], "can't be read"
    if how == "empty":
        return b"", "expected a NumPy archive .* Received: 0 bytes"
    if how == "web page":
        return b"<!DOCTYPE html>", "Received: 15 bytes that start with b'<!DOCTYPE html>'"
    if how == "flipped bit":
        broken = bytearray(packed)
        broken[len(packed) // 2] ^= 1
        return bytes(broken), "can't be read|other pixels"
    if how == "pickle":
        changed["y_test"] = np.array([object] * 20)
        return pack(changed), "can't be read .*allow_pickle=False"
    if how == "missing array":
        del changed["y_test"]
        return pack(changed), "can't be read .*y_test"
    if how == "other pixels":
        changed["x_test"] = changed["x_test"].copy()
        changed["x_test"][3, 14, 14] ^= 255
        return pack(changed), "expected the pixels and labels of MNIST"
    if how == "other order":
        changed["x_train"] = changed["x_train"][::-1]
        return pack(changed), "expected the pixels and labels of MNIST"
    if how == "shape":
        changed["x_train"] = changed["x_train"][:59]
        return pack(changed), r"expected x_train of shape \(60, 28, 28\).* Received: shape \(59,"
    if how == "dtype":
        changed["x_train"] = changed["x_train"] / 255
        return pack(changed), "dtype uint8. Received: shape .* dtype float64"
    if how == "bomb":
        changed["x_train"] = np.zeros(download.MAX_BYTES + 1, np.uint8)
        return pack(changed), "bytes when unpacked"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as other:
        other.writestr("readme.txt", "no arrays")
    return file.getvalue(), "can't be read"


DAMAGES = [
    *("truncated", "empty", "web page", "flipped bit", "pickle", "missing array", "other pixels"),
    *("other order", "shape", "dtype", "bomb", "other archive"),
]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_is_named_and_a_good_one_found(home, archive, tmp_path, monkeypatch, how):
    content, message = damaged(archive, how)
    path = put(tmp_path / "shared", content)
    monkeypatch.setenv("AEHELPERS_DATA_DIR", str(tmp_path / "shared"))
    put(home / "datasets", archive[1])
    with pytest.warns(UserWarning, match=f"{path} is not used: .*({message})"):
        assert data.load_mnist(validation=0).source == "keras cache"
    assert path.read_bytes() == content


def test_a_folder_and_a_huge_file_are_no_database(home, tmp_path, monkeypatch):
    monkeypatch.setenv("AEHELPERS_DATA_DIR", str(tmp_path))
    (tmp_path / "mnist.npz").mkdir()
    with pytest.warns(UserWarning, match="mnist.npz is not used"):
        assert data.load_mnist().source == "bundled"
    (tmp_path / "mnist.npz").rmdir()
    monkeypatch.setattr(download, "MAX_BYTES", 10)
    (tmp_path / "mnist.npz").write_bytes(b"PK" * 10)
    with pytest.warns(UserWarning, match="at most 10 bytes. Received: 20 bytes"):
        assert data.load_mnist().source == "bundled"


def test_no_home(home, monkeypatch, capsys):
    if os.name == "nt":
        pytest.skip("homes are looked up in another way")
    import pwd

    def unknown(user):
        raise KeyError(user)

    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(pwd, "getpwnam", unknown)
    assert data.load_mnist().source == "bundled"
    assert "there is no home folder" in capsys.readouterr().out
    for folder in ("~/mnist", "~nobody-of-this-name/mnist"):
        monkeypatch.setenv("AEHELPERS_DATA_DIR", folder)
        with pytest.warns(UserWarning, match=f"AEHELPERS_DATA_DIR={folder}, and .* not exist"):
            assert data.load_mnist().source == "bundled"


@pytest.mark.parametrize("place", ["shared", "keras/datasets"])
def test_a_folder_that_may_not_be_entered(home, tmp_path, monkeypatch, capsys, place):
    folder = tmp_path / place
    if place == "shared":
        monkeypatch.setenv("AEHELPERS_DATA_DIR", str(folder))
    lstat, stat, mkdir = os.lstat, os.stat, Path.mkdir

    def forbidding(function):  # root may enter every folder
        def forbidden(path, *args, **kwargs):
            if folder in Path(path).parents or (function is mkdir and path == folder):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return function(path, *args, **kwargs)

        return forbidden

    monkeypatch.setattr(os, "lstat", forbidding(lstat))
    monkeypatch.setattr(os, "stat", forbidding(stat))
    monkeypatch.setattr(Path, "mkdir", forbidding(mkdir))
    with pytest.warns(UserWarning) as warned:
        assert data.load_mnist().source == "bundled"
    message = f"{folder / 'mnist.npz'} is not used: Permission denied. Looking elsewhere."
    assert [str(warning.message) for warning in warned] == [message]
    if place != "shared":
        assert f"{folder} can't be written: Permission denied" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("place", ["shared", "keras/datasets"])
def test_a_pipe_in_place_of_the_file_is_not_waited_for(home, tmp_path, monkeypatch, place):
    (tmp_path / place).mkdir(parents=True)
    os.mkfifo(tmp_path / place / "mnist.npz")
    monkeypatch.setenv("AEHELPERS_DATA_DIR", str(tmp_path / place))
    with pytest.warns(UserWarning, match=r"mnist.npz is not used: expected a file. Received: a"):
        assert data.load_mnist().source == "bundled"


def test_no_thread_can_be_started(home, monkeypatch, capsys):
    def start(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert data.load_mnist().source == "bundled"
    assert "no download without a thread (can't start new thread)" in capsys.readouterr().out


def test_no_temporary_folder(home, monkeypatch, capsys):
    def gettempdir():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(download.tempfile, "gettempdir", gettempdir)
    assert data.load_mnist().source == "bundled"
    assert "127.0.0.1:9 can't be reached" in capsys.readouterr().out
    home.joinpath("datasets", "mnist.npz.failed").unlink()
    monkeypatch.setattr(Path, "write_text", lambda *args, **kwargs: gettempdir())
    assert data.load_mnist().source == data.load_mnist().source == "bundled"
    assert download._failure[1] == download.RETRY_SECONDS


@pytest.mark.skipif("MNIST_DIR" not in os.environ, reason="needs MNIST_DIR, a folder with MNIST")
def test_the_real_database(home, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("AEHELPERS_DATA_DIR", os.environ["MNIST_DIR"])
    monkeypatch.delenv("AEHELPERS_QUICK", raising=False)
    mnist = data.load_mnist("uint8")
    assert (len(mnist.x_train), len(mnist.x_val), len(mnist.x_test)) == (55000, 5000, 10000)
    bundled = {image.tobytes() for image in np.concatenate([x for x, _ in data.bundled()])}
    assert bundled <= {image.tobytes() for image in (*mnist.x_train, *mnist.x_val)}
    monkeypatch.setattr(download, "FILE_SHA256", set())
    assert data.load_mnist().full  # by content alone


# The download


def test_download(home, archive, monkeypatch, capsys):
    datasets = home / "datasets"
    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(download, "URL", server.url)
        assert data.load_mnist(validation=0).source == "download"
        assert data.load_mnist(validation=0).source == "keras cache"
    assert server.requests == 1
    assert (datasets / "mnist.npz").read_bytes() == archive[1]
    assert files(home) == {"mnist.npz", "mnist.npz.lock"}
    size = f"{len(archive[1]) / 1e6:.1f}"
    assert f"Downloading MNIST: {size} of {size} MB\n" in capsys.readouterr().err


def test_download_beside_a_damaged_file(home, archive, monkeypatch):
    put(home / "datasets", b"PK, but no archive")
    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(download, "URL", server.url)
        with pytest.warns(UserWarning, match="is not used"):
            assert data.load_mnist(validation=0).source == "download"
    assert (home / "datasets" / "mnist.npz.damaged").read_bytes() == b"PK, but no archive"
    assert (home / "datasets" / "mnist.npz").read_bytes() == archive[1]


def test_progress_bar_redraws_on_a_screen(monkeypatch):
    class Screen(io.StringIO):
        def isatty(self):
            return True

    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    bar = download._ProgressBar()
    for received in range(0, 10**6 + 1, 10**4):
        bar.show(received, 10**6)
    bar.close()
    assert screen.getvalue().count("\r") == 21
    assert screen.getvalue().endswith("\r[####################] Downloading MNIST: 1.0 of 1.0 MB\n")


def silent(handler):
    time.sleep(2)


def creeping(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for byte in b"PK" + bytes(50):
        handler.wfile.write(bytes([byte]))
        time.sleep(0.02)


def stalling(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"PK" + bytes(98))
    time.sleep(2)


FAILURES = {
    "web page": (
        answer(b"<!DOCTYPE html><p>Log in", content_type="text/html"),
        "answered with something else than the data, perhaps the web page",
    ),
    "refused": (answer(b"no", status=403), r"can't be reached \(HTTP 403 Forbidden\)"),
    "truncated": (answer(b"PK" * 50, length=1000), "was damaged: .* received 100 bytes"),
    "tampered": (answer(b"PK" * 50), "was damaged: expected SHA-256"),
    "empty": (answer(b""), "was damaged: .* received 0 bytes"),
    "silent": (silent, "no answer from 127.0.0.1:.* in 0.3 s"),
    "stalling": (stalling, "stopped at 100 bytes"),
    "creeping": (creeping, "is too slow, [0-9]+ bytes in 0 s"),
    "endless": (answer(b"PK" * 2**20), "had no end after"),
}


@pytest.mark.parametrize("how", FAILURES)
def test_a_failed_download_is_explained_and_leaves_nothing(home, monkeypatch, capsys, how):
    if how == "silent":
        monkeypatch.setattr(download, "ANSWER_SECONDS", 0.3)
    if how == "stalling":
        monkeypatch.setattr(download, "STALL_SECONDS", 0.3)
    if how == "creeping":
        monkeypatch.setattr(download, "SLOW_SECONDS", 0.2)
    monkeypatch.setattr(download, "MAX_BYTES", 2**20)
    respond, message = FAILURES[how]
    with Server(respond) as server:
        monkeypatch.setattr(download, "URL", server.url)
        assert data.load_mnist().source == "bundled"
        assert data.load_mnist().source == "bundled"
    assert server.requests == 1  # the second search remembers the failure of the first
    told = capsys.readouterr().out.splitlines()
    soon = how in ("stalling", "creeping")
    assert len(told) == 2
    assert f"within the {'5 minutes' if soon else 'hour'}, delete" in told[1]
    assert re.search(message, told[0])
    assert files(home) == {"mnist.npz.failed", "mnist.npz.lock"}


def test_a_failure_is_forgotten_after_an_hour_or_with_its_file(home, archive, monkeypatch):
    assert data.load_mnist().source == "bundled"
    marker = home / "datasets" / "mnist.npz.failed"
    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(download, "URL", server.url)
        assert data.load_mnist().source == "bundled"
        before = time.time() - download.RETRY_SECONDS - 1
        os.utime(marker, (before, before))
        assert data.load_mnist(validation=0).source == "download"
        assert not marker.exists()
        (home / "datasets" / "mnist.npz").unlink()
        assert data.load_mnist(validation=0).source == "download"
    assert server.requests == 2


def test_a_name_look_up_that_hangs(home, monkeypatch, capsys):
    monkeypatch.setattr(download.urllib.request, "urlopen", lambda *args, **kwargs: time.sleep(2))
    monkeypatch.setattr(download, "ANSWER_SECONDS", 0.2)
    start = time.monotonic()
    assert data.load_mnist().source == "bundled"
    assert time.monotonic() < start + 2
    assert "no answer from 127.0.0.1:9 in 0.2 s" in capsys.readouterr().out


def test_a_file_in_place_of_the_home(home, monkeypatch, capsys):
    home.write_text("not a folder")
    assert data.load_mnist().source == "bundled"
    assert f"{home / 'datasets'} can't be written: " in capsys.readouterr().out
    assert home.read_text() == "not a folder"


@pytest.mark.parametrize("disk", ["home", "both"])
def test_a_full_disk(home, archive, monkeypatch, capsys, disk):
    class Full(io.BytesIO):
        def write(self, content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def full_open(path, mode="r", **kwargs):
        return Full() if mode == "wb" else open(path, mode, **kwargs)

    def full_write(path, *args, **kwargs):
        if disk == "both" or home in path.parents:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return path.write_bytes(args[0].encode())

    monkeypatch.setattr(download, "open", full_open, raising=False)
    monkeypatch.setattr(Path, "write_text", full_write)
    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(download, "URL", server.url)
        assert data.load_mnist().source == "bundled"
        assert data.load_mnist().source == "bundled"
    assert server.requests == 1
    told = capsys.readouterr().out
    assert f"{home / 'datasets'} can't be written: No space left on device" in told
    assert files(home) == {"mnist.npz.lock"}


def test_an_interrupt_leaves_nothing_and_is_no_failure(home, archive, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(download, "URL", server.url)
        with monkeypatch.context() as patch:
            patch.setattr(download._ProgressBar, "show", interrupt)
            with pytest.raises(KeyboardInterrupt):
                data.load_mnist()
        assert files(home) == {"mnist.npz.lock"}
        (home / "datasets" / "mnist.npz.1.part").write_bytes(b"of a process that was killed")
        assert data.load_mnist(validation=0).source == "download"
    assert files(home) == {"mnist.npz", "mnist.npz.lock"}


CHILD = """
import sys
from aehelpers.data import download
url, sha256, content, n_train, n_test = sys.argv[1:]
download.URL, download.URL_SHA256, download.FILE_SHA256 = url, sha256, {sha256}
n_train, n_test = int(n_train), int(n_test)
download.SHAPES = {"x_train": (n_train, 28, 28), "y_train": (n_train,),
                    "x_test": (n_test, 28, 28), "y_test": (n_test,)}
print(download.find()[1])
"""


def start_child(home, url, log):
    arguments = [url, download.URL_SHA256, download.CONTENT_SHA256, "60", "20"]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**os.environ, "KERAS_HOME": str(home)},
    )


def test_twenty_processes_download_once(home, archive, tmp_path):
    log = tmp_path / "log"

    def respond(handler):
        # The first process gets no answer before another one waits for it.
        while "Another process is downloading MNIST" not in log.read_text():
            time.sleep(0.01)
        answer(archive[1])(handler)

    with Server(respond) as server, open(log, "a") as file:
        children = [start_child(home, server.url, file) for _ in range(20)]
        sources = sorted(child.communicate(timeout=60)[0].strip() for child in children)
    assert server.requests == 1
    assert sources == ["download"] + ["keras cache"] * 19
    assert files(home) == {"mnist.npz", "mnist.npz.lock"}


def test_a_killed_download_is_taken_over(home, archive, tmp_path, monkeypatch):
    begun = threading.Event()

    def respond(handler):
        if begun.is_set():
            answer(archive[1])(handler)
        else:
            begun.set()
            time.sleep(2)

    with Server(respond) as server, open(tmp_path / "log", "a") as file:
        child = start_child(home, server.url, file)
        assert begun.wait(30)
        child.kill()
        child.communicate()
        assert any(name.endswith(".part") for name in files(home))
        monkeypatch.setattr(download, "URL", server.url)
        assert data.load_mnist(validation=0).source == "download"
    assert files(home) == {"mnist.npz", "mnist.npz.lock"}


def test_a_download_that_hangs_elsewhere_is_not_waited_for(home, monkeypatch, capsys):
    monkeypatch.setattr(download, "STALL_SECONDS", 0.1)
    lock = home / "datasets" / "mnist.npz.lock"
    lock.parent.mkdir(parents=True)
    with download._one_process_at_a_time(lock):
        assert data.load_mnist().source == "bundled"
    out, err = capsys.readouterr()
    assert "the process that began the download does not go on" in out
    assert "Another process is downloading MNIST" in err


def test_a_finished_file_is_seen_while_another_process_holds_the_lock(home, archive, monkeypatch):
    monkeypatch.setattr(download, "STALL_SECONDS", 5)
    lock = home / "datasets" / "mnist.npz.lock"
    lock.parent.mkdir(parents=True)
    waiting = threading.Event()
    print_ = print

    def told(*args, **kwargs):
        waiting.set()
        print_(*args, **kwargs)

    def finish():
        waiting.wait(10)
        (home / "datasets" / "part").write_bytes(archive[1])
        os.replace(home / "datasets" / "part", home / "datasets" / "mnist.npz")

    monkeypatch.setattr(download, "print", told, raising=False)
    with download._one_process_at_a_time(lock):
        threading.Thread(target=finish, daemon=True).start()
        assert data.load_mnist(validation=0).source == "keras cache"


def test_a_file_that_comes_between_search_and_download_is_taken(home, archive, monkeypatch):
    remembered = download._raise_remembered_failure

    def come(path):
        put(home / "datasets", archive[1])
        remembered(path)

    monkeypatch.setattr(download, "_raise_remembered_failure", come)
    assert data.load_mnist(validation=0).source == "keras cache"


def test_a_file_system_without_locks(home, archive, monkeypatch):
    if sys.platform == "win32":
        pytest.skip("locks by another module")
    import fcntl

    def unsupported(*args):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(download, "URL", server.url)
        assert data.load_mnist(validation=0).source == "download"
