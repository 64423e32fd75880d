"""The handwritten digits of MNIST: which of them are there, and how they are split."""

import os
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from aehelpers._check import integer
from aehelpers.data import download
from aehelpers.data.images import to_float

_BUNDLED = Path(__file__).parents[1] / "assets" / "data" / "mnist_subset.npz"
_BUNDLED_SHA256 = "50396bf9220b6d2a5285ba2cc2ab1be31dadc216ea504b0b63293f6830fc5426"
_FULL_TRAIN = 55000  # images that are left for training when 5,000 are held out
_BUNDLED_TRAIN = 4000

_printed = set()  # what load_mnist() has told in this process
_full_found = None  # whether the last search found the whole database


class MNIST:
    """Handwritten digits, split into training, validation and test images.

    Attributes:
        x_train, x_val, x_test: images, float32 in [0, 1] or uint8, of shape `(n, 28, 28, 1)` or
            `(n, 784)`. They are converted when first used.
        y_train, y_val, y_test: the digits 0 to 9 as integers, of shape `(n,)`.
        source: where the data were found: "AEHELPERS_DATA_DIR", "keras cache", "download" or
            "bundled".
        full: whether these are all 70,000 images.
        class_names: the names of the ten classes, "0" to "9".
    """

    class_names = tuple("0123456789")

    def __init__(self, splits, source, dtype, flat):
        self.source = source
        self.full = source != "bundled"
        self._dtype = dtype
        self._flat = flat
        self._bytes = {name: images for name, (images, _) in splits.items()}
        self.y_train, self.y_val, self.y_test = (
            splits[name][1].astype(np.int64) for name in ("train", "val", "test")
        )

    @cached_property
    def x_train(self):
        return self._images("train")

    @cached_property
    def x_val(self):
        return self._images("val")

    @cached_property
    def x_test(self):
        return self._images("test")

    def _images(self, name):
        # The bytes go once they are converted: kept beside the floats they would cost 55 MB.
        images = self._bytes.pop(name)
        images = images.reshape((-1, 784) if self._flat else (-1, 28, 28, 1))
        return images if self._dtype == "uint8" else to_float(images)

    def __repr__(self):
        n_train, n_val, n_test = len(self.y_train), len(self.y_val), len(self.y_test)
        return (
            f"<MNIST from {self.source}: {n_train:,} training, {n_val:,} validation and "
            f"{n_test:,} test images>"
        )


def load_mnist(dtype="float32", flat=False, validation=None):
    """Loads MNIST, and tells in one line which data these are.

    Looks, in this order, in the folder `AEHELPERS_DATA_DIR`, in Keras's cache
    (`~/.keras/datasets`) and on the internet (once: the download is kept in Keras's cache; one that
    fails is tried again after an hour). Without all of them there are 5,000 digits in the package
    itself, 4,000 of them for training. With `AEHELPERS_QUICK=1` it takes a small slice of those at
    once.

    Args:
        dtype: "float32" for images in [0, 1], "uint8" for images in 0 to 255.
        flat: `True` for images of shape `(n, 784)` in place of `(n, 28, 28, 1)`.
        validation: how many training images are held out for validation, from the end. `None` for
            5,000, or 500 of the digits in the package.

    Returns:
        An `MNIST` object with `x_train`, `y_train`, `x_val`, `y_val`, `x_test`, `y_test`.

    Raises:
        ValueError: an argument is not one of the above.

    Example:

    >>> mnist = load_mnist()  # doctest: +SKIP
    >>> mnist.x_val.shape  # doctest: +SKIP
    (5000, 28, 28, 1)

    Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to
    document recognition", Proc. IEEE 86 (11), 1998.
    """
    if dtype not in ("float32", "uint8"):
        raise ValueError(f'dtype must be "float32" or "uint8". Received: dtype={dtype!r}')
    if validation is not None:
        validation = integer("validation", validation, least=0)
    (x, y), test, source = _find()
    if validation is None:
        validation = {"bundled": 200 if quick() else 500}.get(source, 5000)
    if validation >= len(x):
        raise ValueError(
            f"validation must be less than the {len(x):,} training images that were found "
            f"({source}). Received: validation={validation}"
        )
    n = len(x) - validation
    # A copy, so that x_val does not keep all the training bytes in memory.
    splits = {"train": (x[:n], y[:n]), "val": (x[n:].copy(), y[n:]), "test": test}
    return MNIST(splits, source, dtype, flat)


def epochs(n):
    """Returns the passes over the data that make as many steps as `n` over the full data.

    Args:
        n: passes over the full training set.

    Returns:
        `n` where `load_mnist()` finds the full data, about 14 times as many on the digits in the
        package, and 1 with `AEHELPERS_QUICK=1`.

    Raises:
        ValueError: `n` is not a positive integer.
    """
    n = integer("n", n)
    if quick():
        return 1
    if _full_found is None:
        _find()
    return n if _full_found else round(n * _FULL_TRAIN / _BUNDLED_TRAIN)


def quick():
    """Returns whether `AEHELPERS_QUICK=1` asks for a run that only shows that everything works."""
    return os.environ.get("AEHELPERS_QUICK") == "1"


def bundled():
    """Returns the digits that are in the package, the same for everybody.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: 4,500 and 500 images, uint8 of shape `(n, 28, 28)`,
        and their labels.

    Raises:
        RuntimeError: the file is damaged.

    Example:

    >>> (x_train, y_train), (x_test, y_test) = bundled()
    >>> x_train.shape, x_test.shape
    ((4500, 28, 28), (500, 28, 28))
    """
    with np.load(_BUNDLED, allow_pickle=False) as archive:
        x, y = archive["images"], archive["labels"]
    digest = sha256(x.tobytes() + y.tobytes()).hexdigest()
    if digest != _BUNDLED_SHA256:
        raise RuntimeError(
            f"{_BUNDLED} must hold the digits that came with the package (SHA-256 "
            f"{_BUNDLED_SHA256[:12]}…); install it again. Received: SHA-256 {digest[:12]}…"
        )
    return (x[:4500], y[:4500]), (x[4500:], y[4500:])


def _find():
    """Returns the training images and labels, the test ones, and their source."""
    global _full_found
    if quick():
        (x, y), (x_test, y_test) = bundled()
        _print_once("MNIST: 1,400 of the 5,000 bundled digits, because AEHELPERS_QUICK=1")
        return (x[:1200], y[:1200]), (x_test[:200], y_test[:200]), "bundled"
    try:
        arrays, source = download.find()
    except download.NotFound as reason:
        _full_found = False
        train, test = bundled()
        _print_once(f"MNIST: 5,000 bundled digits; the full data could not be found: {reason}")
        return train, test, "bundled"
    _full_found = True
    _print_once(f"MNIST: 60,000 + 10,000 images from {source}")
    train = arrays["x_train"], arrays["y_train"]
    return train, (arrays["x_test"], arrays["y_test"]), source


def _print_once(line):
    if line not in _printed:
        _printed.add(line)
        print(line)
