"""Training that can be watched, stopped and taken up again."""

import functools
import html
import math
import sys
import time
import weakref

import keras
import numpy as np

from aehelpers import _backups, _fingerprint, data, losses, models, plots
from aehelpers._files import UNREADABLE

# Notebooks train and load in one breath, and look for both here.
from aehelpers.weights import available, load_pretrained, read_card, save_weights

__all__ = [
    "LiveTraining",
    "available",
    "load_pretrained",
    "read_card",
    "save_weights",
    "use_xla",
]

_SECONDS_BETWEEN_UPDATES = 0.25
_PASSES_AN_EPOCH = 2  # Keras 3.15 begins a pass at the end of an epoch, too, and doesn't read it

# Models whose training was stopped: what the training was, its optimizer, the steps at its last
# backup, and the weights that the stop left, where that is known.
_interrupted = weakref.WeakKeyDictionary()


class LiveTraining(keras.callbacks.Callback):
    """Shows how training goes, and resumes it after an interrupt.

    In a notebook there is a progress bar with the time left, and a sketch of the loss (training
    solid, validation dashed); a figure and one line of text are left at the end. Elsewhere, at
    most ten lines are printed.

    The weights, the optimiser's state and the history are backed up after every epoch, under
    `AEHELPERS_CACHE_DIR` or the user's cache folder. When `fit` was stopped, or its kernel died,
    running it again goes on after the last epoch that was finished, and gives what it would have
    given without the interrupt. It goes on only with the same training: the same notebook or
    script, layers, code of classes and losses, `compile` arguments, weights at the start, data,
    epochs and steps. Otherwise, and where that can't be told, training begins anew and says why.
    What other callbacks keep to themselves is not restored. At the end of training the backup is
    deleted; one that nobody comes back to, after a week.

    Args:
        resume: Whether to go on with an interrupted training. With `False` training starts over.
        name: Tells apart trainings of one notebook that are of the same kind.
        ylabel: What the loss is and its unit, for the figure; by default what is known of it.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.0), loss="mse")
    >>> x, y = np.zeros((4, 2)), np.ones((4, 1))
    >>> live = LiveTraining(resume=False)
    >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[live])
    Epoch 1 of 3: loss 1.000
    Epoch 2 of 3: loss 1.000
    3 epochs: loss 1.000
    """

    def __init__(self, resume=True, name=None, ylabel=None):
        super().__init__()
        self.resume = resume
        self.name = name
        self.ylabel = ylabel

    def on_train_begin(self, logs=None):
        self._epochs, self._steps = self.params["epochs"], self.params["steps"]
        self._history, self._first, self._clock = {}, 0, None
        # Keras would keep what an earlier resume had set, and skip epochs of this training.
        self.model._initial_epoch = None
        self._find_backup()
        self._tell_of_the_schedule()
        self._display = None
        ipython = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
        if hasattr(ipython, "kernel"):
            from IPython.display import display

            self._events = ipython.events
            self._display = display(_html("Starting"), display_id=True)
            self._next_update = time.monotonic() + _SECONDS_BETWEEN_UPDATES
            # `on_train_end` isn't called when training is interrupted.
            self._events.register("post_run_cell", self._on_interrupt)

    def on_epoch_begin(self, epoch, logs=None):
        self.model._initial_epoch = None
        self._epoch, self._batch = epoch, 0

    # The begin of a batch, not its end: with a callback there, Keras would wait for the numbers
    # of every batch.
    def on_train_batch_begin(self, batch, logs=None):
        self._batch = batch
        if self._display is None:
            return
        now = time.monotonic()
        if self._clock is None and batch:  # not at 0, as the first batch is slow
            self._clock = now, self._epoch, batch
        if now >= self._next_update:
            self._display.update(_html(self._status(now), self._done(), self._history))
            # Sending waits for another thread, long where the cores are busy: 1 % of the time.
            then = time.monotonic()
            pause = min(100 * (then - now), 8 * _SECONDS_BETWEEN_UPDATES)
            self._next_update = then + max(pause, _SECONDS_BETWEEN_UPDATES)

    def on_epoch_end(self, epoch, logs=None):
        self._steps = self._steps or self._batch + 1
        for key, value in (logs or {}).items():
            self._history.setdefault(key, []).append(np.asarray(value).tolist())
        if self._backup:
            orders = [_next_pass(order.given[n:]) for order, n in self._orders]
            try:
                self._backup.write(self.model, epoch + 1, self._history, self._parts, orders)
            except OSError as error:
                self._backup = None
                print(f"No more backups of this training: {error.strerror}.")
            optimizer = self.model.optimizer
            steps = int(optimizer.iterations)
            _interrupted[self.model] = self._parts, weakref.ref(optimizer), steps, None
        every = math.ceil(self._epochs / 10)
        if self._display is None and (epoch + 1) % every == 0 and epoch + 1 < self._epochs:
            print(f"Epoch {epoch + 1} of {self._epochs}: {_numbers(self._history)}")

    def on_train_end(self, logs=None):
        if self._first:
            self.model.history.epoch[:0] = range(self._first)
        if self._backup:
            self._backup.delete()
        _interrupted.pop(self.model, None)
        if self._display is not None:
            self._events.unregister("post_run_cell", self._on_interrupt)
            self._leave_figure()
        n = len(self._history.get("loss", ()))
        print(f"{n} epoch{'s' * (n != 1)}: {_numbers(self._history)}")
        bad = [i for i, loss in enumerate(self._history.get("loss", ()), 1) if not _finite(loss)]
        if bad:
            print(
                f"The loss is no number from epoch {bad[0]} on. Usual causes are too large a "
                "learning rate and images outside [0, 1]."
            )

    def _find_backup(self):
        """Takes up the backup of this very training, or prepares one for a new training."""
        self._backup, self._orders, self._parts = None, [], {}
        place = _backups.folder()
        if place is None:
            return
        fit = _fingerprint.fit_arguments()
        self._orders = [(order, len(order.given)) for order in _fingerprint.orders(fit)]
        if not self.model.built:
            _fingerprint.build(self.model, fit)
        self._parts = _fingerprint.parts(self.model, self.params, fit)
        if self.model in _interrupted:
            self._recognise_the_model(*_interrupted.pop(self.model))
        if None in self._parts.values():  # taken up, it would get other batches
            return
        slot, taken, others = _backups.slot(self.model, self.name), None, []
        for backup in _backups.interrupted(place, slot):
            if backup.meta and backup.meta.get("parts") != self._parts:
                others.append(backup)
            elif taken is None and self.resume:
                taken = self._take_up(backup)
            else:
                backup.delete()
        if others and taken is None and self.resume:
            stored = others[0].meta.get("parts") or {}
            differing = [key for key, text in self._parts.items() if stored.get(key) != text]
            print(
                "Training begins anew: the interrupted one of this notebook that is backed up had "
                f"other {', '.join(differing)}."
            )
        for backup in others:
            _backups.release(backup)
        try:
            self._backup = taken or _backups.new(place, slot)
        except OSError as error:
            print(f"No backups of this training: {error.strerror}.")

    def _recognise_the_model(self, parts, optimizer, steps, state):
        """Lets a model that was interrupted count as the one that it was when training began."""
        same_optimizer = optimizer() is self.model.optimizer
        if state is None:  # outside of notebooks nobody tells of the interrupt
            more = int(self.model.optimizer.iterations) - steps
            same = same_optimizer and 0 <= more <= (self._steps or math.inf)
        else:
            same = state == _fingerprint.weights(self.model, optimizer=False)
        if same:
            self._parts["weights at the start"] = parts["weights at the start"]
        if same and same_optimizer:  # a callback may have changed it
            self._parts["learning rate"] = parts["learning rate"]

    def _take_up(self, backup):
        try:
            self._first, self._history, orders = backup.read(self.model)
        except UNREADABLE as error:
            backup.delete()
            print(
                "The backup of an interrupted training can't be used, so training starts from the "
                f"beginning ({type(error).__name__}: {getattr(error, 'strerror', None) or error})."
            )
            return None
        for (order, _), number in zip(self._orders, orders):
            order.go_to(number)
        self.model._initial_epoch = self._first
        self.model.history.history = {key: list(v) for key, v in self._history.items()}
        print(
            f"Resumed after epoch {self._first} of {self._epochs}. "
            "LiveTraining(resume=False) would start over."
        )
        return backup

    def _tell_of_the_schedule(self):
        """Says so where the schedule of the learning rate ends before this training does."""
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        schedule = getattr(optimizer, "_learning_rate", None)
        if not isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            return
        done, steps = int(optimizer.iterations), self._steps or 0
        left = self._epochs - self._first
        # One more than there are epochs: a schedule that warms up begins at 0, and isn't over.
        rates = [float(schedule(done + epoch * steps)) for epoch in range(left + 1)]
        ended = left + 1
        while ended and abs(rates[ended - 1]) < 1e-12:
            ended -= 1
        if ended == 0:
            print(
                f"The schedule of the learning rate has ended: after {done:,} steps it is 0, and "
                "nothing more is learned. To begin anew, run the cells that build and compile the "
                "model, then this one."
            )
        elif ended < left:
            print(
                f"The schedule of the learning rate is shorter than this training: from epoch "
                f"{self._first + ended + 1} on it is 0, and nothing more is learned."
            )

    def _on_interrupt(self, result=None):
        self._events.unregister("post_run_cell", self._on_interrupt)
        self._leave_figure()
        finished = len(self._history.get("loss", ()))
        line = f"Stopped after {finished} of {self._epochs} epochs."
        if finished and self._backup:
            state = _fingerprint.weights(self.model, optimizer=False)
            _interrupted[self.model] = *_interrupted[self.model][:3], state
            line += " Run the cell again to go on from there."
        elif finished and "data" in self._parts:
            line += (
                " To be taken up, a training needs batches that can be had again: data.pipeline."
            )
        print(line)

    def _leave_figure(self):
        if any(map(_finite, self._history.get("loss", ()))):
            ylabel = self.ylabel or _label(self.model)
            self._display.update(plots.curves(self._history, ylabel=ylabel))
        elif "loss" in self._history:
            self._display.update(_html("The loss was never a number."))
        else:
            self._display.update(_html("No epoch was finished."))

    def _done(self):
        return (self._epoch + self._batch / self._steps) / self._epochs if self._steps else None

    def _status(self, now):
        status = f"epoch {self._epoch + 1} of {self._epochs}"
        if self._steps:
            status += f", batch {self._batch} of {self._steps}"
        if self._history:
            status += f"; {_numbers(self._history)}"
        if self._clock and self._steps:
            since, epoch, batch = self._clock
            done = self._steps * (self._epoch - epoch) + self._batch - batch
            left = self._steps * (self._epochs - self._epoch) - self._batch
            if done:
                minutes, seconds = divmod(math.ceil((now - since) / done * left), 60)
                status += f"; {minutes} min {seconds} s left" if minutes else f"; {seconds} s left"
        return status


