"""Tests of aehelpers.data and of the search behind it, on a made-up database and a local server."""

import errno
import hashlib
import http.server
import io
import os
import re
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import aehelpers
from aehelpers import _download, data

CORRUPTIONS = [
    data.gaussian_noise,
    partial(data.salt_and_pepper, rate=0.3),
    partial(data.masking, rate=0.3),
    partial(data.block_occlusion, size=10),
]


@pytest.fixture(scope="module")
def digits():
    """Eighty bundled digits, uint8, and their labels."""
    with np.load(data._BUNDLED) as archive:
        return archive["images"][:80], archive["labels"][:80]


@pytest.fixture(scope="module")
def archive(digits):
    """A database in the layout of MNIST, but with 60 training and 20 test images, as bytes."""
    x, y = digits
    arrays = {"x_train": x[:60], "y_train": y[:60], "x_test": x[60:], "y_test": y[60:]}
    return arrays, pack(arrays)


def pack(arrays, save=np.savez_compressed):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


@pytest.fixture
def home(tmp_path, monkeypatch, archive):
    """An empty Keras home without a network, in a process that takes `archive` for MNIST."""
    arrays, packed = archive
    digest = hashlib.sha256(packed).hexdigest()
    content = hashlib.sha256(b"".join(a.tobytes() for a in arrays.values())).hexdigest()
    monkeypatch.delenv("AEHELPERS_QUICK", raising=False)
    monkeypatch.delenv("AEHELPERS_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(_download.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(_download, "SHAPES", {name: a.shape for name, a in arrays.items()})
    monkeypatch.setattr(_download, "CONTENT_SHA256", content)
    monkeypatch.setattr(_download, "FILE_SHA256", {digest})
    monkeypatch.setattr(_download, "URL_SHA256", digest)
    monkeypatch.setattr(_download, "URL", "http://127.0.0.1:9/mnist.npz")  # nobody listens there
    monkeypatch.setattr(_download, "_failure", None)
    monkeypatch.setattr(data, "_printed", set())
    monkeypatch.setattr(data, "_full_found", None)
    return tmp_path / "keras"


def put(folder, content):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mnist.npz").write_bytes(content)
    return folder / "mnist.npz"


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


# The package


def test_the_package_loads_its_modules_on_demand():
    code = (
        "import sys, aehelpers; assert 'aehelpers.data' not in sys.modules; "
        "aehelpers.data.load_mnist().x_train; "
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )
    environment = {**os.environ, "AEHELPERS_QUICK": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert {"data", "models", "plots"} <= set(dir(aehelpers))
    with pytest.raises(AttributeError, match="has no attribute 'dates'"):
        _ = aehelpers.dates


# The splits


def test_full_data(home, archive, capsys):
    arrays, packed = archive
    put(home / "datasets", packed)
    mnist = data.load_mnist(validation=10)
    assert (mnist.source, mnist.full) == ("keras cache", True)
    assert mnist.class_names == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
    assert mnist.x_train.shape == (50, 28, 28, 1)
    assert mnist.x_train.dtype == np.float32
    assert mnist.x_train is mnist.x_train
    assert np.array_equal(mnist.x_train[..., 0], arrays["x_train"][:50] / np.float32(255))
    assert np.array_equal(mnist.x_val[..., 0], arrays["x_train"][50:] / np.float32(255))
    assert np.array_equal(mnist.x_test[..., 0], arrays["x_test"] / np.float32(255))
    assert np.array_equal(mnist.y_train, arrays["y_train"][:50])
    assert np.array_equal(mnist.y_val, arrays["y_train"][50:])
    assert np.array_equal(mnist.y_test, arrays["y_test"])
    assert mnist.y_train.dtype == np.int64
    assert "50 training, 10 validation and 20 test images" in repr(mnist)
    data.load_mnist(validation=0)
    assert data.epochs(7) == 7
    assert capsys.readouterr().out == "MNIST: 60,000 + 10,000 images from keras cache\n"


def test_bytes_and_flat(home, archive):
    arrays, packed = archive
    put(home / "datasets", packed)
    mnist = data.load_mnist("uint8", flat=True, validation=0)
    assert np.array_equal(mnist.x_train, arrays["x_train"].reshape(60, 784))
    assert mnist.x_train.dtype == np.uint8
    assert mnist.x_val.shape == (0, 784)


def test_bundled_digits(home, capsys):
    mnist = data.load_mnist("uint8")
    assert (mnist.source, mnist.full) == ("bundled", False)
    assert (
        "5,000 bundled digits; the full data could not be found: 127.0.0.1:9 can't be reached"
        in (capsys.readouterr().out)
    )
    for x, y, n in (
        (mnist.x_train, mnist.y_train, 4000),
        (mnist.x_val, mnist.y_val, 500),
        (mnist.x_test, mnist.y_test, 500),
    ):
        assert x.shape == (n, 28, 28, 1)
        assert np.array_equal(np.bincount(y), [n // 10] * 10)
    together = np.concatenate([mnist.x_train, mnist.x_val, mnist.x_test])
    assert len({image.tobytes() for image in together}) == 5000
    assert len(set(mnist.y_train[:10])) == 10
    assert list(mnist.y_train[:10]) != sorted(mnist.y_train[:10])
    assert data.epochs(4) == 55
    assert data.load_mnist(validation=100).y_train.shape == (4400,)
    with pytest.raises(ValueError, match=r"less than the 4,500 .* Received: validation=4500"):
        data.load_mnist(validation=4500)


def test_epochs_searches_by_itself(home, archive):
    put(home / "datasets", archive[1])
    assert data.epochs(np.int64(3)) == 3


def test_quick(home, monkeypatch, capsys):
    monkeypatch.setenv("AEHELPERS_QUICK", "1")
    mnist = data.load_mnist()
    assert [len(y) for y in (mnist.y_train, mnist.y_val, mnist.y_test)] == [1000, 200, 200]
    assert np.array_equal(np.bincount(mnist.y_test), [20] * 10)
    assert data.quick() and data.epochs(50) == 1
    assert "AEHELPERS_QUICK=1" in capsys.readouterr().out
    assert not home.exists()
    monkeypatch.setenv("AEHELPERS_QUICK", "0")
    assert not data.quick()


def test_damaged_bundle(home, monkeypatch, tmp_path, digits):
    x, y = digits
    np.savez(tmp_path / "damaged.npz", images=x, labels=y)
    monkeypatch.setattr(data, "_BUNDLED", tmp_path / "damaged.npz")
    with pytest.raises(RuntimeError, match=r"damaged.npz must hold .* install it again"):
        data.load_mnist()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"dtype": "float64"}, "dtype must be .* Received: dtype='float64'"),
        ({"validation": -1}, "an integer of at least 0. Received: validation=-1"),
        ({"validation": 0.1}, "an integer of at least 0. Received: validation=0.1"),
        ({"validation": True}, "an integer of at least 0. Received: validation=True"),
    ],
)
def test_bad_arguments_of_load_mnist(home, arguments, message):
    with pytest.raises(ValueError, match=message):
        data.load_mnist(**arguments)


