"""Ways to damage images, for denoising. All clip to [0, 1] and keep the shape."""

import numpy as np

from aehelpers._check import integer, number
from aehelpers.data.images import check_images


def gaussian_noise(x, stddev=0.5, seed=None):
    """Adds Gaussian noise to images and clips them to [0, 1].

    Args:
        x: images as `check_images` takes them.
        stddev: standard deviation of the noise, in grey levels from 0 to 1.
        seed: an integer or a `np.random.Generator`; `None` for other noise on every call.

    Returns:
        Noisy images, float32, of the same shape.

    Raises:
        ValueError: `stddev` is negative or not finite, or `x` holds no images.

    Example:

    >>> gaussian_noise(np.zeros((1, 784)), stddev=0.1, seed=0).max() < 0.5
    np.True_
    """
    number("stddev", stddev)
    clean = check_images(x)
    normal = np.random.default_rng(seed).standard_normal(clean.shape, dtype=np.float32)
    return with_gaussian(clean, stddev, normal).reshape(np.shape(x))


def salt_and_pepper(x, rate, seed=None):
    """Sets pixels to black or white, each with a probability of `rate / 2`.

    Args:
        x: images as `check_images` takes them.
        rate: probability that a pixel is replaced, from 0 to 1.
        seed: an integer or a `np.random.Generator`; `None` for other noise on every call.

    Returns:
        Noisy images, float32, of the same shape.

    Raises:
        ValueError: `rate` is outside [0, 1], or `x` holds no images.
    """
    number("rate", rate, most=1)
    clean = check_images(x)
    uniform = np.random.default_rng(seed).random(clean.shape, dtype=np.float32)
    return with_salt_and_pepper(clean, rate, uniform).reshape(np.shape(x))


def masking(x, rate, seed=None):
    """Sets pixels to 0, each with a probability of `rate`.

    Args:
        x: images as `check_images` takes them.
        rate: probability that a pixel is masked, from 0 to 1.
        seed: an integer or a `np.random.Generator`; `None` for other noise on every call.

    Returns:
        Masked images, float32, of the same shape.

    Raises:
        ValueError: `rate` is outside [0, 1], or `x` holds no images.

    Source: P. Vincent et al., "Stacked denoising autoencoders", JMLR 11, 2010, section 3.3.
    """
    number("rate", rate, most=1)
    clean = check_images(x)
    uniform = np.random.default_rng(seed).random(clean.shape, dtype=np.float32)
    return with_masking(clean, rate, uniform).reshape(np.shape(x))


def block_occlusion(x, size, seed=None):
    """Covers one square of each image, at a random place, with zeros.

    Args:
        x: images as `check_images` takes them.
        size: side of the square in pixels, from 1 to 28. The square lies inside the image.
        seed: an integer or a `np.random.Generator`; `None` for other places on every call.

    Returns:
        Occluded images, float32, of the same shape.

    Raises:
        ValueError: `size` is not an integer from 1 to 28, or `x` holds no images.
    """
    size = integer("size", size, most=28)
    clean = check_images(x)
    top, left = np.random.default_rng(seed).integers(0, 29 - size, (2, len(clean), 1, 1))
    return with_block(clean[..., 0], size, top, left).reshape(np.shape(x))


# The same with chance given from outside, as the widget of noise has it; `clean` is float32.


def with_gaussian(clean, stddev, normal):
    """Adds `stddev` times standard normal numbers, and clips."""
    return np.clip(clean + np.float32(stddev) * normal, 0, 1)


def with_salt_and_pepper(clean, rate, uniform):
    """Makes white what drew less than half of `rate`, and black what drew less than `rate`."""
    return np.where(uniform < rate / 2, np.float32(1), with_masking(clean, rate, uniform))


def with_masking(clean, rate, uniform):
    """Makes black what drew less than `rate`."""
    return np.where(uniform < rate, np.float32(0), clean)


def with_block(clean, size, top, left):
    """Covers a square of images `(..., 28, 28)` with zeros."""
    row, column = np.ogrid[:28, :28]
    covered = (row >= top) & (row < top + size) & (column >= left) & (column < left + size)
    return np.where(covered, np.float32(0), clean)
