"""What all widgets have in common: their models, their values, their pictures and their pages."""

from functools import cached_property
from pathlib import Path

import anywidget
import keras
import numpy as np
import traitlets

from aehelpers import data
from aehelpers._cells import close_earlier
from aehelpers.data import check_images
from aehelpers.models import VariationalAutoencoder
from aehelpers.plots import palette
from aehelpers.widgets import _net, _page

FOLDER = Path(__file__).parent
MOST_UNITS = 32
MOST_SAVED = 1_000_000  # bytes of a widget's nets and images in a saved notebook
CLASSES = {}  # of widgets, by their views

_told = set()


class Widget(anywidget.AnyWidget):
    """A widget of the course; its subclasses bring a view in JavaScript and a static picture.

    A class with a view says which one in `_esm`, has a `view` for a name, and has an `example`.
    """

    view = ""  # its JavaScript file without .js, and the function that makes it
    title = ""  # of its page
    height = 460  # of its frame in an exported page, in CSS pixels, until the frame tells its own
    shown = ()  # the traits that its view reads

    _digits = None  # images that were chosen, a few
    _css = (FOLDER / "style.css").read_text(encoding="utf-8")
    _config = traitlets.Dict().tag(sync=True)  # nets and whatever else doesn't change
    # Weights and images, where `_config` says. The views empty it where it is large, so that it
    # isn't saved with the notebook; only Python's counts.
    _data = traitlets.Bytes().tag(
        sync=True, echo_update=False, from_json=lambda value, widget: widget._data
    )
    _still = traitlets.Dict().tag(sync=True)  # what a saved notebook then shows in its place

    def __init_subclass__(cls, **kwargs):
        # A text is what a class was given: anywidget makes a subclass of each, with traits.
        if isinstance(vars(cls).get("_esm"), str):
            if missing := [name for name in ("view", "example") if name not in vars(cls)]:
                raise TypeError(
                    f"A widget must have a view and an example, for exported pages. "
                    f"Received: {cls.__name__} without {' and '.join(missing)}"
                )
            CLASSES[cls.view] = cls
        super().__init_subclass__(**kwargs)

    @classmethod
    def example(cls, model, digits=None):
        """Returns a widget of another model, for exported pages.

        Args:
            model: A model, or what else the widget shows.
            digits: Images, `(n, 28, 28, 1)`, those that were chosen for the stored widget. By
                default the package's own.
        """
        raise NotImplementedError

    def __init__(self, model, coders, pack, **values):
        """Makes a widget.

        Args:
            model: What the widget was asked to show; for the choice of weights in exported pages.
            coders: Dictionary from the names of nets, as the JavaScript calls them, to functions
                with a `.describe` method.
            pack: Function of a `Packer` that returns the rest of the configuration.
            **values: Of the traits.
        """
        self._model = model
        self._coders, self._pack = coders, pack
        super().__init__(**self._content(), **values)
        self.on_msg(self._answer)
        close_earlier(self)

    def _content(self):
        """Returns the traits that hold the nets, and whether they are too large to be saved."""
        config, parts = self._packed("float16")
        content = b"".join(parts)
        return {"_config": {**config, "large": len(content) > MOST_SAVED}, "_data": content}

    def close(self):
        """Takes the widget from the screen and lets go of its weights; showing it undoes this."""
        if self.comm is None:
            return
        super().close()
        self._data = b""
        del self._repr_mimebundle_  # which ipywidgets hides, so that nothing closed is shown

    def _packed(self, dtype):
        """Returns the configuration and the parts of the data, with weights of this type."""
        packer = _net.Packer(dtype)
        nets = {name: coder.describe(packer) for name, coder in self._coders.items()}
        config = {"nets": nets, "colours": colours(), **self._pack(packer)}
        return config, packer.parts

    def _answer(self, _, message, buffers):
        """Computes a net that the browser can't."""
        coder = self._coders[message["ask"]]
        result = coder(np.frombuffer(buffers[0], "float32"))
        reply = {"channel": message["channel"], "id": message["id"]}
        self.send(reply, [np.ascontiguousarray(result, "float32").tobytes()])

    def _shipped(self):
        """Returns the name of shipped weights for such a model, or `None`."""
        return _page.shipped_like(self._model)

    def _figure(self):
        """Returns a static picture of the widget, an `aehelpers.plots.Figure`."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs):
        if self.comm is None:
            for name, value in self._content().items():
                self.set_trait(name, value)
            self.open()
        data, metadata = super()._repr_mimebundle_(**kwargs)
        picture, about = self._figure()._repr_mimebundle_()
        if self._config["large"]:
            self._still = {"png": picture["image/png"], **about["image/png"]}
        data = {**data, **picture}
        metadata = {**metadata, **about}
        if (weights := self._shipped()) is not None:
            # What aehelpers.export makes such a widget from. Which units matter is another
            # question for other weights, so it isn't told.
            metadata["aehelpers"] = {"widget": self.view, "weights": weights}
            if self._digits is not None:
                metadata["aehelpers"]["digits"] = _page.packed_images(self._digits)
        return data, metadata

    def save(self, path):
        """Writes a page with this widget, which works in any browser without a kernel.

        Args:
            path: Of an HTML file. It needs nothing but itself, and no network.

        Returns:
            The path.

        Raises:
            ValueError: If the browser can't compute the model.
        """
        path = Path(path)
        path.write_text(self.page(), encoding="utf-8")
        return path

    def page(self, dtype="float16", note="", store=None):
        """Returns the page that `save` writes.

        Args:
            dtype: Of the weights, `"float16"` or `"int8"`.
            note: A sentence to stand below the widget.
            store: A dictionary for what pages share; see `_page.page`.
        """
        values, parts = self.contents(dtype)
        return _page.page(f"{self.view}.js", self.title, values, parts, note, store)

    def contents(self, dtype="float16"):
        """Returns what a page needs of this widget: its traits for JSON, and a list of bytes.

        Args:
            dtype: Of the weights, `"float16"` or `"int8"`.

        Raises:
            ValueError: If the browser can't compute the model.
        """
        config, parts = self._packed(dtype)
        config["large"] = False
        if unknown := [name for name, net in config["nets"].items() if net is None]:
            raise ValueError(
                "A page without a kernel needs layers that the browser can compute. "
                f"Received: a model whose {' and '.join(unknown)} it can't"
            )
        return {**self.get_state(self.shown), "_config": config}, parts


def colours():
    """Returns the colours of figures, for the views: no other colours than these mean anything."""
    return {
        "classes": palette.PALETTE,
        "mark": palette.PALETTE[7],
        "signed": palette.SIGNED,
    }


class Array(traitlets.TraitType):
    """A trait that holds an array of float32 that can't be written: no change goes unnoticed.

    What is assigned goes through the widget's method `_check_<name>`. With `read_only`, only the
    widget itself sets it, with `set_trait`.
    """

    def __init__(self, sync=False, read_only=False):
        super().__init__(default_value=None, allow_none=True, read_only=read_only)
        if sync:
            self.tag(sync=True, to_json=_to_list, from_json=lambda value, widget: value)

    def set(self, obj, value):
        # traitlets would ask whether two arrays are equal, and get an array.
        new = frozen(value) if self.read_only else getattr(obj, f"_check_{self.name}")(value)
        old = obj._trait_values.get(self.name)
        obj._trait_values[self.name] = new
        if old is None or not np.array_equal(old, new):
            obj._notify_trait(self.name, old, new)


def _to_list(value, widget):
    return None if value is None else value.tolist()


class CodeWidget(Widget):
    """A widget with one code, `z`, and the image that the decoder draws from it.

    Attributes:
        z: The code, `(latent_dim,)`. Assign another one, and the widget shows it.
        image: What the decoder draws, `(28, 28)`. Assign a digit, and its code becomes `z`.
    """

    z = Array(sync=True)
    image = Array()

    def __init__(self, model, encoder, decoder, z, pack, nets=(), **kwargs):
        self.encode, self.decode = encoder, decoder
        self._size = len(z)
        self._decoded = None
        super().__init__(model, {"decoder": decoder, **dict(nets)}, pack, z=z, **kwargs)

    def _check_z(self, z):
        return check_code(z, self._size)

    @traitlets.observe("z")
    def _draw(self, change):
        self._decoded = frozen(self.decode(self.z).reshape(28, 28))
        self.image = self._decoded

    def _check_image(self, image):
        if image is not self._decoded:
            if self.encode is None:
                raise traitlets.TraitError(
                    "image can be assigned where the model has an encoder. Received: a decoder"
                )
            self.z = self.encode(check_image(image)[None])[0]
        return self._decoded


def frozen(values):
    """Returns a copy as float32 that can't be written."""
    array = np.array(values, "float32")
    array.flags.writeable = False
    return array


