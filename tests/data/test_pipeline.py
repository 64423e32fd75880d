import gc
import subprocess
import sys
import warnings
import weakref

import numpy as np
import pytest
from shared import CORRUPTIONS

from aehelpers import data


def collect(dataset):
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in dataset]
    return [np.concatenate(column) for column in zip(*pairs)]


@pytest.mark.parametrize("shape", [(-1, 28, 28, 1), (-1, 784)])
@pytest.mark.parametrize("kind", ["uint8", "float32", "float64", "other floats"])
def test_pipeline_gives_every_image_once_and_unchanged(digits, shape, kind):
    x = digits[0].reshape(shape)
    images = x / np.float32(255)
    if kind == "float64":
        x = x / 255
    elif kind == "float32":
        x = images
    elif kind == "other floats":
        x = images = images**2
    in_order, target = collect(data.pipeline(x, batch_size=32, shuffle=False))
    assert in_order.dtype == np.float32
    assert np.array_equal(in_order, images)
    assert np.array_equal(target, images)
    shuffled, target = collect(data.pipeline(x, batch_size=32))
    assert not np.array_equal(shuffled, images)
    assert np.array_equal(shuffled, target)
    assert sorted(i.tobytes() for i in shuffled) == sorted(i.tobytes() for i in images)


def test_pipeline_has_no_tuner_to_wait_for(digits):
    assert data.pipeline(digits[0][..., None]).options().autotune.enabled is False


def test_pipeline_shapes_are_known_to_keras(digits):
    dataset = data.pipeline(digits[0][..., None], batch_size=32, corruption=data.gaussian_noise)
    assert [tuple(spec.shape) for spec in dataset.element_spec] == [(None, 28, 28, 1)] * 2
    assert int(dataset.cardinality()) == 3
    assert [len(clean) for _, clean in dataset] == [32, 32, 16]


def test_pipeline_order_is_new_in_every_epoch_and_follows_the_seed(digits):
    x = digits[0][..., None]

    def two_epochs(seed):
        dataset = data.pipeline(x, batch_size=32, seed=seed)
        return [collect(dataset)[0] for _ in range(2)]

    first, second = two_epochs(0)
    assert not np.array_equal(first, second)
    assert np.array_equal(two_epochs(0), [first, second])
    assert not np.array_equal(two_epochs(1)[0], first)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_pipeline_noise_is_fresh_and_follows_the_seed(digits, corruption):
    x = np.tile(digits[0][:1].reshape(1, 784), (64, 1))

    def two_epochs(seed, stop_early=False):
        dataset = data.pipeline(x, batch_size=32, corruption=corruption, seed=seed, shuffle=False)
        if stop_early:  # an epoch that is left after one batch still counts as one
            first = collect(dataset.take(1))
        else:
            first = collect(dataset)
        assert np.array_equal(first[1], x[: len(first[1])] / np.float32(255))
        return first[0], collect(dataset)[0]

    first, second = two_epochs(0)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first[:32], first[32:])
    assert np.array_equal(two_epochs(0), [first, second])
    assert np.array_equal(two_epochs(0, stop_early=True)[1], second)
    assert not np.array_equal(two_epochs(1)[0], first)


def test_pipeline_takes_a_corruption_without_a_seed(digits):
    x = digits[0][..., None]
    inverted, clean = collect(data.pipeline(x, corruption=lambda x: 1 - x))
    assert np.array_equal(inverted, 1 - clean)


