"""Autoencoders with long codes of which few numbers are on."""

import keras
from keras import layers, ops

from aehelpers._check import integer, number
from aehelpers.layers import TopK, full_precision
from aehelpers.models.autoencoder import IMAGE_SHAPE, Autoencoder, image_input


@keras.saving.register_keras_serializable(package="aehelpers")
class SparseAutoencoder(Autoencoder):
    """A k-sparse autoencoder whose idle units learn, too.

    A unit that is never among the `k` largest gets no gradient, and never will be. An auxiliary
    loss gives it one: in each batch, the units that were off for all of its images try to rebuild
    what the reconstruction left over,

    `loss += revival * mean(sum_pixels((y - y_pred - idle_scores @ atoms) ** 2))`

    where `idle_scores` are, for each image, the largest scores among those units. The error
    `y - y_pred` counts as constant, so that only these units learn from it.

    Args:
        encoder: A `keras.Model` from images to codes, with a `Dense` layer "scores" and a `TopK`
            layer "code" behind it.
        decoder: A `keras.Model` from codes to images, with one `Dense` layer, "atoms".
        revival: Weight of the auxiliary loss, 0 or more.
        idle_k: How many idle units try for each image, a positive integer.

    Raises:
        ValueError: If the decoder doesn't take what the encoder gives, or an argument is out of
            its range.

    Example:

    >>> import numpy as np
    >>> from aehelpers import models
    >>> model = models.sparse(latent_dim=20, k=3, revival=0.25)
    >>> model.compile("adam", loss="mse")
    >>> sorted(model.fit(np.zeros((4, 28, 28, 1)), np.zeros((4, 28, 28, 1)), verbose=0).history)
    ['loss']

    Source: Gao et al., "Scaling and evaluating sparse autoencoders" (2024), section 2.4 and
    appendix A.2. They count a unit as dead after many batches, and keep no negative scores.
    """

    def __init__(self, encoder, decoder, revival=0.25, idle_k=64, **kwargs):
        number("revival", revival)
        super().__init__(encoder, decoder, **kwargs)
        self.revival = revival
        self.idle_k = integer("idle_k", idle_k)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Adds the auxiliary loss while the model trains."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if training and self.revival:
            auxiliary_loss = self._auxiliary_loss(x, y, y_pred)
            loss = loss + self.revival * ops.cast(auxiliary_loss, loss.dtype)
        return loss

    def _auxiliary_loss(self, x, y, y_pred):
        scores = self.encoder.get_layer("scores")(ops.reshape(x, (-1, 784)))
        idle = ops.all(self.encoder.get_layer("code")(scores) == 0, axis=0)
        scores, y_pred = full_precision(scores), full_precision(y_pred)
        scores = ops.where(idle, scores, -1e9)
        largest, _ = ops.top_k(scores, min(self.idle_k, scores.shape[-1]))
        chosen = ops.logical_and(idle, scores >= largest[:, -1:])
        atoms = ops.cast(self.decoder.get_layer("atoms").kernel, scores.dtype)
        rebuilt = ops.where(chosen, scores, ops.zeros_like(scores)) @ atoms
        error = ops.cast(y, y_pred.dtype) - y_pred
        left_over = ops.stop_gradient(ops.reshape(error, (-1, 784)))
        return ops.mean(ops.sum(ops.square(left_over - rebuilt), axis=1))

    def get_config(self):
        """Returns what `from_config` needs to make the model anew."""
        return {**super().get_config(), "revival": self.revival, "idle_k": self.idle_k}


def sparse(
    latent_dim=1000,
    k=None,
    activation="relu",
    activity_regularizer=None,
    transpose=True,
    revival=0.0,
):
    """Builds an autoencoder for long codes of which few numbers are on: 784-`latent_dim`-784.

    The decoder is linear: an image is a bias and a sum of **atoms**, in the amounts that the code
    tells. What makes the code sparse is either `k` or `activity_regularizer`. The atoms are images
    of length 1, as larger atoms would allow smaller codes and so evade an L1 penalty. Only where a
    sigmoid limits the code may they be of any length; the bias of the sigmoid starts at -3, so
    that units start nearly off.

    Args:
        latent_dim: Numbers in the code, a positive integer.
        k: How many of them are kept for each image, or `None` for all.
        activation: Of the code, without `k`; a rate as `KLSparsity`'s needs a `"sigmoid"`.
        activity_regularizer: Penalty on the code, without `k`, such as
            `keras.regularizers.L1(0.5)` or `KLSparsity(rate=0.05)`.
        transpose: Whether the encoder starts as the decoder's transpose, so that each unit
            answers at first to the image that it draws. `False` for Keras's usual start.
        revival: Weight of the loss that lets idle units learn, with `k`; see `SparseAutoencoder`.

    Returns:
        A `SparseAutoencoder` where `k` is given, else an `Autoencoder`; not compiled. Its atoms
        are `model.decoder.get_layer("atoms").kernel`, `(latent_dim, 784)`.

    Raises:
        ValueError: If `latent_dim` or `k` isn't a positive integer, `k` is over `latent_dim`, both
            `k` and `activity_regularizer` are given, or `revival` is negative or given without `k`.

    Example:

    >>> import numpy as np
    >>> from aehelpers import models
    >>> model = models.sparse(latent_dim=100, k=5)
    >>> z = model.encoder.predict(np.ones((2, 28, 28, 1)), verbose=0)
    >>> print(z.shape, np.count_nonzero(z, axis=1))
    (2, 100) [5 5]

    Source: Makhzani and Frey, "k-Sparse Autoencoders" (2014); atoms of length 1: Bricken et al.,
    "Towards Monosemanticity" (2023).
    """
    latent_dim = integer("latent_dim", latent_dim)
    if k is not None and activity_regularizer is not None:
        raise ValueError(
            "Only one of k and activity_regularizer can be given. "
            f"Received: k={k!r}, activity_regularizer={activity_regularizer!r}"
        )
    if k is None and revival:
        raise ValueError(f"revival needs a k. Received: revival={revival!r}, k=None")
    bounded = k is None and activation == "sigmoid"
    unit_norm = keras.constraints.UnitNorm(axis=1)

    inputs = image_input()
    x = layers.Flatten(name="pixels")(inputs)
    if k is None:
        dense = layers.Dense(
            latent_dim,
            activation,
            bias_initializer=keras.initializers.Constant(-3.0 if bounded else 0.0),
            activity_regularizer=activity_regularizer,
            name="code",
        )
        z = dense(x)
    else:
        dense = layers.Dense(latent_dim, name="scores")
        z = TopK(k, name="code")(dense(x))
    encoder = keras.Model(inputs, z, name="encoder")

    codes = keras.Input((latent_dim,), name="z")
    atoms = layers.Dense(
        784,
        kernel_initializer="random_normal",
        kernel_constraint=None if bounded else unit_norm,
        name="atoms",
    )
    outputs = layers.Reshape(IMAGE_SHAPE, name="image")(atoms(codes))
    decoder = keras.Model(codes, outputs, name="decoder")

    # Keras applies a constraint only after a step of training.
    atoms.kernel.assign(unit_norm(atoms.kernel))
    if transpose:
        dense.kernel.assign(ops.transpose(atoms.kernel))
    if k is None:
        return Autoencoder(encoder, decoder, name="sparse")
    return SparseAutoencoder(encoder, decoder, revival=revival, name="sparse")