def check_code(z, size):
    """Returns a code as an array, or says what is wrong."""
    try:
        array = frozen(z)
    except (TypeError, ValueError):
        array = None
    if array is None or array.shape != (size,) or not np.isfinite(array).all():
        raise traitlets.TraitError(f"z must be {size} finite numbers. Received: z={z!r}")
    return array


class Coder:
    """One half of a model: computes in the kernel, and describes itself for the browser.

    Args:
        model: A `keras.Model`.
        inputs: A batch to see with whether rounded weights show.
    """

    def __init__(self, model, inputs=None):
        self._snapshot = _net.snapshot(model)
        self.model, self._run = self._snapshot.model, self._snapshot.run
        self.inputs = inputs

    def __call__(self, x):
        return self._run(x)

    @cached_property
    def exact(self):
        """Whether the weights must travel as float32."""
        return self.inputs is not None and _net.rounding_shows(self.model, self.inputs)

    def describe(self, packer):
        """Returns the description for `forward.js`, or `None` where the kernel must compute."""
        try:
            _net.describe(self.model, _net.Packer())  # nothing is packed of a model that fails
        except _net.Unsupported as reason:
            if str(reason) not in _told:
                _told.add(str(reason))
                print(f"The browser can't compute {reason}, so the kernel does: a little slower.")
            return None
        dtype = packer.dtype
        if dtype == "float16" and self.exact:
            packer.dtype = "float32"
        try:
            return _net.describe(self.model, packer)
        finally:
            packer.dtype = dtype


