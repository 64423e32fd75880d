"""Layers and regularisers of the course that Keras doesn't bring."""

from numbers import Real

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aehelpers._check import integer, number

__all__ = [
    "ClassLabels",
    "FiniteScalarQuantisation",
    "KLSparsity",
    "MaskedDense",
    "Sampling",
    "TimeWaves",
    "TopK",
    "check_range",
    "full_precision",
]


@keras.saving.register_keras_serializable(package="aehelpers")
class ClassLabels(layers.Layer):
    """Turns integer labels into one-hot vectors, and refuses labels that are no class.

    `keras.ops.one_hot` gives a row of zeros for a label out of range, and nobody would notice.

    Args:
        num_classes: How many classes there are.

    Call arguments:
        inputs: Integers from 0 to `num_classes - 1`, `(batch_size,)`.

    Returns:
        Floats, `(batch_size, num_classes)`.

    Raises:
        ValueError: If a label is out of range (in compiled code, TensorFlow's
            `InvalidArgumentError`, with the same message).

    Example:

    >>> import numpy as np
    >>> from aehelpers import layers
    >>> print(np.asarray(layers.ClassLabels(3)(np.array([2, 0]))))
    [[0. 0. 1.]
     [1. 0. 0.]]
    """

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = integer("num_classes", num_classes)

    def call(self, inputs):
        classes = ops.one_hot(inputs, self.num_classes, dtype=self.compute_dtype)
        fault = check_range(inputs, 0, self.num_classes - 1, "Labels")
        return classes + ops.cast(fault, classes.dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.num_classes)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


@keras.saving.register_keras_serializable(package="aehelpers")
class FiniteScalarQuantisation(layers.Layer):
    """Rounds each number of a code to one of a few levels, so that gradients pass.

    A hyperbolic tangent brings each number into (-1, 1), which is cut into `levels` equal pieces;
    what comes out is the middle of the piece, `(2 * index + 1) / levels - 1` with an `index` from 0
    to `levels - 1`. Rounding has no gradient, so the layer passes on that of the tangent.

    Args:
        levels: How many values each number may have, an integer of at least 2.

    Call arguments:
        inputs: Numbers of any size, `(batch_size, latent_dim)`.

    Returns:
        Numbers in (-1, 1), of the shape of the inputs, each one of `levels` values.

    Raises:
        ValueError: If `levels` isn't an integer of at least 2.

    Example: two levels are one bit.

    >>> import numpy as np
    >>> from aehelpers import layers
    >>> layer = layers.FiniteScalarQuantisation(levels=2)
    >>> code = layer(np.array([[-3.0, -0.1, 0.2]]))
    >>> print(np.asarray(code), layer.indices(code))
    [[-0.5 -0.5  0.5]] [[0 0 1]]

    Source: Mentzer et al., "Finite Scalar Quantization: VQ-VAE Made Simple" (2024), section 3.1;
    there the outermost pieces are half as wide where `levels` is odd.
    """

    def __init__(self, levels, **kwargs):
        super().__init__(**kwargs)
        self.levels = integer("levels", levels, least=2)

    def call(self, inputs):
        smooth = ops.tanh(inputs)
        index = ops.clip(ops.floor((smooth + 1) / 2 * self.levels), 0, self.levels - 1)
        rounded = (2 * index + 1) / self.levels - 1
        # Rounded on the way forward; on the way back only `smooth` has a derivative.
        return smooth + ops.stop_gradient(rounded - smooth)

    def indices(self, codes):
        """Returns the level of each number of codes that the layer gave, NumPy integers."""
        codes = ops.convert_to_numpy(codes)
        return ((codes + 1) / 2 * self.levels).astype("int32")

    def values(self, indices):
        """Returns the codes that belong to levels, a NumPy array of float32."""
        return ((2 * ops.convert_to_numpy(indices) + 1) / self.levels - 1).astype("float32")

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "levels": self.levels}