@pytest.mark.parametrize("n", [0, -1, 2.5, "3", None, True])
def test_epochs_must_be_a_positive_integer(n):
    with pytest.raises(ValueError, match="n must be a positive integer. Received: n="):
        data.epochs(n)


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
        changed["x_train"] = np.zeros(_download.MAX_BYTES + 1, np.uint8)
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
    monkeypatch.setattr(_download, "MAX_BYTES", 10)
    (tmp_path / "mnist.npz").write_bytes(b"PK" * 10)
    with pytest.warns(UserWarning, match="at most 10 bytes. Received: 20 bytes"):
        assert data.load_mnist().source == "bundled"


def test_no_home(home, monkeypatch, capsys):
    def unknown(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setattr(Path, "expanduser", unknown)
    assert data.load_mnist().source == "bundled"
    assert "there is no home folder" in capsys.readouterr().out


@pytest.mark.skipif("MNIST_DIR" not in os.environ, reason="needs MNIST_DIR, a folder with MNIST")
def test_the_real_database(home, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("AEHELPERS_DATA_DIR", os.environ["MNIST_DIR"])
    monkeypatch.delenv("AEHELPERS_QUICK", raising=False)
    mnist = data.load_mnist("uint8")
    assert (len(mnist.x_train), len(mnist.x_val), len(mnist.x_test)) == (55000, 5000, 10000)
    bundled = {image.tobytes() for image in np.load(data._BUNDLED)["images"]}
    assert bundled <= {image.tobytes() for image in (*mnist.x_train, *mnist.x_val)}
    monkeypatch.setattr(_download, "FILE_SHA256", set())
    assert data.load_mnist().full  # by content alone


# The download


def test_download(home, archive, monkeypatch, capsys):
    datasets = home / "datasets"
    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(_download, "URL", server.url)
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
        monkeypatch.setattr(_download, "URL", server.url)
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
    bar = _download._ProgressBar()
    for received in range(0, 10**6 + 1, 10**4):
        bar.show(received, 10**6)
    bar.close()
    assert screen.getvalue().count("\r") == 21
    assert screen.getvalue().endswith("\r[####################] Downloading MNIST: 1.0 of 1.0 MB\n")


def silent(handler):
    time.sleep(2)


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
    "endless": (answer(b"PK" * 2**20), "had no end after"),
}


@pytest.mark.parametrize("how", FAILURES)
def test_a_failed_download_is_explained_and_leaves_nothing(home, monkeypatch, capsys, how):
    if how == "silent":
        monkeypatch.setattr(_download, "ANSWER_SECONDS", 0.3)
    if how == "stalling":
        monkeypatch.setattr(_download, "STALL_SECONDS", 0.3)
    monkeypatch.setattr(_download, "MAX_BYTES", 2**20)
    respond, message = FAILURES[how]
    with Server(respond) as server:
        monkeypatch.setattr(_download, "URL", server.url)
        assert data.load_mnist().source == "bundled"
        assert data.load_mnist().source == "bundled"
    assert server.requests == 1  # the second search remembers the failure of the first
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2 and "within the hour, delete" in told[1]
    assert re.search(message, told[0])
    assert files(home) == {"mnist.npz.failed", "mnist.npz.lock"}


def test_a_failure_is_forgotten_after_an_hour_or_with_its_file(home, archive, monkeypatch):
    assert data.load_mnist().source == "bundled"
    marker = home / "datasets" / "mnist.npz.failed"
    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(_download, "URL", server.url)
        assert data.load_mnist().source == "bundled"
        before = time.time() - _download.RETRY_SECONDS - 1
        os.utime(marker, (before, before))
        assert data.load_mnist(validation=0).source == "download"
        assert not marker.exists()
        (home / "datasets" / "mnist.npz").unlink()
        assert data.load_mnist(validation=0).source == "download"
    assert server.requests == 2


def test_a_name_look_up_that_hangs(home, monkeypatch, capsys):
    monkeypatch.setattr(_download.urllib.request, "urlopen", lambda *args, **kwargs: time.sleep(2))
    monkeypatch.setattr(_download, "ANSWER_SECONDS", 0.2)
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

    monkeypatch.setattr(_download, "open", full_open, raising=False)
    monkeypatch.setattr(Path, "write_text", full_write)
    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(_download, "URL", server.url)
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
        monkeypatch.setattr(_download, "URL", server.url)
        with monkeypatch.context() as patch:
            patch.setattr(_download._ProgressBar, "show", interrupt)
            with pytest.raises(KeyboardInterrupt):
                data.load_mnist()
        assert files(home) == {"mnist.npz.lock"}
        (home / "datasets" / "mnist.npz.1.part").write_bytes(b"of a process that was killed")
        assert data.load_mnist(validation=0).source == "download"
    assert files(home) == {"mnist.npz", "mnist.npz.lock"}


CHILD = """
import sys
from aehelpers import _download
url, sha256, content, n_train, n_test = sys.argv[1:]
_download.URL, _download.URL_SHA256, _download.FILE_SHA256 = url, sha256, {sha256}
n_train, n_test = int(n_train), int(n_test)
_download.SHAPES = {"x_train": (n_train, 28, 28), "y_train": (n_train,),
                    "x_test": (n_test, 28, 28), "y_test": (n_test,)}
print(_download.find()[1])
"""


def start_child(home, url, log):
    arguments = [url, _download.URL_SHA256, _download.CONTENT_SHA256, "60", "20"]
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
        monkeypatch.setattr(_download, "URL", server.url)
        assert data.load_mnist(validation=0).source == "download"
    assert files(home) == {"mnist.npz", "mnist.npz.lock"}


def test_a_download_that_hangs_elsewhere_is_not_waited_for(home, monkeypatch, capsys):
    monkeypatch.setattr(_download, "STALL_SECONDS", 0.1)
    lock = home / "datasets" / "mnist.npz.lock"
    lock.parent.mkdir(parents=True)
    with _download._one_process_at_a_time(lock):
        assert data.load_mnist().source == "bundled"
    out, err = capsys.readouterr()
    assert "the process that began the download does not go on" in out
    assert "Another process is downloading MNIST" in err


def test_a_file_system_without_locks(home, archive, monkeypatch):
    if sys.platform == "win32":
        pytest.skip("locks by another module")
    import fcntl

    def unsupported(*args):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with Server(answer(archive[1])) as server:
        monkeypatch.setattr(_download, "URL", server.url)
        assert data.load_mnist(validation=0).source == "download"


# Images and corruptions


@pytest.mark.parametrize("shape", [(3, 28, 28, 1), (3, 28, 28), (3, 784)])
def test_check_images_takes_three_layouts(shape):
    images = np.full(shape, 51, dtype=np.uint8)
    checked = data.check_images(images)
    assert checked.shape == (3, 28, 28, 1)
    assert checked.dtype == np.float32
    assert np.array_equal(np.unique(checked), [np.float32(0.2)])
    floats = images / np.float32(255)
    assert np.shares_memory(data.check_images(floats), floats)
    assert data.check_images(images / 255).dtype == np.float32


def with_value(value):
    x = np.zeros((2, 784))
    x[1, 5] = value
    return x


BAD_IMAGES = {
    "one image": (np.zeros((28, 28)), r"Received: shape \(28, 28\)"),
    "size": (np.zeros((2, 32, 32, 1)), r"Received: shape \(2, 32, 32, 1\)"),
    "number": (0.5, r"Received: shape \(\)"),
    "empty": (np.zeros((0, 784)), r"at least one image. Received: shape \(0, 784\)"),
    "NaN": (with_value(np.nan), r"\[0, 1\]. Received: NaN"),
    "infinite": (with_value(np.inf), r"\[0, 1\]. Received: values from 0 to inf"),
    "negative": (with_value(-0.1), r"\[0, 1\]. Received: values from -0.1 to 0"),
    "above 1": (with_value(255.0), r"\[0, 1\]. Received: values from 0 to 255"),
    "integers": (np.zeros((2, 784), int), "uint8 or float. Received: dtype int64"),
}


@pytest.mark.parametrize("kind", BAD_IMAGES)
@pytest.mark.parametrize("function", [data.check_images, data.pipeline, *CORRUPTIONS])
def test_bad_images(function, kind):
    x, message = BAD_IMAGES[kind]
    with pytest.raises(ValueError, match=f"x must .*{message}"):
        function(x)


def test_check_images_names_the_argument():
    with pytest.raises(ValueError, match="x_noisy must have shape"):
        data.check_images([1.0], name="x_noisy")


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_corruptions(corruption, digits):
    x = digits[0] / np.float32(255)
    before = x.copy()
    noisy = corruption(x, seed=1)
    assert np.array_equal(x, before)
    assert not np.array_equal(noisy, x)
    assert noisy.shape == x.shape and noisy.dtype == np.float32
    assert noisy.min() >= 0 and noisy.max() <= 1
    assert np.array_equal(noisy, corruption(x, seed=1))
    assert np.array_equal(noisy, corruption(x, seed=np.random.default_rng(1)))
    assert np.array_equal(noisy, corruption(digits[0], seed=1))
    assert np.array_equal(noisy.reshape(-1, 784), corruption(x.reshape(-1, 784), seed=1))
    assert not np.array_equal(noisy, corruption(x, seed=2))
    assert not np.array_equal(corruption(x), corruption(x))


def test_gaussian_noise_statistics():
    grey = np.full((200, 28, 28, 1), 0.5, dtype=np.float32)
    noise = data.gaussian_noise(grey, stddev=0.1, seed=0) - grey
    assert noise.mean() == pytest.approx(0, abs=0.001)
    assert noise.std() == pytest.approx(0.1, rel=0.01)
    black = data.gaussian_noise(np.zeros((200, 784)), stddev=0.5, seed=0)
    assert (black == 0).mean() == pytest.approx(0.5, abs=0.01)
    # The mean of a Gaussian clipped at zero from below is its deviation over the root of 2 pi.
    assert black.mean() == pytest.approx(0.5 / np.sqrt(2 * np.pi), rel=0.03)
    assert np.array_equal(data.gaussian_noise(grey, stddev=0), grey)


def test_salt_and_pepper_statistics():
    grey = np.full((200, 784), 0.5, dtype=np.float32)
    noisy = data.salt_and_pepper(grey, rate=0.3, seed=0)
    assert set(np.unique(noisy)) == {0, 0.5, 1}
    assert (noisy == 0).mean() == pytest.approx(0.15, abs=0.005)
    assert (noisy == 1).mean() == pytest.approx(0.15, abs=0.005)
    assert np.array_equal(data.salt_and_pepper(grey, rate=0), grey)
    assert set(np.unique(data.salt_and_pepper(grey, rate=1, seed=0))) == {0, 1}


def test_masking_statistics():
    white = np.ones((200, 784), dtype=np.float32)
    noisy = data.masking(white, rate=0.3, seed=0)
    assert set(np.unique(noisy)) == {0, 1}
    assert (noisy == 0).mean() == pytest.approx(0.3, abs=0.005)
    assert data.masking(white, rate=1).max() == 0
    assert np.array_equal(data.masking(white, rate=0), white)


def test_block_occlusion_covers_one_square_anywhere():
    covered = data.block_occlusion(np.ones((3000, 28, 28)), size=20, seed=0) == 0
    assert np.all(covered.any(axis=1).sum(axis=1) == 20)
    assert np.all(covered.any(axis=2).sum(axis=1) == 20)
    assert np.all(covered.sum(axis=(1, 2)) == 400)
    corners = {(int(top), int(left)) for top, left in map(lambda c: np.argwhere(c)[0], covered)}
    assert corners == {(top, left) for top in range(9) for left in range(9)}
    assert data.block_occlusion(np.ones((1, 784)), size=28).max() == 0


@pytest.mark.parametrize(
    "corruption, name, values",
    [
        (data.gaussian_noise, "stddev", [-0.1, np.nan, np.inf, "0.5", None]),
        (data.salt_and_pepper, "rate", [-0.1, 1.1, np.nan, "0.5", None]),
        (data.masking, "rate", [-0.1, 1.1, np.nan, "0.5", None]),
        (data.block_occlusion, "size", [0, 29, -1, 2.5, None, True]),
    ],
)
def test_noise_out_of_range(corruption, name, values):
    for value in values:
        with pytest.raises(ValueError, match=f"{name} must be .* Received: {name}={value!r}"):
            corruption(np.zeros((1, 784)), **{name: value})


# The pipeline


def collect(dataset):
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in dataset]
    return [np.concatenate(column) for column in zip(*pairs)]


