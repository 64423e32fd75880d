"""How near training comes to what this machine's matrix products and convolutions allow.

    python -m benchmarks.limits [--only dense] [--tiny]

For each model the products and convolutions of one training step (forward, gradients of the
weights, gradients of the inputs) are run alone, at the same shapes, in the same process. Their time
is the limit; its share in the time of a step of `fit` is the result, with where the rest goes.
Writes benchmarks/results/limits.json and the table in docs/speed.md.
"""

import argparse
import os
import time
from dataclasses import dataclass, field
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aehelpers import data, losses, models
from scripts import arguments, results, tables


@dataclass
class Case:
    """What is trained.

    Attributes:
        what: In words, for the table.
        build: Function that returns the model.
        batch_size: As where the course trains it.
        options: Of `compile`.
        at_once: Steps for which the pipeline hands over the images together.
    """

    what: str
    build: object
    batch_size: int = 256
    options: dict = field(default_factory=dict)
    at_once: int = 1


class ManySteps(models.Autoencoder):
    """An autoencoder that makes `AT_ONCE` steps in one program, without Keras in between."""

    AT_ONCE = 50

    def train_step(self, data):
        """Trains on the batches in `data`, one after the other; returns the mean loss."""
        images, _ = data
        batches = tf.reshape(images, (self.AT_ONCE, -1, *images.shape[1:]))

        def step(i, total):
            with tf.GradientTape() as tape:
                x_pred = self(batches[i], training=True)
                loss = tf.reduce_mean(losses.binary_crossentropy(batches[i], x_pred))
            gradients = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply(gradients, self.trainable_weights)
            return i + 1, total + loss

        start = (tf.constant(0), tf.constant(0.0))
        _, total = tf.while_loop(lambda i, _: i < self.AT_ONCE, step, start)
        return {"loss": total / self.AT_ONCE}


def many_steps():
    """Returns 784-32-784 as a model of `ManySteps`."""
    model = models.vanilla(32)
    return ManySteps(model.encoder, model.decoder)


XLA = {"jit_compile": True}


def convolutional(activation="GELU"):
    """Returns a case with notebook 02's net, or the same with another activation."""
    net = "convolutional, 32 and 64 filters, a code of 30 numbers" if activation == "GELU" else None
    return Case(
        f"{net or 'the same'}, {activation}",
        partial(models.convolutional, 30, filters=(32, 64), activation=activation.lower()),
        batch_size=128,
    )


CASES = {
    "dense": Case("784-32-784, XLA", partial(models.vanilla, 32), options=XLA),
    "calls": Case(
        "the same, 50 steps in one call",
        partial(models.vanilla, 32),
        options=XLA | {"steps_per_execution": 50},
    ),
    "program": Case(
        "the same, 50 steps in one program of our own",
        many_steps,
        options=XLA,
        at_once=ManySteps.AT_ONCE,
    ),
    "deep": Case("784-1000-500-250-30 and back, XLA", partial(models.deep, 30), options=XLA),
    "convolutional": convolutional(),
    "silu": convolutional("SiLU"),
    "elu": convolutional("ELU"),
    "relu": convolutional("ReLU"),
}


def kernels(model, batch_size):
    """Lists the products and convolutions of one training step.

    Args:
        model: An `Autoencoder` of dense and convolutional layers.
        batch_size: Images in a batch.

    Returns:
        A list of functions of no arguments, each of which computes one of them on random values of
        the layer's shapes, and the number of their multiplications and additions.

    Raises:
        ValueError: If a layer with weights is of another kind.
    """
    rng = np.random.default_rng(0)

    def values(shape):
        return tf.constant(rng.standard_normal(shape, dtype="float32"))

    operations, flops = [], 0
    for part in (model.encoder, model.decoder):
        for layer in part.layers:
            if not layer.weights:
                continue
            x = values((batch_size, *layer.input.shape[1:]))
            y = values((batch_size, *layer.output.shape[1:]))
            kernel = values(layer.kernel.shape)
            # The images need no gradient.
            first = part is model.encoder and layer is next(la for la in part.layers if la.weights)
            places = int(np.prod(x.shape[:-1] if _is_transposed(layer) else y.shape[:-1]))
            size = int(np.prod(kernel.shape))
            flops += 2 * places * size * (2 if first else 3)
            if isinstance(layer, layers.Dense):
                forward, weights, inputs = _dense(x, y, kernel)
            elif _is_transposed(layer):
                weights, inputs, forward = _convolution(y, x, kernel, layer)
            elif isinstance(layer, layers.Conv2D):
                forward, weights, inputs = _convolution(x, y, kernel, layer)
            else:
                raise ValueError(
                    "The model must have dense and convolutional layers only. "
                    f"Received: {type(layer).__name__}"
                )
            operations += [forward, weights] if first else [forward, weights, inputs]
    return operations, flops


