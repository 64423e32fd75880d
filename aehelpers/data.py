"""The handwritten digits: loading, corrupting and feeding them to a model.

>>> from aehelpers import data
>>> mnist = data.load_mnist()  # doctest: +SKIP
MNIST: 60,000 + 10,000 images from the keras cache
>>> mnist.x_train.shape  # doctest: +SKIP
(55000, 28, 28, 1)
"""

import inspect
import operator
import os
import sys
import warnings
from functools import cached_property
from hashlib import sha256
from numbers import Real
from pathlib import Path

import numpy as np

from aehelpers import _download

_BUNDLED = Path(__file__).parent / "assets" / "data" / "mnist_subset.npz"
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
        return images if self._dtype == "uint8" else _to_float(images)

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
        validation = _integer("validation", validation, least=0)
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
    n = _integer("n", n, least=1)
    if quick():
        return 1
    if _full_found is None:
        _find()
    return n if _full_found else round(n * _FULL_TRAIN / _BUNDLED_TRAIN)


def quick():
    """Returns whether `AEHELPERS_QUICK=1` asks for a run that only shows that everything works."""
    return os.environ.get("AEHELPERS_QUICK") == "1"


def _find():
    """Returns the training images and labels, the test ones, and their source."""
    global _full_found
    if quick():
        (x, y), (x_test, y_test) = _bundled()
        _print_once("MNIST: 1,400 of the 5,000 bundled digits, because AEHELPERS_QUICK=1")
        return (x[:1200], y[:1200]), (x_test[:200], y_test[:200]), "bundled"
    try:
        arrays, source = _download.find()
    except _download.NotFound as reason:
        _full_found = False
        train, test = _bundled()
        _print_once(f"MNIST: 5,000 bundled digits; the full data could not be found: {reason}")
        return train, test, "bundled"
    _full_found = True
    _print_once(f"MNIST: 60,000 + 10,000 images from {source}")
    train = arrays["x_train"], arrays["y_train"]
    return train, (arrays["x_test"], arrays["y_test"]), source


def _bundled():
    with np.load(_BUNDLED, allow_pickle=False) as archive:
        x, y = archive["images"], archive["labels"]
    digest = sha256(x.tobytes() + y.tobytes()).hexdigest()
    if digest != _BUNDLED_SHA256:
        raise RuntimeError(
            f"{_BUNDLED} must hold the digits that came with the package (SHA-256 "
            f"{_BUNDLED_SHA256[:12]}…); install it again. Received: SHA-256 {digest[:12]}…"
        )
    return (x[:4500], y[:4500]), (x[4500:], y[4500:])


def _print_once(line):
    if line not in _printed:
        _printed.add(line)
        print(line)


def check_images(x, name="x"):
    """Returns images as float32 in [0, 1] of shape `(n, 28, 28, 1)`, or says what is wrong.

    Args:
        x: images of shape `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`; uint8, or floats in
            [0, 1].
        name: what the error message calls them.

    Returns:
        An array, which shares memory with `x` where that is float32 already.

    Raises:
        ValueError: another shape or type, no image at all, NaN, or values outside [0, 1].

    Example:

    >>> check_images(np.full((2, 784), 255, dtype="uint8")).max()
    np.float32(1.0)
    """
    x = np.asarray(x)
    if x.shape[1:] not in ((28, 28, 1), (28, 28), (784,)):
        raise ValueError(
            f"{name} must have shape (n, 28, 28, 1), (n, 28, 28) or (n, 784). "
            f"Received: shape {x.shape}"
        )
    if len(x) == 0:
        raise ValueError(f"{name} must hold at least one image. Received: shape {x.shape}")
    if x.dtype == np.uint8:
        x = _to_float(x)
    elif np.issubdtype(x.dtype, np.floating):
        _check_range(name, x)
        x = x.astype(np.float32, copy=False)
    else:
        raise ValueError(f"{name} must be uint8 or float. Received: dtype {x.dtype}")
    return x.reshape(-1, 28, 28, 1)


