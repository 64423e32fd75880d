"""What makes two trainings the same: fingerprints of models, data and the code of both."""

import dis
import functools
import hashlib
import inspect
import json
import numbers
import re
import sys
import types
import zlib

import keras
import numpy as np
import tensorflow as tf

from aehelpers.data.pipeline import Order

# Code of these comes with the installation, and is the same as long as that is.
_INSTALLED = ("builtins", "keras", "numpy", "tensorflow")
# Steps of a `tf.data.Dataset` that give the same in every pass.
_STEPS = (
    "AssertCardinality Batch Cache Concatenate Filter Map Options Prefetch Range Repeat Skip Take "
    "Tensor TensorSlice Zip"
).split()


def parts(model, params, fit):
    """Returns what a training consists of, each as a short text that is equal where it is equal.

    Args:
        model: The compiled model, with the weights that it starts with.
        params: `params` of a callback.
        fit: The arguments of `model.fit`, as `fit_arguments` returns them.

    Returns:
        A dictionary from words for a sentence to texts; `None` stands for what can't be told.
    """
    callbacks = [each for each in fit.get("callbacks") or () if _steers(each)]
    return {
        "model": _hash(_config(model), [_code_of(each) for each in _all_layers(model)]),
        "loss or optimizer": _hash(_compiled(model)),
        "learning rate": _hash(_digest(_learning_rate(model))),
        "weights at the start": weights(model) if model.built else None,
        "data": None if "x" not in fit else _data(fit),
        "number of epochs or steps": _hash(params.get("epochs"), params.get("steps")),
        "callbacks": _hash([_digest(each) for each in callbacks]),
    }


def weights(model, optimizer=True):
    """Returns a text that is the same for the same weights, and state of the optimizer."""
    metrics = {id(variable) for variable in model.metrics_variables}
    variables = [variable for variable in model.variables if id(variable) not in metrics]
    if optimizer and model.optimizer is not None and model.optimizer.built:
        variables += model.optimizer.variables
    return _hash([_array(keras.ops.convert_to_numpy(v)) for v in variables])


def fit_arguments():
    """Returns the arguments of the `fit` that called, however far up; empty if there is none."""
    # Keras tells callbacks nothing of the data.
    frame = inspect.currentframe()
    while frame is not None:
        values = frame.f_locals
        if frame.f_code.co_name == "fit" and "epoch_iterator" in values:
            names = (
                "x y sample_weight class_weight validation_data shuffle batch_size steps_per_epoch "
                "validation_steps validation_freq"
            ).split()
            arguments = {name: values.get(name) for name in names}
            callbacks = getattr(values.get("callbacks"), "callbacks", None)
            return arguments | {"callbacks": callbacks}
        frame = frame.f_back
    return {}


def build(model, fit):
    """Makes the weights of a model that would otherwise make them at the first batch."""
    x = fit.get("x")
    try:
        spec = x.element_spec if isinstance(x, tf.data.Dataset) else x
        spec = spec[0] if isinstance(spec, tuple) else spec
        model(
            keras.tree.map_structure(
                lambda value: keras.KerasTensor((None, *value.shape[1:]), value.dtype), spec
            )
        )
    except (AttributeError, TypeError, ValueError):
        return  # Keras says at the first batch what is wrong


def orders(fit):
    """Returns the `Order`s of the pipelines that a `fit` reads, training first."""
    found = []
    for value in (fit.get("x"), *_as_tuple(fit.get("validation_data"))):
        waiting = [value] if isinstance(value, tf.data.Dataset) else []
        while waiting:
            dataset = waiting.pop()
            if isinstance(getattr(dataset, "order", None), Order):
                found.append(dataset.order)
            else:
                waiting += dataset._inputs()
    return found


def _as_tuple(value):
    return value if isinstance(value, tuple | list) else (value,)


def _steers(callback):
    """Says whether a callback changes how a model is trained, as far as its code tells."""
    names = set()
    for cls in type(callback).__mro__:
        if not cls.__module__.startswith(("keras.src.callbacks.callback", "builtins", "aehelpers")):
            for function in vars(cls).values():
                if isinstance(function, types.FunctionType):
                    names |= _names(function.__code__)
    return bool(names & {"assign", "learning_rate", "optimizer", "set_weights", "trainable"})


