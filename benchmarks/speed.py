"""Speed: the recipe that people find first, and the course's recipe for the same model and loss.

    python -m benchmarks.speed [--seeds 0 1 2] [--only vanilla ...] [--missing] [--tiny]

Both are trained in one run, one after the other, seed by seed. The peer is trained as published,
but with 5,000 images held out; then the course's recipe is timed until its validation loss is at
or under the peer's final one. Evaluation is not counted, for either. Each pair of trainings is
stored in benchmarks/results/speed.json as soon as it is through. What other runs on the same
machine found, for other seeds and benchmarks, is kept; `--missing` trains only what isn't there,
and so takes up an interrupted run. The convolutional peers take from minutes to an hour for each
seed, on two cores.
"""

import argparse
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras
import numpy as np
from keras import layers, ops

from aehelpers import data, losses, metrics, models
from scripts import arguments, results, tables
from scripts.weights import warmup_and_cosine

# The blog writes 10e-5. Keras takes the sum over the code and the mean over the batch, and adds
# it to a cross-entropy that is a mean over the pixels.
L1 = 10e-5
NOISE = 0.4
VALIDATION_NOISE = 1000  # a seed that no training has


class TimedValidation(keras.callbacks.Callback):
    """Evaluates after every epoch, with the clock stopped.

    Args:
        evaluate: Function from a model to its validation loss.
        target: Stop training once the validation loss is at or under it.

    Attributes:
        seconds: Seconds of training so far.
        losses: Validation loss after each epoch.
        times: Seconds of training up to the end of each epoch.
    """

    def __init__(self, evaluate, target=-np.inf):
        super().__init__()
        self.evaluate = evaluate
        self.target = target
        self.seconds = 0.0
        self.losses = []
        self.times = []

    def on_train_begin(self, logs=None):
        self._start = time.perf_counter()  # what the first batch compiles is counted, too

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.perf_counter() - self._start
        self.times.append(self.seconds)
        self.losses.append(float(self.evaluate(self.model)))
        if self.reached:
            self.model.stop_training = True

    @property
    def reached(self):
        """Whether the last validation loss is at or under the target."""
        return self.losses[-1] <= self.target


def dense(l1=None):
    """Builds 784-32-784, ReLU and sigmoid, with an L1 penalty on the code or none."""
    penalty = keras.regularizers.L1(l1) if l1 else None
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(32, activation="relu", activity_regularizer=penalty),
            layers.Dense(784, activation="sigmoid"),
        ]
    )


def convolutional():
    """Builds keras.io's convolutional autoencoder: 32 filters in each layer, a 7x7x32 code."""
    options = {"activation": "relu", "padding": "same"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, **options),
            layers.MaxPooling2D(2, padding="same"),
            layers.Conv2D(32, 3, **options),
            layers.MaxPooling2D(2, padding="same"),
            layers.Conv2DTranspose(32, 3, strides=2, **options),
            layers.Conv2DTranspose(32, 3, strides=2, **options),
            layers.Conv2D(1, 3, activation="sigmoid", padding="same"),
        ]
    )


def variational():
    """Builds keras.io's VAE with two units; its loss, -ELBO, is that of the course's class."""
    options = {"activation": "relu", "padding": "same", "strides": 2}
    x = image = keras.Input((28, 28, 1))
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, **options)(x)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    posterior = keras.Model(image, [layers.Dense(2)(x), layers.Dense(2)(x)])
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(7 * 7 * 64, activation="relu"),
            layers.Reshape((7, 7, 64)),
            layers.Conv2DTranspose(64, 3, **options),
            layers.Conv2DTranspose(32, 3, **options),
            layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same"),
        ]
    )
    return models.VariationalAutoencoder(posterior, decoder)


noisy = partial(data.gaussian_noise, stddev=NOISE)


def cross_entropy(model, x, inputs=None):
    """Returns the cross-entropy, in nats per pixel."""
    y = model.predict(x if inputs is None else inputs, batch_size=1000, verbose=0)
    return metrics.binary_crossentropy(x, y, per="pixel").mean()


def denoised_cross_entropy(model, x):
    """Returns the cross-entropy of what is made of noisy images, the same for all models."""
    return cross_entropy(model, x, noisy(x, seed=VALIDATION_NOISE))


def penalised_cross_entropy(model, x):
    """Returns the cross-entropy in nats per pixel and the penalty on the code."""
    z = model.layers[0](x)
    penalty = L1 * ops.mean(ops.sum(z, axis=1))  # a ReLU code is never negative
    return cross_entropy(model, x) + float(penalty)


