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
    noise = np.random.default_rng(seed).standard_normal(clean.shape, dtype=np.float32)
    noise *= np.float32(stddev)
    noise += clean
    return np.clip(noise, 0, 1, out=noise).reshape(np.shape(x))


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
    draw = np.random.default_rng(seed).random(clean.shape, dtype=np.float32)
    noisy = np.where(draw < rate, np.float32(0), clean)
    noisy[draw < rate / 2] = 1
    return noisy.reshape(np.shape(x))


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
    draw = np.random.default_rng(seed).random(clean.shape, dtype=np.float32)
    return np.where(draw < rate, np.float32(0), clean).reshape(np.shape(x))


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
    top, left = np.random.default_rng(seed).integers(0, 29 - size, (2, len(clean), 1, 1, 1))
    row, column = np.ogrid[:28, :28]
    row, column = row[..., None], column[..., None]
    covered = (row >= top) & (row < top + size) & (column >= left) & (column < left + size)
    return np.where(covered, np.float32(0), clean).reshape(np.shape(x))
