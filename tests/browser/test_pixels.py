"""The arithmetic of the widgets in JavaScript against the package's own, on the same images."""

import base64

import numpy as np
import pytest

from aehelpers import _bundle, data, metrics
from aehelpers.data import folder
from aehelpers.weights import quantise
from aehelpers.widgets import _base, _net, _noise

RUN = """async ({ source, name, calls }) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const f = (await import(url))[name];
  const floats = (value) => {
    if (!value.packed) return value;
    const bytes = Uint8Array.from(atob(value.packed), (letter) => letter.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  };
  return calls.map((values) => {
    const result = f(...values.map(floats));
    return typeof result === "number" ? String(result) : Array.from(result);
  });
}"""


@pytest.fixture(scope="module")
def run(chromium):
    """Returns a function that calls a function of `pixels.js` with several arguments."""
    context = chromium.new_context()
    page = context.new_page()

    def packed(value):
        if isinstance(value, np.ndarray):  # as JSON, the drawings take minutes
            return {"packed": base64.b64encode(value.astype("float32").tobytes()).decode()}
        return value

    def run(name, calls):
        calls = [[packed(value) for value in call] for call in calls]
        source = (_base.FOLDER / "pixels.js").read_text(encoding="utf-8")
        return page.evaluate(RUN, {"source": source, "name": name, "calls": calls})

    yield run
    context.close()


def drawings():
    """Sheets of 280x280 with strokes of all sizes and places, some faint, and one empty."""
    rng = np.random.default_rng(0)
    digits = data.load_mnist().x_test[:30, ..., 0]
    for digit in digits:
        zoom = int(rng.integers(1, 10))
        large = np.kron(digit, np.ones((zoom, zoom), "float32"))
        sheet = np.zeros((280, 280), "float32")
        top, left = rng.integers(0, 281 - len(large), 2)
        sheet[top : top + len(large), left : left + len(large)] = large * rng.uniform(0.3, 1)
        yield sheet
    for top, left, height, width in [
        (0, 0, 5, 5),
        (20, 30, 200, 7),
        (7, 3, 9, 201),
        (0, 0, 280, 280),
    ]:
        sheet = np.zeros((280, 280), "float32")
        sheet[top : top + height, left : left + width] = rng.random((height, width))
        yield sheet
    yield np.zeros((280, 280), "float32")


def test_drawings_are_centred_as_pictures_of_a_folder_are(run):
    sheets = list(drawings())
    seen = run("asMnist", [(sheet.ravel(), 280) for sheet in sheets])
    for sheet, image in zip(sheets, seen):
        np.testing.assert_allclose(np.reshape(image, (28, 28)), folder._centred(sheet), atol=1e-5)
    images = np.reshape(seen[:-1], (-1, 28, 28))
    mass = images / images.sum((1, 2), keepdims=True)
    for axis in (1, 2):
        centre = (mass.sum(axis) * np.arange(28)).sum(-1)
        # As all of MNIST; the tall and the wide ones would hang over the edge.
        np.testing.assert_allclose(centre, 14, atol=0.51)


def test_a_digit_of_mnist_stays_as_it_is(run):
    digits = data.load_mnist().x_test[:50, ..., 0]
    sheets = np.kron(digits, np.ones((1, 10, 10), "float32"))
    seen = np.array(run("asMnist", [(sheet.ravel(), 280) for sheet in sheets]))
    same = np.abs(seen - digits.reshape(-1, 784)).max(axis=1) < 0.01
    # The rest have a faint edge, which a photograph's paper has too, or lie on a half.
    assert same.mean() > 0.5


def test_noise(run):
    rng = np.random.default_rng(1)
    clean = data.load_mnist().x_test[0].ravel()
    normal = rng.standard_normal(784, dtype="float32")
    uniform = rng.random(784, dtype="float32")
    calls, expected = [], []
    for kind, about in _noise.KINDS.items():
        for strength in (0, 0.3 * about["high"], about["start"], 10.5, about["high"]):
            if strength > about["high"]:
                continue
            calls.append((clean, kind, strength, normal, uniform))
            fields = (normal.reshape(28, 28), uniform.reshape(28, 28))
            expected.append(_noise.damage(clean.reshape(28, 28), kind, strength, *fields).ravel())
    for call, image, wanted in zip(calls, run("damage", calls), expected):
        np.testing.assert_allclose(image, wanted, atol=1e-6, err_msg=str(call[1:3]))


def test_errors(run):
    x = data.load_mnist().x_test[:3].reshape(3, -1)
    noisy = data.gaussian_noise(x, 0.3, seed=0)
    pairs = list(zip(x, noisy))
    for got, (a, b) in zip(run("psnr", pairs), pairs):
        wanted = metrics.psnr(a.reshape(1, 28, 28, 1), b.reshape(1, 28, 28, 1))
        assert float(got) == pytest.approx(float(np.squeeze(wanted)), rel=1e-6)
    for got, (a, b) in zip(run("squaredError", pairs), pairs):
        assert float(got) == pytest.approx(float(np.square(a - b).sum()), rel=1e-6)
    assert run("psnr", [(x[0], x[0])]) == ["Infinity"]


READ = """async ({ source, array, bytes }) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { readArray } = await import(url);
  return Array.from(readArray(array, new DataView(Uint8Array.from(bytes).buffer)));
}"""


def test_rounded_weights_are_read_as_they_were_written(chromium):
    kernel = np.random.default_rng(0).normal(size=(150, 80)).astype("float32")
    steps, scale = quantise(kernel)
    expected = {
        "int8": steps * scale,
        "float16": kernel.astype("float16").astype("float32"),
        "float32": kernel,
    }
    page = chromium.new_page()
    source = (_base.FOLDER / "forward.js").read_text(encoding="utf-8")
    for dtype, wanted in expected.items():
        packer = _net.Packer(dtype)
        array = packer.add(kernel)
        content = list(b"".join(packer.parts))
        got = page.evaluate(READ, {"source": source, "array": array, "bytes": content})
        np.testing.assert_array_equal(np.float32(got), wanted.ravel(), err_msg=dtype)
    page.close()


@pytest.mark.parametrize("view", _base.CLASSES)
def test_bundles_are_modules(chromium, view):
    page = chromium.new_page()
    kind = page.evaluate(
        """async (source) => {
          const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
          return typeof (await import(url)).default.render;
        }""",
        _bundle.bundle(_base.FOLDER / f"{view}.js"),
    )
    assert kind == "function"
    page.close()
