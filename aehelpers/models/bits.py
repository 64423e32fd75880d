"""A model of codes of few levels: the probability of each number, given those before it.

`lay` and `take` are the entropy coder with which it writes codes as bytes and reads them again.
"""

from bisect import bisect_right

import keras
import numpy as np
from keras import layers, ops

from aehelpers import _keras_config
from aehelpers._check import integer
from aehelpers.layers import ClassLabels, MaskedDense

__all__ = ["CodeBits", "code_bits"]

TOTAL = 2**16  # the shares of the levels sum to this


def softmax(logits):
    """Returns the probabilities, of float64, that belong to logits, both `(n, levels)`."""
    most = logits.max(axis=1, keepdims=True)
    if not np.isfinite(most).all():
        raise ValueError(
            "The weights of the model must be finite. Received: NaN or infinity in its logits"
        )
    p = np.exp(logits.astype("float64") - most)
    return p / p.sum(axis=1, keepdims=True)


def shares(p):
    """Rounds probabilities, `(n, levels)`, to integers of at least 1 whose sum is `TOTAL`."""
    rounded = 1 + np.floor(p * (TOTAL - p.shape[1])).astype("int64")
    rounded[np.arange(len(p)), p.argmax(axis=1)] += TOTAL - rounded.sum(axis=1)
    return rounded


def lay(pile, levels, p):
    """Lays levels on a pile, each in as many bits as its probability asks for.

    A pile is a list of integers. The first, of 32 bits, grows by the factor `1 / p` with each
    level; before it would overflow, its last 16 bits are put away at the end of the list.

    Args:
        pile: The list, which is changed; `[TOTAL]` to begin with.
        levels: Integers from 0, `(n,)`.
        p: The probabilities of all levels, `(n, number of levels)`.

    Example: a level of probability 1/2 makes the number about twice as large.

    >>> pile = [TOTAL]
    >>> lay(pile, np.array([1, 0, 1]), np.full((3, 2), 0.5))
    >>> print(pile[0] / TOTAL, take(pile, np.full((3, 2), 0.5)), pile[0] / TOTAL)
    10.5 [1 0 1] 1.0

    Source: Duda, "Asymmetric Numeral Systems" (2013), the variant with ranges (rANS).
    """
    sizes = shares(p)
    chosen = np.arange(len(levels)), levels
    sizes, ends = sizes[chosen], sizes.cumsum(axis=1)[chosen]
    for size, end in zip(sizes.tolist(), ends.tolist(), strict=True):
        if pile[0] >= size * TOTAL:
            pile.append(pile[0] % TOTAL)
            pile[0] //= TOTAL
        pile[0] = pile[0] // size * TOTAL + end - size + pile[0] % size


def take(pile, p):
    """Takes levels off a pile, for the same probabilities that they were laid with.

    Args:
        pile: The list, which is changed.
        p: The probabilities of all levels, `(n, number of levels)`.

    Returns:
        Integers from 0, `(n,)`.
    """
    levels = []
    for ends in shares(p).cumsum(axis=1)[::-1].tolist():  # the last one lies on top
        place = pile[0] % TOTAL
        levels.append(bisect_right(ends, place))
        start = ends[levels[-1] - 1] if levels[-1] else 0
        pile[0] = (ends[levels[-1]] - start) * (pile[0] // TOTAL) + place - start
        if pile[0] < TOTAL and len(pile) > 1:
            pile[0] = pile[0] * TOTAL + pile.pop()
    return np.array(levels[::-1], "int64")


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

        Raises:
            ValueError: If `indices` are no levels of this model's codes, they have no such number,
                or the model's weights are not finite.
        """
        indices = self._check(indices)
        number = integer("number", number, least=0, most=indices.shape[1] - 1)
        return softmax(self.net.predict_on_batch(indices)[:, number])

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

    def write(self, indices):
        """Writes codes as bytes, in about as many bits as the loss says.

        Args:
            indices: Levels, integers `(n, latent_dim)`.

        Returns:
            What `read` takes, of `bytes`.

        Raises:
            ValueError: If `indices` are no levels of this model's codes, or the model's weights are
                not finite.
        """
        indices = self._check(indices)
        pile = [TOTAL]
        logits = self.net.predict_on_batch(indices)
        for j in reversed(range(indices.shape[1])):  # what is laid last is taken first
            lay(pile, indices[:, j], softmax(logits[:, j]))
        return pile[0].to_bytes(4, "little") + np.array(pile[1:], "<u2").tobytes()

    def read(self, data, n):
        """Reads codes that `write` wrote, on the same kind of machine: rounding must be the same.

        Args:
            data: The bytes.
            n: How many codes they hold, an integer of at least 0.

        Returns:
            Integers `(n, latent_dim)`.

        Raises:
            ValueError: If `data` is no `bytes`, or not that of `n` codes of this model.
        """
        indices = np.zeros((integer("n", n, least=0), self.net.outputs[0].shape[1]), "int32")
        if not isinstance(data, bytes | bytearray):
            raise ValueError(
                f"data must be the bytes that write() returned. Received: {type(data).__name__}"
            )
        if len(data) < 4 or len(data) % 2:
            raise ValueError(f"data must be what write() returned. Received: {len(data)} bytes")
        pile = [int.from_bytes(data[:4], "little"), *np.frombuffer(data[4:], "<u2").tolist()]
        for j in range(indices.shape[1]):
            indices[:, j] = take(pile, self.probabilities(indices, j))
        if pile != [TOTAL]:
            raise ValueError(
                f"data must hold {n} codes, written with these weights. Received: bytes that end "
                "elsewhere"
            )
        return indices

    def _check(self, indices):
        latent_dim, levels = self.net.outputs[0].shape[1:]
        given = np.asarray(indices)
        if given.ndim != 2 or given.shape[1] != latent_dim or given.dtype.kind not in "iu":
            raise ValueError(
                f"indices must be integers of shape (n, {latent_dim}). "
                f"Received: {given.dtype} of shape {given.shape}"
            )
        if given.size and not (given.min() >= 0 and given.max() < levels):
            raise ValueError(
                f"indices must lie between 0 and {levels - 1}. "
                f"Received: from {given.min()} to {given.max()}"
            )
        return given.astype("int32")

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
