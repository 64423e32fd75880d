"""Finds out what a variational loss really weighs, from the losses that a model reports.

A mean in place of a sum, a weight in the wrong place: each is another price of the code, and none
of them raises an error. So the loss is asked, not the source. Copies of the model with other
weights report their losses; the true reconstruction and KL divergence of the very same codes are
computed beside them; and least squares says how the one is made of the others.
"""

import contextlib
import itertools
from unittest import mock

import numpy as np

from aehelpers import metrics

__all__ = ["LossScale", "loss_scale"]

_IMAGES = 61  # at most; a prime, so that no other size in the loss is taken for it
_COPIES = 20
_MOST = 100  # nats of a unit; with more, rounding in the model's float32 shows
_LINEAR = 1e-3  # the largest misfit, as a share of the losses' spread, that rounding may leave


class LossScale:
    """What `loss_scale` found; shows itself as text.

    Attributes:
        beta: The effective beta: the weight of the KL divergence summed over the units, in nats,
            relative to that of the reconstruction summed over the pixels. None if the loss isn't
            a weighted sum of the two.
        reconstruction: `"cross-entropy"` or `"squared error"`.
        reconstruction_weight: What the sum over an image's pixels is multiplied by.
        kl_weight: What the sum over the code's units is multiplied by.
        misfit: What the fit left over, as a share of the spread of the reported losses.
        units_off: How many units say nothing about the image.
        text: All of it in words.
    """

    def __init__(self, **found):
        self.__dict__.update(found)

    @property
    def linear(self):
        """Whether the loss is a weighted sum of reconstruction and KL divergence."""
        return self.beta is not None

    def __repr__(self):
        return self.text


def loss_scale(model, x, loss=None):
    """Finds the effective beta of any variational autoencoder from the losses that it reports.

    The model is asked for its loss a few times, with other weights each time, and is then left as
    it was: weights, optimiser, metrics and the state of its noise. It takes a second or two.

    Args:
        model: A `keras.Model` whose loss calls its `decoder` and its `posterior` (or `encoder`).
            The latter gives means and log-variances, both `(n, latent_dim)`, as two outputs, as
            the first two of three, or as the two halves of one. Logarithms of standard deviations,
            and standard deviations, are recognised. The decoder gives probabilities or logits.
        x: Images, `(n, ...)`, at least 20, of which up to 61 are used; for a conditional model the
            list of images and labels.
        loss: A function of a batch `x` that returns the reported loss, for models that compute it
            elsewhere. By default it is what `compute_loss` returns, or what a `train_step` of the
            model's own reports as `"loss"`; the latter needs a compiled model.

    Returns:
        A `LossScale`, which shows itself as text.

    Raises:
        ValueError: If the model has no such parts, its loss doesn't call them, or the images are
            too few or not finite.

    Example:

    >>> import numpy as np
    >>> from aehelpers import checks, models
    >>> x = np.random.default_rng(0).random((20, 28, 28, 1), dtype="float32")
    >>> found = checks.loss_scale(models.variational(2, sizes=(8,), beta=4.0), x)
    >>> round(found.beta, 2)
    4.0
    """
    posterior, decoder = _parts(model)
    x = [np.asarray(each)[:_IMAGES] for each in (x if isinstance(x, list | tuple) else [x])]
    images = x[0].astype("float32", copy=False)
    if images.ndim < 2 or len(images) < 20 or not np.isfinite(images).all():
        raise ValueError(
            "x must be at least 20 finite images, (n, ...). "
            f"Received: shape {images.shape}{'' if np.isfinite(images).all() else ' with NaN'}"
        )
    x[0] = images
    report = loss or _reporter(model)
    with _left_as_it_was(model):
        records = _ask(model, posterior, decoder, x if len(x) > 1 else images, report)
    return _judge(records, images, model)


def _parts(model):
    """Returns the part that gives Gaussians, and the decoder."""
    import keras

    posterior = getattr(model, "posterior", None) or getattr(model, "encoder", None)
    decoder = getattr(model, "decoder", None)
    for name, part in (("posterior or an encoder", posterior), ("decoder", decoder)):
        if not isinstance(part, keras.layers.Layer):
            raise ValueError(
                f"model must have a {name}, a Keras model or layer. "
                f"Received: {type(model).__name__} with {type(part).__name__} in its place"
            )
    return posterior, decoder