def negative_elbo(model, x):
    """Returns -ELBO in nats per image, with one code for each image, the same draw every time."""
    z_mean, z_log_var = model.posterior.predict(x, batch_size=1000, verbose=0)
    noise = np.random.default_rng(VALIDATION_NOISE).standard_normal(z_mean.shape, dtype="float32")
    y = model.decoder.predict(z_mean + np.exp(z_log_var / 2) * noise, batch_size=1000, verbose=0)
    kl_loss = metrics.kl_divergence(z_mean, z_log_var).mean()
    return metrics.binary_crossentropy(x, y).mean() + kl_loss


@dataclass
class Benchmark:
    """A peer's recipe, and the course's for the same model and loss.

    Attributes:
        what: The model and the loss, in words.
        build: Function that returns the model, not compiled.
        peer_epochs, peer_batch: As published. All peers have Adam at its default, 1e-3.
        epochs, batch, rate: The course's; `rate` is the highest of the schedule.
        source: Who published the peer.
        evaluate: Function of `(model, images)`: the validation loss.
        beta_2: Of the course's Adam.
        wide: What the start of the course's first kernel is multiplied by: a wider start keeps
            ReLU units alive at a high rate.
        xla: Whether the course's recipe compiles with XLA, which helps dense nets only.
        at_once: Steps that the course's `fit` makes in one call of TensorFlow.
        noise: Whether the input is noisy.
        shape: Of an image.
        loss: The peer's. The course's is the sum over the pixels, 784 times as much.
        build_ours: `build`, but with a penalty that is 784 times as much, too.
        unit: Of the validation loss.
        after: Name of the benchmark whose peer this peer goes on from.
    """

    what: str
    build: object
    peer_epochs: int
    epochs: int
    source: str = "keras.io"
    evaluate: object = cross_entropy
    peer_batch: int = 128
    batch: int = 32
    rate: float = 0.003
    beta_2: float = 0.99
    wide: float = 1
    xla: bool = False
    at_once: int = 1
    noise: bool = False
    shape: tuple = (28, 28, 1)
    loss: str | None = "binary_crossentropy"
    build_ours: object = None
    unit: str = "nats per pixel"
    after: str | None = None

    def peer(self):
        """Describes the peer's recipe."""
        text = f"{self.source}'s {self.peer_epochs} epochs, Adam 1e-3, batch {self.peer_batch}"
        text += ", noise drawn once" * self.noise
        return text + ", from its clean model (not counted)" * bool(self.after)

    def ours(self):
        """Describes the course's recipe."""
        text = (
            f"at most {self.epochs} epochs, batch {self.batch}, Adam (beta_2 {self.beta_2}) up to "
            f"{self.rate} with warm-up and cosine, bias started at the mean image"
        )
        text += f", encoder started {self.wide} times as wide" * (self.wide != 1)
        text += ", noise new in every epoch" * self.noise + ", XLA" * self.xla
        return text + f", {self.at_once} steps a call" * (self.at_once > 1)


DENSE = {"source": "Keras blog", "peer_batch": 256, "batch": 256, "rate": 0.04}
DENSE |= {"xla": True, "at_once": 43, "shape": (784,)}  # an epoch is five times 43 steps
BENCHMARKS = {
    "vanilla": Benchmark(
        "784-32-784, cross-entropy", build=dense, peer_epochs=50, epochs=6, wide=3, **DENSE
    ),
    "convolutional": Benchmark(
        "convolutional with a 7x7x32 code, cross-entropy",
        build=convolutional,
        peer_epochs=50,
        epochs=10,
    ),
    "denoising": Benchmark(
        f"the same as a denoiser, Gaussian noise of {NOISE}",
        build=convolutional,
        peer_epochs=100,
        epochs=10,
        evaluate=denoised_cross_entropy,
        noise=True,
        after="convolutional",
    ),
    "sparse": Benchmark(
        "784-32-784, cross-entropy and L1 on the code",
        build=partial(dense, L1),
        build_ours=partial(dense, 784 * L1),
        peer_epochs=100,
        epochs=16,
        evaluate=penalised_cross_entropy,
        beta_2=0.95,
        wide=4,
        **DENSE,
    ),
    "variational": Benchmark(
        "variational with 2 numbers, convolutional, -ELBO",
        build=variational,
        peer_epochs=30,
        epochs=5,
        rate=0.004,
        evaluate=negative_elbo,
        loss=None,
        unit="nats per image",
    ),
}


