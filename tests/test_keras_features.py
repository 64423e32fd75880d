"""Which of Keras's own features the layers and models work with, and what is refused by name.

| feature | what holds |
|---|---|
| `fit`, `evaluate`, `predict`, `train_on_batch`, `steps_per_execution` | all models |
| `run_eagerly` | all models |
| `jit_compile=True` | all models; what is out of range gives NaN in place of an error |
| `export`, `.keras`, `input_shape`, `summary` | all models |
| `quantize` | models of dense layers |
| `clone_model` | the halves; a whole model is made anew by `from_config` |
| policies mixed_float16, mixed_bfloat16, float64 | all layers, losses and models |
| policies float16, bfloat16; floatx, channels first, another backend | refused by name |
"""

import gc
import json
import os
import subprocess
import sys
import weakref

import keras
import numpy as np
import pytest
from tensorflow.python.framework.func_graph import FuncGraph

from aehelpers import _keras_config, layers, losses, models

X = np.random.default_rng(0).random((6, 28, 28, 1)).astype("float32")
LABELS = np.arange(6, dtype="int32")
POLICIES = ("mixed_float16", "mixed_bfloat16", "float64")
BUILD = {
    "vanilla": lambda: models.vanilla(3),
    "deep": lambda: models.deep(3, sizes=(8,)),
    "convolutional": lambda: models.convolutional(3, filters=(2, 2)),
    "denoising": lambda: models.denoising(filters=(2, 2), context=4),
    "sparse": lambda: models.sparse(12, k=3, revival=0.5),
    "rates": lambda: models.sparse(
        12, activation="sigmoid", activity_regularizer=layers.KLSparsity(0.1, 0.5)
    ),
    "variational": lambda: models.variational(2, sizes=(4,), seed=0),
    "conditional": lambda: models.conditional_variational(2, sizes=(4,), seed=0),
}


@pytest.fixture
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def make(name, **options):
    model = BUILD[name]()
    loss = None if isinstance(model, models.VariationalAutoencoder) else losses.squared_error
    model.compile(keras.optimizers.Adam(), loss, **options)
    return model


def given(name):
    return [X, LABELS] if name == "conditional" else X


# Layers


@pytest.mark.parametrize("policy", ("float32", *POLICIES), indirect=True)
@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (lambda: layers.TopK(2), [(5,)]),
        (lambda: layers.TopK(2), [(4, 5)]),
        (lambda: layers.Sampling(seed=0), [(3,), (3,)]),
        (lambda: layers.ClassLabels(6), [()]),
        (
            lambda: keras.layers.Dense(3, "sigmoid", activity_regularizer=layers.KLSparsity()),
            [(5,)],
        ),
        (lambda: layers.FiniteScalarQuantisation(4), [(5,)]),
        (lambda: layers.MaskedDense([0, 1, 2], [0, 1], activation="gelu"), [(3,)]),
        (lambda: layers.TimeWaves(2), [(1,)]),
    ],
    ids=[
        *("TopK", "TopK of maps", "Sampling", "ClassLabels", "KLSparsity"),
        *("FiniteScalarQuantisation", "MaskedDense", "TimeWaves"),
    ],
)
def test_layers(policy, layer, shapes):
    """As Keras's `run_layer_test`: dtypes, symbolic and dynamic shapes, and its configuration."""
    made = layer()
    labels = isinstance(made, layers.ClassLabels)
    rng = np.random.default_rng(0)
    values = [
        LABELS if labels else rng.normal(size=(6, *shape)).astype(made.compute_dtype)
        for shape in shapes
    ]
    inputs = [keras.Input(shape, dtype="int32" if labels else None) for shape in shapes]
    as_given = (lambda each: each) if len(shapes) > 1 else (lambda each: each[0])
    symbolic = made(as_given(inputs))
    result = made(as_given([keras.ops.convert_to_tensor(value) for value in values]))
    assert keras.backend.standardize_dtype(result.dtype) == made.compute_dtype == symbolic.dtype
    assert tuple(symbolic.shape[1:]) == tuple(result.shape[1:])
    assert (
        made.compute_output_shape(as_given([(None, *shape) for shape in shapes])) == symbolic.shape
    )
    assert np.isfinite(keras.ops.convert_to_numpy(result).astype("float32")).all()
    assert all(np.isfinite(float(loss)) for loss in made.losses)
    model = keras.Model(as_given(inputs), symbolic)
    for n in (2, 5):
        assert model(as_given([value[:n] for value in values])).shape[0] == n
    again = type(made).from_config(json.loads(json.dumps(made.get_config())))
    assert json.dumps(again.get_config()) == json.dumps(made.get_config())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("loss", [losses.binary_crossentropy, losses.squared_error])
