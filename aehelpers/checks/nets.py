"""What exercises look at in a learner's Keras models, however these were written."""

import numpy as np

from aehelpers.checks.exercise import Hint

_KNOWN = ("linear", "relu", "sigmoid", "tanh", "gelu", "elu", "silu", "softplus", "selu", "softmax")
_ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax")


def check_model(value, name):
    """Raises a hint unless something is a Keras model."""
    import keras

    if not isinstance(value, keras.Model):
        article = "an" if type(value).__name__[:1].lower() in "aeiou" else "a"
        raise Hint(f"{name} should be a keras.Model. Received: {article} {type(value).__name__}")


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


def layers_of(model):
    """Returns all layers of a built model in order, those of models within it in their place."""
    import keras

    found = []
    # Of a subclass these come in the order of its attributes, which is the best guess there is.
    for layer in model.layers:
        if isinstance(layer, keras.layers.Wrapper):
            layer = layer.layer
        found += layers_of(layer) if hasattr(layer, "layers") else [layer]
    return found


def kind(layer):
    """Returns the name of a layer's class."""
    return type(layer).__name__


def stages(model):
    """Returns a model's layers with kernels, and what each does to its sums.

    A layer's activation may be its argument or a layer of its own further down, with normalisation
    or dropout in between.

    Returns:
        Pairs of a layer and its activation's name, such as `"relu"`.
    """
    found = []
    for layer in layers_of(model):
        if hasattr(layer, "kernel") and hasattr(layer, "activation"):
            found.append((layer, [layer.activation]))
        elif kind(layer) in _ACTIVATIONS and found:
            found[-1][1].append(layer)
    return [(layer, _name(functions)) for layer, functions in found]


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
