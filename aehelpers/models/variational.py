"""Autoencoders whose code is a distribution, with and without a class."""

import keras
from keras import layers, ops

from aehelpers._check import integer, integers, number
from aehelpers.layers import ClassLabels, Sampling, full_precision
from aehelpers.losses import binary_crossentropy
from aehelpers.models.autoencoder import IMAGE_SHAPE, Autoencoder, image_input


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
        number("beta", beta)
        number("free_bits", free_bits)
        super().__init__(
            keras.Model(posterior.input, posterior.output[0], name="encoder"), decoder, **kwargs
        )
        self.posterior = posterior
        self.sampling = Sampling(seed)
        self.sampling.build([decoder.inputs[0].shape] * 2)
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
        z_mean, z_log_var = self.posterior(x, training=training)
        z = self.sampling([z_mean, z_log_var])
        reconstruction = self._decode(z, x, training)

        reconstruction_loss = binary_crossentropy(target, reconstruction)
        z_mean, z_log_var = full_precision(z_mean), full_precision(z_log_var)
        kl = 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var)
        self._reconstruction_tracker.update_state(reconstruction_loss)
        self._kl_tracker.update_state(ops.sum(kl, axis=1))

        price = ops.sum(ops.maximum(ops.mean(kl, axis=0), self.free_bits))
        return ops.mean(reconstruction_loss) + ops.cast(self.beta, price.dtype) * price

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Compares with the images where `fit(x)` has no other target."""
        y = y if y is not None else self._image(x)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def call(self, inputs, training=None):
        """Encodes to the mean, then decodes: the same output on every call.

        Args:
            inputs: Images, `(batch_size, 28, 28, 1)`.
            training: Whether layers such as dropout are on.

        Returns:
            Reconstructions, of the shape of the images.
        """
        self._check_batch_axis(self._image(inputs))
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
        return self.decoder([z, ops.convert_to_tensor(inputs[1])], training=training)

    def _image(self, inputs):
        return inputs[0]

    def compute_output_shape(self, input_shape):
        """Returns the shape of the reconstructions."""
        return tuple(input_shape[0])


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
    latent_dim = integer("latent_dim", latent_dim)
    sizes = integers("sizes", sizes)

    image = image_input()
    codes = keras.Input((latent_dim,), name="z")
    encoder_inputs, decoder_inputs = image, codes
    x, z = layers.Flatten(name="pixels")(image), codes
    if num_classes is not None:
        num_classes = integer("num_classes", num_classes)
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