def gaussian_noise(x, stddev=0.5, seed=None):
    """Adds Gaussian noise to images and clips them to [0, 1].

    Args:
        x: images as `check_images` takes them.
        stddev: standard deviation of the noise, in grey levels from 0 to 1.
        seed: an integer or a `np.random.Generator`; `None` for other noise on every call.

    Returns:
        Noisy images, float32, of the same shape.

    Raises:
        ValueError: `stddev` is negative or not finite, or `x` holds no images.

    Example:

    >>> gaussian_noise(np.zeros((1, 784)), stddev=0.1, seed=0).max() < 0.5
    np.True_
    """
    _check_number("stddev", stddev, most=sys.float_info.max)
    clean = check_images(x)
    noise = np.random.default_rng(seed).standard_normal(clean.shape, dtype=np.float32)
    noise *= np.float32(stddev)
    noise += clean
    return np.clip(noise, 0, 1, out=noise).reshape(np.shape(x))


def salt_and_pepper(x, rate, seed=None):
    """Sets pixels to black or white, each with a probability of `rate / 2`.

    Args:
        x: images as `check_images` takes them.
        rate: probability that a pixel is replaced, from 0 to 1.
        seed: an integer or a `np.random.Generator`; `None` for other noise on every call.

    Returns:
        Noisy images, float32, of the same shape.

    Raises:
        ValueError: `rate` is outside [0, 1], or `x` holds no images.
    """
    _check_number("rate", rate, most=1)
    clean = check_images(x)
    draw = np.random.default_rng(seed).random(clean.shape, dtype=np.float32)
    noisy = np.where(draw < rate, np.float32(0), clean)
    noisy[draw < rate / 2] = 1
    return noisy.reshape(np.shape(x))


def masking(x, rate, seed=None):
    """Sets pixels to 0, each with a probability of `rate`.

    Args:
        x: images as `check_images` takes them.
        rate: probability that a pixel is masked, from 0 to 1.
        seed: an integer or a `np.random.Generator`; `None` for other noise on every call.

    Returns:
        Masked images, float32, of the same shape.

    Raises:
        ValueError: `rate` is outside [0, 1], or `x` holds no images.

    Source: P. Vincent et al., "Stacked denoising autoencoders", JMLR 11, 2010, section 3.3.
    """
    _check_number("rate", rate, most=1)
    clean = check_images(x)
    draw = np.random.default_rng(seed).random(clean.shape, dtype=np.float32)
    return np.where(draw < rate, np.float32(0), clean).reshape(np.shape(x))


def block_occlusion(x, size, seed=None):
    """Covers one square of each image, at a random place, with zeros.

    Args:
        x: images as `check_images` takes them.
        size: side of the square in pixels, from 1 to 28. The square lies inside the image.
        seed: an integer or a `np.random.Generator`; `None` for other places on every call.

    Returns:
        Occluded images, float32, of the same shape.

    Raises:
        ValueError: `size` is not an integer from 1 to 28, or `x` holds no images.
    """
    size = _integer("size", size, least=1, most=28)
    clean = check_images(x)
    top, left = np.random.default_rng(seed).integers(0, 29 - size, (2, len(clean), 1, 1, 1))
    row, column = np.ogrid[:28, :28]
    row, column = row[..., None], column[..., None]
    covered = (row >= top) & (row < top + size) & (column >= left) & (column < left + size)
    return np.where(covered, np.float32(0), clean).reshape(np.shape(x))


