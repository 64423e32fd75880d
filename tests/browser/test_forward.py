"""The forward pass in JavaScript against Keras, over random nets of every layer that it knows."""

import base64

import keras
import numpy as np
import pytest
from keras import layers

from aehelpers import models
from aehelpers.layers import Sampling, TopK
from aehelpers.widgets import _base, _net

SOURCE = (_base.FOLDER / "forward.js").read_text(encoding="utf-8")
RUN = """async ({ source, jobs, plain }) => {
  if (plain) delete globalThis.WebAssembly;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { makeNet } = await import(url);
  return jobs.map(({ spec, bytes, inputs }) => {
    const data = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
    const net = makeNet(spec, new DataView(data.buffer));
    return inputs.map((x) => Array.from(net.run(Float32Array.from(x))));
  });
}"""


@pytest.fixture(scope="module")
def blank(chromium):
    """Two empty pages, of which the second has to do without WebAssembly."""
    context = chromium.new_context()
    pages = [context.new_page(), context.new_page()]
    yield pages
    context.close()


def job(model, x, dtype="float32"):
    packer = _net.Packer(dtype)
    spec = _net.describe(model, packer)
    data = base64.b64encode(b"".join(packer.parts)).decode()
    return {"spec": spec, "bytes": data, "inputs": x.reshape(len(x), -1).tolist()}


def run_in_browser(page, jobs, plain=False):
    results = page.evaluate(RUN, {"source": SOURCE, "jobs": jobs, "plain": plain})
    return [np.array(result) for result in results]


def chain(shape, *chosen):
    return keras.Sequential([keras.Input(shape), *chosen])


def normalised():
    layer = layers.BatchNormalization()
    layer.build((None, 4, 4, 3))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.uniform(0.5, 2, weight.shape) for weight in layer.get_weights()])
    return layer


def branches():
    image = keras.Input((6, 6, 2))
    a = layers.Conv2D(3, 3, padding="same", activation="relu")(image)
    b = layers.Conv2D(3, 1)(image)
    both = layers.Concatenate()([a, layers.Add()([a, b])])
    inner = chain((6, 6, 6), layers.Flatten(), layers.Dense(5, activation="tanh"))
    return keras.Model(image, inner(both))


def gaussian():
    x = keras.Input((5,))
    mean, log_var = layers.Dense(3)(x), layers.Dense(3)(x)
    return keras.Model(x, Sampling(0)([mean, log_var]))


def convolutions():
    for size in (1, 2, 3, 4, 5):
        for stride in (1, 2, 3):
            for padding in ("same", "valid"):
                options = {"padding": padding, "activation": "tanh"}
                name = f"{size}x{size}, stride {stride}, {padding}"
                yield (
                    f"conv {name}",
                    (
                        lambda s=size, t=stride, o=options: chain(
                            (9, 7, 3), layers.Conv2D(4, s, t, **o)
                        )
                    ),
                )
                yield (
                    f"transposed {name}",
                    (
                        lambda s=size, t=stride, o=options: chain(
                            (5, 4, 3), layers.Conv2DTranspose(6, s, t, **o)
                        )
                    ),
                )


