"""Stand-alone pages: a widget with its data in one file, for a browser without a kernel."""

import base64
import hashlib
import html
import inspect
import json
import zlib
from functools import cache
from pathlib import Path

import numpy as np

from aehelpers import models, weights
from aehelpers._bundle import join

FOLDER = Path(__file__).parent
_SMALL = 2000  # bytes of an array that isn't worth sharing


def page(view, title, values, parts, note="", store=None):
    """Returns a page in HTML that shows one widget and needs nothing else.

    Args:
        view: The file of its view, such as `"draw.js"`.
        title: Of the page.
        values: Dictionary of the widget's traits, for JSON, without `_data`.
        parts: The widget's data, a list of bytes.
        note: A sentence to stand below it.
        store: A dictionary that takes the larger parts under a key, for pages that show several
            widgets with the same weights. The page then asks the page around it for them.

    Returns:
        A string.
    """
    kept = packed(parts if store is not None else [b"".join(parts)], store)
    # Not even a comment in a name may end, or begin, what the browser reads as a script.
    state = json.dumps({"values": values, "parts": kept}).replace("<", "\\u003c")
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    script = join(FOLDER / view, FOLDER / "page.js")
    theme = "light" if store is not None else "light dark"
    dark = "" if store is not None else _DARK
    note = f'<p class="aew-note">{html.escape(note)}</p>' if note else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{theme}">
<title>{html.escape(title)}</title>
<style>
{style}
body {{ margin: 0; padding: 4px; font: 13px/1.4 system-ui, sans-serif; }}
body > .aew-note {{ margin: 0 4px 4px; color: #5a5a5a; }}
{dark}
</style>
</head>
<body>
<main id="widget"></main>
{note}
<script type="application/json" id="state">{state}</script>
<script type="module">
{script}
showPage(render);
</script>
</body>
</html>
"""


def packed(parts, store=None):
    """Returns bytes as `page.js` reads them, a list.

    Args:
        parts: A list of bytes.
        store: A dictionary that takes the larger ones, as text by a key; the list then has the key.
    """
    kept = []
    for part in parts:
        text = base64.b64encode(zlib.compress(part, 9)).decode()
        if store is not None and len(part) > _SMALL:
            key = hashlib.sha256(part).hexdigest()[:16]
            store[key] = text
            kept.append({"key": key})
        else:
            kept.append(text)
    return kept


_DARK = """
@media (prefers-color-scheme: dark) {
  body { background: #111; }
  body > .aew-note { color: #b0b0b0; }
  .aew {
    --aew-ink: #eee; --aew-soft: #b0b0b0; --aew-line: #555; --aew-paper: #1e1e1e;
    --aew-ground: #111; --aew-accent: #64b5f6;
  }
}
"""


def packed_images(x):
    """Returns a few images as text, for the metadata of an output; `unpacked_images` undoes it."""
    content = np.rint(255 * np.reshape(x, (-1, 784))).astype("uint8").tobytes()
    return base64.b64encode(zlib.compress(content, 9)).decode()


def unpacked_images(text):
    """Returns images in [0, 1], `(n, 28, 28, 1)`."""
    content = np.frombuffer(zlib.decompress(base64.b64decode(text)), "uint8")
    return content.reshape(-1, 28, 28, 1) / np.float32(255)


def frame(page, title, height):
    """Returns HTML for a page within a page, shut off from it; `height` is in CSS pixels."""
    return (
        f'<iframe class="aehelpers" sandbox="allow-scripts allow-downloads" '
        f'title="{html.escape(title)}" style="width: 100%; height: {height}px; border: 0" '
        f'srcdoc="{html.escape(page)}"></iframe>'
    )


def shared(store, done):
    """Returns HTML for the parts in `store` that are not in `done`, and adds them to it."""
    scripts = [
        f'<script type="text/plain" id="aehelpers-{key}">{packed}</script>'
        for key, packed in store.items()
        if key not in done
    ]
    if not done:
        scripts.append(_PARENT)
    done.update(store)
    return "\n".join(scripts)


# What the page around the frames does: it hands out shared parts, and makes frames high enough.
_PARENT = """<script>
addEventListener("message", ({ data, source }) => {
  if (data?.aehelpers === "want") {
    const parts = data.keys.map((key) => document.getElementById(`aehelpers-${key}`).textContent);
    source.postMessage({ aehelpers: "parts", parts }, "*");
  } else if (data?.aehelpers === "height") {
    for (const frame of document.querySelectorAll("iframe.aehelpers")) {
      if (frame.contentWindow === source) frame.style.height = `${data.height}px`;
    }
  }
});
</script>"""


def shipped_like(model, name=None):
    """Returns the name of shipped weights for a model of this kind, or `None`.

    Of this kind is a model of the same class, with codes of the same shape and layers with weights
    of the same types; their sizes may differ.
    """
    mine = _kind(model)
    names = weights.available()
    # Weights of the same name first, as several may be of this kind.
    names.sort(key=lambda each: (each != name, each != getattr(model, "name", None)))
    return next((each for each in names if mine and _kind_of_shipped(each) == mine), None)


def shipped_flow(flow, codes_of):
    """Returns the name of a shipped flow of codes of this size and classes, or `None`.

    Args:
        flow: A `models.CodeFlow`.
        codes_of: Name of the shipped model whose codes it must draw: those of another one mean
            something else.
    """
    mine = {"latent_dim": flow.middle.shape[0], "num_classes": flow.num_classes}
    for name in weights.available():
        card = weights.read_card(name)
        theirs = {key: card["arguments"].get(key) for key in mine}
        of_these = card["builder"] == "code_flow" and card.get("codes_of") == codes_of
        if of_these and theirs == mine:
            return name
    return None


def _kind(model):
    try:
        types = [
            {type(layer).__name__ for layer in half.layers if layer.weights}
            for half in (model.encoder, model.decoder)
        ]
        return type(model).__name__, model.decoder.input_shape, types
    except (AttributeError, ValueError):
        return None


@cache
def _kind_of_shipped(name):
    card = weights.read_card(name)
    builder = getattr(models, card["builder"], None)
    if not inspect.isfunction(builder) or card["builder"] not in models.__all__:
        return None
    return _kind(builder(**card["arguments"]))