def test_losses_take_all_floats_and_bytes_as_targets(loss, dtype):
    predictions = keras.ops.cast(X, dtype)
    expected = np.asarray(loss(X, X * 0 + X))
    found = keras.ops.convert_to_numpy(loss(X, predictions))
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.1)
    bits = (X > 0.5).astype("uint8")
    assert np.isfinite(keras.ops.convert_to_numpy(loss(bits, predictions))).all()


@pytest.mark.parametrize("targets", [255 * X, 2 * X - 1, (255 * X).astype("uint8"), X * np.nan])
def test_cross_entropy_refuses_targets_outside_0_and_1(targets):
    message = r"Targets must lie in \[0, 1\]. Received: values from"
    with pytest.raises(ValueError, match=message):
        losses.binary_crossentropy(targets, X)
    model = models.vanilla(3)
    model.compile("adam", losses.binary_crossentropy)
    for method in (model.fit, model.test_on_batch):
        with pytest.raises(ValueError, match=f"^{message}") as raised:
            method(X, targets)
        assert len(str(raised.value)) < 100
    model.compile("adam", losses.binary_crossentropy, jit_compile=True)
    assert np.isnan(model.train_on_batch(X, targets))


# Models


@pytest.mark.parametrize("name", BUILD)
def test_training_and_what_is_stored(name, tmp_path):
    x = given(name)
    model = make(name, steps_per_execution=2)
    assert model.output_shape == (None, 28, 28, 1)
    first = model.input_shape[0] if name == "conditional" else model.input_shape
    assert first == (None, 28, 28, 1)
    history = model.fit(x, X, batch_size=2, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert np.isfinite(model.evaluate(x, X, verbose=0, return_dict=True)["loss"])
    assert model.predict(x, verbose=0).shape == X.shape
    assert np.isfinite(model.train_on_batch(x, X)).all()

    lines = []
    model.summary(print_fn=lines.append)
    assert "unbuilt" not in "\n".join(lines)

    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(x), expected, atol=1e-5)
    for half in (model.encoder, model.decoder):
        clone = keras.models.clone_model(half)
        clone.set_weights(half.get_weights())
        assert [w.shape for w in clone.weights] == [w.shape for w in half.weights]
    again = type(model).from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again(x), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["sparse", "conditional"])
def test_compiled_by_xla(name):
    loss = make(name, jit_compile=True).train_on_batch(given(name), X)
    assert np.isfinite(loss).all()


@pytest.mark.parametrize("policy", POLICIES, indirect=True)
@pytest.mark.parametrize("name", BUILD)
def test_policies(policy, name):
    model = make(name, run_eagerly=True)
    assert np.isfinite(model.train_on_batch(given(name), X)).all()


@pytest.mark.parametrize("policy", POLICIES, indirect=True)
def test_models_of_codes_under_policies(policy):
    codes = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    flow, bits = models.code_flow(3, width=8, depth=1, seed=0), models.code_bits(3, 4, width=8)
    for model, x in ((flow.adapt(codes), codes), (bits, (codes > 0).astype("int32"))):
        model.compile("adam", run_eagerly=True)
        assert np.isfinite(model.train_on_batch(x)).all()
        assert np.isfinite(model.sample(2, seed=0)).all()
        assert model.sample(2, seed=0).shape == (2, 3)


@pytest.mark.parametrize("policy", ["float16", "bfloat16"], indirect=True)
@pytest.mark.parametrize("name", BUILD)
def test_policies_without_room_for_sums_are_refused(policy, name):
    with pytest.raises(RuntimeError, match=f"policy must not be '{policy}'.*mixed_{policy}"):
        BUILD[name]()


@pytest.mark.parametrize("name", ["sparse", "conditional"])
def test_export(name, tmp_path):
    model = make(name)
    model.export(tmp_path / "exported", verbose=False)
    loaded = keras.layers.TFSMLayer(str(tmp_path / "exported"), call_endpoint="serve")
    x = given(name)
    np.testing.assert_allclose(loaded(x), model.predict(x, verbose=0), atol=1e-5)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a .quantize:UserWarning")
@pytest.mark.parametrize("name", ["vanilla", "variational"])
def test_quantize(name):
    model = BUILD[name]()
    expected = model(X)
    model.quantize("int8")
    np.testing.assert_allclose(model(X), expected, atol=0.02)


def test_a_variational_net_takes_metrics_without_a_target():
    model = models.variational(2, sizes=(4,))
    model.compile("adam", metrics=["mse"], run_eagerly=True)
    history = model.fit(X, verbose=0, validation_data=(X,)).history
    assert {"mse", "val_mse", "kl_loss"} <= set(history)


