"""Batches for `model.fit` that need little memory."""

import atexit
import functools
import gc
import inspect
import threading
import time
import warnings
import weakref

import numpy as np

from aehelpers._check import integer
from aehelpers.data.images import check_shape, to_bytes, to_float


def pipeline(x, batch_size=128, y=None, corruption=None, shuffle=True, seed=0):
    """Returns a `tf.data.Dataset` of `(input, target)` batches for `model.fit`.

    The images stay bytes and become float32 batch by batch, in an order and with noise that are new
    in every epoch. uint8 images are used where they lie; floats that came from bytes are copied
    as bytes, a quarter of their size. `load_mnist(dtype="uint8")` thus needs the least memory.

    Args:
        x: images of shape `(n, 28, 28, 1)` or `(n, 784)`, uint8 or floats in [0, 1]. The batches
            have the same shape.
        batch_size: images in a batch. The last batch of an epoch may be smaller.
        y: targets, with one row for each image, and images like `x` if they have its shape; `None`
            for the clean images themselves.
        corruption: a function from clean to noisy images such as `gaussian_noise`, called with
            `(x)` or, if it has an argument `seed`, with `(x, seed=generator)`.
        shuffle: whether each epoch has an order of its own.
        seed: seed of the order and of the noise.

    Returns:
        A `tf.data.Dataset`; one pass over it is one epoch. Its attribute `order` is the `Order` of
        the images.

    Raises:
        ValueError: `x`, `y` or another argument is not one of the above.
        TypeError: `corruption` is not a function.

    Example:

    >>> from aehelpers.data import gaussian_noise
    >>> x = np.zeros((3, 784), dtype="uint8")
    >>> for noisy, clean in pipeline(x, batch_size=2, corruption=gaussian_noise):
    ...     print(noisy.shape, clean.shape)
    (2, 784) (2, 784)
    (1, 784) (1, 784)
    """
    import tensorflow as tf  # takes seconds, and all else about data does without

    batch_size = integer("batch_size", batch_size)
    seed = integer("seed", seed, least=0)
    x = to_bytes(check_shape("x", x, ((28, 28, 1), (784,))))
    if y is None:
        target_shape, target_type = x.shape[1:], np.float32
    else:
        y = np.asarray(y)
        if len(np.atleast_1d(y)) != len(x):
            raise ValueError(
                f"y must have one row for each of the {len(x):,} images. "
                f"Received: y of shape {y.shape}"
            )
        if y.shape == x.shape:
            y = to_bytes(y, "y")
        elif np.issubdtype(y.dtype, np.floating) and np.isnan(y).any():
            raise ValueError("y must be numbers. Received: NaN")
        target_shape = y.shape[1:]
        target_type = np.float32 if y.shape == x.shape else y.dtype
    if corruption is not None:
        _check_corruption(corruption, to_float(x[:2]))

    def batch(rows, noise_seed):
        clean = to_float(x[rows])
        if y is None:
            target = clean
        else:
            target = to_float(y[rows]) if y.shape == x.shape else y[rows]
        if corruption is None:
            return clean, target
        return _corrupt(corruption, clean, noise_seed), target

    types, weak_batch = (tf.float32, tf.as_dtype(target_type)), _weakly(batch)

    def tensors(rows, noise_seed):
        # NumPy picks the rows: a TensorFlow constant would be a second and a third copy of them.
        pair = tf.numpy_function(weak_batch, (rows, noise_seed), types)
        shapes = (None, *x.shape[1:]), (None, *target_shape)
        return tuple(tf.ensure_shape(tensor, shape) for tensor, shape in zip(pair, shapes))

    _rest_at_exit()
    order = Order(len(x), batch_size, shuffle, seed)
    order.batch = batch
    order.about = {"x": x, "y": y, "corruption": corruption, "batch": (batch_size, shuffle, seed)}

    next_pass = _weakly(order.next_pass)

    def one_pass(tick):
        rows, noise_seeds = tf.numpy_function(next_pass, (tick,), (tf.int64, tf.int64))
        rows = tf.data.Dataset.from_tensor_slices(tf.ensure_shape(rows, (None,)))
        # A seed for each batch, not one generator for all: the noise is then the same however far
        # ahead of the training the dataset runs.
        seeds = tf.data.Dataset.from_tensor_slices(tf.ensure_shape(noise_seeds, (None,)))
        return tf.data.Dataset.zip(rows.batch(batch_size), seeds)

    passes = ticks().flat_map(one_pass)
    passes = passes.apply(tf.data.experimental.assert_cardinality(order.batches))
    dataset = passes.map(tensors).prefetch(2)
    dataset = _untuned(dataset)
    dataset.order = order
    # Keras warns that fit() leaves the order to the dataset, which is what is wanted here.
    warnings.filterwarnings("ignore", message="`shuffle=True` was passed, but will be ignored")
    return dataset


