import numpy as np
import pytest
from shared import put

from aehelpers import data
from aehelpers.data import mnist as mnist_module


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
    monkeypatch.setattr(mnist_module, "_BUNDLED", tmp_path / "damaged.npz")
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
