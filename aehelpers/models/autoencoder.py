"""What all the course's models are: an encoder and a decoder."""

import functools
import logging
import re

import keras
import tensorflow as tf

from aehelpers import _keras_config, _keras_memory

IMAGE_SHAPE = (28, 28, 1)

_keras_memory.mend()

# TensorFlow warns that functions are compiled again and again. In a notebook with a dozen models
# they are: once for each.
logging.getLogger("tensorflow").addFilter(
    lambda record: "triggered tf.function retracing" not in record.getMessage()
)


def image_input(shape=IMAGE_SHAPE):
    """Returns the input of an encoder, if Keras is set up as the course needs it.

    Args:
        shape: Height, width and channels.

    Raises:
        RuntimeError: If a setting of Keras would make the models wrong.
    """
    _keras_config.check()
    return keras.Input(shape, name="image")


def _plainly(method):
    """Makes what `check_range` finds in compiled code the `ValueError` that it is elsewhere."""

    @functools.wraps(method)
    def plain(self, *args, **kwargs):
        try:
            return method(self, *args, **kwargs)
        except tf.errors.InvalidArgumentError as error:
            told = r"\[(\w+ must lie in .*? from)\] \[(.*?)\] \[to\] \[(.*?)\]"
            found = re.search(told, str(error))
            if found is None:
                raise
            message = f"{found[1]} {found[2]} to {found[3]}"
        raise ValueError(message)

    return plain


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

    A model that was saved by `model.save("mine.keras")` is loaded by
    `keras.models.load_model("mine.keras")`. A new process needs `import aehelpers.models` before,
    so that Keras finds this class.

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
        shape = encoder.input_shape
        if isinstance(shape, tuple) and len(shape) == 4 and shape[2] not in (None, shape[3]):
            # Keras would take one image for a batch of columns, and add the channel that it misses.
            encoder.input_spec = keras.layers.InputSpec(axes={2: shape[2]})
        # Both halves bring their weights, so that it can be summarised and saved before any data.
        self.built = True

    fit = _keras_memory.collecting(_plainly(keras.Model.fit))
    evaluate = _plainly(keras.Model.evaluate)
    train_on_batch = _plainly(keras.Model.train_on_batch)
    test_on_batch = _plainly(keras.Model.test_on_batch)

    @property
    def input_shape(self):
        """The shape of the images, with `None` for the batch."""
        return self.encoder.input_shape

    @property
    def output_shape(self):
        """The shape of the reconstructions, with `None` for the batch."""
        return self.compute_output_shape(self.input_shape)

    def export(self, filepath, *args, input_signature=None, **kwargs):
        """Exports as any `keras.Model` does, but knows its inputs before it was ever called."""
        if input_signature is None:
            spec = keras.tree.map_structure(
                lambda each: keras.InputSpec(shape=each.shape, dtype=each.dtype), self.encoder.input
            )
            input_signature = [spec]
        super().export(filepath, *args, input_signature=input_signature, **kwargs)

    def call(self, inputs, training=None):
        """Encodes, then decodes.

        Args:
            inputs: Images, `(batch_size, 28, 28, 1)`.
            training: Whether layers such as dropout are on.

        Returns:
            Reconstructions, of the shape of the inputs.
        """
        self._check_batch_axis(inputs)
        return self.decoder(self.encoder(inputs, training=training), training=training)

    def _check_batch_axis(self, image):
        expected, shape = self.encoder.inputs[0].shape, tuple(image.shape)
        if len(shape) == len(expected) - 1 and shape[1:] == expected[2:]:
            raise ValueError(
                f"Images must have a batch axis, {expected}, also a single one: image[None]. "
                f"Received: shape {shape}"
            )

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
