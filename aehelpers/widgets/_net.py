"""Keras models as the widgets need them: layers for the browser, a fast function for the kernel."""

import weakref
from hashlib import sha256

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aehelpers.layers import ClassLabels, Sampling, TimeWaves, TopK
from aehelpers.weights import quantise

# Two numbers of a decoder may differ by half a grey level before its weights travel as float32.
_VISIBLE = 1 / 510

_ACTIVATIONS = (
    "linear",
    "relu",
    "gelu",
    "sigmoid",
    "tanh",
    "softplus",
    "elu",
    "silu",
    "leaky_relu",
    "softmax",
)
_IDENTITIES = (
    layers.Identity,
    layers.Flatten,
    layers.Reshape,
    layers.Dropout,
    layers.SpatialDropout2D,
    layers.GaussianNoise,
    layers.GaussianDropout,
)


class Unsupported(Exception):
    """A layer that `forward.js` has no code for."""


class Packer:
    """Collects arrays in one run of bytes.

    Args:
        dtype: How matrices are stored, `"float16"`, `"float32"` or `"int8"` (with a scale for each
            column). Vectors are float32, except with float16 where they are small in any case.
    """

    def __init__(self, dtype="float16"):
        self.dtype = dtype
        self.parts = []
        self._size = 0

    def add(self, array):
        """Stores an array; returns the note by which `forward.js` finds it again."""
        array = np.asarray(array, "float32")
        if array.ndim < 2 or self.dtype == "float32":
            return self._store(array)
        if self.dtype == "int8" and array.size >= 10_000:
            steps, scale = quantise(array)
            return {**self._store(steps), "scale": self._store(scale)}
        return self._store(array.astype("float16"))

    def _store(self, array):
        note = {"at": self._size, "size": int(array.size), "type": str(array.dtype)}
        content = array.tobytes()
        content += bytes(-len(content) % 4)  # JavaScript reads floats at multiples of 4
        self.parts.append(content)
        self._size += len(content)
        return note

    def images(self, x):
        """Stores images with values in [0, 1] as bytes."""
        return self._store(np.rint(255 * np.asarray(x)).astype("uint8"))

    def numbers(self, x):
        """Stores an array as float32."""
        return self._store(np.asarray(x, "float32"))


def describe(model, packer):
    """Turns a Keras model into the description that `forward.js` runs.

    Models in the model are flattened; of several outputs the first one counts, and a `Sampling`
    layer gives its mean.

    Args:
        model: A functional or sequential `keras.Model`.
        packer: A `Packer`, which takes the weights.

    Returns:
        A dictionary for JSON: the shapes of the `inputs`, the `nodes`, which `output` counts.

    Raises:
        Unsupported: If there is a layer that `forward.js` doesn't know.
    """
    if not hasattr(model, "inputs") or not model.inputs or not model.outputs:
        raise Unsupported(type(model).__name__)
    nodes, places = [], {id(tensor): i for i, tensor in enumerate(model.inputs)}
    first = len(places)

    def place(tensor, given):
        """Returns the number of a tensor's value, after describing what it needs."""
        key = id(tensor)
        if key in given:
            return given[key]
        operation, index, which = tensor._keras_history
        node = operation._inbound_nodes[index]
        if isinstance(operation, layers.InputLayer):
            raise Unsupported("an input from elsewhere")
        inputs = [place(each, given) for each in node.input_tensors]
        if isinstance(operation, keras.Model):
            inner = dict(zip(map(id, operation.inputs), inputs))
            given[key] = place(operation.outputs[which], inner)
        elif isinstance(operation, Sampling):
            given[key] = inputs[0]
        else:
            shapes = [_shape(each) for each in node.input_tensors]
            nodes.append(
                {
                    "inputs": inputs,
                    "shape": _shape(tensor),
                    "activation": "linear",
                    **_layer(operation, shapes, packer),
                }
            )
            given[key] = first + len(nodes) - 1
        return given[key]

    output = place(model.outputs[0], places)
    return {"inputs": [_shape(each) for each in model.inputs], "nodes": nodes, "output": output}


def _shape(tensor):
    shape = list(tensor.shape[1:])
    if None in shape:
        raise Unsupported("a shape that is not fixed")
    return shape


