"""Training in JavaScript against Keras: slopes of every layer and loss, and fifty steps of Adam."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from aehelpers import _bundle
from aehelpers.layers import TopK
from aehelpers.losses import binary_crossentropy, squared_error
from aehelpers.widgets import _base

SOURCE = _bundle.join(_base.FOLDER / "train.js") + "\nexport { makeLearner, makeRandom };\n"
OPEN = """async ({ source, plain }) => {
  if (plain) delete globalThis.WebAssembly;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  window.train = await import(url);
}"""
# Noise is handed over number by number, so that both sides draw the same.
RUN = """({ spec, x, y, count, most, kind, options, noise, steps }) => {
  const net = window.train.makeLearner(spec, most, 3, kind);
  const start = net.dense().map(({ kernel, bias }) => [[...kernel], [...bias]]);
  let drawn = 0;
  const all = { ...options, random: { normal: () => noise[drawn++] } };
  const losses = [];
  const size = spec.input * count;
  const batch = (images, i) => Float32Array.from(images.slice(i * size, (i + 1) * size));
  for (let i = 0; i < steps; i++) losses.push(net.step(batch(x, i), batch(y, i), count, all));
  if (!steps) losses.push(net.slopes(batch(x, 0), batch(y, 0), count, all));
  const unpad = (matrix, [from, to]) => {
    const width = Math.ceil(to / 8) * 8;
    return Array.from({ length: from * to }, (_, i) =>
      matrix[Math.floor(i / to) * width + (i % to)]);
  };
  const slopes = net.weights.map(({ dKernel, dBias }, i) => {
    const { shape } = net.dense()[i];
    return [unpad(dKernel, shape), [...dBias.subarray(0, shape[1])]];
  });
  const now = net.dense().map(({ kernel, bias }) => [[...kernel], [...bias]]);
  return { kind: net.kind, start, slopes, now, losses };
}"""


@pytest.fixture(scope="module")
def blank(chromium):
    """Two empty pages, of which the second has to do without WebAssembly."""
    context = chromium.new_context()
    pages = [context.new_page(), context.new_page()]
    for page, plain in zip(pages, (False, True)):
        page.evaluate(OPEN, {"source": SOURCE, "plain": plain})
    yield pages
    context.close()


def dense(units, activation="linear", start="glorot_uniform", unit_rows=False):
    return {
        "op": "dense",
        "units": units,
        "activation": activation,
        "start": start,
        "unitRows": unit_rows,
    }


TOP_K, SAMPLING = {"op": "top_k"}, {"op": "sampling"}


def spec(layers, encoder, output="sigmoid", loss="cross_entropy", size=24):
    return {
        "input": size,
        "layers": [*layers, dense(size)],
        "encoder": encoder,
        "output": output,
        "loss": loss,
    }


LOSSES = [
    {"output": "sigmoid", "loss": "cross_entropy"},
    {"output": "sigmoid", "loss": "squared_error"},
    {"output": "linear", "loss": "squared_error"},
]
CHAINS = {
    **{name: ([dense(7, name, "he_normal"), dense(3), dense(9, name)], 2, {})
       for name in ("linear", "relu", "gelu", "tanh")},
    "one layer": ([dense(5, "relu")], 1, {}),
    "top-k": ([dense(30), TOP_K], 2, {"k": 4}),
    "top-k, deep": ([dense(12, "gelu"), dense(16), TOP_K, dense(12, "gelu")], 3, {"k": 3}),
    "L1": ([dense(12, "relu")], 1, {"l1": 0.3}),
    "variational": ([dense(11, "gelu"), dense(6), SAMPLING, dense(11, "gelu")], 3, {"beta": 2.5}),
    "variational, flat": ([dense(4), SAMPLING], 2, {"beta": 0.5}),
}  # fmt: skip


class Twin:
    """The same net in TensorFlow."""

    def __init__(self, spec, weights, options):
        self.spec, self.options = spec, options
        self.weights = [
            [tf.Variable(np.reshape(kernel, (-1, len(bias))), dtype="float32"),
             tf.Variable(bias, dtype="float32")]
            for kernel, bias in weights
        ]  # fmt: skip
        self.variables = [each for pair in self.weights for each in pair]
        self.optimizer = keras.optimizers.Adam(options.get("rate", 0.001))

    def losses(self, x, y, noise):
        h, weights, penalty = x, iter(self.weights), 0.0
        for i, layer in enumerate(self.spec["layers"], 1):
            if layer["op"] == "dense":
                kernel, bias = next(weights)
                h = keras.activations.get(layer["activation"])(h @ kernel + bias)
            elif layer["op"] == "top_k":
                h = TopK(self.options["k"])(h)
            else:
                mean, log_var = ops.split(h, 2, axis=-1)
                h = mean + ops.exp(log_var / 2) * noise
                kl = 0.5 * (mean**2 + ops.exp(log_var) - 1 - log_var)
                penalty = ops.mean(ops.sum(kl, axis=1))
            if i == self.spec["encoder"] and "l1" in self.options:
                penalty = ops.mean(ops.sum(ops.abs(h), axis=1))
        if self.spec["output"] == "sigmoid":
            h = ops.sigmoid(h)
        loss = binary_crossentropy if self.spec["loss"] == "cross_entropy" else squared_error
        return ops.mean(loss(y, h)), penalty

    def slopes(self, x, y, noise):
        weight = self.options.get("beta", self.options.get("l1", 1.0))
        with tf.GradientTape() as tape:
            reconstruction, penalty = self.losses(x, y, noise)
            loss = reconstruction + weight * penalty
        return tape.gradient(loss, self.variables), float(reconstruction), float(penalty)

    def step(self, x, y, noise):
        slopes, *losses = self.slopes(x, y, noise)
        self.optimizer.apply_gradients(zip(slopes, self.variables))
        for layer, (kernel, _) in zip(
            [each for each in self.spec["layers"] if each["op"] == "dense"], self.weights
        ):
            if layer["unitRows"]:
                kernel.assign(keras.constraints.UnitNorm(axis=1)(kernel))
        return losses


def job(net, options, count=10, most=13, kind="fused", steps=0, seed=0):
    rng = np.random.default_rng(seed)
    batches = max(steps, 1)
    x, y = rng.random((2, batches * count, net["input"]), dtype="float32")
    code = next(
        (each["units"] // 2 for each, after in zip(net["layers"], net["layers"][1:])
         if after == SAMPLING), 1,
    )  # fmt: skip
    noise = rng.normal(size=(batches, count, code)).astype("float32")
    return {
        "spec": net, "x": x.ravel().tolist(), "y": y.ravel().tolist(), "count": count,
        "most": most, "kind": kind, "options": options, "noise": noise.ravel().tolist(),
        "steps": steps,
    }, (x.reshape(batches, count, -1), y.reshape(batches, count, -1), noise)  # fmt: skip


def far(result, wanted):
    """The difference, as a share of what is right: of a whole array, as single slopes may be 0."""
    result, wanted = np.ravel(result), np.ravel(wanted)
    assert result.shape == wanted.shape
    return np.linalg.norm(result - wanted) / max(np.linalg.norm(wanted), 1e-12)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda each: "-".join(each.values()))
def test_slopes_are_tensorflow_s(blank, name, loss):
    layers, encoder, options = CHAINS[name]
    net = spec(layers, encoder, **loss)
    for kind in ("fused", "simd", "plain"):
        asked, (x, y, noise) = job(net, options, kind=kind)
        result = blank[kind == "plain"].evaluate(RUN, asked)
        assert (result["kind"] == "plain") == (kind == "plain")
        slopes, reconstruction, penalty = Twin(net, result["start"], options).slopes(
            x[0], y[0], noise[0]
        )
        assert result["losses"][0]["reconstruction"] == pytest.approx(reconstruction, rel=1e-5)
        assert result["losses"][0]["penalty"] == pytest.approx(penalty, rel=1e-5, abs=1e-6)
        mine = [each for pair in result["slopes"] for each in pair]
        for i, (found, wanted) in enumerate(zip(mine, slopes, strict=True)):
            assert far(found, wanted) < 1e-4, (kind, i)


TRAININGS = {
    "vanilla": ([dense(16, "gelu", "he_normal"), dense(3), dense(16, "gelu", "he_normal")], 2, {}),
    "top-k": ([dense(40), TOP_K], 2, {"k": 5}),
    "L1, atoms of length 1": ([dense(12, "relu")], 1, {"l1": 0.1}),
    "variational": (
        [dense(16, "gelu", "he_normal"), dense(4), SAMPLING, dense(16, "gelu", "he_normal")],
        3, {"beta": 1.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAININGS)
def test_fifty_steps_end_where_keras_ends(blank, name):
    layers, encoder, options = TRAININGS[name]
    options = {**options, "rate": 0.003}
    net = spec(layers, encoder)
    net["layers"][-1]["unitRows"] = "length 1" in name
    for page, kind in zip(blank, ("fused", "plain")):
        asked, batches = job(net, options, kind=kind, steps=50)
        result = page.evaluate(RUN, asked)
        twin = Twin(net, result["start"], options)
        wanted = np.array([twin.step(*each) for each in zip(*batches)])
        found = np.array([list(each.values()) for each in result["losses"]])
        np.testing.assert_allclose(found[-1], wanted[-1], rtol=1e-3)
        first = result["start"][0][0]
        assert far(result["now"][0][0], first) > 0.03  # it has learnt something


def test_rows_of_atoms_start_and_stay_at_length_1(blank):
    net = spec([dense(12, "relu")], 1)
    net["layers"][-1]["unitRows"] = True
    asked, _ = job(net, {"rate": 0.01}, steps=3)
    result = blank[0].evaluate(RUN, asked)
    for moment in ("start", "now"):
        atoms = np.reshape(result[moment][-1][0], (12, 24))
        np.testing.assert_allclose(np.linalg.norm(atoms, axis=1), 1, atol=1e-5)


def test_a_seed_fixes_the_start_and_starts_are_those_of_keras(blank):
    layers = [dense(400, "gelu", "he_normal"), dense(300)]
    net = spec(layers, 1, size=256)
    asked, _ = job(net, {}, count=1, most=1)
    first, second = (blank[0].evaluate(RUN, asked)["start"] for _ in range(2))
    assert first == second
    normal, uniform = (np.array(first[i][0]) for i in (0, 1))
    expected = np.sqrt(2 / 256)
    assert normal.std() == pytest.approx(expected, rel=0.02)
    assert np.abs(normal).max() <= 2 * expected / 0.8796 + 1e-6
    limit = np.sqrt(6 / 700)
    assert uniform.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert np.abs(uniform).max() <= limit


def test_random_numbers(blank):
    code = """() => {
      const { uniform, normal, shuffle } = window.train.makeRandom(7);
      const draw = (f) => Array.from({ length: 40000 }, f);
      return [draw(uniform), draw(normal), shuffle([...Array(100).keys()])];
    }"""
    uniform, normal, order = map(np.array, blank[0].evaluate(code))
    assert 0 <= uniform.min() and uniform.max() < 1
    assert abs(uniform.mean() - 0.5) < 0.01 and abs(uniform.var() - 1 / 12) < 0.002
    assert abs(normal.mean()) < 0.02 and abs(normal.std() - 1) < 0.02
    assert abs((normal**4).mean() - 3) < 0.2
    assert sorted(order) == list(range(100)) and not np.array_equal(order, np.arange(100))
    streams = "() => [0, 1].map((s) => window.train.makeRandom(7, s).uniform())"
    a, b = blank[0].evaluate(streams)
    assert a != b


@pytest.mark.parametrize(
    ("layer", "message"),
    [({"op": "conv2d"}, 'no layer "conv2d"'), (dense(3, "swish"), 'no activation "swish"')],
)
def test_what_it_does_not_know_is_named(blank, layer, message):
    net = spec([layer], 1)
    asked, _ = job(net, {})
    with pytest.raises(Exception, match=message):
        blank[0].evaluate(RUN, asked)