def _reporter(model):
    """Returns a function of a batch that returns the loss as the model itself reports it."""
    import keras

    cls = type(model)
    if (
        cls.compute_loss is keras.Model.compute_loss
        and cls.train_step is not keras.Model.train_step
    ):

        def report(x):
            if not model.compiled:
                raise ValueError(
                    "model must be compiled, as its loss is computed in a train_step of its own. "
                    "Received: a model that isn't"
                )
            model.reset_metrics()
            try:
                logs = model.train_step(x)
            except (TypeError, ValueError):  # one that unpacks images and targets
                logs = model.train_step((x, x))
            named = {name: value for name, value in logs.items() if name.endswith("loss")}
            return named.get("loss", next(iter(named.values()), None))

        return report

    def report(x):
        images = x[0] if isinstance(x, list) else x
        # Keras's own loss is of the output; a loss of the model's own calls what it needs.
        own = cls.compute_loss is not keras.Model.compute_loss
        y_pred = None if own else model(x, training=True)
        return model.compute_loss(x=x, y=images, y_pred=y_pred, training=True)

    return report


@contextlib.contextmanager
def _left_as_it_was(model):
    """Gives back all that a training step may change."""
    optimizer = getattr(model, "optimizer", None)
    variables = {id(v): v for v in model.variables}
    variables |= {id(v): v for v in (optimizer.variables if optimizer is not None else ())}
    variables |= {id(v): v for metric in model.metrics for v in metric.variables}
    for layer in model._flatten_layers():
        for generator in getattr(layer, "_seed_generators", ()):
            variables[id(generator.state)] = generator.state
    before = [np.array(variable) for variable in variables.values()]
    try:
        yield
    finally:
        for variable, value in zip(variables.values(), before, strict=True):
            variable.assign(value)


def _ask(model, posterior, decoder, x, report):
    """Returns for each copy of the model its loss, and what went through its two parts."""
    import keras
    import tensorflow as tf

    weights = {part: part.trainable_variables for part in (posterior, decoder)}
    before = {part: [np.array(v) for v in variables] for part, variables in weights.items()}
    rng, records = np.random.default_rng(0), []
    plain, seen = keras.layers.Layer.__call__, {}

    def call(layer, *args, **kwargs):
        y = plain(layer, *args, **kwargs)
        if layer is posterior:
            seen.setdefault("gaussians", []).append(y)
        elif layer is decoder:
            seen.setdefault("decoded", []).append(((*args, *kwargs.values())[0], y))
        return y

    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        with mock.patch.object(keras.layers.Layer, "__call__", call):
            for copy in range(_COPIES):
                for part, variables in weights.items():
                    scale, noise = _change(copy, part is decoder, rng)
                    for variable, value in zip(variables, before[part], strict=True):
                        spread = noise * max(value.std(), 0.02)  # zeros are moved, too
                        change = spread * rng.standard_normal(value.shape)
                        variable.assign(scale * value + change)
                seen.clear()
                value = report(x)
                records.append(_record(value, seen, len(x[0]) if isinstance(x, list) else len(x)))
    finally:
        tf.config.run_functions_eagerly(eager)
    return records


def _change(copy, decodes, rng):
    """Returns by what a copy's weights are multiplied, and the spread of what is added."""
    if copy == 0:
        return 1.0, 0.0
    if copy == 1:  # in most nets the posterior is then N(0, 1)
        return float(decodes), 0.0
    # Codes from next to nothing to many nats, and reconstructions that don't go with them.
    return np.exp(rng.uniform(-1.5, 1.5)), rng.uniform(0.0, 1.0 if decodes else 0.5)


def _record(value, seen, n):
    """Returns a copy's loss and the arrays of its codes, as float64, or says what is missing."""
    import keras

    if value is None or np.size(value := keras.ops.convert_to_numpy(value)) != 1:
        raise ValueError(
            "The model must report one number as its loss. "
            f"Received: {'nothing' if value is None else f'shape {np.shape(value)}'}"
        )
    counts = {name: len(seen.get(name, ())) for name in ("gaussians", "decoded")}
    if set(counts.values()) != {1}:
        raise ValueError(
            "The loss must call the model's posterior (or encoder) and its decoder once each. "
            f"Received: {counts['gaussians']} and {counts['decoded']} calls"
        )
    (z, decoded), gaussians = seen["decoded"][0], seen["gaussians"][0]
    z = z[0] if isinstance(z, list | tuple) else z
    z, decoded = (keras.ops.convert_to_numpy(a).astype("float64") for a in (z, decoded))
    if not isinstance(gaussians, list | tuple):
        gaussians = [keras.ops.convert_to_numpy(gaussians)]
        if gaussians[0].shape[-1] == 2 * z.shape[-1]:
            gaussians = np.split(gaussians[0], 2, axis=-1)
    shapes = [tuple(np.shape(a)) for a in gaussians]
    if len(shapes) < 2 or shapes[0] != shapes[1] or shapes[0] != z.shape or len(z) != n:
        raise ValueError(
            "posterior (or encoder) must give means and log-variances, and the decoder take one "
            f"code for each of the {n} images. Received: {shapes} and codes {z.shape}"
        )
    mean, spread = (keras.ops.convert_to_numpy(a).astype("float64") for a in gaussians[:2])
    return {"loss": float(value), "z": z, "decoded": decoded, "mean": mean, "spread": spread}


