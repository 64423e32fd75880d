"""Speed: the recipe that people find first, and the course's recipe for the same model and loss.

    python -m benchmarks.speed [--seeds 0 1 2] [--tuned-seeds SEED ...] [--only vanilla ...]
                               [--whole] [--missing] [--tiny]

All are trained in one run, one after the other, seed by seed: the peer as published, but with
5,000 images held out; the course's recipe; with the seeds that are named for it, the peer with its
rate tuned and a cosine schedule, all else as published. The last two are timed until their
validation loss is at or under the peer's final one. Evaluation is not counted. What a peer ended
with is kept for each seed in benchmarks/results/peers.json: where it is there, the peer is trained
for `TIMED` epochs only. A peer's seconds are reckoned from its fastest epoch (see `reckon`).
`--whole` trains it to its end again, from minutes to half an hour for each convolutional peer and
seed, on two cores. `--tuned-seeds 0` takes more than half an hour; for seeds that it doesn't name,
what an earlier run found with the rate tuned is kept, with the seconds of that run. The results are
in benchmarks/results/speed.json as soon as a seed of a benchmark is through. What other runs on the
same machine found is kept; `--missing` trains only what isn't there, and so takes up an interrupted
run.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras
import numpy as np

from aehelpers import data, losses
from benchmarks.recipes import BENCHMARKS, noisy
from scripts import arguments, results, tables
from scripts.weights import warmup_and_cosine

TIMED = 4  # epochs of a peer whose end is known, half of them before the others train, half after


class TimedValidation(keras.callbacks.Callback):
    """Evaluates after every epoch, with the clock stopped.

    An epoch ends with its last step. After it, `fit` on arrays may wait for TensorFlow to tune the
    reading, for up to 20 s or not at all; that isn't counted.

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

    def on_train_batch_end(self, batch, logs=None):
        self._last = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += self._last - self._start
        self.times.append(self.seconds)
        self.losses.append(float(self.evaluate(self.model)))
        if self.reached:
            self.model.stop_training = True

    @property
    def reached(self):
        """Whether the last validation loss is at or under the target."""
        return self.losses[-1] <= self.target


def timed(benchmark, mnist, target=-np.inf):
    """Returns the training images and the callback, the same for peers and course."""
    x_train, x_val = (x.reshape(-1, *benchmark.shape) for x in (mnist.x_train, mnist.x_val))
    return x_train, TimedValidation(lambda model: benchmark.evaluate(model, x_val), target)


def train_peer(name, mnist, seed, epochs=None, tiny=False):
    """Trains as published; returns the callback that held the clock.

    Args:
        name: One of `BENCHMARKS`.
        mnist: What `data.load_mnist()` returns.
        seed: An integer.
        epochs: How many, to be timed only; none for all of them. Then a peer that others go on
            from is kept, and one that goes on from another has that one trained before.
        tiny: Whether one epoch is all.
    """
    benchmark = BENCHMARKS[name]
    x, clock = timed(benchmark, mnist)
    keras.utils.set_random_seed(seed)
    if benchmark.after and epochs is None:
        path = kept_peer(benchmark.after, mnist, seed, tiny)
        if not path.exists():
            print(f"{name} goes on from {benchmark.after}: training that one first", flush=True)
            train_peer(benchmark.after, mnist, seed, tiny=tiny)
        model = keras.models.load_model(path)
    else:
        model = benchmark.build()
        model.compile(optimizer="adam", loss=benchmark.loss)
    inputs = noisy(x, seed=seed) if benchmark.noise else x
    count = epochs or (1 if tiny else benchmark.peer_epochs)
    model.fit(inputs, x, benchmark.peer_batch, count, verbose=0, callbacks=[clock])
    if epochs is None:
        keep(name, model, kept_peer(name, mnist, seed, tiny))
    return clock


