"""The playground: autoencoders that train in the page."""

from functools import cache
from numbers import Real

import numpy as np
import traitlets

from aehelpers import data, plots
from aehelpers._bundle import bundle, join
from aehelpers.widgets import _base
from aehelpers.widgets._experiments import EXPERIMENTS

# What can be chosen, from the first to the last, and what it starts with.
SETTINGS = {
    "kind": (("linear", "vanilla", "denoising", "sparse", "l1", "variational"), "variational"),
    "code": ((2, 3, 4, 8, 16, 32, 64, 128, 256), 2),
    "hidden": ((0, 32, 64, 128, 256), 64),
    "loss": (("cross_entropy", "squared_error"), "cross_entropy"),
    "batch": ((25, 50, 100), 50),
    "rate": ((0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5), 0.005),
    "beta": ((0, 0.01, 0.1, 0.2, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 10, 15, 20, 40), 1),
    "k": ((1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64), 8),
    "l1": ((0, 0.1, 0.2, 0.5, 1, 2, 4, 8), 0.5),
    "noise": ((0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1), 0.4),
    "seed": (tuple(range(100)), 0),
}
# Above the playground in a page of its own.
_HEAD = """<header class="aew-head">
<h1>The autoencoder playground</h1>
<p>An autoencoder squeezes each digit into a few numbers, its <em>code</em>, and draws the digit
again from these alone. This one trains here, in your browser, on 4,500 handwritten digits; it needs
no network. Press <em>Train</em>, move what you like meanwhile, or choose an experiment.</p>
</header>
"""
_TRAINED = 4500  # of the bundled digits; the rest are held out


class Playground(_base.Widget):
    """What `playground` returns.

    Attributes:
        settings: A dictionary of the controls' values. Assign one, whole or in part, and they move.
        experiment: The name of the guided experiment that is open; `""` for none.
    """

    view = "playground"
    _esm = bundle(_base.FOLDER / "playground.js")
    title = "The autoencoder playground"
    height = 1100
    shown = ("settings", "experiment")

    settings = traitlets.Dict().tag(sync=True)
    experiment = traitlets.Unicode("").tag(sync=True)

    def __init__(self, experiment="", **settings):
        if fault := _unknown(experiment):
            raise ValueError(fault)
        start = {name: value for name, (_, value) in SETTINGS.items()}
        for each in EXPERIMENTS:
            if each["name"] == experiment:
                start |= each["settings"]

        def pack(packer):
            images, labels = digits()
            return {
                "images": packer.images(images / 255),
                "labels": labels[_TRAINED:].tolist(),
                "train": _TRAINED,
                "worker": join(_base.FOLDER / "worker.js") + "\nserve(self);\n",
                "controls": {
                    name: {"choices": choices, "start": value}
                    for name, (choices, value) in SETTINGS.items()
                },
                "experiments": EXPERIMENTS,
                "pca": _pca_errors(),
            }

        super().__init__({}, {}, pack, settings=start | settings, experiment=experiment)

    @classmethod
    def example(cls, model=None, digits=None):
        return cls()

    @traitlets.validate("settings")
    def _check_settings(self, proposal):
        new = proposal["value"]
        if unknown := new.keys() - SETTINGS.keys():
            raise traitlets.TraitError(
                f"settings must be of {', '.join(SETTINGS)}. "
                f"Received: {', '.join(sorted(map(str, unknown)))}"
            )
        chosen = {}
        for name, value in new.items():
            choices = SETTINGS[name][0]
            # NumPy's numbers may be chosen, but what is kept goes to the page as JSON.
            plain = isinstance(value, str | Real) and not isinstance(value, bool)
            if not plain or value not in choices:
                wanted = f"from {choices[0]} to {choices[-1]}" if name == "seed" else f"{choices}"
                raise traitlets.TraitError(
                    f"{name} must be one of {wanted}. Received: {name}={value!r}"
                )
            chosen[name] = choices[choices.index(value)]
        return {name: chosen.get(name, self.settings.get(name)) for name in SETTINGS}

    @traitlets.validate("experiment")
    def _check_experiment(self, proposal):
        if fault := _unknown(proposal["value"]):
            raise traitlets.TraitError(fault)
        return proposal["value"]

    def page(self, dtype="float16", note="", store=None):
        text = super().page(dtype, note, store)
        return (
            text
            if store is not None
            else text.replace('<main id="widget">', f'{_HEAD}<main id="widget">')
        )

    def _shipped(self):
        return {}  # it needs none, so that an exported page can always have it

    def _repr_mimebundle_(self, **kwargs):
        content, about = super()._repr_mimebundle_(**kwargs)
        about["aehelpers"]["values"] = self.get_state(self.shown)
        return content, about

    def _figure(self):
        images, labels = digits()
        shown = images[_TRAINED : _TRAINED + 10] / np.float32(255)
        return plots.comparison(
            {"digits held out": shown},
            alt="The playground, before anything is trained: the ten digits that it shows, "
            f"{', '.join(map(str, labels[_TRAINED : _TRAINED + 10]))}. In a running notebook, or "
            "in a page, an autoencoder trains here.",
        )


def _unknown(experiment):
    """Returns what is wrong with the name of an experiment, or `None`."""
    names = [each["name"] for each in EXPERIMENTS]
    if isinstance(experiment, str) and experiment in ("", *names):
        return None
    return f"experiment must be one of {', '.join(names)}. Received: {experiment!r}"


@cache
def digits():
    """Returns the bundled digits, 0 to 9 first among those that are held out."""
    (x, y), (x_held, y_held) = data.bundled()
    first = [int(np.argmax(y_held == label)) for label in range(10)]
    order = first + [i for i in range(len(y_held)) if i not in first]
    return np.concatenate([x, x_held[order]]), np.concatenate([y, y_held[order]])


@cache
def _pca_errors():
    """Returns PCA's squared error an image, of digits held out, for each size of a code."""
    images, _ = digits()
    x = images.reshape(-1, 784) / 255
    train, held = x[:_TRAINED], x[_TRAINED:]
    mean = train.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(train.T))
    energy = np.square((held - mean) @ vectors[:, ::-1]).mean(axis=0)
    return {str(n): round(float(energy[n:].sum()), 2) for n in SETTINGS["code"][0]}


def playground(experiment="", **settings):
    """Trains autoencoders on the bundled digits in the page, while you move their controls.

    4,500 digits are trained on, 500 are held out and shown. The page computes everything; the
    kernel isn't asked, and a page that `save` writes works without one.

    Args:
        experiment: The name of a guided experiment to open, such as `"two_or_eight"`; `""` for
            none.
        **settings: Of the controls at the start: `kind` ("linear", "vanilla", "denoising",
            "sparse", "l1", "variational"), `code` and `hidden` (numbers in the code, and units
            around it), `loss` ("cross_entropy", "squared_error"; summed over the pixels), `batch`,
            `rate`, `beta`, `k`, `l1`, `noise`, `seed`.

    Returns:
        A widget. `w.settings` is a dictionary of what the controls say, and can be assigned.

    Raises:
        ValueError: If there is no such experiment.
        TraitError: If a setting has no such name, or isn't among its choices.

    Example:

    >>> from aehelpers import widgets
    >>> w = widgets.playground(kind="sparse", code=64, k=4)
    >>> w.settings["kind"], w.settings["k"], w.settings["hidden"]
    ('sparse', 4, 64)
    """
    return Playground(experiment, **settings)