@pytest.mark.parametrize("shape", [(-1, 28, 28, 1), (-1, 784)])
@pytest.mark.parametrize("kind", ["uint8", "float32", "float64", "other floats"])
def test_pipeline_gives_every_image_once_and_unchanged(digits, shape, kind):
    x = digits[0].reshape(shape)
    images = x / np.float32(255)
    if kind == "float64":
        x = x / 255
    elif kind == "float32":
        x = images
    elif kind == "other floats":
        x = images = images**2
    in_order, target = collect(data.pipeline(x, batch_size=32, shuffle=False))
    assert in_order.dtype == np.float32
    assert np.array_equal(in_order, images)
    assert np.array_equal(target, images)
    shuffled, target = collect(data.pipeline(x, batch_size=32))
    assert not np.array_equal(shuffled, images)
    assert np.array_equal(shuffled, target)
    assert sorted(i.tobytes() for i in shuffled) == sorted(i.tobytes() for i in images)


def test_pipeline_has_no_tuner_to_wait_for(digits):
    assert data.pipeline(digits[0][..., None]).options().autotune.enabled is False


def test_pipeline_shapes_are_known_to_keras(digits):
    dataset = data.pipeline(digits[0][..., None], batch_size=32, corruption=data.gaussian_noise)
    assert [tuple(spec.shape) for spec in dataset.element_spec] == [(None, 28, 28, 1)] * 2
    assert int(dataset.cardinality()) == 3
    assert [len(clean) for _, clean in dataset] == [32, 32, 16]


