import numpy as np
import pytest
from shared import CORRUPTIONS

from aehelpers import data


@pytest.mark.parametrize("shape", [(3, 28, 28, 1), (3, 28, 28), (3, 784)])
def test_check_images_takes_three_layouts(shape):
    images = np.full(shape, 51, dtype=np.uint8)
    checked = data.check_images(images)
    assert checked.shape == (3, 28, 28, 1)
    assert checked.dtype == np.float32
    assert np.array_equal(np.unique(checked), [np.float32(0.2)])
    floats = images / np.float32(255)
    assert np.shares_memory(data.check_images(floats), floats)
    assert data.check_images(images / 255).dtype == np.float32


def with_value(value):
    x = np.zeros((2, 784))
    x[1, 5] = value
    return x


BAD_IMAGES = {
    "one image": (np.zeros((28, 28, 1)), r"shape \(28, 28, 1\), one image: its batch axis"),
    "one row": (np.zeros(784), r"Received: shape \(784,\), one image: its batch axis"),
    "one sheet": (np.zeros((28, 28)), r"Received: shape \(28, 28\)"),
    "nothing": (None, r"Received: shape \(\)"),
    "other sizes": ([np.zeros((28, 28, 1)), np.zeros((9, 9, 1))], "Received: .*inhomogeneous"),
    "size": (np.zeros((2, 32, 32, 1)), r"Received: shape \(2, 32, 32, 1\)"),
    "number": (0.5, r"Received: shape \(\)"),
    "empty": (np.zeros((0, 784)), r"at least one image. Received: shape \(0, 784\)"),
    "NaN": (with_value(np.nan), r"\[0, 1\]. Received: NaN"),
    "infinite": (with_value(np.inf), r"\[0, 1\]. Received: values from 0 to inf"),
    "negative": (with_value(-0.1), r"\[0, 1\]. Received: values from -0.1 to 0"),
    "above 1": (
        with_value(255.0),
        r"\[0, 1\]. Received: values from 0 to 255; divide bytes by 255",
    ),
    "-1 to 1": (np.linspace(-1, 1, 784)[None], r"\[0, 1\]. Received: values from -1 to 1$"),
    "integers": (np.zeros((2, 784), int), "uint8 or float. Received: dtype int64"),
    "list of integers": ([[0] * 784], "uint8 or float. Received: dtype int64"),
    "truth values": (np.zeros((2, 784), bool), "uint8 or float. Received: dtype bool"),
}


@pytest.mark.parametrize("kind", BAD_IMAGES)
@pytest.mark.parametrize("function", [data.check_images, data.pipeline, *CORRUPTIONS])
def test_bad_images(function, kind):
    x, message = BAD_IMAGES[kind]
    with pytest.raises(ValueError, match=f"x must .*{message}"):
        function(x)


def test_check_images_takes_lists():
    assert data.check_images([[0.5] * 784] * 2).shape == (2, 28, 28, 1)
    assert data.check_images([np.zeros((28, 28), np.uint8)] * 3).shape == (3, 28, 28, 1)


def test_check_images_names_the_argument():
    with pytest.raises(ValueError, match="x_noisy must have shape"):
        data.check_images([1.0], name="x_noisy")
