"""The nets that train in the playground, as Keras models."""

import keras
from keras import layers

from aehelpers._check import integer
from aehelpers.layers import TopK
from aehelpers.models.autoencoder import IMAGE_SHAPE, Autoencoder, image_input
from aehelpers.models.variational import VariationalAutoencoder

_KINDS = ("linear", "vanilla", "denoising", "sparse", "l1", "variational")


def playground(kind="variational", latent_dim=2, hidden=64, k=8, beta=1.0):
    """Builds a net of the playground, so that weights from there can be loaded.

    Args:
        kind: "linear" for two layers without an activation, "vanilla", "denoising", "sparse" (of
            a code the `k` largest numbers are kept), "l1" (a ReLU code, whose size had a price) or
            "variational".
        latent_dim: Numbers in the code, a positive integer.
        hidden: Units of a GELU layer before the code and after it, or 0 for none.
        k: Numbers that are kept, for "sparse".
        beta: Weight of the KL divergence, for "variational".

    Returns:
        An `Autoencoder`, a `VariationalAutoencoder` for "variational", not compiled:
        `(batch_size, 28, 28, 1)` to the same shape.

    Raises:
        ValueError: If there is no such kind, or an argument is out of its range.

    Example:

    >>> from aehelpers import models
    >>> models.playground("sparse", latent_dim=64, hidden=0, k=4).encoder.output_shape
    (None, 64)
    """
    if kind not in _KINDS:
        raise ValueError(f"kind must be one of {', '.join(_KINDS)}. Received: kind={kind!r}")
    latent_dim = integer("latent_dim", latent_dim)
    hidden = integer("hidden", hidden, least=0)
    sizes = [hidden] if hidden and kind != "linear" else []

    image = image_input()
    x = _hidden(layers.Flatten(name="flat")(image), sizes)
    codes = keras.Input((latent_dim,), name="z")
    # The first layer of a sparse code's decoder holds atoms of length 1: larger ones would allow
    # smaller codes.
    atoms = {"kernel_constraint": keras.constraints.UnitNorm(axis=1)}
    first = atoms if kind in ("sparse", "l1") else {}
    y = _hidden(codes, sizes, **first)
    output = "linear" if kind == "linear" else "sigmoid"
    y = layers.Dense(784, activation=output, name="pixels", **({} if sizes else first))(y)
    decoder = keras.Model(codes, layers.Reshape(IMAGE_SHAPE, name="image")(y), name="decoder")

    if kind == "variational":
        both = [layers.Dense(latent_dim, name=name)(x) for name in ("z_mean", "z_log_var")]
        posterior = keras.Model(image, both, name="posterior")
        return VariationalAutoencoder(posterior, decoder, beta=beta, name="playground")
    x = layers.Dense(latent_dim, activation="relu" if kind == "l1" else None, name="code")(x)
    if kind == "sparse":
        x = TopK(k, name="top_k")(x)
    return Autoencoder(keras.Model(image, x, name="encoder"), decoder, name="playground")


def _hidden(x, sizes, **options):
    for size in sizes:
        x = layers.Dense(size, activation="gelu", kernel_initializer="he_normal", **options)(x)
    return x