def test_pipeline_order_is_new_in_every_epoch_and_follows_the_seed(digits):
    x = digits[0][..., None]

    def two_epochs(seed):
        dataset = data.pipeline(x, batch_size=32, seed=seed)
        return [collect(dataset)[0] for _ in range(2)]

    first, second = two_epochs(0)
    assert not np.array_equal(first, second)
    assert np.array_equal(two_epochs(0), [first, second])
    assert not np.array_equal(two_epochs(1)[0], first)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_pipeline_noise_is_fresh_and_follows_the_seed(digits, corruption):
    x = np.tile(digits[0][:1].reshape(1, 784), (64, 1))

    def two_epochs(seed, stop_early=False):
        dataset = data.pipeline(x, batch_size=32, corruption=corruption, seed=seed, shuffle=False)
        if stop_early:  # an epoch that is left after one batch still counts as one
            first = collect(dataset.take(1))
        else:
            first = collect(dataset)
        assert np.array_equal(first[1], x[: len(first[1])] / np.float32(255))
        return first[0], collect(dataset)[0]

    first, second = two_epochs(0)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first[:32], first[32:])
    assert np.array_equal(two_epochs(0), [first, second])
    assert np.array_equal(two_epochs(0, stop_early=True)[1], second)
    assert not np.array_equal(two_epochs(1)[0], first)


