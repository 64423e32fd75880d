"""What exercises look at in noise that a learner's function has added, however it was drawn."""

import numpy as np

from aehelpers.checks.answer import Hint


def check_range(noisy):
    """Raises a hint if grey images with hardly any noise hold only 0 and 1, or reach both."""
    if np.isin(noisy, (0, 1)).all():
        raise Hint(
            "The input holds whole numbers only. Pixels are greys: is it rounded, or an array of "
            "integers?"
        )
    ends = np.mean((noisy < 1e-6) | (noisy > 1 - 1e-6))
    if ends < 0.02 and noisy.min() < 1e-6 and noisy.max() > 1 - 1e-6:
        raise Hint(
            "The input reaches 0 and 1 with hardly any noise. Is it scaled to its smallest and "
            "largest value? What leaves [0, 1] is clipped: np.clip(noisy, 0, 1)."
        )


def check_spread(noise):
    """Raises a hint unless each pixel of each image has a number of its own, some negative."""
    along = [bool(np.allclose(noise, noise.take([0], axis), atol=1e-6)) for axis in range(3)]
    if all(along):
        raise Hint("All pixels of all images get the same number: size=x.shape.")
    if along[1] and along[2]:
        raise Hint("All pixels of an image get the same noise: size=x.shape.")
    for axis, who in ((2, "All pixels in a row"), (1, "All pixels in a column")):
        if along[axis]:
            raise Hint(f"{who} get the same noise: size=x.shape.")
    if along[0]:
        raise Hint(
            "All images get the same noise, which a model could learn by heart. Draw as many "
            "numbers as x has: size=x.shape."
        )
    if noise.min() >= 0:
        raise Hint(
            "The noise is never negative. Gaussian noise goes both ways: rng.normal, whose mean "
            "is 0."
        )
    # In float32 a few of the 15,680 numbers coincide by chance.
    inside = noise[np.abs(noise) < 0.4]
    if len(np.unique(inside)) < 0.9 * len(inside):
        raise Hint("The same numbers come again. Draw as many as x has: size=x.shape.")
    for axis in range(3):
        a, b = np.delete(noise, -1, axis), np.delete(noise, 0, axis)
        if abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) > 0.06:  # 7 standard errors
            raise Hint("Neighbours get related noise. Draw a number for each pixel: size=x.shape.")


def check_strength(noise, stddev, stronger):
    """Raises a hint unless noise is Gaussian, and of a strength.

    Args:
        noise: What was added for the standard deviation `stddev`, 15,680 numbers.
        stddev: The standard deviation.
        stronger: What was added for twice of it.
    """
    found = noise.std()
    if abs(stronger.std() / found - 1) < 0.05:
        raise Hint(
            f"The noise's standard deviation is {found:.2g}, whatever stddev is. Is it written out "
            "as a number?"
        )
    for other in (stddev**2, np.sqrt(stddev)):
        if abs(found / other - 1) < 0.06:
            raise Hint(
                "The noise has the wrong strength: rng.normal takes the standard deviation as it "
                "is, not its square or its root."
            )
    if abs(found / stddev - 1) > 0.05:  # 9 standard errors
        raise Hint(f"The noise's standard deviation should be {stddev}. Received: {found:.3g}")
    if abs(noise.mean()) > 0.06 * stddev:
        raise Hint(
            f"The noise's mean should be 0. Received: {noise.mean():.2g}. It makes images brighter "
            "or darker: rng.normal(0, stddev, size=x.shape)."
        )
    z = (noise - noise.mean()) / found
    if abs(np.mean(z**4) - 3) > 0.4 or abs(np.mean(z**3)) > 0.2:  # of a Gaussian 3 and 0
        raise Hint("The noise has the right strength, but isn't Gaussian: use rng.normal.")
