"""The classes that notebooks write out, trained as printed.

A class joins by an entry in `MODELS`: how a small model is made with it, and the loss.
"""

import ast
import re

import keras
import numpy as np
import pytest
from keras import layers, ops

from aehelpers import losses, models
from scripts import course


def _classes():
    """Returns a parameter for each cell that defines a class: its notebook, place and names."""
    for notebook in course.notebooks():
        for place, cell in enumerate(notebook.read().cells):
            if cell.cell_type == "code":
                for name in set(re.findall(r"^class (\w+)", cell.source, flags=re.M)) - PARTS:
                    yield pytest.param(notebook, place, name, id=f"{notebook}-{name}")


def _defined(notebook, last):
    """Runs what defines functions and classes in a notebook, up to one of its cells."""
    space = {}
    for cell in notebook.read().cells[: last + 1]:
        if cell.cell_type == "code":
            tree = ast.parse(re.sub(r"^[%!].*$", "", cell.source, flags=re.M))
            kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
            body = [node for node in tree.body if isinstance(node, kinds)]
            exec(compile(ast.Module(body, []), str(notebook), "exec"), space)
    return space


def _dense(layer, before=None):
    """Returns an autoencoder with a layer as its code; `before` stands in front of it."""
    image = keras.Input((28, 28, 1))
    x = layers.Flatten()(image)
    encoder = keras.Model(image, layer(before(x) if before else x))
    return models.Autoencoder(encoder, models.vanilla(encoder.output_shape[-1]).decoder)


def _sampled(sampling):
    image = keras.Input((28, 28, 1))
    x = layers.Flatten()(image)
    encoder = keras.Model(image, sampling([layers.Dense(2)(x), layers.Dense(2)(x)]))
    return models.Autoencoder(encoder, models.vanilla(2).decoder)


def _variational(cls=models.VariationalAutoencoder):
    small = models.variational(2, sizes=(8,))
    return cls(small.posterior, small.decoder)


def _flow(cls):
    """Returns a flow whose codes are the pixels, all moved by 3 and of class 0."""

    class OfImages(cls):
        def compute_loss(self, x=None, *args, **kwargs):
            z = 3 + ops.reshape(x, (-1, 784))
            return super().compute_loss(x=[z, ops.zeros_like(z[:, 0], "int32")])

    inputs = [keras.Input((784,)), keras.Input((1,)), keras.Input((), dtype="int32")]
    label = layers.Reshape((1,))(layers.Rescaling(1.0)(inputs[2]))
    velocity = layers.Dense(784, kernel_initializer="zeros")
    velocity = velocity(layers.Concatenate()([*inputs[:2], label]))
    # Twelve small steps have to show.
    return OfImages(keras.Model(inputs, layers.Rescaling(30.0)(velocity)))


NATS = losses.binary_crossentropy
MODELS = {
    "KLSparsity": lambda cls: (
        _dense(layers.Dense(6, activation="sigmoid", activity_regularizer=cls(0.05, 1.0))),
        NATS,
    ),
    "TopK": lambda cls: (_dense(cls(2), before=layers.Dense(6)), NATS),
    "Sampling": lambda cls: (_sampled(cls(seed=0)), NATS),
    "VariationalAutoencoder": lambda cls: (_variational(cls), None),
    "WarmUp": lambda cls: (_variational(), None),
    "FiniteScalarQuantisation": lambda cls: (_dense(cls(4), before=layers.Dense(6)), NATS),
    "MaskedDense": lambda cls: (_dense(cls(range(6), range(1, 7)), before=layers.Dense(6)), NATS),
    "Flow": lambda cls: (_flow(cls), None),
}
PARTS = {"Halves"}  # has no loss; VariationalAutoencoder, which is built on it, is trained


@pytest.mark.parametrize(("notebook", "place", "name"), list(_classes()))
def test_classes_train_as_printed(notebook, place, name):
    cls = _defined(notebook, place)[name]
    assert name in MODELS, f"How is {name} trained? Add it to MODELS."
    keras.utils.set_random_seed(0)
    model, loss = MODELS[name](cls)
    callbacks = [cls(4)] if issubclass(cls, keras.callbacks.Callback) else []
    # The last batch is smaller, so that the compiled step knows no batch size.
    x = np.random.default_rng(0).random((20, 28, 28, 1), dtype="float32")
    before = [weight.numpy().copy() for weight in model.trainable_weights]
    model.compile(keras.optimizers.Adam(0.01), loss)
    history = model.fit(x, x, batch_size=8, epochs=4, verbose=0, callbacks=callbacks)
    curve = history.history["loss"]
    assert np.isfinite(curve).all()
    assert callbacks or curve[-1] < curve[0]  # a callback may change the loss itself
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert np.any(weight.numpy() != old), weight.path
    assert np.isfinite(model.predict(x, verbose=0)).all()
