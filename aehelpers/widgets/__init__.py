"""Widgets for notebooks: sliders over a latent space."""

import io

import ipywidgets
import numpy as np
import tensorflow as tf
from PIL import Image

from aehelpers.data import check_images

__all__ = ["latent_sliders"]

_SIDE = 224  # of the picture on the screen, in CSS pixels
_MOST_SLIDERS = 10


def latent_sliders(model, x=None, dims=None):
    """Shows what the decoder draws while latent units are moved by sliders.

    Args:
        model: A model with `.encoder` and `.decoder`, such as `models.variational()`, whose codes
            are vectors.
        x: Images to start from, `(n, 28, 28, 1)`: one of them is chosen, and its code is where the
            sliders begin. By default all units begin at 0.
        dims: Which units get a slider, in this order; the first ten by default. The others stay
            where the image puts them.

    Returns:
        An `ipywidgets.VBox`: display it, or end a cell with it.

    Raises:
        ValueError: If the codes are no vectors, `x` holds no images, or `dims` no units.

    Example:

    >>> from aehelpers import models, widgets
    >>> vae = models.variational(latent_dim=2, sizes=(8,))
    >>> box = widgets.latent_sliders(vae)
    >>> [slider.description for slider in box.sliders]
    ['z1', 'z2']
    """
    shape = model.decoder.input_shape
    if not isinstance(shape, tuple) or len(shape) != 2:
        raise ValueError(
            "model must decode vectors, (batch_size, latent_dim). "
            f"Received: model.decoder.input_shape={shape}"
        )
    latent_dim = shape[1]
    dims = [int(dim) for dim in (range(min(latent_dim, _MOST_SLIDERS)) if dims is None else dims)]
    if not dims or len(set(dims)) < len(dims) or not set(dims) <= set(range(latent_dim)):
        raise ValueError(
            f"dims must be different units from 0 to {latent_dim - 1}. Received: dims={dims}"
        )
    codes = np.zeros((1, latent_dim), "float32")
    if x is not None:
        codes = model.encoder.predict(check_images(x), verbose=0)

    # Compiled once, for any number of codes: `predict` would take a hundred times as long.
    decode = tf.function(
        lambda z: model.decoder(z, training=False),
        input_signature=[tf.TensorSpec((None, latent_dim), "float32")],
    )
    reach = max(3.0, float(np.ceil(np.abs(codes).max())))
    sliders = [
        ipywidgets.FloatSlider(
            description=f"z{dim + 1}", min=-reach, max=reach, step=0.05, readout_format=".2f"
        )
        for dim in dims
    ]
    picture = ipywidgets.Image(format="png", width=_SIDE, height=_SIDE)
    start = ipywidgets.BoundedIntText(description="image", min=0, max=len(codes) - 1)
    back = ipywidgets.Button(description="Back to the image" if x is not None else "All to 0")
    z = codes[:1].copy()

    def draw():
        pixels = decode(z).numpy().reshape(28, 28)
        picture.value = _png(pixels)

    def move(change):
        z[0, dims[sliders.index(change.owner)]] = change.new
        draw()

    def begin(_=None):
        z[:] = codes[start.value]
        # Each slider would draw once.
        for slider, dim in zip(sliders, dims):
            slider.unobserve(move, "value")
            slider.value = float(z[0, dim])
            slider.observe(move, "value")
        draw()

    for slider in sliders:
        slider.observe(move, "value")
    start.observe(begin, "value")
    back.on_click(begin)
    begin()
    controls = [start, back] if len(codes) > 1 else [back]
    box = ipywidgets.VBox(
        [ipywidgets.HBox(controls), ipywidgets.HBox([picture, ipywidgets.VBox(sliders)])]
    )
    box.sliders, box.picture, box.start, box.back = sliders, picture, start, back
    return box


def _png(pixels):
    """Returns the bytes of a PNG of grey levels in [0, 1], with sharp edges when enlarged."""
    image = Image.fromarray(np.rint(255 * np.clip(pixels, 0, 1)).astype("uint8"))
    file = io.BytesIO()
    image.resize((_SIDE, _SIDE), Image.Resampling.NEAREST).save(file, "png")
    return file.getvalue()