def test_pipeline_takes_a_corruption_without_a_seed(digits):
    x = digits[0][..., None]
    inverted, clean = collect(data.pipeline(x, corruption=lambda x: 1 - x))
    assert np.array_equal(inverted, 1 - clean)


def test_pipeline_with_targets(digits):
    x, labels = digits[0].reshape(-1, 784), digits[1].astype(int)
    images, target = collect(data.pipeline(x, y=labels))
    place = {image.tobytes(): label for image, label in zip(x / np.float32(255), labels)}
    assert target.dtype == labels.dtype
    assert [place[image.tobytes()] for image in images] == list(target)
    one_hot = np.eye(10)[labels]
    _, target = collect(data.pipeline(x, y=one_hot, shuffle=False))
    assert np.array_equal(target, one_hot)
    _, target = collect(data.pipeline(x, y=x[::-1], shuffle=False))
    assert np.array_equal(target, x[::-1] / np.float32(255))


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"batch_size": 0}, ValueError, "batch_size must be a positive integer. Received: "),
        ({"batch_size": 2.5}, ValueError, "batch_size must be .* Received: batch_size=2.5"),
        ({"seed": -1}, ValueError, "seed must be an integer of at least 0. Received: seed=-1"),
        ({"seed": None}, ValueError, "seed must be .* Received: seed=None"),
        ({"y": [1, 2, 3]}, ValueError, r"each of the 80 images. Received: y of shape \(3,\)"),
        ({"y": 1}, ValueError, r"each of the 80 images. Received: y of shape \(\)"),
        ({"corruption": 0.5}, TypeError, "corruption must be a function .* Received: 0.5"),
        ({"corruption": lambda x: x[:, 0]}, ValueError, r"Received: shape .* for \(2, 28, 28, 1\)"),
    ],
)
def test_bad_arguments_of_pipeline(digits, arguments, error, message):
    with pytest.raises(error, match=message):
        data.pipeline(digits[0][..., None], **arguments)


