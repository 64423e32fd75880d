"""What exercises look at in a learner's Keras models, however these were written."""

from unittest import mock

import numpy as np

from aehelpers.checks.answer import Hint, kind_of

_KNOWN = ("linear", "relu", "sigmoid", "tanh", "gelu", "elu", "silu", "softplus", "selu", "softmax")
_ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax")


def check_model(value, name):
    """Raises a hint unless something is a Keras model."""
    import keras

    if not isinstance(value, keras.Model):
        raise Hint(f"{name} should be a keras.Model. Received: {kind_of(value)}")


def result(model, x, takes):
    """Calls a model, which builds it where it isn't built yet.

    Args:
        model: The model.
        x: What to call it with, an array.
        takes: What it should take, in words, such as `"The encoder should take images"`.

    Returns:
        What comes out, an array.

    Raises:
        Hint: If the model can't be called so.
    """
    import keras

    try:
        return keras.ops.convert_to_numpy(model(np.asarray(x, dtype="float32"), training=False))
    except Exception as error:
        given = getattr(model, "inputs", None)
        if given and tuple(given[0].shape[1:]) != np.shape(x)[1:]:
            received = f"an Input of {tuple(given[0].shape)}"
        else:
            received = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
        raise Hint(f"{takes}, {(None, *np.shape(x)[1:])}. Received: {received}") from error


def calls(model, x):
    """Calls a model and tells what its layers did, however the model was written.

    Args:
        model: The model.
        x: What to call it with, an array.

    Returns:
        Triples of a layer, what went in and what came out, arrays, in the order of the calls. Of
        models and layers that only pass on to others, the others are listed.
    """
    import keras

    found, plain = [], keras.layers.Layer.__call__

    def call(layer, *args, **kwargs):
        before = len(found)
        y = plain(layer, *args, **kwargs)
        if hasattr(layer, "kernel"):
            del found[before:]  # its activation, which may be a layer
        if len(found) == before:
            found.append((layer, (*args, *kwargs.values())[0], y))
        return y

    # A subclass's layers are in no order, and one layer may be used twice: only calls tell.
    with mock.patch.object(keras.layers.Layer, "__call__", call):
        model(np.asarray(x, dtype="float32"), training=False)
    numbers = keras.ops.convert_to_numpy
    return [(layer, numbers(given), numbers(y)) for layer, given, y in found]


def kind(layer):
    """Returns the name of a layer's class."""
    return type(layer).__name__


def stages(model, x):
    """Returns a model's layers with kernels, and what each does to its sums.

    A layer's activation may be its argument, a layer of its own further down, with normalisation or
    dropout in between, or a function that is no layer.

    Args:
        model: The model.
        x: What to call it with, an array.

    Returns:
        Pairs of a layer and its activation's name, such as `"relu"`, or `"unknown"`.
    """
    found = []
    for layer, given, y in calls(model, x):
        if hasattr(layer, "kernel") and hasattr(layer, "activation"):
            if found:
                found[-1][-1] = given
            found.append([layer, [layer.activation], y, None])
        elif kind(layer) in _ACTIVATIONS and found:
            found[-1][1].append(layer)
    if found:
        found[-1][-1] = result(model, x, "The model should take what it is given")
    named = []
    for layer, functions, y, passed_on in found:
        name = _name(functions)
        named.append((layer, _between(y, passed_on) if name == "linear" else name))
    return named


def _between(sums, passed_on):
    """Names what became of numbers on their way, by the numbers alone: places may have changed."""
    import keras

    a, b = np.ravel(sums), np.sort(passed_on, axis=None)
    b = b[:: max(b.size // a.size, 1)]  # upsampling repeats each
    if a.shape != b.shape:
        return "unknown"
    a = np.sort(a)
    scale = np.vdot(a, b) / max(np.vdot(a, a), 1e-12)
    if np.allclose(b, scale * a, rtol=1e-3, atol=1e-5):  # normalisation may have scaled them
        return "linear"
    for name in _KNOWN:
        y = getattr(keras.activations, name)(a[None])
        if np.allclose(b, np.sort(keras.ops.convert_to_numpy(y)[0]), rtol=1e-3, atol=1e-5):
            return name
    return "unknown"


def _name(functions):
    """Names what some functions do one after another, by what they do to numbers."""
    import keras

    x = np.linspace(-3, 3, 13, dtype="float32")[None]
    try:
        y = x
        for function in functions:
            y = function(y)
        y = keras.ops.convert_to_numpy(y)
        for name in _KNOWN:
            if np.allclose(y, getattr(keras.activations, name)(x), atol=1e-5):
                return name
    except Exception:  # a layer of the learner's own may need more than a row of numbers
        pass
    last = functions[-1]
    return getattr(last, "__name__", kind(last)).lower()