NETS = {
    **{name: lambda name=name: chain((6,), layers.Dense(5, activation=name))
       for name in _net._ACTIVATIONS},
    **{f"{name} as a layer": lambda name=name: chain((4, 3), layers.Activation(name))
       for name in _net._ACTIVATIONS},
    **dict(convolutions()),
    "dense on maps, no bias": lambda: chain((3, 4, 5), layers.Dense(7, use_bias=False)),
    "max pooling": lambda: chain((7, 5, 2), layers.MaxPooling2D(3, 2, padding="same")),
    "average pooling": lambda: chain((7, 5, 2), layers.AveragePooling2D(3, 2, padding="same")),
    "pooling, valid": lambda: chain((7, 6, 2), layers.MaxPooling2D((2, 3))),
    "nearest": lambda: chain((3, 4, 2), layers.UpSampling2D((2, 3))),
    "bilinear": lambda: chain((3, 4, 2), layers.UpSampling2D(2, interpolation="bilinear")),
    "normalised": lambda: chain((4, 4, 3), normalised()),
    "normalised over channels": lambda: chain((4, 6), layers.LayerNormalization()),
    "normalised, neither moved nor scaled": lambda: chain(
        (6,), layers.LayerNormalization(center=False, scale=False, epsilon=0.1)
    ),
    "rescaled": lambda: chain((4, 4, 3), layers.Rescaling(2.0, -1.0)),
    "other layers": lambda: chain(
        (4, 6), layers.Reshape((2, 2, 6)), layers.GaussianNoise(1.0), layers.Flatten(),
        layers.Dropout(0.5), layers.Dense(9), layers.LeakyReLU(), layers.ELU(), layers.Softmax(),
        layers.ReLU(),
    ),
    "k-sparse": lambda: chain((20,), layers.Dense(50), TopK(7), layers.Dense(3)),
    "k-sparse on maps": lambda: chain((3, 4, 6), TopK(2)),
    "branches": branches,
    "the mean of a Gaussian": gaussian,
}  # fmt: skip
COURSE = {
    "vanilla": lambda: models.vanilla(8),
    "deep": lambda: models.deep(8, sizes=(50, 20)),
    "convolutional": lambda: models.convolutional(8, filters=(8, 12)),
    "pooled": lambda: models.convolutional(None, filters=(8, 4), down="pool", up="upsample"),
    "denoising": lambda: models.denoising(filters=(6, 8), context=20),
    "sparse": lambda: models.sparse(60, k=6),
    "variational": lambda: models.variational(5, sizes=(30, 20)),
}


def shaken(model, seed=3):
    """Gives a model weights that leave nothing at 0."""
    rng = np.random.default_rng(seed)
    model.set_weights([
        weight if np.issubdtype(weight.dtype, np.integer)
        else weight + rng.uniform(0.01, 0.1, weight.shape)
        for weight in model.get_weights()
    ])  # fmt: skip
    return model


def test_every_layer(blank):
    jobs, expected = [], []
    for build in NETS.values():
        keras.utils.set_random_seed(0)
        model = shaken(build())
        x = np.random.default_rng(0).normal(size=(2, *model.input_shape[1:])).astype("float32")
        jobs.append(job(model, x))
        expected.append(np.asarray(_net.without_noise(model)(x)).reshape(2, -1))
    for page, plain in zip(blank, (False, True)):
        for name, result, wanted in zip(NETS, run_in_browser(page, jobs, plain), expected):
            np.testing.assert_allclose(result, wanted, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("name", COURSE)
def test_the_course_s_models(blank, name):
    keras.utils.set_random_seed(0)
    model = shaken(COURSE[name]())
    images = np.random.default_rng(0).random((2, 28, 28, 1), dtype="float32")
    codes = np.asarray(model.encoder(images))
    for half, x in ((model.encoder, images), (model.decoder, codes)):
        expected = np.asarray(half(x)).reshape(2, -1)
        scale = max(1, np.abs(expected).max())
        tolerances = {"float32": 1e-4, "float16": 4e-3, "int8": 5e-2}
        jobs = [job(half, x, dtype) for dtype in tolerances]
        for result, tolerance in zip(run_in_browser(blank[0], jobs), tolerances.values()):
            np.testing.assert_allclose(result / scale, expected / scale, atol=tolerance)


def test_several_inputs_are_given_one_after_the_other(blank):
    keras.utils.set_random_seed(0)
    net = shaken(models.code_flow(3, width=10, depth=2, num_classes=4).net)
    rng = np.random.default_rng(0)
    place, time = rng.normal(size=(5, 3)), rng.random((5, 1))
    label = np.arange(5)
    expected = np.asarray(net([place, time, label]))
    x = np.concatenate([place, time, label[:, None]], axis=1)
    for page, plain in zip(blank, (False, True)):
        (result,) = run_in_browser(page, [job(net, x)], plain)
        np.testing.assert_allclose(result, expected, atol=1e-4)