def test_pipeline_with_targets(digits):
    x, labels = digits[0].reshape(-1, 784), digits[1].astype(int)
    images, target = collect(data.pipeline(x, y=labels))
    place = {image.tobytes(): label for image, label in zip(x / np.float32(255), labels)}
    assert target.dtype == labels.dtype
    assert [place[image.tobytes()] for image in images] == list(target)
    one_hot = np.eye(10)[labels]
    _, target = collect(data.pipeline(x, y=one_hot, shuffle=False))
    assert np.array_equal(target, one_hot)
    _, target = collect(data.pipeline(x, y=x[::-1], shuffle=False))
    assert np.array_equal(target, x[::-1] / np.float32(255))


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"batch_size": 0}, ValueError, "batch_size must be a positive integer. Received: "),
        ({"batch_size": 2.5}, ValueError, "batch_size must be .* Received: batch_size=2.5"),
        ({"seed": -1}, ValueError, "seed must be an integer of at least 0. Received: seed=-1"),
        ({"seed": None}, ValueError, "seed must be .* Received: seed=None"),
        ({"y": [1, 2, 3]}, ValueError, r"each of the 80 images. Received: y of shape \(3,\)"),
        ({"y": 1}, ValueError, r"each of the 80 images. Received: y of shape \(\)"),
        ({"y": np.full((80, 28, 28, 1), 255.0)}, ValueError, r"y must lie in \[0, 1\]. .* to 255"),
        ({"y": np.zeros((80, 28, 28, 1), int)}, ValueError, "y must be uint8 or float. .* int64"),
        ({"y": np.full((80, 10), np.nan)}, ValueError, "y must be numbers. Received: NaN"),
        ({"corruption": lambda x: x * np.nan}, ValueError, "must return finite values"),
        ({"corruption": 0.5}, TypeError, "corruption must be a function .* Received: 0.5"),
        ({"corruption": lambda x: x[:, 0]}, ValueError, r"Received: shape .* for \(2, 28, 28, 1\)"),
    ],
)
def test_bad_arguments_of_pipeline(digits, arguments, error, message):
    with pytest.raises(error, match=message):
        data.pipeline(digits[0][..., None], **arguments)


def test_pipeline_wants_images_with_a_channel(digits):
    with pytest.raises(ValueError, match=r"\(n, 28, 28, 1\) or \(n, 784\). Received: shape \(80,"):
        data.pipeline(digits[0])


def test_fit_learns_from_the_pipeline_without_a_warning(digits):
    import keras

    keras.utils.set_random_seed(0)
    x = digits[0].reshape(-1, 784)
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(784, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit(
            data.pipeline(x, batch_size=16),
            validation_data=data.pipeline(x, batch_size=40, shuffle=False),
            epochs=3,
            verbose=0,
        ).history
    assert history["val_loss"][2] < history["val_loss"][0]


def test_pipeline_order_is_tensorflows_and_a_pass_can_be_had_again(digits):
    import tensorflow as tf

    x = digits[0].reshape(-1, 784)
    noise = data.pipeline(x, batch_size=30, seed=3, corruption=data.gaussian_noise)
    clean = data.pipeline(x, batch_size=30, seed=3)
    rows = tf.data.Dataset.range(len(x)).shuffle(len(x), seed=3, reshuffle_each_iteration=True)
    passes, unread = [], []
    for _ in range(3):
        order = list(rows.as_numpy_iterator())
        np.testing.assert_array_equal(collect(clean)[0], x[order] / np.float32(255))
        passes.append(collect(noise)[0])
        unread += [iter(rows), iter(clean), iter(noise)]  # as Keras does
    assert clean.order.given == noise.order.given == [0, 2, 4]
    for again in (1, 0, 2):
        noise.order.go_to(2 * again)
        np.testing.assert_array_equal(collect(noise)[0], passes[again])


@pytest.mark.parametrize(("before", "after"), [(None, 4), (1, 2)])
def test_a_seed_set_between_making_and_reading_changes_nothing(before, after):
    made = f"keras.utils.set_random_seed({before}); " if before else ""
    code = (
        f"import keras, numpy as np; from aehelpers import data; {made}"
        "x = np.random.default_rng(0).random((8, 28, 28, 1), 'float32'); "
        f"pairs = data.pipeline(x, 4); keras.utils.set_random_seed({after}); "
        "print(sum(len(batch) for batch, _ in pairs))"
    )
    # A pass that was never found was looked for without end: in a process that can be stopped.
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert run.stdout.split() == ["8"], run.stderr


def test_python_ends_while_batches_are_fetched_ahead():
    code = (
        "import numpy as np; from aehelpers import data; "
        "x = np.zeros((3000, 28, 28, 1), 'uint8'); "
        "batches = iter(data.pipeline(x, 32, corruption=data.gaussian_noise)); next(batches)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_images_live_as_long_as_what_reads_them(digits):
    """TensorFlow keeps every function that it was given; the images must not stay with it."""
    x = digits[0][..., None].copy()
    alive, dataset = weakref.ref(x), data.pipeline(x, 30, corruption=data.gaussian_noise)
    batches = dataset.map(lambda noisy, clean: clean).take(2)
    del x, dataset
    gc.collect()
    assert sum(len(batch) for batch in batches) == 60
    unread = iter(batches)
    del batches
    gc.collect()
    assert len(next(unread)) == 30
    del unread
    gc.collect()
    assert alive() is None