def _is_transposed(layer):
    return isinstance(layer, layers.Conv2DTranspose)


def _dense(x, y, kernel):
    return (
        lambda: tf.matmul(x, kernel),
        lambda: tf.matmul(x, y, transpose_a=True),
        lambda: tf.matmul(y, kernel, transpose_b=True),
    )


def _convolution(large, small, kernel, layer):
    """Returns the three convolutions between the larger map and the smaller one."""
    settings = {"strides": [1, *layer.strides, 1], "padding": layer.padding.upper()}
    forward = lambda: tf.nn.conv2d(large, kernel, **settings)  # noqa: E731
    weights = lambda: tf.raw_ops.Conv2DBackpropFilter(  # noqa: E731
        input=large, filter_sizes=kernel.shape, out_backprop=small, **settings
    )
    inputs = lambda: tf.raw_ops.Conv2DBackpropInput(  # noqa: E731
        input_sizes=large.shape, filter=kernel, out_backprop=small, **settings
    )
    if _is_transposed(layer):
        return weights, forward, inputs
    return forward, weights, inputs


def seconds_a_call(function, calls):
    """Returns the median of five timings of `calls` calls, for one call."""
    function()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(calls):
            outputs = function()
        outputs[-1].numpy()
        times.append((time.perf_counter() - start) / calls)
    return float(np.median(times))


def measure(name, tiny=False):
    """Measures one of `CASES`; returns a row for the results."""
    case = CASES[name]
    keras.utils.set_random_seed(0)
    model = case.build()
    operations, flops = kernels(model, case.batch_size)
    # The gradient of a step is one graph, and so are the operations alone.
    alone = tf.function(lambda: [operation() for operation in operations])
    calls = 2 if tiny else 20
    limit = seconds_a_call(alone, calls)

    x = data.load_mnist().x_train[: case.batch_size * (2 * case.at_once if tiny else 100)]
    train = data.pipeline(x, case.batch_size * case.at_once)
    steps = len(train) * case.at_once
    optimizer = keras.optimizers.Adam(0.001, beta_2=0.99)
    model.compile(optimizer, losses.binary_crossentropy, **case.options)
    model.fit(train, epochs=1, verbose=0)
    times = []
    for _ in range(1 if tiny else 5):
        start = time.perf_counter()
        model.fit(train, epochs=1, verbose=0)
        times.append((time.perf_counter() - start) / steps)
    step = float(np.median(times))

    batch = tf.constant(x[: case.batch_size])
    forward = tf.function(lambda: [model(batch, training=True)])
    forward_seconds = seconds_a_call(forward, calls)
    pipeline = time.perf_counter()
    for _ in train:
        pass
    pipeline = (time.perf_counter() - pipeline) / steps
    return {
        "name": name,
        "what": case.what,
        "batch_size": case.batch_size,
        "gflop_a_step": round(flops / 1e9, 3),
        "limit_ms": round(1e3 * limit, 2),
        "step_ms": round(1e3 * step, 2),
        "forward_ms": round(1e3 * forward_seconds, 2),
        "pipeline_ms": round(1e3 * pipeline, 2),
        "limit_gflops": round(flops / limit / 1e9, 1),
        "fit_gflops": round(flops / step / 1e9, 1),
        "ratio": round(limit / step, 3),
    }


def table(found=None):
    """Renders the results in Markdown."""
    found = found or results.load("limits")
    lines = [
        "| model | batch | products and convolutions alone | a step of `fit` | share | "
        "GFLOP/s in `fit` |",
        "|---|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        lines.append(
            f"| {row['what']} | {row['batch_size']} | {row['limit_ms']:.1f} ms | "
            f"{row['step_ms']:.1f} ms | **{row['ratio']:.0%}** | {row['fit_gflops']:.0f} |"
        )
    return "\n".join([*lines, "", results.described(found["machine"])])


def main(argv=None):
    """Measures the models that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_names(parser, "--only", CASES, "models")
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if not args.tiny:
        results.full_mnist("Benchmarks")
        if set(args.only) != set(CASES):
            results.check_part("limits")
    rows = [measure(name, args.tiny) for name in args.only]
    for row in rows:
        print(f"{row['what']}: {row['ratio']:.0%} of the limit, {row['step_ms']} ms a step")
    if not args.tiny:
        results.store("limits", results.merged_by_name("limits", rows, CASES))
        tables.write()


if __name__ == "__main__":
    main()