def pipeline(x, batch_size=128, y=None, corruption=None, shuffle=True, seed=0):
    """Returns a `tf.data.Dataset` of `(input, target)` batches for `model.fit`.

    The images stay bytes and become float32 batch by batch, in an order and with noise that are new
    in every epoch. uint8 images are used where they lie; floats that came from bytes are copied
    as bytes, a quarter of their size. `load_mnist(dtype="uint8")` thus needs the least memory.

    Args:
        x: images of shape `(n, 28, 28, 1)` or `(n, 784)`, uint8 or floats in [0, 1]. The batches
            have the same shape.
        batch_size: images in a batch. The last batch of an epoch may be smaller.
        y: targets, with one row for each image; `None` for the clean images themselves.
        corruption: a function from clean to noisy images such as `gaussian_noise`, called with
            `(x)` or, if it has an argument `seed`, with `(x, seed=generator)`.
        shuffle: whether each epoch has an order of its own.
        seed: seed of the order and of the noise.

    Returns:
        A `tf.data.Dataset`; one pass over it is one epoch.

    Raises:
        ValueError: `x`, `y` or another argument is not one of the above.
        TypeError: `corruption` is not a function.

    Example:

    >>> x = np.zeros((3, 784), dtype="uint8")
    >>> for noisy, clean in pipeline(x, batch_size=2, corruption=gaussian_noise):
    ...     print(noisy.shape, clean.shape)
    (2, 784) (2, 784)
    (1, 784) (1, 784)
    """
    import tensorflow as tf  # takes seconds, and the rest of this module does without

    batch_size = _integer("batch_size", batch_size, least=1)
    seed = _integer("seed", seed, least=0)
    x = np.asarray(x)
    if x.shape[1:] not in ((28, 28, 1), (784,)):
        raise ValueError(f"x must have shape (n, 28, 28, 1) or (n, 784). Received: shape {x.shape}")
    if len(x) == 0:
        raise ValueError(f"x must hold at least one image. Received: shape {x.shape}")
    x = _to_bytes(x)
    if y is None:
        target_shape, target_type = x.shape[1:], np.float32
    else:
        y = np.asarray(y)
        if len(np.atleast_1d(y)) != len(x):
            raise ValueError(
                f"y must have one row for each of the {len(x):,} images. "
                f"Received: y of shape {y.shape}"
            )
        target_shape = y.shape[1:]
        target_type = np.float32 if y.shape == x.shape else y.dtype
    if corruption is not None:
        _check_corruption(corruption, _to_float(x[:2]))

    def batch(rows, noise_seed):
        clean = _to_float(x[rows])
        if y is None:
            target = clean
        else:
            target = _to_float(y[rows]) if y.shape == x.shape else y[rows]
        if corruption is None:
            return clean, target
        return _corrupt(corruption, clean, noise_seed), target

    def tensors(rows, noise_seed):
        # NumPy picks the rows: a TensorFlow constant would be a second and a third copy of them.
        pair = tf.numpy_function(batch, (rows, noise_seed), (tf.float32, tf.as_dtype(target_type)))
        shapes = (None, *x.shape[1:]), (None, *target_shape)
        return tuple(tf.ensure_shape(tensor, shape) for tensor, shape in zip(pair, shapes))

    rows = tf.data.Dataset.range(len(x))
    if shuffle:
        rows = rows.shuffle(len(x), seed=seed, reshuffle_each_iteration=True)
    # A seed for each batch, not one generator for all: the noise is then the same however far
    # ahead of the training the dataset runs.
    noise_seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    dataset = tf.data.Dataset.zip(rows.batch(batch_size), noise_seeds).map(tensors).prefetch(2)
    # There is nothing to tune here, and an epoch would often wait at its end for the tuner to wake:
    # epochs of 3.8 s took 5.1.
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = dataset.with_options(options)
    # Keras warns that fit() leaves the order to the dataset, which is what is wanted here.
    warnings.filterwarnings("ignore", message="`shuffle=True` was passed, but will be ignored")
    return dataset


def load_folder(folder, centre=True, invert=None):
    """Loads images of your own from a folder, made like MNIST's: white ink on black, 28x28.

    Colours become grey, and what is transparent becomes white paper.

    Args:
        folder: a folder with image files (png, jpg, jpeg, bmp, gif, tif, tiff, webp); folders in it
            are not looked into.
        centre: `True` for digits: as in MNIST, the ink is cut out, made to fit into 20x20 pixels,
            and moved so that its centre of mass is in the middle. `False` for pictures that fill
            their frame: they are only made to fit into 28x28.
        invert: whether dark and bright change places; `None` for those images whose border is
            brighter than half.

    Returns:
        The images, float32 in [0, 1] of shape `(n, 28, 28, 1)`, and the list of their file names,
        both in the order of the names.

    Raises:
        ValueError: there is no such folder, no image in it, or one that can't be read.

    Example:

    >>> images, names = load_folder("my_digits")  # doctest: +SKIP
    """
    from PIL import Image, UnidentifiedImageError

    folder = Path(folder).expanduser()
    kinds = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
    if not folder.is_dir():
        raise ValueError(f"folder must be a folder that exists. Received: {str(folder)!r}")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in kinds)
    if not paths:
        raise ValueError(
            f"folder must hold image files ({', '.join(sorted(kinds))}). Received: {str(folder)!r}"
        )
    images = []
    for path in paths:
        try:
            with Image.open(path) as file:
                colours = file.convert("RGBA")
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise ValueError(f"{path.name} must be an image. Received: {error}") from error
        paper = Image.new("RGBA", colours.size, "white")
        grey = np.asarray(Image.alpha_composite(paper, colours).convert("L"), np.float32) / 255
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        if np.median(border) > 0.5 if invert is None else invert:
            grey = 1 - grey
        images.append(_centred(grey) if centre else _fitted(grey, 28))
    return np.stack(images)[..., None], [path.name for path in paths]