def _weakly(function):
    """Returns a function that calls another as long as that lives, and then tells of the end.

    TensorFlow keeps what `numpy_function` is given until Python ends, and with it would keep the
    images of every pipeline that ever was. One of its threads may still ask for a batch when
    nobody is left to read it.
    """
    kind = weakref.WeakMethod if inspect.ismethod(function) else weakref.ref
    held = kind(function)

    def call(*args):
        if (function := held()) is None:
            raise StopIteration
        return function(*args)

    return call


@functools.cache
def _rest_at_exit():
    """Lets what is fetched ahead come to rest before Python ends.

    A thread of TensorFlow's that is in the middle of a batch when Python shuts down can't take
    Python's lock any more, and the process waits for it for ever: seen in 3 of 6 runs that ended
    right after a batch.
    """

    def rest():
        gc.collect()
        time.sleep(0.3)

    atexit.register(rest)


class Order:
    """The order of the images and the seeds of their noise, pass by pass.

    TensorFlow draws both anew whenever somebody begins a pass, read or not, and can't go back. Here
    passes have numbers, so that one can be had again: a training that is taken up gets the batches
    that it would have got.

    Attributes:
        about: What the batches are made of.
        batch: The function that makes them, kept here to live as long as the dataset does.
        batches: Batches in a pass.
        given: The numbers of the passes that were read. Keras begins a pass more in each epoch
            than it reads, so that they are even numbers there.
    """

    def __init__(self, n, batch_size, shuffle, seed):
        self.about, self.batch = {}, None
        self.batches = -(-n // batch_size)
        self.given = []
        self._n, self._shuffle, self._seed = n, shuffle, seed
        # Made now, as the dataset's own are: both hang on the seed that is set at the time.
        self._ticks, self._tick_numbers = ticks(), {}
        self._draws, self._drawn = None, 0
        self._offset, self._wanted = 0, None
        self._lock = threading.Lock()

    def go_to(self, number):
        """Lets the next pass be the one of this number, and count on from there."""
        self._wanted = number

    def next_pass(self, tick):
        """Returns the rows of a pass, `(n,)`, and a seed for each of its batches."""
        with self._lock:
            number = self._number(int(tick))
            if self._wanted is not None:
                self._offset, self._wanted = self._wanted - number, None
            number += self._offset
            if self._draws is None or number < self._drawn:
                self._draws, self._drawn = self._all_passes(), 0
            while self._drawn < number:  # to begin a pass is enough for it to be over
                iter(self._draws)
                self._drawn += 1
            rows, seeds = next(iter(self._draws))
            self._drawn += 1
            self.given.append(number)
        return rows.numpy(), seeds.numpy()

    def _number(self, tick):
        while tick not in self._tick_numbers:
            (value,) = self._ticks
            self._tick_numbers[int(value)] = len(self._tick_numbers)
        return self._tick_numbers[tick]

    def _all_passes(self):
        import tensorflow as tf

        rows = tf.data.Dataset.range(self._n)
        if self._shuffle:
            rows = rows.shuffle(self._n, seed=self._seed, reshuffle_each_iteration=True)
        seeds = tf.data.Dataset.random(seed=self._seed, rerandomize_each_iteration=True)
        seeds = seeds.take(self.batches).batch(self.batches)
        return _untuned(tf.data.Dataset.zip(rows.batch(self._n), seeds))


def ticks():
    """Returns a dataset of one number, another one in each pass, always the same from the start."""
    import tensorflow as tf

    return _untuned(tf.data.Dataset.random(seed=0, rerandomize_each_iteration=True).take(1))


def _untuned(dataset):
    """Returns the dataset without TensorFlow's tuner.

    There is nothing to tune here, and an epoch would often wait at its end for the tuner to wake:
    epochs of 3.8 s took 5.1.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def _corrupt(corruption, clean, seed):
    takes_seed = "seed" in inspect.signature(corruption).parameters
    arguments = {"seed": np.random.default_rng(seed)} if takes_seed else {}
    return np.asarray(corruption(clean, **arguments), dtype=np.float32)


def _check_corruption(corruption, clean):
    if not callable(corruption):
        raise TypeError(f"corruption must be a function or None. Received: {corruption!r}")
    received = _corrupt(corruption, clean, seed=0)
    if not np.isfinite(received).all():
        raise ValueError("corruption must return finite values. Received: NaN or infinity")
    if received.shape != clean.shape:
        raise ValueError(
            "corruption must return images of the shape that it is given. "
            f"Received: shape {received.shape} for {clean.shape}"
        )