def _hash(*values):
    text = json.dumps(values, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _all_layers(model):
    # A `Sequential` makes the other two when it is built.
    extra = keras.layers.InputLayer | keras.src.models.Functional
    return [each for each in model._flatten_layers() if not isinstance(each, extra)]


# Data


def _data(fit):
    """Returns a text for the data of `fit`; `None` where it can't be read without spending it."""
    datasets = any(isinstance(fit.get(name), tf.data.Dataset) for name in ("x", "validation_data"))
    odd = fit.get("steps_per_epoch") or fit.get("validation_steps") or fit["validation_freq"] != 1
    if datasets and odd:
        return None  # an epoch isn't a pass
    values = [fit.get(name) for name in ("x", "y", "sample_weight")]
    values += _as_tuple(fit.get("validation_data"))
    texts = []
    for value in values:
        if isinstance(value, tf.data.Dataset):
            texts.append(_dataset(value))
        elif inspect.isgenerator(value) or isinstance(value, keras.utils.PyDataset):
            return None
        else:
            texts.append(_digest(value))
    if None in texts:
        return None
    return _hash(texts, fit.get("batch_size"), fit.get("shuffle"), str(fit.get("class_weight")))


def _dataset(dataset):
    """Returns a text for a `tf.data.Dataset`: the steps that make it, and the arrays it starts at.

    It is `None` for steps whose batches can't be had again, such as a shuffle that is new in every
    pass: `data.pipeline` can do that. The dataset isn't read, as this would change its next pass.
    """
    order = getattr(dataset, "order", None)
    if isinstance(order, Order):
        return _digest(order.about)
    kind = type(dataset).__name__.strip("_").removesuffix("Dataset").removeprefix("Parallel")
    values = {key.strip("_"): value for key, value in vars(dataset).items()}
    if kind not in _STEPS and not (kind == "Shuffle" and not values["reshuffle_each_iteration"]):
        return None
    inputs = [_dataset(each) for each in dataset._inputs()]
    function = getattr(values.get("map_func", values.get("predicate")), "_func", None)
    plain = {
        key: value
        for key, value in values.items()
        if isinstance(value, numbers.Number | str | list) or tf.is_tensor(value)
        if key != "variant_tensor_attr"
    }
    return None if None in inputs else repr([kind, inputs, _digest(function), _digest(plain)])


# Values and code


def _array(values):
    values = np.asarray(values)
    if values.dtype == object:
        return repr(values)[:1000]
    return f"{values.shape} {values.dtype} {zlib.crc32(np.ascontiguousarray(values).view('uint8'))}"


def _digest(value, seen=()):
    """Returns a text for a value: numbers and arrays by what they hold, functions by their code."""
    if id(value) in seen or len(seen) > 12:
        return "again"
    inner = functools.partial(_digest, seen=(*seen, id(value)))
    if value is None or isinstance(value, numbers.Number | str | bytes):
        return repr(value)
    if isinstance(value, np.ndarray) or tf.is_tensor(value) or isinstance(value, keras.Variable):
        return _array(keras.ops.convert_to_numpy(value))
    if isinstance(value, dict):
        return repr([(str(key), inner(each)) for key, each in value.items()])
    if isinstance(value, list | tuple):
        return repr([inner(each) for each in value])
    if isinstance(value, set | frozenset):
        return repr(sorted(inner(each) for each in value))
    if isinstance(value, functools.partial):
        return repr([inner(value.func), inner(value.args), inner(value.keywords)])
    if isinstance(value, types.MethodType):
        return inner(value.__func__)
    if isinstance(value, types.FunctionType):
        return _function(value, inner)
    if isinstance(value, type):
        return _class(value, inner)
    if isinstance(value, types.ModuleType | types.BuiltinFunctionType):
        return repr(getattr(value, "__name__", ""))
    settings = _settings(value)
    if hasattr(value, "get_config"):
        try:
            settings["config"] = value.get_config()
        except NotImplementedError:
            pass
    return repr([inner(type(value)), inner(settings)])


def _installed(value):
    module = (getattr(value, "__module__", None) or "").split(".")[0]
    return module in _INSTALLED or module in sys.stdlib_module_names


def _function(function, inner):
    name = f"{function.__module__}.{function.__qualname__}"
    if _installed(function):
        return name
    known = [function.__defaults__, function.__kwdefaults__]
    for cell in function.__closure__ or ():
        try:
            known.append(cell.cell_contents)
        except ValueError:  # not filled yet
            continue
    # What it looks up by name may have changed between two runs of a notebook.
    values = function.__globals__
    for each in sorted(_names(function.__code__) & values.keys()):
        if not isinstance(values[each], types.ModuleType):
            known.append(values[each] if not _is_big(values[each]) else type(values[each]).__name__)
    return repr([name, _bytecode(function.__code__), inner(known)])


def _is_big(value):
    return isinstance(value, keras.layers.Layer | tf.data.Dataset)


def _names(code):
    """Returns the names that code looks up, those of the functions in it included."""
    inner = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _bytecode(code):
    """Returns code as text, without the numbers of its lines."""
    constants = [
        _bytecode(each) if isinstance(each, types.CodeType) else repr(each)
        for each in code.co_consts
    ]
    return repr([code.co_code.hex(), constants, code.co_names, code.co_varnames])


def _class(cls, inner):
    names = []
    for each in cls.__mro__:
        names.append(f"{each.__module__}.{each.__qualname__}")
        if not _installed(each):
            for key, value in sorted(vars(each).items()):
                function = getattr(value, "__func__", getattr(value, "fget", value))
                function = inspect.unwrap(function) if callable(function) else function
                if isinstance(function, types.FunctionType | numbers.Number | str):
                    if key not in ("__doc__", "__module__", "__qualname__", "__firstlineno__"):
                        names.append([key, inner(function)])
    return repr(names)


def _settings(value):
    """Returns the attributes that a value was given, without those that its methods change."""
    settings = {}
    changing = _changing(type(value))
    for key, each in getattr(value, "__dict__", {}).items():
        plain = isinstance(each, numbers.Number | str | types.FunctionType | functools.partial)
        if plain and key not in changing:
            settings[key] = each
    return settings


@functools.cache
def _changing(cls):
    """Returns the attributes that a method other than `__init__` sets."""
    names = {"name", "_name"}  # "dense_7" counts the layers that this kernel has made
    for each in cls.__mro__:
        for key, function in vars(each).items():
            function = inspect.unwrap(getattr(function, "fget", None) or function)
            if key != "__init__" and isinstance(function, types.FunctionType):
                names |= _stored(function.__code__)
    return frozenset(names)


def _stored(code):
    """Returns the attributes that code sets, on whatever."""
    names = {step.argval for step in dis.get_instructions(code) if step.opname == "STORE_ATTR"}
    inner = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return names.union(*map(_stored, inner))


def _code_of(layer):
    """Returns a text for a layer's class and its settings.

    Keras knows those of its own layers. The configuration of a whole model is not enough: that of
    a subclass without `get_config` may hold the defaults in place of what was given.
    """
    config = "" if layer._layers else _config(layer)
    return repr([_digest(type(layer)), _digest(_settings(layer)), config])


def _compiled(model):
    """Returns texts for all that `compile` was given."""
    config = getattr(model, "_compile_config", None)
    given = dict(config.config) if config is not None else {}
    texts = {key: _digest(value) for key, value in given.items() if key != "optimizer"}
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if optimizer is not None:
        config = optimizer.get_config()
        del config["learning_rate"], config["name"]
        texts["optimizer"] = repr([_digest(type(optimizer)), _digest(config)])
    return texts


def _learning_rate(model):
    return getattr(
        getattr(model.optimizer, "inner_optimizer", model.optimizer), "_learning_rate", 0
    )


def _config(model):
    """Returns a model's layers and arguments, in this kernel's words or the next one's."""
    try:
        config = keras.saving.serialize_keras_object(model)
        config = {**config, "compile_config": None}
    except (NotImplementedError, TypeError, ValueError):  # a subclass that can't be saved
        config = {"name": type(model).__qualname__}
    names = {}
    config = json.dumps(_portable(config, names), default=lambda x: type(x).__name__)
    # "dense_7" counts the layers that this kernel has made: number them anew.
    string = re.compile(r'"((?:[^"\\]|\\.)*)"')
    return string.sub(lambda match: f'"{names.get(match[1], match[1])}"', config)


def _portable(config, names):
    """Leaves out of `config` what differs once a model is built, and collects its names."""
    if isinstance(config, dict):
        if isinstance(config.get("name"), str):
            names.setdefault(config["name"], f"#{len(names)}")
        layers = config.get("layers")
        if "build_input_shape" in config and layers[0]["class_name"] == "InputLayer":
            config = {**config, "layers": layers[1:]}
        skip = ("build_config", "build_input_shape")
        return {str(k): _portable(v, names) for k, v in config.items() if k not in skip}
    if isinstance(config, list | tuple):
        return [_portable(value, names) for value in config]
    return config
