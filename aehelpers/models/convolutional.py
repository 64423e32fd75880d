"""Autoencoders of convolutions, for images of any size that can be halved."""

import math

import keras
from keras import layers

from aehelpers._check import integer, integers
from aehelpers.models.autoencoder import IMAGE_SHAPE, Autoencoder, image_input


def convolutional(
    latent_dim=30,
    filters=(32, 64),
    down="stride",
    up="transpose",
    activation="gelu",
    image_shape=IMAGE_SHAPE,
):
    """Builds a convolutional autoencoder; each of `filters` halves the image's sides.

    With `latent_dim=None` the code is the last feature map itself, 7x7x64 as it stands. With an
    integer a dense layer computes the code from that map, and another one leads back to it.

    Args:
        latent_dim: Numbers in the code, a positive integer; None for a map as the code.
        filters: Feature maps at each level of the encoder, of 14x14, 7x7, ... pixels; the decoder
            has as many in the opposite order.
        down: `"stride"` for convolutions with strides 2, or `"pool"` for convolutions at full
            size, each with a maximum over 2x2 pixels after it.
        up: `"transpose"` for transposed convolutions with strides 2, or `"upsample"` for
            repeated pixels, each followed by a convolution.
        activation: Activation of all convolutions but the last one, which is a sigmoid.
        image_shape: Height, width and channels of the images.

    Returns:
        An `Autoencoder`, not compiled: `(batch_size, 28, 28, 1)` to the same shape.

    Raises:
        ValueError: If the sides of the images can't be halved `len(filters)` times, or another
            argument is none of the above.

    Example: the model of https://keras.io/examples/vision/autoencoder, whose code is a map.

    >>> from aehelpers import models
    >>> model = models.convolutional(None, filters=(32, 32), down="pool", activation="relu")
    >>> model.encoder.output_shape, model.count_params()
    ((None, 7, 7, 32), 28353)
    """
    if latent_dim is not None:
        latent_dim = integer("latent_dim", latent_dim)
    filters = integers("filters", filters)
    if down not in ("stride", "pool"):
        raise ValueError(f'down must be "stride" or "pool". Received: down={down!r}')
    if up not in ("transpose", "upsample"):
        raise ValueError(f'up must be "transpose" or "upsample". Received: up={up!r}')
    if any(side % 2 ** len(filters) for side in image_shape[:2]):
        raise ValueError(
            f"image_shape must have sides that {2 ** len(filters)} divides, as each of the "
            f"{len(filters)} filters halves them. Received: image_shape={tuple(image_shape)}"
        )

    x = inputs = image_input(image_shape)
    for count in filters:
        strides = 2 if down == "stride" else 1
        x = layers.Conv2D(count, 3, strides, padding="same", activation=activation)(x)
        if down == "pool":
            x = layers.MaxPooling2D(2)(x)
    map_shape = x.shape[1:]
    if latent_dim is not None:
        x = layers.Flatten()(x)
        x = layers.Dense(latent_dim, name="code")(x)
    encoder = keras.Model(inputs, x, name="encoder")

    x = codes = keras.Input(x.shape[1:], name="z")
    if latent_dim is not None:
        x = layers.Dense(math.prod(map_shape), activation=activation)(x)
        x = layers.Reshape(map_shape)(x)
    for count in reversed(filters):
        if up == "transpose":
            layer = layers.Conv2DTranspose(count, 3, 2, padding="same", activation=activation)
        else:
            x = layers.UpSampling2D(2)(x)
            layer = layers.Conv2D(count, 3, padding="same", activation=activation)
        x = layer(x)
    outputs = layers.Conv2D(image_shape[2], 3, padding="same", activation="sigmoid")(x)
    decoder = keras.Model(codes, outputs, name="decoder")

    return Autoencoder(encoder, decoder, name="convolutional")
