"""Speed: the recipe that people find first, and the course's recipe for the same model and loss.

    python benchmarks/speed.py [--seeds 0 1 2] [--only vanilla] [--tiny]

Both are trained in one run, one after the other, seed by seed. The peer is trained as published;
then the course's recipe is timed until its validation loss is at or under the peer's final one.
Evaluation is not counted, for either. Writes benchmarks/results/speed.json.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).parents[1]))

import keras
import numpy as np
from keras import layers

from aehelpers import data, losses, models
from benchmarks import results


class TimedValidation(keras.callbacks.Callback):
    """Evaluates after every epoch, with the clock stopped.

    Args:
        evaluate: Function from a model to its validation loss.
        target: Stop training once the validation loss is at or under it.
    """

    def __init__(self, evaluate, target=-np.inf):
        super().__init__()
        self.evaluate = evaluate
        self.target = target
        self.seconds = 0.0
        self.losses = []

    def on_train_begin(self, logs=None):
        self._start = time.perf_counter()  # what the first batch compiles is counted, too

    def on_epoch_begin(self, epoch, logs=None):
        if epoch:
            self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.perf_counter() - self._start
        self.losses.append(self.evaluate(self.model))
        if self.losses[-1] <= self.target:
            self.model.stop_training = True


def cross_entropy_per_pixel(x):
    """Returns a function that measures a model's cross-entropy on images, in nats per pixel."""

    def evaluate(model):
        y = np.clip(model.predict(x, batch_size=1000, verbose=0), 1e-7, 1 - 1e-7)
        return float(-np.mean(x * np.log(y) + (1 - x) * np.log1p(-y)))

    return evaluate


def brief_vanilla(mnist, seed, epochs):
    """Trains 784-32-784 as most tutorials do: Adam at its default, batch 256, `fit(x, x)`."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(784, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    x_train, x_val = mnist.x_train.reshape(-1, 784), mnist.x_val.reshape(-1, 784)
    clock = TimedValidation(cross_entropy_per_pixel(x_val))
    model.fit(x_train, x_train, epochs=epochs, batch_size=256, verbose=0, callbacks=[clock])
    return clock


def course_vanilla(mnist, seed, target, epochs):
    """Trains the same net as notebook 01 does, until its validation loss is at the target."""
    keras.utils.set_random_seed(seed)
    model = models.vanilla(32)
    clock = TimedValidation(cross_entropy_per_pixel(mnist.x_val), target)
    start = time.perf_counter()
    train = data.pipeline(mnist.x_train, batch_size=256)
    mean = np.clip(mnist.x_train.mean(axis=0).ravel(), 0.001, 0.999)
    model.decoder.get_layer("pixels").bias.assign(np.log(mean / (1 - mean)))
    steps = epochs * len(train)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.002, 0.9 * steps, warmup_target=0.02, warmup_steps=0.1 * steps
    )
    model.compile(keras.optimizers.Adam(schedule, beta_2=0.99), losses.binary_crossentropy)
    clock.seconds = time.perf_counter() - start  # preparing the data is part of the recipe
    model.fit(train, epochs=epochs, verbose=0, callbacks=[clock])
    return clock


# name: what is trained, the peer, its epochs, the course's recipe, its epochs
BENCHMARKS = {
    "vanilla": ("784-32-784, cross-entropy", brief_vanilla, 50, course_vanilla, 7),
}


def compare(name, seeds, tiny=False):
    """Runs one benchmark.

    Args:
        name: One of `BENCHMARKS`.
        seeds: Integers; one pair of trainings for each.
        tiny: Whether to train for one or two epochs only, to see that it works.

    Returns:
        A row for the results: medians over the seeds of seconds and losses, and their ratio.
    """
    what, peer, peer_epochs, ours, our_epochs = BENCHMARKS[name]
    if tiny:
        peer_epochs, our_epochs = 1, 2
    mnist = data.load_mnist()
    runs = []
    for seed in seeds:
        theirs = peer(mnist, seed, peer_epochs)
        mine = ours(mnist, seed, theirs.losses[-1], our_epochs)
        reached = mine.losses[-1] <= theirs.losses[-1]
        runs.append(
            {
                "seed": seed,
                "peer_seconds": round(theirs.seconds, 2),
                "peer_loss": round(theirs.losses[-1], 5),
                "our_seconds": round(mine.seconds, 2),
                "our_loss": round(mine.losses[-1], 5),
                "our_epochs": len(mine.losses),
                "ratio": round(theirs.seconds / mine.seconds, 2) if reached else None,
            }
        )
        print(runs[-1], flush=True)
    ratios = [run["ratio"] for run in runs]
    return {
        "name": name,
        "what": what,
        "measure": "training time to the peer's final validation loss, nats per pixel",
        "peer": f"{peer_epochs} epochs, Adam 1e-3, batch 256, fit(x, x)",
        "ours": f"at most {our_epochs} epochs, Adam with warm-up and cosine, uint8 pipeline",
        "ratio": None if None in ratios else float(np.median(ratios)),
        "seeds": list(seeds),
        "data": f"{len(mnist.x_train)} training, {len(mnist.x_val)} validation images",
        "runs": runs,
    }


def table(found):
    """Renders the results as the README shows them, in Markdown.

    Args:
        found: What `speed.json` holds.

    Returns:
        The table and a line on the machine.
    """
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
    seeds = found["rows"][0]["seeds"]
    lines += [
        "",
        f"Medians of {len(seeds)} seeds, all of MNIST. {results.described(found['machine'])}",
    ]
    return "\n".join(lines)


def main(argv=None):
    """Runs the benchmarks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=list(BENCHMARKS), metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    if unknown := set(args.only) - set(BENCHMARKS):
        sys.exit(f"Expected benchmarks among {sorted(BENCHMARKS)}. Received: {sorted(unknown)}")
    if not args.tiny and not data.load_mnist().full:
        sys.exit(
            "Benchmarks run on all of MNIST. Received: the bundled digits. "
            "Set AEHELPERS_DATA_DIR to a folder that holds mnist.npz."
        )
    rows = [compare(name, args.seeds, args.tiny) for name in args.only]
    for row in rows:
        print(f"{row['name']}: {row['ratio']} times faster to the same loss ({row['peer']})")
    if not args.tiny:
        found = results.store("speed", rows)
        results.render(results.ROOT / "README.md", "speed", table(found))


if __name__ == "__main__":
    main()
