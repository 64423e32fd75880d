"""A made-up database for the tests of aehelpers.data, and a home without a network."""

import hashlib

import pytest
from shared import pack

from aehelpers import data
from aehelpers.data import download, mnist


@pytest.fixture(scope="session")
def digits():
    """Eighty bundled digits, uint8, and their labels."""
    (x, y), _ = data.bundled()
    return x[:80], y[:80]


@pytest.fixture(scope="session")
def archive(digits):
    """A database in the layout of MNIST, but with 60 training and 20 test images, as bytes."""
    x, y = digits
    arrays = {"x_train": x[:60], "y_train": y[:60], "x_test": x[60:], "y_test": y[60:]}
    return arrays, pack(arrays)


@pytest.fixture
def home(tmp_path, monkeypatch, archive):
    """An empty Keras home without a network, in a process that takes `archive` for MNIST."""
    arrays, packed = archive
    digest = hashlib.sha256(packed).hexdigest()
    content = hashlib.sha256(b"".join(a.tobytes() for a in arrays.values())).hexdigest()
    monkeypatch.delenv("AEHELPERS_QUICK", raising=False)
    monkeypatch.delenv("AEHELPERS_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(download.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(download, "SHAPES", {name: a.shape for name, a in arrays.items()})
    monkeypatch.setattr(download, "CONTENT_SHA256", content)
    monkeypatch.setattr(download, "FILE_SHA256", {digest})
    monkeypatch.setattr(download, "URL_SHA256", digest)
    monkeypatch.setattr(download, "URL", "http://127.0.0.1:9/mnist.npz")  # nobody listens there
    monkeypatch.setattr(download, "_failure", None)
    monkeypatch.setattr(mnist, "_printed", set())
    monkeypatch.setattr(mnist, "_full_found", None)
    return tmp_path / "keras"
