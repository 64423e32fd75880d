"""Dense autoencoders: the plainest one, and a deep one."""

import keras
from keras import layers

from aehelpers._check import integer, integers
from aehelpers.models.autoencoder import IMAGE_SHAPE, Autoencoder, image_input


def vanilla(latent_dim=32):
    """Builds the plainest autoencoder: 784 pixels, a ReLU code, 784 sigmoid outputs.

    Args:
        latent_dim: Numbers in the code, a positive integer.

    Returns:
        An `Autoencoder`, not compiled: `(batch_size, 28, 28, 1)` to the same shape.

    Raises:
        ValueError: If `latent_dim` isn't a positive integer.

    Example:

    >>> from aehelpers import models
    >>> models.vanilla(latent_dim=32).count_params()  # 2 * 784 * 32 + 32 + 784
    50992
    """
    latent_dim = integer("latent_dim", latent_dim)
    inputs = image_input()
    x = layers.Flatten(name="pixels")(inputs)
    z = layers.Dense(latent_dim, activation="relu", name="code")(x)
    encoder = keras.Model(inputs, z, name="encoder")

    codes = keras.Input((latent_dim,), name="z")
    x = layers.Dense(784, activation="sigmoid", name="pixels")(codes)
    outputs = layers.Reshape(IMAGE_SHAPE, name="image")(x)
    decoder = keras.Model(codes, outputs, name="decoder")

    return Autoencoder(encoder, decoder, name="vanilla")


def deep(latent_dim=30, sizes=(1000, 500, 250)):
    """Builds the deep dense autoencoder 784-1000-500-250-`latent_dim` and back.

    The layer sizes are those of Hinton & Salakhutdinov (2006), "Reducing the Dimensionality
    of Data with Neural Networks". GELU takes the place of their logistic units, and makes
    their layer-by-layer pretraining unnecessary. The code is linear, as theirs is.

    Args:
        latent_dim: Numbers in the code, a positive integer.
        sizes: Units of the encoder's hidden layers; the decoder mirrors them.

    Returns:
        An `Autoencoder`, not compiled: `(batch_size, 28, 28, 1)` to the same shape.

    Raises:
        ValueError: If `latent_dim` or one of the `sizes` isn't a positive integer.

    Example:

    >>> from aehelpers import models
    >>> models.deep(latent_dim=30).encoder.output_shape
    (None, 30)
    """
    latent_dim = integer("latent_dim", latent_dim)
    sizes = integers("sizes", sizes)

    inputs = image_input()
    x = layers.Flatten(name="pixels")(inputs)
    for size in sizes:
        x = layers.Dense(size, activation="gelu", kernel_initializer="he_normal")(x)
    z = layers.Dense(latent_dim, name="code")(x)
    encoder = keras.Model(inputs, z, name="encoder")

    codes = keras.Input((latent_dim,), name="z")
    x = codes
    for size in reversed(sizes):
        x = layers.Dense(size, activation="gelu", kernel_initializer="he_normal")(x)
    x = layers.Dense(784, activation="sigmoid", name="pixels")(x)
    outputs = layers.Reshape(IMAGE_SHAPE, name="image")(x)
    decoder = keras.Model(codes, outputs, name="decoder")

    return Autoencoder(encoder, decoder, name="deep")
