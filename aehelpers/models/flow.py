"""A model of codes that moves noise to where codes lie: flow matching."""

import keras
import numpy as np
from keras import layers, ops

from aehelpers import _keras_config
from aehelpers._check import integer, number
from aehelpers.layers import ClassLabels, TimeWaves
from aehelpers.models.codes import check_codes

__all__ = ["CodeFlow", "code_flow"]


@keras.saving.register_keras_serializable(package="aehelpers")
class CodeFlow(keras.Model):
    """A net that moves noise to codes, trained by flow matching.

    On the straight line from a noise `n` to a code `z` the place at time `t` is `(1 - t) n + t z`,
    and the velocity `z - n`. The flow is told the place and the time, and learns the velocity:

    `loss = mean(sum((velocity(place, t) - (z - n)) ** 2))`

    Many lines cross a place, so it learns their mean there, and this mean velocity takes N(0, 1) to
    the distribution of the codes. Codes are drawn by following it in small steps.

    If the codes were a Gaussian, the mean velocity at `place` would be known: with
    `square = t ** 2 + (1 - t) ** 2`, the variance of places at that time, it is
    `(2 t - 1) place / square`. `velocity` begins with it, and the net learns what is missing; it is
    given places divided by the root of the variance.

    Train it with `adapt(codes)`, `compile(optimizer)` and `fit(codes)`, or `fit([codes, labels])`
    if it was built for classes. `adapt` measures mean and covariance of the codes; the flow works
    on codes that were freed from both.

    Args:
        net: A `keras.Model` of `[place, time]`, and the label if there are classes, to what is
            missing of velocities, `(n, latent_dim)`.
        num_classes: How many classes there are, or None. Labels are 0 to `num_classes - 1`; in
            training one in ten is replaced by `num_classes`, which stands for "any".
        seed: An integer that fixes the noise of training, or None.

    Source: Lipman et al., "Flow Matching for Generative Modeling" (2023), equations 20 to 23.
    Guidance: Ho and Salimans, "Classifier-Free Diffusion Guidance" (2022), equation 6.
    """

    def __init__(self, net, num_classes=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.net = net
        self.num_classes = num_classes
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)
        latent_dim = net.outputs[0].shape[-1]
        # In float32 whatever the policy: the codes are few, and their spread is not to be rounded.
        kept = {"dtype": "float32", "autocast": False, "trainable": False}
        square = {
            "shape": (latent_dim, latent_dim),
            "initializer": lambda shape, dtype: ops.eye(shape[0], dtype=dtype),
        }
        self.middle = self.add_weight(shape=(latent_dim,), initializer="zeros", **kept)
        self.root = self.add_weight(**square, name="root", **kept)
        self.unroot = self.add_weight(**square, name="unroot", **kept)
        self.built = True

    def adapt(self, codes):
        """Measures mean and covariance of codes, `(n, latent_dim)`, and returns the flow."""
        codes = check_codes(codes, least=2).astype("float64")
        if codes.shape[1] != self.middle.shape[0]:
            raise ValueError(
                f"codes must have {self.middle.shape[0]} numbers each. "
                f"Received: shape {codes.shape}"
            )
        covariance = np.atleast_2d(np.cov(codes.T))
        # A unit that never changes would have no root.
        covariance += 1e-6 * max(np.trace(covariance), 1e-12) * np.eye(len(covariance))
        root = np.linalg.cholesky(covariance)
        self.middle.assign(codes.mean(axis=0))
        self.root.assign(root.T)
        self.unroot.assign(np.linalg.inv(root).T)
        return self

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Computes the squared error of the velocity, at a time of its own for each code."""
        z, *label = self._given(x, y)
        z = ops.matmul(ops.cast(z, "float32") - self.middle, self.unroot)
        noise = keras.random.normal(ops.shape(z), seed=self.generator)
        time = keras.random.uniform((ops.shape(z)[0], 1), seed=self.generator)
        if label:
            kept = keras.random.uniform(ops.shape(label[0]), seed=self.generator) > 0.1
            label = [ops.where(kept, label[0], self.num_classes)]
        velocity = self.velocity((1 - time) * noise + time * z, time, *label, training=training)
        return ops.mean(ops.sum(ops.square(velocity - (z - noise)), axis=1))

    def _given(self, x, y):
        """Returns a batch of codes, and of labels if there are classes, or says what is wrong."""
        given = list(x) if isinstance(x, list | tuple) else [x]
        wanted = [(None, self.middle.shape[0])] + [(None,)] * (self.num_classes is not None)
        shapes = [tuple(getattr(each, "shape", ())) for each in given]
        fits = len(shapes) == len(wanted) and all(
            len(shape) == len(goal) and shape[1:] == goal[1:]
            for shape, goal in zip(shapes, wanted, strict=True)
        )
        types = [
            keras.backend.standardize_dtype(each.dtype)
            if hasattr(each, "dtype")
            else type(each).__name__
            for each in given
        ]
        whole = self.num_classes is None or "int" in types[-1]
        if y is not None or not fits or not whole:
            codes = f"codes, (n, {self.middle.shape[0]})"
            if self.num_classes is not None:
                codes = f"[codes, labels]: {codes}, and integers, (n,)"
            came = " and ".join(
                f"{kind} of shape {shape}" for kind, shape in zip(types, shapes, strict=True)
            )
            raise ValueError(
                f"fit() of this flow takes {codes}, and no targets. Received: batches of {came}"
                f"{' and targets' if y is not None else ''}"
            )
        return given

    def velocity(self, place, time, *label, training=False):
        """Returns the velocities at places, `(n, latent_dim)`, and times, `(n, 1)`, float32."""
        place, time, *label = map(ops.convert_to_tensor, (place, time, *label))
        square = time**2 + (1 - time) ** 2
        missing = self.net([place / ops.sqrt(square), time, *label], training=training)
        return (2 * time - 1) * place / square + ops.cast(missing, "float32")

    def call(self, inputs, training=None):
        """Returns codes as they are: a flow has no output for an input; see `sample`."""
        return inputs

    def sample(self, n, steps=20, seed=None, labels=None, guidance=1.0):
        """Draws codes: follows the velocities from noise, in steps of Heun's method.

        Args:
            n: How many, a positive integer.
            steps: How many steps; each asks the net twice.
            seed: An integer, for the same noise each time.
            labels: The class of each code, `(n,)`, integers from 0 to `num_classes - 1`, if the
                flow was built for classes; any, if None.
            guidance: How strongly the class is asked for. 1 is as trained; above it the velocity
                goes beyond the one for the class, away from the one for any.

        Returns:
            An array `(n, latent_dim)` of float32.

        Raises:
            ValueError: If `n` or `steps` is no positive integer, `guidance` no number of at least
                0, or `labels` are no classes of this flow, one for each code.
        """
        n, steps = integer("n", n), integer("steps", steps)
        number("guidance", guidance)
        if labels is not None and self.num_classes is None:
            raise ValueError("This flow was built without classes. Received: labels")
        if labels is not None:
            labels = _check_labels(labels, n, self.num_classes)
        place = np.random.default_rng(seed).standard_normal((n, self.middle.shape[0]))
        place = ops.convert_to_tensor(place.astype("float32"))
        for step in range(steps):
            start = self._velocity(place, step / steps, labels, guidance)
            end = self._velocity(place + start / steps, (step + 1) / steps, labels, guidance)
            place = place + (start + end) / (2 * steps)
        return ops.convert_to_numpy(ops.matmul(place, self.root) + self.middle)

    def _velocity(self, place, time, labels, guidance):
        time = ops.full((len(place), 1), time, "float32")
        if self.num_classes is None:
            return self.velocity(place, time)
        anything = ops.full((len(place),), self.num_classes, "int32")
        if labels is None:
            return self.velocity(place, time, anything)
        asked = self.velocity(place, time, ops.convert_to_tensor(labels, "int32"))
        if guidance == 1:
            return asked
        plain = self.velocity(place, time, anything)
        return plain + guidance * (asked - plain)

    def get_config(self):
        """Returns what `from_config` needs to make the flow anew."""
        net = keras.saving.serialize_keras_object(self.net)
        classes = {"num_classes": self.num_classes, "seed": self.seed}
        return {**super().get_config(), "net": net, **classes}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes a flow, with fresh weights, from what `get_config` returned."""
        net = keras.saving.deserialize_keras_object(config["net"], custom_objects=custom_objects)
        return cls(**{**config, "net": net})


