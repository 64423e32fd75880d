"""Ten noises on their way to being digits, by a flow."""

import numpy as np
import traitlets

from aehelpers import models, plots
from aehelpers._bundle import bundle
from aehelpers.widgets import _base, _net, _page

_DIGITS = 10
_DRAWS = 8  # sets of noises to choose from
_MOST_STEPS = 20
_COLUMNS = (1, 2, 3, 5, 10, 20)  # steps in the static picture


class Walk(_base.Widget):
    """What `walk` returns.

    Attributes:
        steps: How many steps lead from noise to code, 1 to 20.
        label: The class that is asked for, or the number of classes, which stands for one of each.
        draw: Which of eight sets of noises, from 0.
        z: The codes, `(10, latent_dim)`.
        images: What is decoded from them, `(10, 28, 28)`.
    """

    view = "walk"
    _esm = bundle(_base.FOLDER / "walk.js")
    title = "From noise to digits"
    height = 330
    shown = ("steps", "label", "draw")

    steps = traitlets.Int(10).tag(sync=True)
    label = traitlets.Int(0).tag(sync=True)
    draw = traitlets.Int(0).tag(sync=True)

    def __init__(self, model, flow):
        _, decoder, (size,) = _base.check_model(model)
        if not isinstance(flow, models.CodeFlow):
            raise ValueError(
                "flow must be a CodeFlow, as models.code_flow makes. "
                f"Received: {type(flow).__name__}"
            )
        if (drawn := flow.middle.shape[0]) != size:
            raise ValueError(
                f"flow must draw codes of {size} numbers, as the decoder of model takes. "
                f"Received: a flow of {drawn}"
            )
        for weight in flow.weights:
            _base.check_finite(np.asarray(weight), "weights of flow")
        self._flow = type(flow).from_config(flow.get_config())  # trained on, it stays as it is
        self._flow.set_weights(flow.get_weights())
        self.classes = flow.num_classes or 0
        self._ranges = {
            "steps": (1, _MOST_STEPS),
            "label": (0, self.classes),
            "draw": (0, _DRAWS - 1),
        }
        self._decode = _base.Coder(decoder, inputs=flow.sample(20, steps=2, seed=0))

        def pack(packer):
            noises = [self._noise(k) for k in range(_DRAWS)]
            return {
                "noises": packer.numbers(noises),
                "middle": packer.numbers(self._flow.middle),
                "root": packer.numbers(self._flow.root),
                "classes": self.classes,
                "draws": _DRAWS,
                "most": _MOST_STEPS,
            }

        coders = {"net": _Net(self._flow.net), "decoder": self._decode}
        super().__init__({"model": model, "flow": flow}, coders, pack, label=self.classes)

    def _noise(self, draw):
        """Returns the noises with which `sample` begins for this seed."""
        size = self._flow.middle.shape[0]
        return np.random.default_rng(draw).standard_normal((_DIGITS, size))

    @traitlets.validate("steps", "label", "draw")
    def _check(self, proposal):
        name, value = proposal.trait.name, proposal.value
        low, high = self._ranges[name]
        if not low <= value <= high:
            raise traitlets.TraitError(
                f"{name} must lie between {low} and {high}. Received: {name}={value}"
            )
        return value

    @property
    def z(self):
        return self._codes(self.steps)

    @property
    def images(self):
        return np.clip(self._decode(self.z).reshape(-1, 28, 28), 0, 1)

    def _codes(self, steps):
        asked = np.full(_DIGITS, self.label)
        if self.label == self.classes:
            asked = np.arange(_DIGITS) % self.classes if self.classes else None
        return self._flow.sample(_DIGITS, steps=steps, seed=self.draw, labels=asked)

    def _shipped(self):
        model, flow = self._model["model"], self._model["flow"]
        name = _page.shipped_like(model)
        names = {"model": name, "flow": _page.shipped_flow(flow, codes_of=name)}
        return None if None in names.values() else names

    @classmethod
    def example(cls, model, digits=None):
        return cls(model["model"], model["flow"])

    def _figure(self):
        rows = {f"{steps} step{'s' * (steps > 1)}": self._codes(steps) for steps in _COLUMNS}
        return plots.comparison(
            {name: np.clip(self._decode(z).reshape(-1, 784), 0, 1) for name, z in rows.items()},
            alt="The same ten noises, taken to codes by a flow and decoded; a row for each number "
            f"of steps, {', '.join(map(str, _COLUMNS))}.",
        )


class _Net:
    """The net of a flow, for the browser: place, time and label as numbers one after the other."""

    def __init__(self, net):
        self.net = net

    def describe(self, packer):
        """Returns the description for `forward.js`, or `None` where the kernel must compute."""
        try:
            return _net.describe(self.net, packer)
        except _net.Unsupported:
            return None

    def __call__(self, x):
        size = self.net.inputs[0].shape[1]
        place, time, label = np.split(np.reshape(x, (1, -1)), [size, size + 1], axis=1)
        inputs = [place, time, label[:, 0].astype("int32")][: len(self.net.inputs)]
        return np.asarray(self.net(inputs, training=False))


def walk(model, flow):
    """Takes ten noises to digits, in as many steps as a slider says.

    A flow's velocities lead from noise to codes, the model's decoder makes digits of them. Each
    step is one of Heun's method, and asks the flow twice.

    Args:
        model: A model with `.encoder` and `.decoder` whose codes are vectors.
        flow: A `models.CodeFlow` of its codes. If it was built for classes, one can be asked for.

    Returns:
        A widget. `w.steps`, `w.label` (the number of classes stands for one of each) and `w.draw`
        (which noises, 0 to 7) can be assigned and observed; `w.z` are the codes,
        `(10, latent_dim)`, and `w.images` the digits, `(10, 28, 28)`.

    Raises:
        ValueError: If the model has no encoder or decoder or its codes are no vectors, `flow` is
            none or draws codes of another size, or weights are not finite.

    Example:

    >>> from aehelpers import models, widgets
    >>> w = widgets.walk(models.vanilla(4), models.code_flow(4, width=8, depth=1))
    >>> w.steps = 3
    >>> w.z.shape, w.images.shape
    ((10, 4), (10, 28, 28))
    """
    return Walk(model, flow)