def train_tuned(name, mnist, seed, target, tiny=False):
    """Trains a peer along a cosine from the tuned rate until the target; returns the callback."""
    benchmark = BENCHMARKS[name]
    x, clock = timed(benchmark, mnist, target)
    epochs = 1 if tiny else benchmark.tuned_epochs
    keras.utils.set_random_seed(seed)
    model = benchmark.build()
    if benchmark.after:
        path = kept_peer(benchmark.after, mnist, seed, tiny, tuned=True)
        if not path.exists():
            print(f"{name} goes on from {benchmark.after}: training that one first", flush=True)
            train_tuned(benchmark.after, mnist, seed, -np.inf, tiny)
        model = keras.models.load_model(path)
    steps = epochs * -(-len(x) // benchmark.peer_batch)
    schedule = keras.optimizers.schedules.CosineDecay(benchmark.tuned_rate, steps)
    model.compile(keras.optimizers.Adam(schedule), benchmark.loss)
    inputs = noisy(x, seed=seed) if benchmark.noise else x
    model.fit(inputs, x, benchmark.peer_batch, epochs, verbose=0, callbacks=[clock])
    keep(name, model, kept_peer(name, mnist, seed, tiny, tuned=True))
    return clock


def keep(name, model, path):
    """Saves a trained peer, if another one goes on from it."""
    if any(other.after == name for other in BENCHMARKS.values()):
        path.parent.mkdir(parents=True, exist_ok=True)
        model.save(path)


def kept_peer(name, mnist, seed, tiny, tuned=False):
    """Returns the file of a trained peer that another one goes on from."""
    cache = os.environ.get("AEHELPERS_CACHE_DIR") or os.path.expanduser("~/.cache/aehelpers")
    benchmark = BENCHMARKS[name]
    epochs = 1 if tiny else benchmark.tuned_epochs if tuned else benchmark.peer_epochs
    kind = f"-{benchmark.tuned_rate}" * tuned
    file = f"{name}{kind}-{len(mnist.x_train)}-{epochs}-{seed}.keras"
    return Path(cache) / "benchmarks" / file


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
    # The mean image, or the mean grey level where one bias serves all the pixels.
    mean = np.clip(x.reshape(-1, pixels.bias.shape[0]).mean(axis=0), 0.001, 0.999)
    pixels.bias.assign(np.log(mean / (1 - mean)))
    schedule = warmup_and_cosine(benchmark.rate, epochs * len(train))
    loss = losses.binary_crossentropy if benchmark.loss else None
    optimizer = benchmark.optimizer(schedule)
    model.compile(
        optimizer,
        loss,
        jit_compile=benchmark.xla or "auto",
        steps_per_execution=benchmark.at_once,
    )
    clock.seconds = time.perf_counter() - start  # preparing the data is part of the recipe
    model.fit(train, epochs=epochs, verbose=0, callbacks=[clock])
    return clock


def compare(name, mnist, seed, whole=True, with_tuned=True, tiny=False):
    """Trains a peer, the same with its rate tuned, and the course's recipe until they are as good.

    Args:
        name: One of `BENCHMARKS`.
        mnist: What `data.load_mnist()` returns.
        seed: An integer, for all three.
        whole: Whether the peer is trained to its end even if that is known.
        with_tuned: Whether the peer with its rate tuned is trained, too.
        tiny: Whether to train for one or two epochs only, to see that it works.

    Returns:
        A dictionary: seconds, losses and their ratio, and the curves they come from.
    """
    known = None if whole or tiny else known_peer(name, mnist, seed)
    theirs = train_peer(name, mnist, seed, epochs=TIMED // 2 if known else None, tiny=tiny)
    if not known and not tiny:
        keep_end(name, mnist, seed, theirs)
    final = known["losses"][-1] if known else theirs.losses[-1]
    mine = train_ours(name, mnist, seed, final, tiny)
    tuned = train_tuned(name, mnist, seed, final, tiny) if with_tuned else None
    if tuned:
        reckon(tuned)
    if known:
        later = train_peer(name, mnist, seed, epochs=TIMED // 2)
        theirs.losses = known["losses"]
        reckon(theirs, later)
    else:
        reckon(theirs)
    # A peer that overfits, or whose curve isn't smooth, is there before its end.
    first = next(seconds for seconds, loss in zip(theirs.times, theirs.losses) if loss <= final)
    run = {
        "seed": seed,
        "peer_seconds": round(theirs.seconds, 2),
        "peer_epochs_timed": TIMED if known else len(theirs.losses),
        "peer_seconds_first_there": round(first, 2),
        "peer_loss": round(final, 5),
        "our_seconds": round(mine.seconds, 2),
        "our_loss": round(mine.losses[-1], 5),
        "our_epochs": len(mine.losses),
        "ratio": round(theirs.seconds / mine.seconds, 2) if mine.reached else None,
        "peer_curve": curve(theirs),
        "our_curve": curve(mine),
    }
    if tuned:
        run |= {
            "tuned_seconds": round(tuned.seconds, 2),
            "tuned_loss": round(tuned.losses[-1], 5),
            "tuned_epochs": len(tuned.losses),
            "tuned_ratio": round(theirs.seconds / tuned.seconds, 2) if tuned.reached else None,
            "tuned_curve": curve(tuned),
        }
    return run


def reckon(clock, *later):
    """Gives all epochs of a peer, but for the first, the seconds of its fastest one.

    A machine's speed changes, and no peer shall be slowed by that.

    Args:
        clock: What `fit` was called with.
        *later: Other clocks of the same training, at another time.
    """
    epochs = [np.diff([0.0, *each.times]) for each in (clock, *later)]
    first = min(each[0] for each in epochs)
    fastest = min([seconds for each in epochs for seconds in each[1:]], default=0.0)
    clock.times = list(first + fastest * np.arange(len(clock.losses)))
    clock.seconds = clock.times[-1]


def known_peer(name, mnist, seed):
    """Returns what a peer's whole training ended with in an earlier run, or none."""
    same = {"name": name, "peer": BENCHMARKS[name].peer(), "images": len(mnist.x_train)}
    for row in results.load("peers")["rows"]:
        if row["seed"] == seed and all(row[key] == same[key] for key in same):
            return row
    return None


def keep_end(name, mnist, seed, clock):
    """Stores the losses of a peer's whole training, in place of earlier ones of the same seed."""
    rows = results.load("peers")["rows"]
    rows = [row for row in rows if (row["name"], row["seed"]) != (name, seed)]
    row = {
        "name": name,
        "peer": BENCHMARKS[name].peer(),
        "images": len(mnist.x_train),
        "seed": seed,
        "machine": results.machine(),
        **curve(clock),
    }
    order = list(BENCHMARKS)
    rows = sorted([*rows, row], key=lambda row: (order.index(row["name"]), row["seed"]))
    results.write("peers", {"rows": rows})


def curve(clock):
    """Returns the validation loss against the seconds, as it is stored."""
    return {
        "seconds": [round(seconds, 2) for seconds in clock.times],
        "losses": [round(loss, 5) for loss in clock.losses],
    }


def summary(name, runs, mnist):
    """Returns a row for the results: what was compared, and the median over the seeds."""
    benchmark = BENCHMARKS[name]
    return {
        "name": name,
        "what": benchmark.what,
        "measure": f"training time to the peer's final validation loss, {benchmark.unit}",
        "peer": benchmark.peer(),
        "tuned": benchmark.tuned(),
        "ours": benchmark.ours(),
        "tuned_ratio": median([run["tuned_ratio"] for run in runs if "tuned_ratio" in run]),
        "ratio": median([run["ratio"] for run in runs]),
        "seeds": [run["seed"] for run in runs],
        "data": f"{len(mnist.x_train)} training, {len(mnist.x_val)} validation images",
        "runs": runs,
    }


def median(ratios):
    """Returns the median of the seeds' ratios, or none if one of them never got there."""
    return float(np.median(ratios)) if ratios and None not in ratios else None


def earlier():
    """Returns the stored rows by name, if they come from this machine."""
    return {row["name"]: row for row in results.earlier("speed")}


def earlier_runs(name, mnist):
    """Returns the stored runs of a benchmark, if both recipes are what they were."""
    new, old = summary(name, [], mnist), earlier().get(name, {})
    same = all(
        old.get(key) == new[key] for key in ("what", "measure", "peer", "tuned", "ours", "data")
    )
    return old["runs"] if same else []


def store(name, run, mnist):
    """Adds a run to the results, in place of an earlier one of the same seed.

    What that one found with the peer's rate tuned is kept, if the new run left that out and the
    peer ended where it did. Runs of recipes that are no longer these are dropped.
    """
    runs = {each: earlier_runs(each, mnist) for each in BENCHMARKS}
    for old in runs[name]:
        if all(old[key] == run[key] for key in ("seed", "peer_loss")):
            run = {key: old[key] for key in old if key.startswith("tuned_")} | run
    runs[name] = [old for old in runs[name] if old["seed"] != run["seed"]] + [run]
    rows = [
        summary(each, sorted(some, key=lambda run: run["seed"]), mnist)
        for each, some in runs.items()
        if some
    ]
    return results.store("speed", rows)


def table(found=None):
    """Renders the results, their mean, the seeds and the machine in Markdown."""
    found = found or results.load("speed")
    lines = [
        "| model and loss | the usual recipe | the same with its rate tuned | the course's recipe "
        "| same loss, times faster |",
        "|---|---|---|---|---|",
    ]
    for row in found["rows"]:
        cells = [row["what"]]
        for who, key in (("peer", "peer"), ("tuned", "tuned"), ("our", "ours")):
            seconds = [run[f"{who}_seconds"] for run in row["runs"] if f"{who}_seconds" in run]
            took = f"{np.median(seconds):.{1 if who == 'our' else 0}f} s" if seconds else "no run"
            missed = who == "tuned" and seconds and row["tuned_ratio"] is None
            cells.append(f"{row[key]}: {took}{', not there' * bool(missed)}")
        cells.append("not reached" if row["ratio"] is None else f"**{row['ratio']:.1f}**")
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
    tuned = max(sum("tuned_loss" in run for run in row["runs"]) for row in found["rows"])
    tuned = f" (with the rate tuned: of {'one' if tuned == 1 else f'up to {tuned}'})" * bool(tuned)
    said.append(f"Medians {over}{tuned}, all of MNIST.")
    return "\n".join([*lines, "", " ".join([*said, results.described(found["machine"])])])


def main(argv=None):
    """Runs the benchmarks that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_names(parser, "--only", BENCHMARKS, "benchmarks")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--tuned-seeds",
        nargs="*",
        type=int,
        default=[],
        help="those for which the peer with its rate tuned is trained, too",
    )
    parser.add_argument("--whole", action="store_true", help="train each peer to its end again")
    parser.add_argument("--missing", action="store_true", help="train only what has no result here")
    parser.add_argument("--tiny", action="store_true", help="see that it works; write nothing")
    args = parser.parse_args(argv)
    mnist = data.load_mnist() if args.tiny else results.full_mnist("Benchmarks")
    if not args.tiny:
        if set(args.only) != set(BENCHMARKS) or args.seeds != parser.get_default("seeds"):
            results.check_part("speed")
    for seed in args.seeds:
        for name in args.only:
            with_tuned = seed in args.tuned_seeds
            old = [run for run in earlier_runs(name, mnist) if run["seed"] == seed]
            if args.missing and any("tuned_loss" in run or not with_tuned for run in old):
                continue
            run = compare(name, mnist, seed, args.whole, with_tuned, args.tiny)
            ratio = f"{run['ratio']} times faster" if run["ratio"] else "never got"
            seconds, ends = (
                ", ".join(str(run.get(f"{who}_{what}", "none")) for who in ("peer", "tuned", "our"))
                for what in ("seconds", "loss")
            )
            print(
                f"{name}, seed {seed}: {ratio} to the same loss; peer, tuned, ours: {seconds} s, "
                f"{ends} {BENCHMARKS[name].unit}",
                flush=True,
            )
            if not args.tiny:
                store(name, run, mnist)
                tables.write()


if __name__ == "__main__":
    main()