@keras.saving.register_keras_serializable(package="aehelpers")
class KLSparsity(keras.regularizers.Regularizer):
    """Pulls the mean activation of each unit towards a target rate.

    `weight * sum_j KL(rate || m_j)`, with `m_j` the mean of unit `j` over the batch and
    `KL(r || m) = r log(r / m) + (1 - r) log((1 - r) / (1 - m))`. Give it to a layer whose
    activations lie in (0, 1), such as a `Dense` with a sigmoid, as its `activity_regularizer`.

    Args:
        rate: The mean that every unit should have, between 0 and 1.
        weight: What the divergence is multiplied by, 0 or more.

    Returns:
        When called with activations, `(batch_size, units)`: the penalty times the batch size,
        because Keras divides by the batch size what an activity regulariser returns.

    Raises:
        ValueError: If `rate` is not between 0 and 1, or `weight` is negative.

    Example: two units that are on for half of the images cost twice `log 2`, were they to be on
    for a tiny share only.

    >>> import numpy as np
    >>> from aehelpers import layers
    >>> penalty = layers.KLSparsity(rate=1e-6)(np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> print(round(float(penalty) / 2, 3))
    1.386

    Source: A. Ng, "Sparse autoencoder", CS294A lecture notes (2011), section 3.
    """

    def __init__(self, rate=0.05, weight=1.0):
        if not isinstance(rate, Real) or not 0 < rate < 1:
            raise ValueError(f"rate must be a number between 0 and 1. Received: rate={rate!r}")
        self.rate = float(rate)
        self.weight = float(number("weight", weight))

    def __call__(self, x):
        # A unit that is never on, or always, would have an infinite penalty.
        mean = ops.clip(ops.mean(full_precision(x), axis=0), 1e-7, 1 - 1e-7)
        on = self.rate * ops.log(self.rate / mean)
        off = (1 - self.rate) * ops.log((1 - self.rate) / (1 - mean))
        penalty = self.weight * ops.sum(on + off) * ops.cast(ops.shape(x)[0], mean.dtype)
        return ops.cast(
            penalty, keras.config.floatx()
        )  # as Keras's losses are, to be added to them

    def get_config(self):
        return {"rate": self.rate, "weight": self.weight}


@keras.saving.register_keras_serializable(package="aehelpers")
class MaskedDense(layers.Layer):
    """A dense layer some of whose connections don't exist.

    Input number `i` reaches output number `j` only where its rank is below that of the output:
    `ranks_in[i] < ranks_out[j]`, or `<=` with `strict=False`. With the ranks of hidden units in
    between, a stack of such layers gives outputs each of which depends on earlier inputs only.

    Args:
        ranks_in: Integers, one for each input.
        ranks_out: Integers, one for each output.
        strict: Whether equal ranks are not connected.
        activation: As for `keras.layers.Dense`.

    Raises:
        ValueError: If the inputs aren't as many as `ranks_in`.

    Example: two inputs, two outputs; the second output may look at the first input only.

    >>> import numpy as np
    >>> from aehelpers import layers
    >>> layer = layers.MaskedDense([0, 1], [0, 1])
    >>> layer.build((None, 2))
    >>> print(layer.mask)
    [[0. 1.]
     [0. 0.]]

    Source: Germain et al., "MADE: Masked Autoencoder for Distribution Estimation" (2015),
    equations 12 and 13.
    """

    def __init__(self, ranks_in, ranks_out, strict=True, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.ranks_in = [int(rank) for rank in ranks_in]
        self.ranks_out = [int(rank) for rank in ranks_out]
        self.strict = strict
        self.activation = keras.activations.get(activation)
        below = np.less if strict else np.less_equal
        self.mask = below.outer(self.ranks_in, self.ranks_out).astype("float32")

    def build(self, input_shape):
        if input_shape[-1] != len(self.ranks_in):
            raise ValueError(
                f"MaskedDense needs an input for each of its {len(self.ranks_in)} ranks. "
                f"Received: inputs of shape {tuple(input_shape)}"
            )
        self.kernel = self.add_weight(shape=self.mask.shape, initializer="he_normal", name="kernel")
        self.bias = self.add_weight(shape=(len(self.ranks_out),), initializer="zeros", name="bias")

    def call(self, inputs):
        kernel = self.kernel * ops.cast(self.mask, self.compute_dtype)
        return self.activation(ops.matmul(inputs, kernel) + self.bias)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], len(self.ranks_out))

    def get_config(self):
        return {
            **super().get_config(),
            "ranks_in": self.ranks_in,
            "ranks_out": self.ranks_out,
            "strict": self.strict,
            "activation": keras.activations.serialize(self.activation),
        }