@pytest.mark.parametrize("name", ["denoising", "variational"])
def test_a_single_image_is_not_taken_for_a_batch(name):
    model = BUILD[name]()
    for call in (model, lambda image: model.predict(image, verbose=0)):
        with pytest.raises(ValueError, match=r"must have a batch axis, .*image\[None\]"):
            call(X[0])
    with pytest.raises(ValueError, match=r"28, 28, 1\)"):
        model.encoder.predict(X[0], verbose=0)
    assert model.predict(X[..., 0], verbose=0).shape == X.shape  # Keras adds the channel


def test_labels_out_of_range_are_not_silent_under_xla():
    model = make("conditional", jit_compile=True)
    assert np.isnan(model.train_on_batch([X, LABELS + 9], X, return_dict=True)["loss"])


def test_a_number_of_classes_is_a_positive_integer():
    with pytest.raises(ValueError, match="num_classes must be a positive integer"):
        layers.ClassLabels(0)


# Settings of Keras


def run(code, home, **environment):
    environment = {**os.environ, "KERAS_HOME": str(home), **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize(
    ("stored", "environment", "message"),
    [
        ({"image_data_format": "channels_first"}, {}, "image_data_format must be 'channels_last'"),
        ({"floatx": "float16"}, {}, "floatx must be 'float32'. Received: 'float16'"),
        ({"backend": "torch"}, {}, "backend must be 'tensorflow'. Received: 'torch'"),
        ({}, {"KERAS_BACKEND": "jax"}, "backend must be 'tensorflow'. Received: 'jax' (KERAS_BACK"),
    ],
)
def test_settings_are_told_before_keras_is_imported(
    stored, environment, message, tmp_path, monkeypatch
):
    (tmp_path / "keras.json").write_text(json.dumps(stored))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    code = (
        "import sys, aehelpers; from aehelpers import _keras_config; "
        "print(*_keras_config.problems()); assert 'keras' not in sys.modules; aehelpers.models"
    )
    done = run(code, tmp_path, **environment)
    assert message in done.stdout and message in done.stderr.splitlines()[-1]
    assert "No module named" not in done.stderr


def test_settings_made_in_python_are_told_where_models_are_made():
    assert _keras_config.problems() == []
    keras.config.set_image_data_format("channels_first")
    try:
        for build in BUILD.values():
            with pytest.raises(RuntimeError, match="image_data_format must be 'channels_last'"):
                build()
    finally:
        keras.config.set_image_data_format("channels_last")


def test_a_training_cut_short_by_a_setting_is_told(monkeypatch):
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "2")
    assert "KERAS_MAX_EPOCHS=2. Unset KERAS_MAX_EPOCHS." in _keras_config.problems()[0]
    _keras_config.check()


def test_a_saved_model_is_loaded_in_a_new_process(tmp_path):
    BUILD["variational"]().save(tmp_path / "vae.keras")
    code = (
        "import sys, keras, aehelpers.models; "
        "print(type(keras.models.load_model(sys.argv[1])).__name__)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "vae.keras")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "VariationalAutoencoder"


def test_nothing_is_left_of_a_model_that_is_gone():
    """TensorFlow's graphs hold the memory of all weights, long after the model."""

    def graphs():
        gc.collect()
        return sum(isinstance(each, FuncGraph) for each in gc.get_objects())

    def train():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
        model.compile("adam", "mse")
        model.fit(X[:, 0, :4, 0], X[:, 0, :4, 0], verbose=0)

    train()  # the first brings what stays
    before = graphs()
    train()
    assert graphs() == before


def test_models_that_are_gone_go_before_the_next_one_trains(monkeypatch):
    """They are in circles, and Python's collector doesn't know how large they are."""
    gone = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(4):
            model = models.sparse(1000, k=5)
            model.compile("sgd", "mse")
            model.fit(X[:2], X[:2], verbose=0)
            gone.append(weakref.ref(model))
        assert sum(model() is not None for model in gone) == 1
        monkeypatch.setattr(gc, "collect", lambda: pytest.fail("nothing was left behind"))
        model.fit(X[:2], X[:2], verbose=0)
    finally:
        gc.enable()


def test_several_replicas_still_add_their_gradients_up():
    code = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras
from aehelpers import models
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "linear", False, "zeros")])
    model.compile(keras.optimizers.SGD(1.0), "mse")
model.fit(tf.constant([[1.0], [3.0]]), tf.constant([[1.0], [3.0]]), batch_size=2, verbose=0)
print(model.get_weights()[0].item())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    # The mean of (w - 1)^2 and (3w - 3)^2 has the gradient -10 at 0.
    assert run.stdout.split()[-1:] == ["10.0"], run.stderr[-2000:]
