import numpy as np
import pytest
from shared import CORRUPTIONS

from aehelpers import data


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_corruptions(corruption, digits):
    x = digits[0] / np.float32(255)
    before = x.copy()
    noisy = corruption(x, seed=1)
    assert np.array_equal(x, before)
    assert not np.array_equal(noisy, x)
    assert noisy.shape == x.shape and noisy.dtype == np.float32
    assert noisy.min() >= 0 and noisy.max() <= 1
    assert np.array_equal(noisy, corruption(x, seed=1))
    assert np.array_equal(noisy, corruption(x, seed=np.random.default_rng(1)))
    assert np.array_equal(noisy, corruption(digits[0], seed=1))
    assert np.array_equal(noisy.reshape(-1, 784), corruption(x.reshape(-1, 784), seed=1))
    assert not np.array_equal(noisy, corruption(x, seed=2))
    assert not np.array_equal(corruption(x), corruption(x))


def test_gaussian_noise_statistics():
    grey = np.full((200, 28, 28, 1), 0.5, dtype=np.float32)
    noise = data.gaussian_noise(grey, stddev=0.1, seed=0) - grey
    assert noise.mean() == pytest.approx(0, abs=0.001)
    assert noise.std() == pytest.approx(0.1, rel=0.01)
    black = data.gaussian_noise(np.zeros((200, 784)), stddev=0.5, seed=0)
    assert (black == 0).mean() == pytest.approx(0.5, abs=0.01)
    # The mean of a Gaussian clipped at zero from below is its deviation over the root of 2 pi.
    assert black.mean() == pytest.approx(0.5 / np.sqrt(2 * np.pi), rel=0.03)
    assert np.array_equal(data.gaussian_noise(grey, stddev=0), grey)


def test_salt_and_pepper_statistics():
    grey = np.full((200, 784), 0.5, dtype=np.float32)
    noisy = data.salt_and_pepper(grey, rate=0.3, seed=0)
    assert set(np.unique(noisy)) == {0, 0.5, 1}
    assert (noisy == 0).mean() == pytest.approx(0.15, abs=0.005)
    assert (noisy == 1).mean() == pytest.approx(0.15, abs=0.005)
    assert np.array_equal(data.salt_and_pepper(grey, rate=0), grey)
    assert set(np.unique(data.salt_and_pepper(grey, rate=1, seed=0))) == {0, 1}


def test_masking_statistics():
    white = np.ones((200, 784), dtype=np.float32)
    noisy = data.masking(white, rate=0.3, seed=0)
    assert set(np.unique(noisy)) == {0, 1}
    assert (noisy == 0).mean() == pytest.approx(0.3, abs=0.005)
    assert data.masking(white, rate=1).max() == 0
    assert np.array_equal(data.masking(white, rate=0), white)


def test_block_occlusion_covers_one_square_anywhere():
    covered = data.block_occlusion(np.ones((3000, 28, 28)), size=20, seed=0) == 0
    assert np.all(covered.any(axis=1).sum(axis=1) == 20)
    assert np.all(covered.any(axis=2).sum(axis=1) == 20)
    assert np.all(covered.sum(axis=(1, 2)) == 400)
    corners = {(int(top), int(left)) for top, left in map(lambda c: np.argwhere(c)[0], covered)}
    assert corners == {(top, left) for top in range(9) for left in range(9)}
    assert data.block_occlusion(np.ones((1, 784)), size=28).max() == 0


@pytest.mark.parametrize(
    "corruption, name, values",
    [
        (data.gaussian_noise, "stddev", [-0.1, np.nan, np.inf, "0.5", None]),
        (data.salt_and_pepper, "rate", [-0.1, 1.1, np.nan, "0.5", None]),
        (data.masking, "rate", [-0.1, 1.1, np.nan, "0.5", None]),
        (data.block_occlusion, "size", [0, 29, -1, 2.5, None, True]),
    ],
)
def test_noise_out_of_range(corruption, name, values):
    for value in values:
        with pytest.raises(ValueError, match=f"{name} must be .* Received: {name}={value!r}"):
            corruption(np.zeros((1, 784)), **{name: value})