def use_xla():
    """Returns whether XLA pays for a dense net here, for `compile(..., jit_compile=...)`.

    XLA makes one program of a training step. The course's dense nets took 24 to 44 % less time for
    one on two cores, and a convolutional one 29 % more. Compiling takes 2 or 3 seconds, too long
    for quick mode, and some builds of TensorFlow come without the compiler: there it is `False`.
    """
    return not data.quick() and _has_xla()


@functools.cache
def _has_xla():
    """Whether this TensorFlow can compile, seen by compiling something."""
    import tensorflow as tf

    try:
        return int(tf.function(lambda x: x + 1, jit_compile=True)(tf.constant(1))) == 2
    except (tf.errors.OpError, NotImplementedError, ValueError):
        return False


def _next_pass(given):
    """Returns the number of the pass that comes after those given, `None` if there are none."""
    step = given[-1] - given[-2] if len(given) > 1 else _PASSES_AN_EPOCH
    return given[-1] + step if given else None


def _finite(value):
    return bool(np.isfinite(value).all())


def _numbers(history):
    """Returns the last value of every recorded number, to four digits."""
    texts = []
    for key, values in history.items():
        last = [f"{value:#.4g}".rstrip(".") for value in np.ravel(values[-1])]
        texts.append(f"{key} {last[0]}" if len(last) == 1 else f"{key} ({', '.join(last)})")
    return ", ".join(texts)


