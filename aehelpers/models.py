"""The course's models: each a `keras.Model` with an `.encoder` and a `.decoder`.

The builders return models that are not compiled: the loss and the optimiser belong to the
notebook, where the reader can see them.
"""

import logging
import math
import numbers

import keras
from keras import layers, ops

from aehelpers.layers import ClassLabels, Sampling, TopK, check_range
from aehelpers.losses import binary_crossentropy

__all__ = [
    "Autoencoder",
    "ConditionalVariationalAutoencoder",
    "SparseAutoencoder",
    "VariationalAutoencoder",
    "conditional_variational",
    "convolutional",
    "deep",
    "denoising",
    "sparse",
    "vanilla",
    "variational",
]

IMAGE_SHAPE = (28, 28, 1)

# TensorFlow warns that functions are compiled again and again. In a notebook with a dozen models
# they are: once for each.
logging.getLogger("tensorflow").addFilter(
    lambda record: "triggered tf.function retracing" not in record.getMessage()
)


@keras.saving.register_keras_serializable(package="aehelpers")
class Autoencoder(keras.Model):
    """An encoder and a decoder, trained together to give back their input.

    `autoencoder(x)` is `decoder(encoder(x))`. The two halves are models of their own, to be
    called alone: `autoencoder.encoder(x)`, `autoencoder.decoder(z)`.

    Args:
        encoder: A `keras.Model` from images, `(batch_size, 28, 28, 1)`, to codes, for
            instance `(batch_size, latent_dim)`.
        decoder: A `keras.Model` from codes to images in [0, 1].

    Raises:
        ValueError: If the decoder doesn't take what the encoder gives.

    Example:

    >>> import keras
    >>> from aehelpers import models
    >>> encoder = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)])
    >>> decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8)])
    >>> models.Autoencoder(encoder, decoder).compute_output_shape((None, 8))
    (None, 8)
    """

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        codes, taken = encoder.outputs[0].shape, decoder.inputs[0].shape
        if codes[1:] != taken[1:]:
            raise ValueError(
                "decoder must take codes of the shape that encoder gives, "
                f"{codes}. Received: decoder.input_shape={taken}"
            )
        self.encoder = encoder
        self.decoder = decoder
        # Both halves bring their weights, so that it can be summarised and saved before any data.
        self.built = True

    def call(self, inputs, training=None):
        """Encodes, then decodes.

        Args:
            inputs: Images, `(batch_size, 28, 28, 1)`.
            training: Whether layers such as dropout are on.

        Returns:
            Reconstructions, of the shape of the inputs.
        """
        return self.decoder(self.encoder(inputs, training=training), training=training)

    def compute_output_shape(self, input_shape):
        """Returns the shape of the reconstructions."""
        return self.decoder.compute_output_shape(self.encoder.compute_output_shape(input_shape))

    def get_config(self):
        """Returns what `from_config` needs to make the model anew."""
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes a model, with fresh weights, from what `get_config` returned."""
        config = dict(config)
        for part in ("encoder", "decoder"):
            config[part] = keras.saving.deserialize_keras_object(
                config[part], custom_objects=custom_objects
            )
        return cls(**config)


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
        if not isinstance(revival, numbers.Real) or not 0 <= revival < float("inf"):
            raise ValueError(
                f"revival must be a number of at least 0. Received: revival={revival!r}"
            )
        super().__init__(encoder, decoder, **kwargs)
        self.revival = revival
        self.idle_k = _positive_integer("idle_k", idle_k)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Adds the auxiliary loss while the model trains."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if training and self.revival:
            loss = loss + self.revival * self._auxiliary_loss(x, y, y_pred)
        return loss

    def _auxiliary_loss(self, x, y, y_pred):
        scores = self.encoder.get_layer("scores")(ops.reshape(x, (-1, 784)))
        idle = ops.all(self.encoder.get_layer("code")(scores) == 0, axis=0)
        scores = ops.where(idle, scores, -1e9)
        largest, _ = ops.top_k(scores, min(self.idle_k, scores.shape[-1]))
        chosen = ops.logical_and(idle, scores >= largest[:, -1:])
        rebuilt = ops.where(chosen, scores, 0.0) @ self.decoder.get_layer("atoms").kernel
        left_over = ops.stop_gradient(ops.reshape(y - y_pred, (-1, 784)))
        return ops.mean(ops.sum(ops.square(left_over - rebuilt), axis=1))

    def get_config(self):
        """Returns what `from_config` needs to make the model anew."""
        return {**super().get_config(), "revival": self.revival, "idle_k": self.idle_k}


@keras.saving.register_keras_serializable(package="aehelpers")
class VariationalAutoencoder(Autoencoder):
    """An autoencoder whose code is a distribution, trained on the evidence lower bound (ELBO).

    For each image the encoder gives a Gaussian over codes: its mean and the logarithm of its
    variance. Training decodes a code drawn from it, and minimises, in nats per image,

    `loss = reconstruction_loss + beta * kl_loss`

    where `reconstruction_loss` is the cross-entropy summed over the pixels, `kl_loss` the
    divergence of the Gaussian from N(0, 1) summed over the latent units, and each a mean over the
    batch. With `beta=1` the loss is the negative ELBO. All three are logged, in validation too.

    There is no choice of loss: compile with an optimiser only. The targets are the images, so
    that `fit(x)` and `fit(x, x)` are the same; another target makes it denoise.

    Args:
        posterior: A `keras.Model` from images, `(batch_size, 28, 28, 1)`, to the pair `z_mean`,
            `z_log_var`, both `(batch_size, latent_dim)`.
        decoder: A `keras.Model` from codes to images in [0, 1].
        beta: Weight of the KL divergence, 0 or more.
        free_bits: Nats of each latent unit that cost nothing, 0 or more: the loss takes
            `max(free_bits, mean over the batch of the unit's KL)`. `kl_loss` stays what it is.
        seed: An integer that fixes the noise, or `None`.

    Attributes:
        encoder: The part of `posterior` that gives `z_mean`, `(batch_size, latent_dim)`. It is
            what maps and sliders want; `autoencoder(x)` is `decoder(encoder(x))`, without noise.
        posterior: Both numbers: `z_mean, z_log_var = model.posterior(x)`.
        decoder: From codes to images.
        beta: A Keras variable, so that a callback can change it while the model trains:
            `model.beta.assign(0.5)`.

    Raises:
        ValueError: If `posterior` doesn't give a pair of the shape that `decoder` takes, or
            `beta` or `free_bits` is negative; in training, if targets leave [0, 1] (in a compiled
            step, TensorFlow's `InvalidArgumentError`).

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from aehelpers import models
    >>> vae = models.variational(latent_dim=2, sizes=(8,))
    >>> vae.compile("adam")
    >>> history = vae.fit(np.zeros((4, 28, 28, 1)), verbose=0).history
    >>> sorted(history)
    ['kl_loss', 'loss', 'reconstruction_loss']

    Source: Kingma and Welling, "Auto-Encoding Variational Bayes" (2014), equations 3 and 10;
    beta: Higgins et al., "beta-VAE" (2017), equation 4; free bits: Kingma et al., "Improving
    Variational Inference with Inverse Autoregressive Flow" (2016), appendix C.8.
    """

    def __init__(self, posterior, decoder, beta=1.0, free_bits=0.0, seed=None, **kwargs):
        shapes = posterior.output_shape
        if not isinstance(shapes, list | tuple) or len(shapes) != 2 or shapes[0] != shapes[1]:
            raise ValueError(
                "posterior must give two outputs of the same shape, z_mean and z_log_var. "
                f"Received: posterior.output_shape={shapes}"
            )
        for name, value in (("beta", beta), ("free_bits", free_bits)):
            if not isinstance(value, numbers.Real) or not 0 <= value < float("inf"):
                raise ValueError(
                    f"{name} must be a number of at least 0. Received: {name}={value!r}"
                )
        super().__init__(
            keras.Model(posterior.input, posterior.output[0], name="encoder"), decoder, **kwargs
        )
        self.posterior = posterior
        self.sampling = Sampling(seed)
        self.free_bits = free_bits
        self.seed = seed
        self._initial_beta = float(beta)
        self.beta = self.add_weight(
            name="beta", initializer=keras.initializers.Constant(beta), trainable=False
        )
        self._reconstruction_tracker = keras.metrics.Mean("reconstruction_loss")
        self._kl_tracker = keras.metrics.Mean("kl_loss")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Computes the negative ELBO of a batch, with one sample of the code for each image.

        Args:
            x: Images, `(batch_size, 28, 28, 1)`.
            y: Targets in [0, 1]; the images themselves if `None`.
            y_pred: What `call` returned. It has no noise in it, and isn't used (a compiled step
                doesn't even compute it).
            sample_weight: Not supported.
            training: Whether layers such as dropout are on.

        Returns:
            Nats per image, a scalar.
        """
        if self.loss is not None or sample_weight is not None:
            raise ValueError(
                "A variational autoencoder brings its own loss: call compile(optimizer) and "
                f"fit(x), without weights. Received: loss={self.loss}, "
                f"sample_weight={sample_weight}"
            )
        target = y if y is not None else self._image(x)
        check_range(target, 0, 1, "Targets")
        z_mean, z_log_var = self.posterior(x, training=training)
        z = self.sampling([z_mean, z_log_var])
        reconstruction = self._decode(z, x, training)

        reconstruction_loss = binary_crossentropy(target, reconstruction)
        kl = 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var)
        self._reconstruction_tracker.update_state(reconstruction_loss)
        self._kl_tracker.update_state(ops.sum(kl, axis=1))

        price = ops.sum(ops.maximum(ops.mean(kl, axis=0), self.free_bits))
        return ops.mean(reconstruction_loss) + self.beta * price

    def call(self, inputs, training=None):
        """Encodes to the mean, then decodes: the same output on every call.

        Args:
            inputs: Images, `(batch_size, 28, 28, 1)`.
            training: Whether layers such as dropout are on.

        Returns:
            Reconstructions, of the shape of the images.
        """
        return self._decode(self.encoder(inputs, training=training), inputs, training)

    def _decode(self, z, inputs, training):
        return self.decoder(z, training=training)

    def _image(self, inputs):
        return inputs

    def get_config(self):
        """Returns what `from_config` needs to make the model anew."""
        config = super().get_config()
        del config["encoder"]
        return {
            **config,
            "posterior": keras.saving.serialize_keras_object(self.posterior),
            "beta": self._initial_beta,
            "free_bits": self.free_bits,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes a model, with fresh weights, from what `get_config` returned."""
        config = dict(config)
        for part in ("posterior", "decoder"):
            config[part] = keras.saving.deserialize_keras_object(
                config[part], custom_objects=custom_objects
            )
        return cls(**config)


@keras.saving.register_keras_serializable(package="aehelpers")
class ConditionalVariationalAutoencoder(VariationalAutoencoder):
    """A variational autoencoder that is told the class of each image.

    Encoder and decoder take the class as a second input, so that the code is left to say what the
    class doesn't: `decoder([z, label])` draws a digit of the class that is asked for. Train it
    with `fit([x, y])`.

    Args:
        posterior: As for `VariationalAutoencoder`, of `[image, label]`; labels are integers,
            `(batch_size,)`.
        decoder: A `keras.Model` from `[z, label]` to images in [0, 1].
        **kwargs: As for `VariationalAutoencoder`.

    Source: Sohn, Lee and Yan, "Learning Structured Output Representation using Deep Conditional
    Generative Models" (2015), equation 4; here the prior doesn't depend on the class.
    """

    def _decode(self, z, inputs, training):
        return self.decoder([z, inputs[1]], training=training)

    def _image(self, inputs):
        return inputs[0]

    def compute_output_shape(self, input_shape):
        """Returns the shape of the reconstructions."""
        return tuple(input_shape[0])


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
    latent_dim = _positive_integer("latent_dim", latent_dim)
    inputs = keras.Input(IMAGE_SHAPE, name="image")
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
    latent_dim = _positive_integer("latent_dim", latent_dim)
    sizes = [_positive_integer("each of sizes", size) for size in sizes]

    inputs = keras.Input(IMAGE_SHAPE, name="image")
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
        latent_dim = _positive_integer("latent_dim", latent_dim)
    filters = [_positive_integer("each of filters", number) for number in filters]
    if down not in ("stride", "pool"):
        raise ValueError(f'down must be "stride" or "pool". Received: down={down!r}')
    if up not in ("transpose", "upsample"):
        raise ValueError(f'up must be "transpose" or "upsample". Received: up={up!r}')
    if any(side % 2 ** len(filters) for side in image_shape[:2]):
        raise ValueError(
            f"image_shape must have sides that {2 ** len(filters)} divides, as each of the "
            f"{len(filters)} filters halves them. Received: image_shape={tuple(image_shape)}"
        )

    x = inputs = keras.Input(image_shape, name="image")
    for number in filters:
        strides = 2 if down == "stride" else 1
        x = layers.Conv2D(number, 3, strides, padding="same", activation=activation)(x)
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
    for number in reversed(filters):
        if up == "transpose":
            layer = layers.Conv2DTranspose(number, 3, 2, padding="same", activation=activation)
        else:
            x = layers.UpSampling2D(2)(x)
            layer = layers.Conv2D(number, 3, padding="same", activation=activation)
        x = layer(x)
    outputs = layers.Conv2D(image_shape[2], 3, padding="same", activation="sigmoid")(x)
    decoder = keras.Model(codes, outputs, name="decoder")

    return Autoencoder(encoder, decoder, name="convolutional")


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
    latent_dim = _positive_integer("latent_dim", latent_dim)
    if k is not None and activity_regularizer is not None:
        raise ValueError(
            "Only one of k and activity_regularizer can be given. "
            f"Received: k={k!r}, activity_regularizer={activity_regularizer!r}"
        )
    if k is None and revival:
        raise ValueError(f"revival needs a k. Received: revival={revival!r}, k=None")
    bounded = k is None and activation == "sigmoid"
    unit_norm = keras.constraints.UnitNorm(axis=1)

    inputs = keras.Input(IMAGE_SHAPE, name="image")
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
    context = _positive_integer("context", context)
    filters = [_positive_integer("each of filters", number) for number in filters]
    if len(filters) != 2:
        raise ValueError(f"filters must be two numbers. Received: filters={filters}")
    options = {"padding": "same", "activation": "relu", "kernel_initializer": "he_normal"}

    image = keras.Input(IMAGE_SHAPE, name="image")
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


def variational(
    latent_dim=20, sizes=(512, 256), activation="gelu", beta=1.0, free_bits=0.0, seed=None
):
    """Builds a dense variational autoencoder, 784-512-256-`latent_dim` and back.

    Args:
        latent_dim: Numbers in the code, a positive integer.
        sizes: Units of the encoder's hidden layers; the decoder mirrors them.
        activation: Activation of the hidden layers.
        beta: Weight of the KL divergence, 0 or more; 1 for the ELBO.
        free_bits: Nats of each latent unit that cost nothing, 0 or more.
        seed: An integer that fixes the noise, or `None`.

    Returns:
        A `VariationalAutoencoder`, not compiled: `(batch_size, 28, 28, 1)` to the same shape.

    Raises:
        ValueError: If `latent_dim` or one of the `sizes` isn't a positive integer, or `beta` or
            `free_bits` is negative.

    Example:

    >>> import numpy as np
    >>> from aehelpers import models
    >>> vae = models.variational(latent_dim=20)
    >>> z_mean, z_log_var = vae.posterior(np.zeros((3, 28, 28, 1)))
    >>> print(z_mean.shape, z_log_var.shape, vae.encoder.output_shape)
    (3, 20) (3, 20) (None, 20)
    """
    posterior, decoder = _gaussian_halves(latent_dim, sizes, activation)
    return VariationalAutoencoder(
        posterior, decoder, beta=beta, free_bits=free_bits, seed=seed, name="variational"
    )


def conditional_variational(
    latent_dim=20, sizes=(512, 256), num_classes=10, beta=1.0, free_bits=0.0, seed=None
):
    """Builds a dense variational autoencoder that is told the class of each image.

    Args:
        latent_dim: Numbers in the code, a positive integer.
        sizes: Units of the encoder's hidden layers; the decoder mirrors them.
        num_classes: How many classes there are; labels are integers from 0 to `num_classes - 1`.
        beta: Weight of the KL divergence, 0 or more; 1 for the ELBO.
        free_bits: Nats of each latent unit that cost nothing, 0 or more.
        seed: An integer that fixes the noise, or `None`.

    Returns:
        A `ConditionalVariationalAutoencoder`, not compiled.

    Raises:
        ValueError: If `latent_dim`, `num_classes` or one of the `sizes` isn't a positive integer,
            or `beta` or `free_bits` is negative.

    Example: a 7, whatever it may look like before training.

    >>> import numpy as np
    >>> from aehelpers import models
    >>> model = models.conditional_variational(latent_dim=2, sizes=(16,))
    >>> print(model.decoder([np.zeros((1, 2)), np.array([7])]).shape)
    (1, 28, 28, 1)
    """
    posterior, decoder = _gaussian_halves(latent_dim, sizes, "gelu", num_classes)
    return ConditionalVariationalAutoencoder(
        posterior,
        decoder,
        beta=beta,
        free_bits=free_bits,
        seed=seed,
        name="conditional_variational",
    )


def _gaussian_halves(latent_dim, sizes, activation, num_classes=None):
    latent_dim = _positive_integer("latent_dim", latent_dim)
    sizes = [_positive_integer("each of sizes", size) for size in sizes]

    image = keras.Input(IMAGE_SHAPE, name="image")
    codes = keras.Input((latent_dim,), name="z")
    encoder_inputs, decoder_inputs = image, codes
    x, z = layers.Flatten(name="pixels")(image), codes
    if num_classes is not None:
        num_classes = _positive_integer("num_classes", num_classes)
        label = keras.Input((), dtype="int32", name="label")
        encoder_inputs, decoder_inputs = [image, label], [codes, label]
        x = layers.Concatenate()([x, ClassLabels(num_classes)(label)])
        z = layers.Concatenate()([z, ClassLabels(num_classes)(label)])

    for size in sizes:
        x = layers.Dense(size, activation=activation, kernel_initializer="he_normal")(x)
    z_mean = layers.Dense(latent_dim, name="z_mean")(x)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(x)
    posterior = keras.Model(encoder_inputs, [z_mean, z_log_var], name="posterior")

    x = z
    for size in reversed(sizes):
        x = layers.Dense(size, activation=activation, kernel_initializer="he_normal")(x)
    x = layers.Dense(784, activation="sigmoid", name="pixels")(x)
    outputs = layers.Reshape(IMAGE_SHAPE, name="image")(x)
    return posterior, keras.Model(decoder_inputs, outputs, name="decoder")


def _positive_integer(name, value):
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a positive integer. Received: {name}={value!r}")
    return int(value)
