"""Reconstruction losses in the course's one convention: summed over the pixels of an image.

Keras takes the mean of what a loss returns over the batch, so a model compiled with these
reports nats per image, or squared error per image. `keras.losses.binary_crossentropy` takes
the mean over the last axis instead; for 28x28 images its value is 784 times smaller.
"""

import keras
from keras import ops

__all__ = ["binary_crossentropy", "squared_error"]


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

    Example:

    >>> import numpy as np
    >>> from aehelpers import losses
    >>> half = np.full((1, 28, 28, 1), 0.5, "float32")
    >>> round(float(losses.binary_crossentropy(half, half)[0]), 2)  # 784 log 2
    543.43
    """
    return _sum_over_pixels(ops.binary_crossentropy(y_true, y_pred))


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
    return _sum_over_pixels(ops.square(ops.subtract(y_true, y_pred)))