def check_model(model, name="model", bare=False, vectors=True):
    """Stops unless a model can be shown.

    Args:
        model: One of the course's models.
        name: What the messages call it.
        bare: Whether a decoder alone will do.
        vectors: Whether codes must be vectors, `(batch_size, latent_dim)`.

    Returns:
        The encoder (or `None`), the decoder, and the shape of a code.

    Raises:
        ValueError: If it has no decoder, doesn't decode such codes to images of 28x28, or has
            weights that are not finite.
    """
    encoder, decoder = getattr(model, "encoder", None), getattr(model, "decoder", None)
    if decoder is None and bare and isinstance(model, keras.Model) and encoder is None:
        decoder = model
    if decoder is None or (encoder is None and not bare):
        needs = "a .decoder, or be a decoder itself" if bare else "an .encoder and a .decoder"
        raise ValueError(f"{name} must have {needs}. Received: {name}={_short(model)}")
    try:
        code, image = decoder.input_shape, decoder.output_shape
    except (AttributeError, ValueError) as error:
        raise ValueError(
            f"The decoder of {name} must be built. Received: {name}={_short(model)}"
        ) from error
    if not isinstance(code, tuple) or (vectors and len(code) != 2) or None in code[1:]:
        raise ValueError(
            f"{name} must decode vectors, (batch_size, latent_dim). "
            f"Received: decoder.input_shape={code}"
        )
    if not isinstance(image, tuple) or None in image[1:] or np.prod(image[1:]) != 784:
        raise ValueError(
            f"{name} must decode to images of 28x28. Received: decoder.output_shape={image}"
        )
    if encoder is not None:
        taken, given = encoder.input_shape, encoder.output_shape
        given = given[0] if isinstance(given, list) else given
        if not isinstance(taken, tuple) or None in taken[1:] or np.prod(taken[1:]) != 784:
            raise ValueError(
                f"{name} must encode images of 28x28. Received: encoder.input_shape={taken}"
            )
        if isinstance(given[0], tuple):
            given = given[0]
        if given[1:] != code[1:]:
            raise ValueError(
                f"The encoder of {name} must give codes of the shape that its decoder takes, "
                f"{code}. Received: encoder.output_shape={given}"
            )
    for part in filter(None, (encoder, decoder)):
        for weight in part.weights:
            values = np.asarray(weight)
            if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
                raise ValueError(
                    f"The weights of {name} must be finite. Received: NaN or infinity in "
                    f"{weight.path}"
                )
    return encoder, decoder, code[1:]


def bundled_digits():
    """Returns a test digit of each class from the package's own data, 0 to 9, and the classes."""
    _, (x, y) = data.bundled()
    first = [int(np.argmax(y == label)) for label in range(10)]
    return data.check_images(x[first]), y[first]


def check_finite(values, name):
    """Returns an array, or says that it holds NaN or infinity."""
    if not np.isfinite(values).all():
        raise ValueError(f"The {name} must be finite. Received: NaN or infinity")
    return values


def check_few_units(model):
    """Stops if a code has more numbers than anybody has sliders for."""
    _, _, (size,) = check_model(model, bare=True)
    if size > MOST_UNITS:
        raise ValueError(
            f"model must have codes of at most {MOST_UNITS} numbers, unless dims says which of "
            f"them to show. Received: latent_dim={size}"
        )


def check_image(image, name="image"):
    """Returns one image as `(28, 28, 1)`, or says what is wrong."""
    image = np.asarray(image)
    if image.shape not in ((28, 28, 1), (28, 28), (784,)):
        raise ValueError(
            f"{name} must be one image, (28, 28, 1), (28, 28) or (784,). "
            f"Received: shape {image.shape}"
        )
    return check_images(image[None], name)[0]


def is_variational(model):
    """Says whether codes drawn from N(0, 1) are what the decoder was trained on."""
    return isinstance(model, VariationalAutoencoder) or hasattr(model, "posterior")


def _short(value):
    text = repr(value)
    return text if len(text) < 80 else f"<{type(value).__name__}>"
