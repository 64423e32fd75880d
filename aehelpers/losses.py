"""Reconstruction losses in the course's one convention: summed over the pixels of an image.

Keras takes the mean of what a loss returns over the batch, so a model compiled with these
reports nats per image, or squared error per image. `keras.losses.binary_crossentropy` takes
the mean over the last axis instead; for 28x28 images its value is 784 times smaller.
"""

import keras
from keras import ops

from aehelpers.layers import check_range, full_precision

__all__ = ["binary_crossentropy", "squared_error"]


def _pair(y_true, y_pred):
    y_pred = full_precision(ops.convert_to_tensor(y_pred))
    return ops.cast(y_true, y_pred.dtype), y_pred


def _sum_over_pixels(values):
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))


@keras.saving.register_keras_serializable(package="aehelpers")
def binary_crossentropy(y_true, y_pred):
    """Computes the binary cross-entropy summed over the pixels, in nats per image.

    `loss = -sum(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))`

    Predictions are clipped to `[1e-7, 1 - 1e-7]`, as Keras does.

    Args:
        y_true: Images in [0, 1], of shape `(batch_size, ...)`.
        y_pred: Reconstructions in [0, 1], of the same shape.

    Returns:
        Nats per image, of shape `(batch_size,)`.

    Raises:
        ValueError: If targets leave [0, 1], where the loss would have no lower bound (in compiled
            code, see `layers.check_range`).

    Example:

    >>> import numpy as np
    >>> from aehelpers import losses
    >>> half = np.full((1, 28, 28, 1), 0.5, "float32")
    >>> round(float(losses.binary_crossentropy(half, half)[0]), 2)  # 784 log 2
    543.43
    """
    y_true, y_pred = _pair(y_true, y_pred)
    fault = check_range(y_true, 0, 1, "Targets")
    nats = _sum_over_pixels(ops.binary_crossentropy(y_true, y_pred))
    return nats + ops.cast(fault, nats.dtype)


@keras.saving.register_keras_serializable(package="aehelpers")
def squared_error(y_true, y_pred):
    """Computes the squared error summed over the pixels of each image.

    `loss = sum((y_true - y_pred) ** 2)`

    Args:
        y_true: Images, of shape `(batch_size, ...)`.
        y_pred: Reconstructions, of the same shape.

    Returns:
        Squared error per image, of shape `(batch_size,)`.

    Example:

    >>> import numpy as np
    >>> from aehelpers import losses
    >>> zeros, ones = np.zeros((1, 28, 28, 1)), np.ones((1, 28, 28, 1))
    >>> float(losses.squared_error(zeros, ones)[0])
    784.0
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return _sum_over_pixels(ops.square(ops.subtract(y_true, y_pred)))