def _layer(layer, shapes, packer):
    """Describes one layer; `shapes` are those of its inputs."""
    name = type(layer).__name__
    if getattr(layer, "data_format", None) == "channels_first":
        raise Unsupported(f"{name} with channels first")
    if mode := getattr(layer, "quantization_mode", None):
        raise Unsupported(f"{name} with {mode} weights")  # it rounds what it is given, too
    if isinstance(layer, _IDENTITIES):
        return {"op": "identity"}
    if isinstance(layer, layers.Activation):
        return {"op": "identity", **_activation(layer.activation)}
    if isinstance(layer, layers.ReLU):
        if layer.max_value is not None or layer.negative_slope or layer.threshold:
            raise Unsupported("ReLU with options")
        return {"op": "identity", "activation": "relu"}
    if isinstance(layer, layers.LeakyReLU):
        return {"op": "identity", "activation": "leaky_relu", "slope": layer.negative_slope}
    if isinstance(layer, layers.ELU):
        return {"op": "identity", "activation": "elu", "slope": float(layer.alpha)}
    if isinstance(layer, layers.Softmax):
        if layer.axis != -1:
            raise Unsupported("Softmax over another axis")
        return {"op": "identity", "activation": "softmax"}
    if isinstance(layer, TopK):
        return {"op": "top_k", "k": layer.k}
    if isinstance(layer, layers.Concatenate):
        if layer.axis not in (-1, len(shapes[0])):
            raise Unsupported("Concatenate along another axis")
        return {"op": "concatenate", "widths": [shape[-1] for shape in shapes]}
    if isinstance(layer, layers.Add):
        if any(shape != shapes[0] for shape in shapes):
            raise Unsupported("Add of different shapes")
        return {"op": "add"}
    if isinstance(layer, layers.LayerNormalization):
        factor, offset = _normalisation(layer, shapes[0])
        arrays = {"factor": packer.add(factor), "offset": packer.add(offset)}
        return {"op": "layer_normalization", "epsilon": layer.epsilon, **arrays}
    if isinstance(layer, ClassLabels):
        if shapes[0]:
            raise Unsupported("several labels at once")
        return {"op": "one_hot"}
    if isinstance(layer, TimeWaves):
        return {"op": "waves", "waves": layer.waves}
    if isinstance(layer, layers.BatchNormalization | layers.Rescaling):
        factor, offset = _affine(layer, shapes[0])
        return {"op": "affine", "factor": packer.add(factor), "offset": packer.add(offset)}
    if type(layer) is layers.Dense:
        return {"op": "dense", "units": layer.units, **_kernel(layer, packer)}
    if type(layer) in (layers.Conv2D, layers.Conv2DTranspose):
        if tuple(layer.dilation_rate) != (1, 1) or getattr(layer, "groups", 1) != 1:
            raise Unsupported(f"{name} with dilation or groups")
        if getattr(layer, "output_padding", None) is not None:
            raise Unsupported(f"{name} with output_padding")
        op = "conv2d" if type(layer) is layers.Conv2D else "conv2d_transpose"
        size = {"size": layer.kernel_size, "strides": layer.strides, "padding": layer.padding}
        return {"op": op, "from": shapes[0], **size, **_kernel(layer, packer)}
    if isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
        op = "max_pooling2d" if isinstance(layer, layers.MaxPooling2D) else "average_pooling2d"
        size = {"size": layer.pool_size, "strides": layer.strides, "padding": layer.padding}
        return {"op": op, "from": shapes[0], **size}
    if isinstance(layer, layers.UpSampling2D):
        if layer.interpolation not in ("nearest", "bilinear"):
            raise Unsupported(f"UpSampling2D with interpolation={layer.interpolation!r}")
        size = {"size": layer.size, "interpolation": layer.interpolation}
        return {"op": "upsampling2d", "from": shapes[0], **size}
    raise Unsupported(name)


def _kernel(layer, packer):
    arrays = {"kernel": packer.add(layer.kernel)}
    if layer.use_bias:
        arrays["bias"] = packer.add(layer.bias)
    return {**arrays, **_activation(layer.activation)}