_SPREADS = {
    "log-variances": lambda s: s,
    "logarithms of standard deviations": lambda s: 2 * s,
    "standard deviations": lambda s: 2 * np.log(np.where(s > 0, s, np.nan)),
}


def _reconstructions(decoded, images):
    """Yields the ways to read a decoder's output: a name, and the loss of each image, summed."""
    target = images.reshape(len(images), -1).astype("float64")
    y = decoded.reshape(len(decoded), -1)
    if y.shape != target.shape:
        raise ValueError(
            "decoder must give images of the shape of x. "
            f"Received: {decoded.shape}, and x {images.shape}"
        )
    binary = target.min() >= 0 and target.max() <= 1
    if binary and y.min() >= 0 and y.max() <= 1:
        # Clipped in float32 as Keras does it, since a sure pixel's nats hang on the last bit.
        p = np.clip(y.astype("float32"), np.float32(1e-7), 1 - np.float32(1e-7))
        nats = target * np.log(p, dtype="float64")
        nats += (1 - target) * np.log(1 - p, dtype="float64")
        yield "cross-entropy", -nats.sum(axis=1)
    if binary:
        yield "cross-entropy of logits", (np.logaddexp(0, y) - target * y).sum(axis=1)
    yield "squared error", np.square(target - y).sum(axis=1)


def _kls(record):
    """Yields the ways to compute the KL divergence: a name, and nats of each image and unit."""
    z, mean = record["z"], record["mean"]
    for name, log_var in _SPREADS.items():
        with np.errstate(all="ignore"):
            v = log_var(record["spread"])
            yield (name, "the formula"), 0.5 * (mean**2 + np.exp(v) - 1 - v)
            drawn = 0.5 * (z**2 - (z - mean) ** 2 / np.exp(v) - v)
            yield (name, "one code an image"), drawn


def _fit(columns, losses):
    """Returns weights of the columns and a constant, and the misfit as a share of the spread."""
    columns = np.stack([*columns, np.ones(len(losses))], axis=1)
    scale = np.abs(columns).max(axis=0)
    scale[scale == 0] = 1
    weights = np.linalg.lstsq(columns / scale, losses, rcond=None)[0] / scale
    left = losses - columns @ weights
    return weights, np.linalg.norm(left) / max(np.linalg.norm(losses - losses.mean()), 1e-30)


def _judge(records, images, model):
    """Finds the reading of the records that explains the losses best."""
    losses = np.array([record["loss"] for record in records])
    sums = [dict(_reconstructions(record["decoded"], images)) for record in records]
    kls = [dict(_kls(record)) for record in records]
    known = [name for name in sums[0] if all(name in each for each in sums)]
    found = None
    for name, kind in itertools.product(known, kls[0]):
        columns = [
            np.array([each[name].mean() for each in sums]),
            np.array([each[kind].sum(axis=1).mean() for each in kls]),
        ]
        with np.errstate(invalid="ignore"):
            small = columns[1] < _MOST * records[0]["z"].shape[1]
        use = np.isfinite(losses) & np.all(np.isfinite(columns), axis=0) & small
        if use.sum() >= 8:
            weights, misfit = _fit([column[use] for column in columns], losses[use])
            if found is None or misfit < found["misfit"] / 2:  # the plainest, if they are level
                found = {"misfit": misfit, "weights": weights, "use": use}
                found |= {"name": name, "kind": kind, "columns": columns}
    if found is None:
        raise ValueError(
            "The model's losses must be finite for at least 8 of its copies. "
            f"Received: losses {losses[:8]}"
        )
    a, b, _ = found["weights"]
    use = found["use"]
    kl, spread = found["columns"][1][use], losses[use].std()
    # Small beside the losses may still be large beside the KL's part in them.
    unexplained = found["misfit"] * spread / max(abs(b) * kl.std(), 1e-30)
    linear = found["misfit"] < _LINEAR and a > 0 and b > -1e-4 * a
    linear = linear and (unexplained < 20 * _LINEAR or abs(b) < 1e-4 * a)
    first = records[0]
    off = int((~metrics.active_units(first["mean"])).sum())
    beta = max(b / a, 0.0) if linear else None
    units = [each[found["kind"]] for each in kls]
    parts = {"sum": found["columns"][0], "kl": found["columns"][1], "losses": losses}
    if linear:
        text = _in_words(a, b, beta, images, first, model, found)
    else:
        text = _not_linear(parts, units, use, found)
    tail = f"{off} of {first['mean'].shape[1]} units are off." if off else "All units are on."
    parts_now = (
        f"Now {found['columns'][0][0]:.4g} ({found['name']}, summed over the pixels) and "
        f"{found['columns'][1][0]:.4g} nats (KL, summed over the units) an image. {tail}"
    )
    return LossScale(
        beta=None if beta is None else float(beta),
        reconstruction=found["name"].removesuffix(" of logits"),
        reconstruction_weight=float(a),
        kl_weight=float(b),
        misfit=float(found["misfit"]),
        units_off=off,
        text=f"{text}\n{parts_now}",
    )