def timed(benchmark, mnist, target=-np.inf):
    """Returns the training images and the callback, the same for peer and course."""
    x_train, x_val = (x.reshape(-1, *benchmark.shape) for x in (mnist.x_train, mnist.x_val))
    return x_train, TimedValidation(lambda model: benchmark.evaluate(model, x_val), target)


def train_peer(name, mnist, seed, tiny=False):
    """Trains as published; returns the callback that held the clock."""
    benchmark = BENCHMARKS[name]
    x, clock = timed(benchmark, mnist)
    keras.utils.set_random_seed(seed)
    if benchmark.after:
        path = kept_peer(benchmark.after, mnist, seed, tiny)
        if not path.exists():
            print(f"{name} goes on from {benchmark.after}: training that one first", flush=True)
            train_peer(benchmark.after, mnist, seed, tiny)
        model = keras.models.load_model(path)
    else:
        model = benchmark.build()
        model.compile(optimizer="adam", loss=benchmark.loss)
    inputs = noisy(x, seed=seed) if benchmark.noise else x
    epochs = 1 if tiny else benchmark.peer_epochs
    model.fit(inputs, x, benchmark.peer_batch, epochs, verbose=0, callbacks=[clock])
    if any(other.after == name for other in BENCHMARKS.values()):
        path = kept_peer(name, mnist, seed, tiny)
        path.parent.mkdir(parents=True, exist_ok=True)
        model.save(path)
    return clock


def kept_peer(name, mnist, seed, tiny):
    """Returns the file of a trained peer that another one goes on from."""
    cache = os.environ.get("AEHELPERS_CACHE_DIR") or os.path.expanduser("~/.cache/aehelpers")
    epochs = 1 if tiny else BENCHMARKS[name].peer_epochs
    return Path(cache) / "benchmarks" / f"{name}-{len(mnist.x_train)}-{epochs}-{seed}.keras"


def train_ours(name, mnist, seed, target, tiny=False):
    """Trains as the course does until the target is reached; returns the callback."""
    benchmark = BENCHMARKS[name]
    x, clock = timed(benchmark, mnist, target)
    epochs = 2 if tiny else benchmark.epochs
    keras.utils.set_random_seed(seed)
    model = (benchmark.build_ours or benchmark.build)()
    start = time.perf_counter()
    train = data.pipeline(x, benchmark.batch, corruption=noisy if benchmark.noise else None)
    pixels = getattr(model, "decoder", model).layers[-1]
    kernel = model.trainable_weights[0]
    kernel.assign(benchmark.wide * kernel)
    # The mean image, or the mean grey level where one bias serves all the pixels.
    mean = np.clip(x.reshape(-1, pixels.bias.shape[0]).mean(axis=0), 0.001, 0.999)
    pixels.bias.assign(np.log(mean / (1 - mean)))
    schedule = warmup_and_cosine(benchmark.rate, epochs * len(train))
    loss = losses.binary_crossentropy if benchmark.loss else None
    optimizer = keras.optimizers.Adam(schedule, beta_2=benchmark.beta_2)
    model.compile(
        optimizer,
        loss,
        jit_compile=benchmark.xla or "auto",
        steps_per_execution=benchmark.at_once,
    )
    clock.seconds = time.perf_counter() - start  # preparing the data is part of the recipe
    model.fit(train, epochs=epochs, verbose=0, callbacks=[clock])
    return clock


def compare(name, mnist, seed, tiny=False):
    """Trains a peer, then the course's recipe until it is as good.

    Args:
        name: One of `BENCHMARKS`.
        mnist: What `data.load_mnist()` returns.
        seed: An integer, for both.
        tiny: Whether to train for one or two epochs only, to see that it works.

    Returns:
        A dictionary: seconds, losses and their ratio, and the curves they come from.
    """
    theirs = train_peer(name, mnist, seed, tiny)
    final = theirs.losses[-1]
    mine = train_ours(name, mnist, seed, final, tiny)
    # A peer that overfits, or whose curve isn't smooth, is there before its end.
    first = next(seconds for seconds, loss in zip(theirs.times, theirs.losses) if loss <= final)
    return {
        "seed": seed,
        "peer_seconds": round(theirs.seconds, 2),
        "peer_seconds_first_there": round(first, 2),
        "peer_loss": round(final, 5),
        "our_seconds": round(mine.seconds, 2),
        "our_loss": round(mine.losses[-1], 5),
        "our_epochs": len(mine.losses),
        "ratio": round(theirs.seconds / mine.seconds, 2) if mine.reached else None,
        "peer_curve": curve(theirs),
        "our_curve": curve(mine),
    }


