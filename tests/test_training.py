import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import time

import keras
import nbclient
import nbformat
import numpy as np
import pytest
import tensorflow as tf

from aehelpers import _backups, data, losses, models, training

X = np.random.default_rng(0).random((24, 28, 28, 1)).astype("float32")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AEHELPERS_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "training"


class Stop(keras.callbacks.Callback):
    """Stands for the stop button: interrupts in the middle of epoch `epoch + 1`."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) == (self.epoch, 1):
            raise KeyboardInterrupt


def compiled(model, loss=losses.binary_crossentropy, run_eagerly=True):
    """Compiles; a dozen eager steps take less than tracing one of them."""
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.5)
    model.compile(keras.optimizers.Adam(schedule), loss, run_eagerly=run_eagerly)
    return model


def vanilla(seed=0, latent_dim=3):
    keras.utils.set_random_seed(seed)
    return compiled(models.vanilla(latent_dim))


def variational(seed=0):
    keras.utils.set_random_seed(seed)
    return compiled(models.variational(2, sizes=(4,), seed=1), loss=None)


def unbuilt(seed=0):
    keras.utils.set_random_seed(seed)
    layers = [
        keras.layers.Flatten(),
        keras.layers.Dense(3, "relu"),
        keras.layers.Dropout(0.2, seed=1),
        keras.layers.Dense(784, "sigmoid"),
        keras.layers.Reshape((28, 28, 1)),
    ]
    return compiled(keras.Sequential(layers), run_eagerly=False)


def fit(model, *callbacks, epochs=4, **options):
    batches = tf.data.Dataset.from_tensor_slices((X, X)).batch(8)
    live = training.LiveTraining(**options)
    return model.fit(
        batches,
        epochs=epochs,
        validation_data=batches,
        verbose=0,
        shuffle=False,  # Keras warns that a pipeline isn't shuffled by it
        callbacks=[live, *callbacks],
    )


def interrupt(model, epoch=2, **options):
    with pytest.raises(KeyboardInterrupt):
        fit(model, Stop(epoch), **options)


# Live training


def test_prints_a_line_an_epoch_and_the_result(capsys):
    history = fit(vanilla(), epochs=3).history
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["Epoch 1 of 3", "Epoch 2 of 3", "3 epochs"]
    assert lines[-1] == f"3 epochs: loss {history['loss'][-1]:.1f}, val_loss " + (
        f"{history['val_loss'][-1]:.1f}"
    )


@pytest.mark.parametrize("epochs", [1, 10, 11, 50])
def test_prints_ten_lines_at_most(epochs, capsys):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((2, 1))
    model.fit(x, x, epochs=epochs, verbose=0, callbacks=[training.LiveTraining()])
    lines = capsys.readouterr().out.splitlines()
    assert 1 <= len(lines) <= 10
    assert lines[-1].startswith(f"{epochs} epoch")


@pytest.mark.parametrize("build", [vanilla, variational, unbuilt])
@pytest.mark.parametrize("same_kernel", [True, False])
def test_resumes_as_if_nothing_had_happened(build, same_kernel, capsys, cache):
    whole = build()
    expected = fit(whole).history

    model = build()
    interrupt(model)
    if not same_kernel:
        model = build()
    capsys.readouterr()
    history = fit(model)

    assert capsys.readouterr().out.startswith("Resumed after epoch 2 of 4.")
    assert history.epoch == [0, 1, 2, 3]
    assert model.history.history.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_allclose(history.history[key], values, rtol=1e-4)
    assert int(model.optimizer.iterations) == 12
    for mine, other in zip(model.variables, whole.variables, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5)
    assert list(cache.iterdir()) == []


def test_after_a_finished_training_fit_starts_at_the_first_epoch(capsys):
    model = vanilla()
    interrupt(model)
    fit(model)
    capsys.readouterr()
    assert fit(model).epoch == [0, 1, 2, 3]
    assert "Resumed" not in capsys.readouterr().out
    # Also without the callback, and after a resumed training that was interrupted again.
    interrupt(model)
    interrupt(model, epoch=3)
    assert model.fit(X, X, epochs=2, verbose=0).epoch == [0, 1]


def test_resumes_in_a_new_process(tmp_path, monkeypatch, capsys):
    script = """
        import os, sys
        import keras
        sys.path.insert(0, os.path.dirname(sys.argv[1]))
        import test_training as t

        class Die(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch == 2:
                    os._exit(9)

        t.fit(t.vanilla(), Die())
    """
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    command = [sys.executable, "-c", textwrap.dedent(script), __file__]
    died = subprocess.run(command, capture_output=True, text=True, check=False)
    assert died.returncode == 9, died.stderr
    capsys.readouterr()
    model = vanilla()
    fit(model)
    assert "Resumed after epoch 2 of 4." in capsys.readouterr().out
    whole = vanilla()
    fit(whole)
    for mine, other in zip(model.weights, whole.weights, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    "other",
    [
        {"model": lambda: vanilla(latent_dim=4)},
        {"model": lambda: compiled(models.vanilla(3), losses.squared_error)},
        {"epochs": 3},
        {"name": "noisy"},
    ],
    ids=["layers", "loss", "epochs", "name"],
)
def test_another_configuration_is_not_resumed(other, capsys):
    interrupt(vanilla())
    model = other.pop("model", vanilla)()
    assert fit(model, **other).epoch[0] == 0
    assert "Resumed" not in capsys.readouterr().out
    assert len(fit(vanilla()).history["loss"]) == 4
    assert "Resumed after epoch 2" in capsys.readouterr().out


def test_resume_false_starts_over(capsys):
    interrupt(vanilla())
    assert len(fit(vanilla(), resume=False).history["loss"]) == 4
    assert "Resumed" not in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other model"])
def test_a_damaged_backup_is_reported(damage, capsys, cache):
    model = vanilla()
    interrupt(model)
    (path,) = cache.glob("*.npz")
    content = path.read_bytes()
    if damage == "other model":
        with np.load(path) as file:
            arrays = dict(file)
        arrays["0000"] = np.zeros((2, 2))
        np.savez(path, **arrays)
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes({"cut": content[:-200], "flip": flipped, "empty": b""}[damage])
    capsys.readouterr()
    history = fit(model)
    assert "The backup of an interrupted training can't be used" in capsys.readouterr().out
    assert history.epoch == [0, 1, 2, 3]


def test_an_unwritable_cache_folder_gives_way_to_the_temporary_one(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AEHELPERS_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    interrupt(vanilla())
    assert "The cache folder can't be written" in capsys.readouterr().out
    fit(vanilla())
    assert "Resumed after epoch 2" in capsys.readouterr().out


def test_trains_without_any_place_for_backups(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setattr(_backups, "cache_folders", lambda: [tmp_path / "file"])
    assert len(fit(vanilla()).history["loss"]) == 4
    assert "no backups" in capsys.readouterr().out


def test_a_full_disk_does_not_stop_training(monkeypatch, capsys):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_backups.Backup, "write", full)
    assert len(fit(vanilla()).history["loss"]) == 4
    out = capsys.readouterr().out
    assert out.count("No more backups of this training: No space left on device.") == 1


def free(path):
    """Lets go of a backup, as the end of its process would."""
    _backups.release(_backups.Backup(path))


def test_old_backups_are_deleted_and_nothing_else(cache):
    interrupt(vanilla())
    (path,) = cache.glob("*.npz")
    free(path)
    strangers = [
        cache / "notes.txt",
        cache / "results.npz",
        cache / "0123456789abcdef-01234567.npz",
        cache / "0123456789abcdef-01234567.lock",
        cache / "0123456789abcdef-89abcdef.tmp",
    ]
    for stranger in strangers:
        stranger.write_text("mine")
    week = time.time() - 8 * 86400
    for each in cache.iterdir():
        os.utime(each, (week, week))
    fit(vanilla(latent_dim=2))
    assert set(cache.iterdir()) == set(strangers)


def test_what_a_killed_kernel_left_half_written_is_deleted(cache):
    interrupt(vanilla())
    (path,) = cache.glob("*.npz")
    path.with_suffix(".tmp").write_bytes(b"PK half of it")
    fit(vanilla(latent_dim=2))
    assert path.with_suffix(".tmp").exists()  # its process lives
    free(path)
    fit(vanilla(latent_dim=2))
    assert {each.suffix for each in cache.iterdir()} == {".npz", ".lock"}


def test_a_subclass_that_cannot_be_saved_is_resumed(capsys):
    class Wrapper(keras.Model):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def call(self, x):
            return self.inner(x)

    model = compiled(Wrapper(models.vanilla(2)))
    interrupt(model)
    assert len(fit(model).history["loss"]) == 4
    assert "Resumed after epoch 2" in capsys.readouterr().out


class Plain(keras.Model):
    """As a learner writes it in a cell: nothing of it can be saved, `beta` stands in no config."""

    def __init__(self, beta=1.0, activation="gelu"):
        super().__init__()
        self.beta = beta
        self.inner = keras.Sequential(
            [
                keras.layers.Flatten(),
                keras.layers.Dense(3, activation),
                keras.layers.Dense(784, "sigmoid"),
                keras.layers.Reshape((28, 28, 1)),
            ]
        )

    def call(self, x):
        return self.inner(x)


class Mended(Plain):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean((y - y_pred) ** 2)


Mended.__qualname__ = Mended.__name__ = "Plain"


def sum_of_squares(y_true, y_pred):
    return keras.ops.sum((y_true - y_pred) ** 2, axis=(1, 2, 3))


def half_of_squares(y_true, y_pred):
    return keras.ops.sum((y_true - y_pred) ** 2, axis=(1, 2, 3)) / 2


half_of_squares.__qualname__ = half_of_squares.__name__ = "sum_of_squares"


def plain(seed=0, cls=Plain, loss=sum_of_squares, **options):
    keras.utils.set_random_seed(seed)
    return compiled(cls(**options), loss)


def train(model, *callbacks, x=X, epochs=4, **options):
    live = training.LiveTraining(**options)
    callbacks = [live, *callbacks]
    return model.fit(x, x, 8, epochs, verbose=0, callbacks=callbacks).history["loss"]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"beta": 4.0}, "model"),
        ({"activation": "tanh"}, "model"),
        ({"cls": Mended}, "model"),
        ({"loss": half_of_squares}, "loss or optimizer"),
        ({"seed": 1}, "weights at the start"),
        ({"x": X[::-1]}, "data"),
    ],
    ids=["beta", "activation", "body", "loss", "seed", "data"],
)
def test_another_training_is_not_taken_up(other, what, capsys):
    with pytest.raises(KeyboardInterrupt):
        train(plain(), Stop(2))
    capsys.readouterr()
    x = other.pop("x", X)
    assert len(train(plain(**other), x=x)) == 4
    out = capsys.readouterr().out
    assert "Resumed" not in out
    assert re.search(rf"Training begins anew: .* had other .*{what}", out)
    train(plain())
    assert "Resumed after epoch 2 of 4." in capsys.readouterr().out


def test_a_model_that_was_trained_or_changed_meanwhile_is_not_taken_up(capsys):
    model = plain()
    with pytest.raises(KeyboardInterrupt):
        train(model, Stop(2))
    model.fit(X, X, 8, epochs=2, verbose=0)
    capsys.readouterr()
    assert len(train(model)) == 4
    assert "Resumed" not in capsys.readouterr().out


def test_a_loop_over_data_finds_its_own_turn(capsys):
    turns = [X, 1 - X]
    with pytest.raises(KeyboardInterrupt):
        for i, x in enumerate(turns):
            train(plain(), *[Stop(2)] * i, x=x)
    capsys.readouterr()
    resumed = []
    for x in turns:
        train(plain(), x=x)
        resumed.append("Resumed after epoch 2" in capsys.readouterr().out)
    assert resumed == [False, True]


@pytest.mark.parametrize("same_dataset", [True, False])
def test_a_pipeline_goes_on_in_the_order_that_it_would_have_had(same_dataset, capsys):
    def pipelines():
        x = np.rint(255 * X).astype("uint8")
        noise = data.gaussian_noise
        return [data.pipeline(x, 8, corruption=noise, seed=seed) for seed in (0, 1)]

    def go(model, pair, *callbacks):
        live = training.LiveTraining()
        return model.fit(
            pair[0], validation_data=pair[1], epochs=4, verbose=0, callbacks=[live, *callbacks]
        )

    expected = go(plain(), pipelines()).history
    pair = pipelines()
    with pytest.raises(KeyboardInterrupt):
        go(plain(), pair, Stop(2))
    history = go(plain(), pair if same_dataset else pipelines()).history
    assert "Resumed after epoch 2" in capsys.readouterr().out
    for key, values in expected.items():
        np.testing.assert_allclose(history[key], values, rtol=1e-6)


def test_batches_that_cannot_be_had_again_are_not_backed_up(cache, capsys):
    batches = tf.data.Dataset.from_tensor_slices((X, X)).shuffle(24).batch(8)
    live = training.LiveTraining()
    with pytest.raises(KeyboardInterrupt):
        plain().fit(batches, epochs=4, verbose=0, shuffle=False, callbacks=[live, Stop(2)])
    assert list(cache.iterdir()) == []


def test_two_kernels_have_a_backup_each(tmp_path, cache, capsys):
    script = """
        import os, sys
        sys.path.insert(0, os.path.dirname(sys.argv[1]))
        import test_training as t

        class Wait(t.keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch == 2:
                    print("waiting", flush=True)
                    sys.stdin.read()

        sys.argv[0] = sys.argv[2]
        t.train(t.plain(), Wait())
    """
    command = [sys.executable, "-c", textwrap.dedent(script), __file__, sys.argv[0]]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as other:
        while other.stdout.readline().strip() != "waiting":
            assert other.poll() is None
        theirs = set(cache.iterdir())
        assert len(train(plain())) == 4
        assert "Resumed" not in capsys.readouterr().out
        assert set(cache.iterdir()) == theirs
        other.kill()
    train(plain())
    assert "Resumed after epoch 2 of 4." in capsys.readouterr().out


def test_a_schedule_that_has_ended_is_told(capsys):
    model = plain()
    schedule = keras.optimizers.schedules.CosineDecay(0.01, 2 * 3)
    model.compile(keras.optimizers.Adam(schedule), "mse", run_eagerly=True)
    train(model, epochs=2)
    assert "schedule" not in capsys.readouterr().out
    train(model, epochs=2)
    assert "The schedule of the learning rate has ended: after 6 steps" in capsys.readouterr().out
    model = plain()
    model.compile(keras.optimizers.Adam(schedule), "mse", run_eagerly=True)
    train(model, epochs=3)
    assert "from epoch 3 on it is 0, and nothing more is learned" in capsys.readouterr().out


def test_a_schedule_that_warms_up_has_not_ended(capsys):
    model = plain()
    warm = keras.optimizers.schedules.CosineDecay(
        0.0, 3, warmup_target=0.01, warmup_steps=3, alpha=0.1
    )
    model.compile(keras.optimizers.Adam(warm), "mse", run_eagerly=True)
    train(model, epochs=2)
    assert "schedule" not in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has a home folder elsewhere")
def test_trains_without_a_home(monkeypatch, tmp_path, capsys):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(_backups.Path, "home", unknown)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert len(train(plain(), epochs=1)) == 1  # AEHELPERS_CACHE_DIR
    monkeypatch.delenv("AEHELPERS_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert len(train(plain(), epochs=1)) == 1


def test_metrics_may_be_vectors(capsys):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    x, y = np.random.default_rng(0).random((6, 4)), np.eye(3)[[0, 1, 2, 0, 1, 2]]

    def go(*callbacks):
        model.compile("sgd", "mse", metrics=[keras.metrics.F1Score()], run_eagerly=True)
        live = training.LiveTraining()
        model.fit(x, y, 2, epochs=3, verbose=0, callbacks=[live, *callbacks])

    with pytest.raises(KeyboardInterrupt):
        go(Stop(1))
    go()
    assert re.search(r"3 epochs: f1_score \(\S+, \S+, \S+\), loss", capsys.readouterr().out)


def test_a_loss_that_is_no_number_is_told(capsys):
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1e10), "mse", run_eagerly=True)
    assert not np.isfinite(train(model, epochs=2)[-1])
    assert "The loss is no number from epoch 1 on." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("build", "label"),
    [
        (vanilla, "loss (nats per image)"),
        (variational, "loss (nats per image)"),
        (
            lambda: compiled(models.vanilla(3), losses.squared_error),
            "loss (squared error per image)",
        ),
        (lambda: compiled(models.vanilla(3), "mse"), "loss"),
        (lambda: compiled(models.sparse(9, activity_regularizer="l1")), "loss"),
        (lambda: compiled(models.sparse(9, k=2, revival=0.5), losses.squared_error), "loss"),
        (plain, "loss"),
    ],
)
def test_the_label_is_nats_only_where_it_is_so(build, label):
    assert training._label(build()) == label


def test_in_a_notebook(tmp_path):
    cells = [
        f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})\nimport test_training as t",
        "history = t.fit(t.vanilla(), epochs=3)",
        "t.fit(t.vanilla(), t.Stop(2))",
        "history = t.fit(t.vanilla())",
        "t.fit(t.vanilla(), t.Stop(0))",
        "model = t.vanilla()",
        "t.fit(t.compiled(model), t.Stop(2))",
        "history = t.fit(t.compiled(model))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    nbclient.NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    _, finished, stopped, resumed, at_once, *_, again = (cell.outputs for cell in notebook.cells)

    def kinds(outputs):
        return [output.output_type for output in outputs]

    def text(outputs):
        return "".join(o.text for o in outputs if o.output_type == "stream")

    assert kinds(finished) == ["display_data", "stream"], finished
    assert text(finished).startswith("3 epochs: loss ")
    assert text(finished).count("\n") == 1
    assert set(finished[0].data) == {"image/png", "text/plain"}
    assert "training: from" in finished[0].metadata["image/png"]["alt"]
    assert len(json.dumps(finished)) < 80_000
    assert "widgets" not in notebook.metadata

    assert kinds(stopped) == ["display_data", "error", "stream"]
    assert stopped[1].ename == "KeyboardInterrupt"
    assert "at 2." in stopped[0].data["text/plain"]
    assert text(stopped) == "Stopped after 2 of 4 epochs. Run the cell again to go on from there.\n"

    assert kinds(resumed) == ["stream", "display_data", "stream"]
    assert "at 4." in resumed[1].data["text/plain"]
    assert text(resumed).startswith("Resumed after epoch 2 of 4.")

    assert "No epoch was finished." in at_once[0].data["text/html"]
    assert text(at_once) == "Stopped after 0 of 4 epochs.\n"

    assert text(again).startswith("Resumed after epoch 2 of 4.")  # compiled in the cell of `fit`


def test_the_sketch_is_of_finite_numbers_only():
    assert training._sketch({"loss": [1.0]}) == ""
    assert training._sketch({"loss": [np.nan, np.nan]}) == ""
    picture = training._sketch({"loss": [2.0, np.nan, 1.0], "val_loss": [2.0, 1.5, 1.0]})
    assert picture.count("<polyline") == 2
    assert "nan" not in picture


def test_xla_is_for_long_trainings_where_there_is_a_compiler(monkeypatch):
    assert not training.use_xla()  # quick mode
    monkeypatch.setattr(data, "quick", lambda: False)
    training._has_xla.cache_clear()
    found = training.use_xla()
    assert found or sys.platform != "linux"
    training._has_xla.cache_clear()

    def without(*args, **kwargs):
        raise tf.errors.UnimplementedError(None, None, "Could not find compiler for platform Host")

    monkeypatch.setattr(tf, "function", without)
    assert not training.use_xla()
    training._has_xla.cache_clear()