def _fitted(grey, side):
    """Scales an image, black around it, to fit into a square of 28x28 at the size `side`."""
    from PIL import Image

    height, width = grey.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))
    top, left = (28 - size[1]) // 2, (28 - size[0]) // 2
    canvas = np.zeros((28, 28), np.float32)
    canvas[top : top + size[1], left : left + size[0]] = np.clip(small, 0, 1)
    return canvas


def _centred(grey):
    """Cuts out the ink, fits it into 20x20 and moves its centre of mass to the middle."""
    rows, columns = np.nonzero(grey > max(0.1, 0.2 * grey.max()))
    if len(rows) == 0:  # an empty sheet
        return np.zeros((28, 28), np.float32)
    cut = grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    canvas = _fitted(cut, 20)
    places = np.arange(28) - 14  # MNIST counts this pixel as the middle
    down = round(float((canvas.sum(axis=1) * places).sum() / canvas.sum()))
    right = round(float((canvas.sum(axis=0) * places).sum() / canvas.sum()))
    # At least 4 pixels are free on each side.
    return np.roll(canvas, (-np.clip(down, -4, 4), -np.clip(right, -4, 4)), axis=(0, 1))


def _corrupt(corruption, clean, seed):
    takes_seed = "seed" in inspect.signature(corruption).parameters
    arguments = {"seed": np.random.default_rng(seed)} if takes_seed else {}
    return np.asarray(corruption(clean, **arguments), dtype=np.float32)


def _check_corruption(corruption, clean):
    if not callable(corruption):
        raise TypeError(f"corruption must be a function or None. Received: {corruption!r}")
    received = _corrupt(corruption, clean, seed=0)
    if received.shape != clean.shape:
        raise ValueError(
            "corruption must return images of the shape that it is given. "
            f"Received: shape {received.shape} for {clean.shape}"
        )


def _to_float(images):
    if images.dtype == np.uint8:
        return np.divide(images, np.float32(255), dtype=np.float32)
    return images.astype(np.float32, copy=False)


def _to_bytes(x):
    """Returns images as uint8 where they are bytes divided by 255, else as float32."""
    if x.dtype == np.uint8:
        return x
    if not np.issubdtype(x.dtype, np.floating):
        raise ValueError(f"x must be uint8 or float. Received: dtype {x.dtype}")
    _check_range("x", x)
    stored = np.empty(x.shape, dtype=np.uint8)
    for start in range(0, len(x), 1000):  # in slices, as the temporaries are large
        part = _to_float(x[start : start + 1000])
        slot = stored[start : start + 1000]
        slot[...] = np.rint(part * 255)
        if not np.array_equal(_to_float(slot), part):
            return _to_float(x)
    return stored


def _check_range(name, x):
    low, high = x.min(), x.max()
    if not (low >= 0 and high <= 1):  # NaN is neither
        received = "NaN" if np.isnan(low) else f"values from {low:.4g} to {high:.4g}"
        raise ValueError(f"{name} must lie in [0, 1]. Received: {received}")


def _check_number(name, value, most):
    if not (isinstance(value, Real) and 0 <= value <= most):  # NaN is neither
        wanted = "a number from 0 to 1" if most == 1 else "a finite number of at least 0"
        raise ValueError(f"{name} must be {wanted}. Received: {name}={value!r}")


def _integer(name, value, least, most=None):
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not least <= number <= (most or number):
        if most is not None:
            wanted = f"an integer from {least} to {most}"
        else:
            wanted = "a positive integer" if least == 1 else f"an integer of at least {least}"
        raise ValueError(f"{name} must be {wanted}. Received: {name}={value!r}")
    return number