def test_pipeline_wants_images_with_a_channel(digits):
    with pytest.raises(ValueError, match=r"\(n, 28, 28, 1\) or \(n, 784\). Received: shape \(80,"):
        data.pipeline(digits[0])


def test_fit_learns_from_the_pipeline_without_a_warning(digits):
    import keras

    keras.utils.set_random_seed(0)
    x = digits[0].reshape(-1, 784)
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(784, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit(
            data.pipeline(x, batch_size=16),
            validation_data=data.pipeline(x, batch_size=40, shuffle=False),
            epochs=3,
            verbose=0,
        ).history
    assert history["val_loss"][2] < history["val_loss"][0]


# Images of one's own


def save_png(path, array):
    from PIL import Image

    Image.fromarray(np.asarray(array, "uint8")).save(path)


def stroke(height=60, width=40):
    """Returns dark ink on white paper, away from the middle."""
    paper = np.full((height, width), 255)
    paper[5:45, 10:16] = 20
    return paper


@pytest.mark.parametrize("centre", [True, False])
def test_load_folder_makes_white_ink_on_black(centre, tmp_path):
    save_png(tmp_path / "b.png", stroke())
    save_png(tmp_path / "a.PNG", 255 - stroke())  # white ink already
    (tmp_path / "notes.txt").write_text("not an image")
    images, names = data.load_folder(tmp_path, centre=centre)
    assert names == ["a.PNG", "b.png"]
    assert images.shape == (2, 28, 28, 1) and images.dtype == np.float32
    assert 0 <= images.min() and 0.7 < images.max() <= 1
    np.testing.assert_allclose(images[0], images[1], atol=0.01)
    np.testing.assert_array_equal(data.check_images(images), images)
    assert images[0][[0, -1]].max() < 0.05


def test_load_folder_centres_as_mnist_does(tmp_path):
    save_png(tmp_path / "a.png", stroke())
    ink = data.load_folder(tmp_path)[0][0, ..., 0]
    rows, columns = np.nonzero(ink > 0.1)
    assert np.ptp(rows) + 1 == 20
    assert abs(rows.mean() - 14) <= 0.5 and abs(columns.mean() - 14) <= 0.5


def test_load_folder_gives_mnist_back(tmp_path):
    x = data.load_mnist(dtype="uint8").x_test[:20, ..., 0]
    for i, image in enumerate(x):
        save_png(tmp_path / f"{i:02d}.png", image)
    images, _ = data.load_folder(tmp_path, centre=False)
    np.testing.assert_allclose(images[..., 0], x / 255, atol=1e-6)
    centred, _ = data.load_folder(tmp_path)
    assert np.abs(centred[..., 0] - x / 255).mean() < 0.005


def test_load_folder_takes_colours_transparency_and_empty_sheets(tmp_path):
    ink = np.zeros((40, 40, 4))
    ink[10:30, 18:22] = (0, 0, 90, 255)  # all around it is transparent
    save_png(tmp_path / "a.png", ink)
    save_png(tmp_path / "b.png", np.full((40, 40), 255))
    images, _ = data.load_folder(tmp_path)
    assert images[0].max() > 0.7 and images[0].mean() < 0.2
    assert images[1].max() == 0
    dark, _ = data.load_folder(tmp_path, centre=False, invert=False)
    assert dark[1].min() == 1


def test_load_folder_refuses(tmp_path):
    with pytest.raises(ValueError, match="must be a folder that exists"):
        data.load_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="must hold image files"):
        data.load_folder(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="broken.png must be an image"):
        data.load_folder(tmp_path)