def _check_labels(labels, n, num_classes):
    """Returns labels as an array of int32, or says what is wrong with them."""
    given = np.asarray(labels)
    if given.shape != (n,) or given.dtype.kind not in "iu":
        kind = "" if given.dtype.kind in "iu" else f" of {given.dtype}"
        raise ValueError(f"labels must be {n} integers. Received: shape {given.shape}{kind}")
    if given.min() < 0 or given.max() >= num_classes:
        raise ValueError(
            f"labels must lie between 0 and {num_classes - 1}. "
            f"Received: from {given.min()} to {given.max()}"
        )
    return given.astype("int32")


def code_flow(latent_dim, width=256, depth=3, num_classes=None, seed=None):
    """Builds a flow of codes: a residual net that is told place and time.

    Args:
        latent_dim: Numbers in a code, a positive integer.
        width: Units of each hidden layer, a positive integer.
        depth: Residual blocks, a positive integer.
        num_classes: How many classes there are, to ask for one; or None.
        seed: An integer that fixes the noise of training, or None.

    Returns:
        A `CodeFlow`, not compiled.

    Raises:
        ValueError: If a size isn't a positive integer.

    Example:

    >>> from aehelpers import models
    >>> flow = models.code_flow(2, width=8, depth=1)
    >>> flow.sample(3, steps=2, seed=0).shape
    (3, 2)
    """
    _keras_config.check()
    latent_dim, width = integer("latent_dim", latent_dim), integer("width", width)
    place, time = keras.Input((latent_dim,), name="place"), keras.Input((1,), name="time")
    inputs, told = [place, time], [TimeWaves()(time)]
    if num_classes is not None:
        num_classes = integer("num_classes", num_classes)
        label = keras.Input((), dtype="int32", name="label")
        inputs, told = [*inputs, label], [*told, ClassLabels(num_classes + 1)(label)]
    x = layers.Dense(width)(layers.Concatenate()([place, *told]))
    for _ in range(integer("depth", depth)):
        y = layers.Concatenate()([layers.LayerNormalization()(x), *told])
        y = layers.Dense(width, activation="gelu", kernel_initializer="he_normal")(y)
        x = layers.Add()([x, layers.Dense(width)(y)])
    velocity = layers.Dense(latent_dim, kernel_initializer="zeros", name="velocity")
    net = keras.Model(inputs, velocity(layers.LayerNormalization()(x)), name="velocities")
    return CodeFlow(net, num_classes=num_classes, seed=seed, name="code_flow")
