"""Pages that only the site has: its front page with live sliders and pictures, the playground."""

import base64
import io

import numpy as np
from PIL import Image

from aehelpers import data, weights, widgets

TILES = 8
_CODES = (1, 2, 3, 5, 8, 12, 17, 25)  # numbers left on in the picture of the sparse code


def page(site, text):
    """Returns the front page.

    Args:
        site: A `book.Site`.
        text: The page in book/index.md, with the places of what is made here.
    """
    chapters = "\n".join(f"notebooks/{each}" for each in site.notebooks)
    text = text.replace("<!-- chapters -->", chapters).replace("<!-- hero -->", sliders(site))
    for kind, (images, alt) in pictures().items():
        image = f'<img alt="{alt}" width="{images.shape[1]}" height="{images.shape[0]}" '
        text = text.replace(f"<!-- picture: {kind} -->", f'{image}src="{_address(images)}">')
    return text


def sliders(site):
    """Returns the first sliders of the course, as they are in their chapter, or nothing."""
    for each in site.notebooks:
        number = 0
        for output in (out for cell in each.read().cells for out in cell.get("outputs", [])):
            about = output.get("metadata", {})
            number += "image/png" in output.get("data", {})
            if about.get("aehelpers", {}).get("widget") == "latent_sliders":
                name = f"{each}-{number:02d}"
                still = site.figures.write(name, output.data["image/png"], about["image/png"])
                place = site.widgets.place(name, about["aehelpers"], still)
                early = site.widgets.early(name, "_static/course/live")
                return f"{early}\n{place.replace('../', '')}"
    return ""


def playground(site):
    """Returns the place of the playground, which has its page for itself, its address as well."""
    widget = widgets.playground()
    content, about = widget._repr_mimebundle_()
    still = site.figures.write("playground", content["image/png"], about["image/png"])
    place = site.widgets.place("playground", about["aehelpers"], still)
    return f"<div data-address>{place}</div>".replace("../", "")


def pictures():
    """Returns what each kind does to a few digits: pairs of a picture and what it shows."""
    _, (x, y) = data.bundled()
    x = data.check_images(x[[int(np.argmax(y == label)) for label in range(TILES)]])
    noisy = data.gaussian_noise(x, 0.5, seed=0)
    net = weights.load_pretrained
    codes = np.random.default_rng(3).normal(size=(TILES, 20)).astype("float32")
    sparse = net("sparse")
    z = np.array(sparse.encoder(x[2:3], training=False))[0]
    few = np.stack([np.where(z >= np.sort(z)[-k], z, 0) for k in _CODES])
    return {
        "vanilla": (
            _rows(x, _run(net("vanilla"), x)),
            "Digits, and below them what came back through 32 numbers.",
        ),
        "convolutional": (
            _rows(x, _run(net("convolutional"), x)),
            "Digits, and below them what came back through 30 numbers.",
        ),
        "denoising": (
            _rows(noisy, _run(net("denoising"), noisy)),
            "Noisy digits, and below them the repaired ones.",
        ),
        "sparse": (
            _rows(np.repeat(x[2:3], TILES, axis=0), _run(sparse.decoder, few)),
            f"A digit, and below it what 1 to {_CODES[-1]} numbers of its code draw.",
        ),
        "variational": (
            _rows(*np.split(_run(net("variational").decoder, np.concatenate([codes, -codes])), 2)),
            "Digits that nobody wrote, decoded from random codes.",
        ),
    }


def _run(model, x):
    return np.array(model(x, training=False)).reshape(-1, 28, 28, 1)


def _rows(*rows):
    """Returns images in rows as one, uint8, with a dark line between."""
    joined = [np.concatenate(list(row[..., 0]), axis=1) for row in rows]
    line = np.zeros((1, joined[0].shape[1]))
    picture = np.concatenate([joined[0], *(part for row in joined[1:] for part in (line, row))])
    return np.rint(255 * np.clip(picture, 0, 1)).astype("uint8")


def _address(pixels):
    file = io.BytesIO()
    # 16 greys, as the pictures are small and stand in the page itself.
    Image.fromarray(pixels).quantize(16, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
