"""What all the course's models are: an encoder and a decoder."""

import logging

import keras

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
