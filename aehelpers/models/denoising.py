"""A convolutional autoencoder for images with noise."""

import keras
from keras import layers

from aehelpers._check import integer, integers
from aehelpers.models.autoencoder import Autoencoder, image_input


def denoising(filters=(32, 48), context=256):
    """Builds a convolutional denoiser whose code is a map, read locally and as a whole.

    The decoder adds what a dense layer saw in the whole code to what the convolutions see in a
    part of it: a stroke under noise is easier to guess when it is known which digit it belongs to.
    No layer works at 28x28, where a convolution is slow.

    Args:
        filters: Feature maps of 14x14 and of 7x7 pixels, two positive integers.
        context: Units of the dense layer that sees the whole code, a positive integer.

    Returns:
        An `Autoencoder`, not compiled: `(batch_size, 28, 28, 1)` to the same shape.

    Raises:
        ValueError: If `filters` are not two, or a number isn't a positive integer.

    Example:

    >>> from aehelpers import models
    >>> models.denoising().encoder.output_shape
    (None, 7, 7, 48)
    """
    context = integer("context", context)
    filters = integers("filters", filters)
    if len(filters) != 2:
        raise ValueError(f"filters must be two numbers. Received: filters={filters}")
    options = {"padding": "same", "activation": "relu", "kernel_initializer": "he_normal"}

    image = image_input()
    x = layers.Conv2D(filters[0], 5, 2, **options)(image)
    x = layers.Conv2D(filters[1], 3, 2, **options)(x)
    x = layers.Conv2D(filters[1], 3, **options)(x)
    encoder = keras.Model(image, x, name="encoder")

    x = code = keras.Input((7, 7, filters[1]), name="z")
    whole = layers.Flatten()(layers.Conv2D(8, 1, **options)(x))
    for units in (context, 7 * 7 * 8):
        whole = layers.Dense(units, activation="relu", kernel_initializer="he_normal")(whole)
    x = layers.Concatenate()([x, layers.Reshape((7, 7, 8))(whole)])
    for _ in range(2):
        x = layers.Conv2D(filters[1], 3, **options)(x)
    x = layers.Conv2DTranspose(filters[0], 4, 2, **options)(x)
    x = layers.Conv2D(filters[0], 3, **options)(x)
    x = layers.Conv2DTranspose(1, 4, 2, padding="same", activation="sigmoid")(x)
    decoder = keras.Model(code, x, name="decoder")

    return Autoencoder(encoder, decoder, name="denoising")