def _label(model):
    """Returns what the loss of a model is, with its unit where that is known."""
    layers = list(model._flatten_layers())
    penalties = ("activity_regularizer", "kernel_regularizer", "bias_regularizer")
    if any(getattr(layer, name, None) is not None for layer in layers for name in penalties):
        return "loss"
    if isinstance(model, models.VariationalAutoencoder):
        return "loss (nats per image)"
    if type(model).compute_loss is not keras.Model.compute_loss:
        return "loss"
    if model.loss is losses.binary_crossentropy:
        return "loss (nats per image)"
    return "loss (squared error per image)" if model.loss is losses.squared_error else "loss"


def _html(status, done=None, history=None):
    """Returns the bar and a sketch of the curves; a Matplotlib figure would take 100 ms a time."""
    from IPython.display import HTML

    value = "" if done is None else f'value="{done:.4f}"'
    bar = f'<progress style="width:360px" aria-label="training" {value}></progress>'
    return HTML(f"<div>{bar}<br>{html.escape(status)}</div>{_sketch(history or {})}")


def _sketch(history, width=360, height=120):
    curves = {key: history[key] for key in ("loss", "val_loss") if key in history}
    finite = [v for curve in curves.values() for v in curve if math.isfinite(v)]
    steps = len(history.get("loss", ())) - 1
    if steps < 1 or not finite:
        return ""
    low, high = min(finite), max(finite)
    lines = ""
    for key, curve in curves.items():
        points = " ".join(
            f"{i / steps * width:.1f},{(high - v) / ((high - low) or 1) * (height - 4) + 2:.1f}"
            for i, v in enumerate(curve)
            if math.isfinite(v)
        )
        dashes = ' stroke-dasharray="4 3"' if key == "val_loss" else ""
        lines += f'<polyline points="{points}"{dashes}/>'
    legend = f"loss from {high:.4g} (top) to {low:.4g}"
    legend += "; training solid, validation dashed" if "val_loss" in curves else ""
    return (
        f'<svg width="{width}" height="{height}" role="img" aria-label="{legend}" fill="none" '
        f'stroke="currentColor">{lines}</svg><div>{legend}</div>'
    )
