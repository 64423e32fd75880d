"""What is on a widget's canvases, and waiting until it is what it should be."""

import time

import numpy as np

_GREY = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: data.length / 4 }, (_, i) => data[4 * i]);
}"""
_PATIENCE = 60  # seconds


def grey(locator):
    """Returns the grey levels of a canvas, 0 to 255."""
    return np.array(locator.evaluate(_GREY))


def levels(image):
    """Returns the grey levels of an image with values in [0, 1]."""
    return 255 * np.clip(np.ravel(image), 0, 1)


def eventually(check, locator):
    """Waits until `check()` raises nothing more: a picture may be drawn in the next frame."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            locator.page.wait_for_timeout(30)


def compare(locator, image, atol=1 + 255 * 0.002):
    """Stops if a canvas shows another image; by default within rounding, and that of float16."""
    np.testing.assert_allclose(grey(locator), levels(image), atol=atol)


def assert_same_picture(locator, image, **options):
    """Waits until a canvas shows an image."""
    eventually(lambda: compare(locator, image, **options), locator)


def assert_changes(locator, before):
    """Waits until a canvas shows something else."""

    def check():
        assert not np.array_equal(grey(locator), before)

    eventually(check, locator)