def _activation(function):
    name = getattr(function, "__name__", type(function).__name__)
    if name not in _ACTIVATIONS:
        raise Unsupported(f"the activation {name}")
    # Keras's defaults, as nothing else can be given by name.
    slope = {"leaky_relu": {"slope": 0.2}, "elu": {"slope": 1.0}}.get(name, {})
    return {"activation": name, **slope}


def _normalisation(layer, shape):
    """Returns the factor and the offset that a layer applies to each channel, once normalised."""
    axis = [layer.axis] if isinstance(layer.axis, int) else list(layer.axis)
    if axis not in ([-1], [len(shape)]) or getattr(layer, "rms_scaling", False):
        raise Unsupported("LayerNormalization along other axes, or without the mean")
    factor = np.asarray(layer.gamma) if layer.scale else np.ones(shape[-1])
    return factor, np.asarray(layer.beta) if layer.center else np.zeros(shape[-1])


def _affine(layer, shape):
    """Returns the factor and the offset that a layer applies to each channel."""
    if isinstance(layer, layers.Rescaling):
        scale, offset = np.asarray(layer.scale), np.asarray(layer.offset)
        return [np.broadcast_to(value, shape[-1:]) for value in (scale, offset)]
    if layer.axis not in (-1, len(shape)):
        raise Unsupported("BatchNormalization along another axis")
    mean, variance = np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)
    factor = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        factor = factor * np.asarray(layer.gamma)
    offset = -mean * factor + (np.asarray(layer.beta) if layer.center else 0)
    return factor, offset


class Snapshot:
    """A copy of a model as it is now, and a fast function that computes it."""

    def __init__(self, model):
        self.model = _copy(model)
        self.run = compiled(self.model)


_snapshots = weakref.WeakValueDictionary()


def snapshot(model):
    """Copies a model, so that training it further doesn't change what a widget shows.

    As long as a widget holds the copy of a model, the next widget of it gets the same one: a copy
    and its function take 3 MB, and a cell is run many times.
    """
    state = sha256(repr(_config(model)).encode())
    for weight in model.get_weights():
        state.update(np.ascontiguousarray(weight))
    key = id(model), state.digest()
    found = _snapshots.get(key)
    if found is None:
        found = _snapshots[key] = Snapshot(model)
    return found


def _config(model):
    try:
        return model.get_config()
    except (NotImplementedError, TypeError, ValueError, RuntimeError):
        return None


def _copy(model):
    model = without_noise(model)
    try:
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
    except (NotImplementedError, TypeError, ValueError, RuntimeError):
        return model  # a subclass that can't be copied: the widget follows it
    return copy


def without_noise(model):
    """Returns the part of a model that gives the mean, if it ends in a `Sampling` layer."""
    if getattr(model, "outputs", None) and len(model.inputs) == 1:
        operation, index, _ = model.outputs[0]._keras_history
        if isinstance(operation, Sampling):
            mean = operation._inbound_nodes[index].input_tensors[0]
            return keras.Model(model.inputs[0], mean)
    return model


def compiled(model):
    """Returns a function from arrays `(n, ...)` to float32 arrays, for any `n`.

    It is traced once, here: `model.predict` on a single code takes a hundred times as long.
    """
    if getattr(model, "inputs", None):
        shape = model.inputs[0].shape
    else:
        shape = model.input_shape

    def first(x):
        y = model(x, training=False)
        return y[0] if isinstance(y, list | tuple) else y

    spec = tf.TensorSpec((None, *shape[1:]), "float32")
    run = tf.function(first).get_concrete_function(spec)
    return lambda x: run(tf.constant(np.asarray(x, "float32").reshape(-1, *shape[1:]))).numpy()


def rounding_shows(model, inputs, tolerance=_VISIBLE):
    """Says whether weights rounded to float16 change what the model computes visibly."""
    weights = model.get_weights()
    if any(np.abs(array).max(initial=0) > 65000 for array in weights):
        return True
    run = compiled(model)
    exact = run(inputs)
    try:
        model.set_weights(
            [a.astype("float16").astype("float32") if a.ndim > 1 else a for a in weights]
        )
        rounded = run(inputs)
    finally:
        model.set_weights(weights)
    return float(np.abs(exact - rounded).max()) > tolerance