def curve(clock):
    """Returns the validation loss against the seconds, as it is stored."""
    return {
        "seconds": [round(seconds, 2) for seconds in clock.times],
        "losses": [round(loss, 5) for loss in clock.losses],
    }


def summary(name, runs, mnist):
    """Returns a row for the results: what was compared, and the median over the seeds."""
    benchmark = BENCHMARKS[name]
    ratios = [run["ratio"] for run in runs]
    return {
        "name": name,
        "what": benchmark.what,
        "measure": f"training time to the peer's final validation loss, {benchmark.unit}",
        "peer": benchmark.peer(),
        "ours": benchmark.ours(),
        "ratio": float(np.median(ratios)) if ratios and None not in ratios else None,
        "seeds": [run["seed"] for run in runs],
        "data": f"{len(mnist.x_train)} training, {len(mnist.x_val)} validation images",
        "runs": runs,
    }


def earlier():
    """Returns the stored rows by name, if they come from this machine."""
    return {row["name"]: row for row in results.earlier("speed")}


def earlier_runs(name, mnist):
    """Returns the stored runs of a benchmark, if both recipes are what they were."""
    new, old = summary(name, [], mnist), earlier().get(name, {})
    same = all(old.get(key) == new[key] for key in ("what", "measure", "peer", "ours", "data"))
    return old["runs"] if same else []


def store(name, run, mnist):
    """Adds a run to the results, in place of an earlier one of the same seed."""
    runs = [old for old in earlier_runs(name, mnist) if old["seed"] != run["seed"]] + [run]
    rows = earlier() | {name: summary(name, sorted(runs, key=lambda run: run["seed"]), mnist)}
    return results.store("speed", [rows[name] for name in BENCHMARKS if name in rows])


def table(found=None):
    """Renders the results, their mean, the seeds and the machine in Markdown."""
    found = found or results.load("speed")
    lines = [
        "| model and loss | the usual recipe | the course's recipe | same loss, times faster |",
        "|---|---|---|---|",
    ]
    for row in found["rows"]:
        peer, ours = (
            np.median([run[f"{who}_seconds"] for run in row["runs"]]) for who in ("peer", "our")
        )
        ratio = "not reached" if row["ratio"] is None else f"**{row['ratio']:.1f}**"
        cells = (row["what"], f"{row['peer']}: {peer:.0f} s", f"{row['ours']}: {ours:.1f} s", ratio)
        lines.append(f"| {' | '.join(cells)} |")
    seeds = {row["name"]: row["seeds"] for row in found["rows"]}
    ratios = [row["ratio"] for row in found["rows"]]
    said = []
    if set(seeds) == set(BENCHMARKS) and None not in ratios:
        mean = np.exp(np.mean(np.log(ratios)))
        said.append(f"Geometric mean of the {len(ratios)}: {mean:.1f} times faster.")
    if len({tuple(some) for some in seeds.values()}) == 1:
        count = len(found["rows"][0]["seeds"])
        over = f"of {count} seed{'s' * (count > 1)}"
    else:
        each = (f"{name} {', '.join(map(str, some))}" for name, some in seeds.items())
        over = f"over the seeds ({'; '.join(each)})"
    said.append(f"Medians {over}, all of MNIST.")
    return "\n".join([*lines, "", " ".join([*said, results.described(found["machine"])])])


def main(argv=None):
    """Runs the benchmarks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_names(parser, "--only", BENCHMARKS, "benchmarks")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--missing", action="store_true", help="train only what has no result here")
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    mnist = data.load_mnist() if args.tiny else results.full_mnist("Benchmarks")
    if not args.tiny:
        if set(args.only) != set(BENCHMARKS) or args.seeds != parser.get_default("seeds"):
            results.check_part("speed")
    for seed in args.seeds:
        for name in args.only:
            if args.missing and any(r["seed"] == seed for r in earlier_runs(name, mnist)):
                continue
            run = compare(name, mnist, seed, args.tiny)
            ratio = f"{run['ratio']} times faster" if run["ratio"] else "never got"
            print(
                f"{name}, seed {seed}: {ratio} to the same loss; "
                f"{run['peer_seconds']} and {run['our_seconds']} s, "
                f"{run['peer_loss']} and {run['our_loss']} {BENCHMARKS[name].unit}",
                flush=True,
            )
            if not args.tiny:
                store(name, run, mnist)
                tables.write()


if __name__ == "__main__":
    main()
