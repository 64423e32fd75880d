"""A model of codes of few levels: the probability of each number, given those before it."""

import keras
import numpy as np
from keras import layers, ops

from aehelpers import _keras_config
from aehelpers._check import integer
from aehelpers.layers import ClassLabels, MaskedDense

__all__ = ["CodeBits", "code_bits"]


@keras.saving.register_keras_serializable(package="aehelpers")
class CodeBits(keras.Model):
    """Names the probability of each number of a code of few levels, given those before it.

    `-log2 p(code)` is the sum of these numbers' bits, and an entropy coder that is told the
    probabilities writes the code in as many. The loss is in nats per code, summed over its numbers.

    Args:
        net: A `keras.Model` from levels, integers `(batch_size, latent_dim)`, to logits,
            `(batch_size, latent_dim, levels)`, of which number `j` depends on levels before `j`.

    Train it with `compile(optimizer)` and `fit(indices)`.

    Source: Germain et al., "MADE: Masked Autoencoder for Distribution Estimation" (2015).
    """

    def __init__(self, net, **kwargs):
        super().__init__(**kwargs)
        self.net = net
        self.built = True

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Computes minus the log-probability of codes, nats per code."""
        nats = keras.losses.sparse_categorical_crossentropy(
            x, self.net(x, training=training), from_logits=True
        )
        return ops.mean(ops.sum(nats, axis=1))

    def call(self, inputs, training=None):
        """Returns logits, `(batch_size, latent_dim, levels)`."""
        return self.net(inputs, training=training)

    def probabilities(self, indices, number):
        """Returns the probabilities of the levels of one number of each code.

        Args:
            indices: Levels, `(n, latent_dim)`; those from `number` on have no influence.
            number: Which number, from 0.

        Returns:
            An array `(n, levels)` of float64 that sums to 1 for each code.
        """
        logits = self.net.predict_on_batch(np.asarray(indices, "int32"))[:, number]
        p = np.exp(logits.astype("float64") - logits.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    def sample(self, n, seed=None):
        """Draws the levels of codes, number by number: integers `(n, latent_dim)`."""
        rng = np.random.default_rng(seed)
        latent_dim = self.net.outputs[0].shape[1]
        indices = np.zeros((integer("n", n), latent_dim), "int32")
        for j in range(latent_dim):
            cumulated = np.cumsum(self.probabilities(indices, j), axis=1)
            drawn = (rng.random((n, 1)) > cumulated).sum(axis=1)
            indices[:, j] = np.minimum(drawn, cumulated.shape[1] - 1)
        return indices

    def get_config(self):
        """Returns what `from_config` needs to make the model anew."""
        return {**super().get_config(), "net": keras.saving.serialize_keras_object(self.net)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes the model, with fresh weights, from what `get_config` returned."""
        net = keras.saving.deserialize_keras_object(config["net"], custom_objects=custom_objects)
        return cls(**{**config, "net": net})


def code_bits(latent_dim, levels, width=512, depth=2):
    """Builds a model of codes of few levels: a dense net with connections from earlier numbers.

    Args:
        latent_dim: Numbers in a code, an integer of at least 2.
        levels: How many values each number may have, an integer of at least 2.
        width: Units of each hidden layer.
        depth: Hidden layers.

    Returns:
        A `CodeBits`, not compiled.

    Raises:
        ValueError: If a size is too small or no integer.

    Example: the first number's logits depend on nothing.

    >>> from aehelpers import models
    >>> bits = models.code_bits(3, levels=4, width=8)
    >>> logits = np.asarray(bits(np.array([[0, 1, 2], [3, 1, 2]])))
    >>> print(logits.shape, np.ptp(logits[:, 0], axis=0))
    (2, 3, 4) [0. 0. 0. 0.]
    """
    _keras_config.check()
    latent_dim, levels = integer("latent_dim", latent_dim, 2), integer("levels", levels, 2)
    width = integer("width", width)
    each = np.repeat(np.arange(latent_dim), levels)  # the place of each input and output
    hidden = np.sort(np.arange(width) % (latent_dim - 1))
    index = keras.Input((latent_dim,), dtype="int32", name="levels")
    ones = layers.Flatten()(ClassLabels(levels)(index))
    x, ranks = ones, each
    for _ in range(integer("depth", depth)):
        y = MaskedDense(ranks, hidden, strict=False, activation="gelu")(x)
        x, ranks = (y if x is ones else layers.Add()([x, y])), hidden
    logits = layers.Add()([MaskedDense(ranks, each)(x), MaskedDense(each, each)(ones)])
    net = keras.Model(index, layers.Reshape((latent_dim, levels))(logits), name="logits")
    return CodeBits(net, name="code_bits")
