"""Images as the course has them: float32 in [0, 1], of shape `(n, 28, 28, 1)`."""

import numpy as np


def check_images(x, name="x"):
    """Returns images as float32 in [0, 1] of shape `(n, 28, 28, 1)`, or says what is wrong.

    Args:
        x: images of shape `(n, 28, 28, 1)`, `(n, 28, 28)` or `(n, 784)`; uint8, or floats in
            [0, 1].
        name: what the error message calls them.

    Returns:
        An array, which shares memory with `x` where that is float32 already.

    Raises:
        ValueError: another shape or type, no image at all, NaN, or values outside [0, 1].

    Example:

    >>> check_images(np.full((2, 784), 255, dtype="uint8")).max()
    np.float32(1.0)
    """
    x = check_shape(name, x, ((28, 28, 1), (28, 28), (784,)))
    if x.dtype == np.uint8:
        x = to_float(x)
    elif np.issubdtype(x.dtype, np.floating):
        check_range(name, x)
        x = x.astype(np.float32, copy=False)
    else:
        raise ValueError(f"{name} must be uint8 or float. Received: dtype {x.dtype}")
    return x.reshape(-1, 28, 28, 1)


def check_shape(name, x, shapes):
    """Returns images as an array, or raises `ValueError` where they have none of the shapes."""
    wanted = [f"(n, {', '.join(map(str, shape))})" for shape in shapes]
    wanted = f"{', '.join(wanted[:-1])} or {wanted[-1]}"
    try:
        x = np.asarray(x)
    except ValueError as error:  # a list of images of different sizes
        raise ValueError(f"{name} must have shape {wanted}. Received: {error}") from error
    if x.shape[1:] not in shapes:
        one = ", one image: its batch axis is missing, as in x[None]" if x.shape in shapes else ""
        raise ValueError(f"{name} must have shape {wanted}. Received: shape {x.shape}{one}")
    if len(x) == 0:
        raise ValueError(f"{name} must hold at least one image. Received: shape {x.shape}")
    return x


def check_range(name, x):
    """Raises `ValueError` where values leave [0, 1] or are NaN."""
    low, high = x.min(), x.max()
    if not (low >= 0 and high <= 1):  # NaN is neither
        received = "NaN" if np.isnan(low) else f"values from {low:.4g} to {high:.4g}"
        if low >= 0 and 1 < high <= 255:
            received += "; divide bytes by 255"
        raise ValueError(f"{name} must lie in [0, 1]. Received: {received}")


def to_float(images):
    """Returns images as float32; bytes are divided by 255."""
    if images.dtype == np.uint8:
        return np.divide(images, np.float32(255), dtype=np.float32)
    return images.astype(np.float32, copy=False)


def to_bytes(x, name="x"):
    """Returns images as uint8 where they are bytes divided by 255, else as float32."""
    if x.dtype == np.uint8:
        return x
    if not np.issubdtype(x.dtype, np.floating):
        raise ValueError(f"{name} must be uint8 or float. Received: dtype {x.dtype}")
    check_range(name, x)
    stored = np.empty(x.shape, dtype=np.uint8)
    for start in range(0, len(x), 1000):  # in slices, as the temporaries are large
        part = to_float(x[start : start + 1000])
        slot = stored[start : start + 1000]
        slot[...] = np.rint(part * 255)
        if not np.array_equal(to_float(slot), part):
            return to_float(x)
    return stored