@keras.saving.register_keras_serializable(package="aehelpers")
class Sampling(layers.Layer):
    """Draws a code from the Gaussian that the encoder describes, so that gradients pass.

    `z = z_mean + exp(z_log_var / 2) * noise`, with `noise` from N(0, 1). The randomness is in
    `noise`, which no weight has an influence on; on the way from `z_mean` and `z_log_var` to `z`
    there are only a product and a sum, which have derivatives.

    Args:
        seed: An integer that fixes the noise, or `None`. The state of the layer's generator is
            saved with the model, so that a loaded model draws what the saved one would have drawn.

    Call arguments:
        inputs: List of `z_mean` and `z_log_var`, both `(batch_size, latent_dim)`. The latter is
            the logarithm of the variance, not of the standard deviation.

    Returns:
        Codes, `(batch_size, latent_dim)`: others on every call.

    Example:

    >>> import numpy as np
    >>> from aehelpers import layers
    >>> z_mean, z_log_var = np.zeros((10_000, 2)), np.full((10_000, 2), np.log(9.0))
    >>> z = np.asarray(layers.Sampling(seed=0)([z_mean, z_log_var]))
    >>> print(round(float(z.std()), 1))
    3.0

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), section 2.4.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        shape, dtype = ops.shape(z_mean), z_mean.dtype
        noise = keras.random.normal(shape, dtype=dtype, seed=self.seed_generator)
        return z_mean + ops.exp(z_log_var / 2) * noise

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    # Keras leaves generators out of what it saves.
    def save_own_variables(self, store):
        store["generator"] = self.seed_generator.state.numpy()

    def load_own_variables(self, store):
        self.seed_generator.state.assign(store["generator"])

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="aehelpers")
class TimeWaves(layers.Layer):
    """Tells a time between 0 and 1 by itself and by sines and cosines of it.

    Args:
        waves: How many of each, a positive integer; number `k` has `k` half-turns from 0 to 1.

    Example:

    >>> import numpy as np
    >>> from aehelpers import layers
    >>> print(np.asarray(layers.TimeWaves(waves=2)(np.array([[0.5]]))).round(2))
    [[ 0.5  1.   0.   0.  -1. ]]
    """

    def __init__(self, waves=8, **kwargs):
        super().__init__(**kwargs)
        self.waves = integer("waves", waves)

    def call(self, inputs):
        turns = inputs * np.pi * np.arange(1, self.waves + 1, dtype="float32")
        return ops.concatenate([inputs, ops.sin(turns), ops.cos(turns)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * self.waves + 1)

    def get_config(self):
        return {**super().get_config(), "waves": self.waves}


@keras.saving.register_keras_serializable(package="aehelpers")
class TopK(layers.Layer):
    """Keeps the `k` largest activations of each code, and sets the others to 0.

    Negative activations become 0 even if they are among the `k` largest, so that a code has at
    most `k` numbers that are not 0. The gradient passes through those that are kept.

    Args:
        k: How many activations are kept, a positive integer.

    Call arguments:
        inputs: Activations, `(batch_size, units)`. Where several are equal to the smallest that is
            kept, all of them are.

    Returns:
        Codes, of the shape of the inputs.

    Raises:
        ValueError: If `k` is not a positive integer, or larger than the number of units.

    Example:

    >>> import numpy as np
    >>> from aehelpers import layers
    >>> print(np.asarray(layers.TopK(2)(np.array([[0.5, -1.0, 3.0, 2.0]]))))
    [[0. 0. 3. 2.]]

    Source: Makhzani and Frey, "k-Sparse Autoencoders" (2014), section 2.1. They keep negative
    activations too.
    """

    def __init__(self, k, **kwargs):
        super().__init__(**kwargs)
        self.k = integer("k", k)

    def build(self, input_shape):
        if self.k > input_shape[-1]:
            raise ValueError(
                f"k must be at most the number of units, {input_shape[-1]}. Received: k={self.k}"
            )

    def call(self, inputs):
        largest, _ = ops.top_k(inputs, self.k)
        return ops.where(inputs >= largest[..., -1:], ops.relu(inputs), ops.zeros_like(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "k": self.k}


def full_precision(x):
    """Returns a tensor as float32, or as float64 where it is that.

    Sums over hundreds of pixels or images have no room in half precision, in which layers compute
    under Keras's mixed policies; and bytes can't be multiplied with floats.

    Args:
        x: A tensor.

    Example:

    >>> from aehelpers import layers
    >>> layers.full_precision(layers.ops.ones(3, "float16")).dtype
    tf.float32
    """
    return ops.cast(x, keras.backend.result_type(x.dtype, "float32"))


def check_range(values, low, high, name):
    """Stops with an error where values leave a range; in compiled code too.

    Args:
        values: A tensor.
        low: The smallest value that is allowed.
        high: The largest one.
        name: What the message calls the values.

    Returns:
        A number to be added to what is computed from the values: 0. Code that XLA compiles, as
        `jit_compile=True` asks for, can't stop; there it is NaN where values leave the range.

    Raises:
        ValueError: If a value is smaller, larger, or NaN. In a compiled step there are no
            Python exceptions: there it is TensorFlow's `InvalidArgumentError`.

    Example:

    >>> from aehelpers import layers
    >>> layers.check_range(layers.ops.convert_to_tensor([0, 255]), 0, 1, "Targets")
    Traceback (most recent call last):
        ...
    ValueError: Targets must lie in [0, 1]. Received: values from 0 to 255
    """
    least, most = ops.min(values), ops.max(values)
    inside = ops.logical_and(least >= low, most <= high)
    message = f"{name} must lie in [{low}, {high}]. Received: values from"
    if not tf.executing_eagerly():
        tf.debugging.Assert(inside, [message, least, "to", most])
    elif not inside:
        raise ValueError(f"{message} {float(least):g} to {float(most):g}")
    return ops.where(inside, 0.0, float("nan"))