def _in_words(a, b, beta, images, first, model, found):
    """Says what a linear loss is made of."""
    n, latent_dim = first["mean"].shape
    shape = images.shape[1:]
    pixels = int(np.prod(shape))
    sizes = {f"the {pixels:,} pixels": pixels}
    if len(shape) == 3 and shape[2] > 1:
        sizes[f"the {shape[2]} colours"] = shape[2]
    if len(shape) > 1:
        sizes[f"the {shape[1]} columns"] = shape[1]
    made = _reduction(a, sizes, n)
    price = "left out"
    if beta > 1e-4:
        price = _reduction(
            b, {f"the {latent_dim} units": latent_dim} | sizes, n, f"{pixels:,} pixels"
        )
    lines = [
        f"Effective beta {beta:.4g}. The reconstruction ({found['name']}) is {made}, "
        f"the KL {price}."
    ]
    own = _own_beta(model)
    if abs(beta - 1) < 0.01:
        lines.append(
            "So it is the negative ELBO" + (", up to a factor." if abs(a - 1) > 0.01 else ".")
        )
    elif own is not None and abs(beta / own - 1) < 0.01 and abs(a - 1) < 0.01:
        lines.append("Both are sums, and beta is what the model's beta says.")
    else:
        lines.append("Summed over pixels and units, without other weights, it would be 1.")
    if found["name"] == "squared error":
        lines.append(
            f"(As the likelihood of a Gaussian, pixels have a standard deviation of "
            f"{np.sqrt(beta / 2):.3g}.)"
        )
    spread, way = found["kind"]
    if spread != "log-variances":
        lines.append(f"The encoder gives {spread}.")
    if way != "the formula":
        lines.append("The KL is estimated from one code for each image.")
    return " ".join(lines)


def _own_beta(model):
    """Returns the number that the model calls its beta, or None."""
    try:
        return float(np.array(model.beta)) or None
    except (AttributeError, TypeError, ValueError):
        return None


def _reduction(weight, sizes, n, divided=""):
    """Names a weight of a sum: a sum, a mean, or a number times one of these."""
    if np.isclose(weight, 1, rtol=5e-3):
        return "a sum"
    if np.isclose(weight, n, rtol=5e-3):
        return "a sum, over the batch too"
    for name, size in sizes.items():
        if np.isclose(weight * size, 1, rtol=5e-3):
            return (
                f"a sum divided by the {divided}" if name[4:] == divided else f"a mean over {name}"
            )
    if not _round(weight):
        for name, size in sizes.items():
            if _round(weight * size):
                return f"{weight * size:.4g} x a mean over {name}"
    return f"{weight:.4g} x a sum"


def _round(number):
    return abs(number - float(f"{number:.2g}")) < 5e-4 * abs(number)


def _not_linear(parts, units, use, found):
    """Says that a loss is no weighted sum, and what would explain it."""
    text = "Not linear: no weighted sum of reconstruction and KL gives these losses"
    losses, total, kl = (parts[name][use] for name in ("losses", "sum", "kl"))
    chosen = [each for each, used in zip(units, use, strict=True) if used]
    free = np.array([each.mean(axis=0) for each in chosen])  # of each copy and unit
    best = (np.inf, "")
    for nats in np.geomspace(0.005, 20, 250):
        each = np.maximum(free, nats).sum(axis=1)
        together = np.array([np.maximum(one.sum(axis=1), nats).mean() for one in chosen])
        for columns, words in (
            ([total, each], f"the first {nats:.2g} nats of each unit cost nothing (free bits)"),
            ([total, together], f"the first {nats:.2g} nats of an image cost nothing (free bits)"),
        ):
            best = min(best, (_fit(columns, losses)[1], words))
    step = np.arange(len(use))[use]
    _, misfit = _fit([total, kl, kl * step], losses)
    words = "the weight of the KL changes from call to call (annealing under way)"
    best = min(best, (misfit, words))
    if best[0] < found["misfit"] / 5 and best[0] < 0.05:
        return f"{text}. They fit if {best[1]}."
    return f"{text} (what is left over: {found['misfit']:.1%} of their spread)."
