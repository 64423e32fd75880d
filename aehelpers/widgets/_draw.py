"""A digit of one's own, seen by several models."""

import numpy as np
import traitlets

from aehelpers import data, plots
from aehelpers._bundle import bundle
from aehelpers.widgets import _base, _latent_map, _page

_POINTS = 250  # on each small map


class Draw(_base.Widget):
    """What `draw` returns.

    Attributes:
        image: What is drawn, `(28, 28)`, scaled and centred as MNIST's digits are. Assign an image
            to have it drawn.
        z: Its code in the first of the models.
        codes, reconstructions, errors: Dictionaries from the names of the models.
    """

    view = "draw"
    _esm = bundle(_base.FOLDER / "draw.js")
    title = "Draw a digit"
    height = 560
    shown = ("image",)

    image = _base.Array(sync=True)
    z = _base.Array(read_only=True)

    def __init__(self, models):
        if not isinstance(models, dict) or not models:
            raise ValueError(
                f"models must be a dictionary from names to models. Received: models={models!r}"
            )
        names = [str(name) for name in models]
        halves = [
            _base.check_model(model, f"models[{name!r}]", vectors=False)[:2]
            for name, model in models.items()
        ]
        _, (x, y) = data.bundled()  # the same digits for everybody, full data or not
        x = data.check_images(x)
        digits, labels = _base.bundled_digits()
        self._coders = {}
        self.names = names
        errors, codes = [], []
        for i, (name, (encoder, decoder)) in enumerate(zip(names, halves)):
            encode = _base.Coder(encoder, inputs=digits)
            codes.append(_base.check_finite(encode(x), f"codes of models[{name!r}]"))
            decode = _base.Coder(decoder, inputs=codes[-1][:20])
            difference = decode(codes[-1]).reshape(-1, 784) - x.reshape(-1, 784)
            errors.append(np.sort(np.square(difference).sum(axis=1)))
            self._coders |= {f"encoder {i}": encode, f"decoder {i}": decode}

        def pack(packer):
            cards = [
                {
                    "name": name,
                    "encoder": f"encoder {i}",
                    "decoder": f"decoder {i}",
                    "errors": errors[i].round(3).tolist(),
                    "plane": _latent_map.plane(codes[i][:_POINTS], y[:_POINTS], packer),
                }
                for i, name in enumerate(names)
            ]
            images = packer.images(digits)
            return {"images": images, "digits": labels.tolist(), "cards": cards}

        empty = np.zeros((28, 28), "float32")
        super().__init__(models, dict(self._coders), pack, image=empty)

    def _shipped(self):
        found = {
            str(name): _page.shipped_like(model, str(name)) for name, model in self._model.items()
        }
        return None if None in found.values() else found

    @property
    def codes(self):
        return {
            name: self._coders[f"encoder {i}"](self.image[None])[0]
            for i, name in enumerate(self.names)
        }

    @property
    def reconstructions(self):
        return {
            name: self._coders[f"decoder {i}"](code[None])[0].reshape(28, 28)
            for i, (name, code) in enumerate(self.codes.items())
        }

    @property
    def errors(self):
        return {
            name: float(np.square(image - self.image).sum())
            for name, image in self.reconstructions.items()
        }

    def _check_image(self, image):
        return _base.frozen(_base.check_image(image)[..., 0])

    @traitlets.observe("image")
    def _encode(self, change):
        self.set_trait("z", self._coders["encoder 0"](self.image[None])[0])

    @classmethod
    def example(cls, model, digits=None):
        return cls(model)

    def _figure(self):
        digits, _ = _base.bundled_digits()
        rows = {"test digits": digits}
        for i, name in enumerate(self.names):
            image = self._coders[f"decoder {i}"](self._coders[f"encoder {i}"](digits))
            rows[name] = np.clip(image.reshape(-1, 28, 28), 0, 1)
        return plots.comparison(
            rows,
            alt="A place to draw digits, here with ten test digits in their stead. Below each "
            f"what the models make of it: {', '.join(self.names)}.",
        )


def draw(models):
    """Lets you draw a digit, and shows live what each model makes of it.

    The drawing is scaled and centred as MNIST's digits are: into 20x20 pixels with its proportions
    kept, its centre of mass in the middle of 28x28. Each model encodes and decodes it; its squared
    error, beside those of test digits, is an anomaly score, and its code is shown among theirs.

    Args:
        models: Dictionary from names to models with `.encoder` and `.decoder`.

    Returns:
        A widget. `w.image` is what was drawn, `(28, 28)`, and can be assigned; `w.z` is its code
        in the first model, and `w.codes`, `w.reconstructions` and `w.errors` (squared errors,
        summed over the pixels) are dictionaries with all of them.

    Raises:
        ValueError: If `models` is no dictionary of models, or one has no encoder or decoder, or
            weights that are not finite.

    Example:

    >>> import numpy as np
    >>> from aehelpers import models, widgets
    >>> w = widgets.draw({"vanilla": models.vanilla(4)})
    >>> w.image = np.ones((28, 28))
    >>> w.z.shape, sorted(w.errors)
    ((4,), ['vanilla'])

    Source: of the scaling, the description of MNIST by LeCun, Cortes and Burges.
    """
    return Draw(models)
