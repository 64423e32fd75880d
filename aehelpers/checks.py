"""Checks for the exercises: each says "passed", or what it found and where to read again.

An exercise's stub returns None, and its check then says "not attempted yet", so that a notebook
runs from top to bottom with any exercise left blank.
"""

import functools
import importlib.metadata
import itertools
import os
import shutil
import sys
from pathlib import Path

import numpy as np

__all__ = [
    "Verdict",
    "environment",
    "ex00_1",
    "ex00_2",
    "ex00_3",
    "ex01_1",
    "ex01_2",
    "ex01_3",
    "ex02_1",
    "ex02_2",
    "ex02_3",
    "ex03_1",
    "ex03_2",
    "ex03_3",
    "ex04_1",
    "ex04_2",
    "ex04_3",
    "ex05_1",
    "ex05_2",
    "ex05_3",
    "ex05_4",
    "ex05_5",
    "ex06_1",
    "ex06_2",
    "ex06_3",
    "ex07_1",
    "ex07_2",
    "ex07_3",
]


class Verdict:
    """What a check found.

    Attributes:
        passed: True, False, or None if the exercise was not attempted.
        message: What to tell the learner.
    """

    def __init__(self, exercise, passed, message):
        self.exercise = exercise
        self.passed = passed
        self.message = message

    def __repr__(self):
        word = {True: "passed", False: "not yet", None: "not attempted yet"}[self.passed]
        text = f"Exercise {self.exercise}: {word}."
        return f"{text} {self.message}" if self.message else text


def environment():
    """Says what this machine has of what the course needs, and in words what is missing.

    Returns:
        A text that shows itself, one line for each thing looked at; `.passed` is False if
        something is missing.
    """
    lines, missing = [], []

    def line(fine, text, remedy=""):
        lines.append(f"{'fine   ' if fine else 'MISSING'}  {text}{'' if fine else '. ' + remedy}")
        if not fine:
            missing.append(text)

    python = sys.version_info
    line(
        (3, 11) <= python[:2] <= (3, 13),
        f"Python {python.major}.{python.minor}",
        "TensorFlow 2.21 needs 3.11 to 3.13: install one of these and run `make lab`",
    )
    for name, wanted in (("keras", "3.15"), ("numpy", "2."), ("matplotlib", "3.11")):
        found = _version(name)
        line(
            found is not None and found.startswith(wanted),
            f"{name} {found or 'not installed'}",
            f"The course needs {wanted.rstrip('.')}: start it with `make lab`, which installs it",
        )
    tensorflow = _version("tensorflow-cpu") or _version("tensorflow")
    line(
        tensorflow is not None and tensorflow.startswith("2.21"),
        f"tensorflow {tensorflow or 'not installed'}",
        "The course needs 2.21: start it with `make lab`, which installs it",
    )
    disk = shutil.disk_usage(Path.home() if Path.home().exists() else Path.cwd()).free / 1e9
    line(disk > 0.5, "disk space", f"Only {disk:.1f} GB are free; 0.5 GB are needed")
    line(
        (os.cpu_count() or 1) >= 2,
        "two processor cores",
        "Everything works on one, in about twice the time",
    )
    return Report("\n".join(lines), not missing)


class Report:
    """A text that shows itself as it is, and whether all was well."""

    def __init__(self, text, passed):
        self.text = text
        self.passed = passed

    def __repr__(self):
        return self.text


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


class _NotAttempted(Exception):
    pass


class _Hint(Exception):
    pass


def _exercise(number, section=None):
    """Turns a function that raises hints, or returns praise, into a check.

    Args:
        number: The exercise's number, such as `"1.2"`.
        section: The heading to read again if the answer is wrong, unless the hint names a better
            one in quotation marks, “Like this”.
    """

    def decorate(check):
        @functools.wraps(check)
        def wrapper(answer):
            if not callable(answer):
                return Verdict(
                    number, False, f"Expected a function. Received: {type(answer).__name__}"
                )
            try:
                return Verdict(number, True, check(answer))
            except _NotAttempted:
                return Verdict(number, None, "")
            except _Hint as hint:
                message = str(hint)
                if section and "“" not in message:
                    message = f"{message.rstrip('.')}. Read again: “{section}”."
                return Verdict(number, False, message)

        wrapper.section = section
        return wrapper

    return decorate


def _call(answer, *args):
    """Calls the learner's function; an error in it becomes a hint."""
    try:
        value = answer(*args)
    except NotImplementedError:
        raise _NotAttempted from None
    except Exception as error:
        raise _Hint(f"Your function stopped with {type(error).__name__}: {error}") from error
    if value is None or value is Ellipsis:
        raise _NotAttempted
    return value


def _expect_shape(value, shape, hint=""):
    value = np.asarray(value)
    if value.shape != shape:
        raise _Hint(f"Expected an array of shape {shape}. Received: shape {value.shape}. {hint}")
    return value


def _digits(seed, n=6):
    """Makes rough images in [0, 1] with the many zeros that digits have."""
    images = np.random.default_rng(seed).random((n, 28, 28, 1)).astype("float32")
    return np.where(images > 0.7, images, 0).astype("float32")


@_exercise("0.1", section="Reconstruction error")
def ex00_1(best_constant):
    """Checks a function from images `(n, 28, 28, 1)` to the image nearest to them all."""
    x = _digits(0, n=9)
    mean = x.mean(axis=0)
    answer = np.asarray(_call(best_constant, x))
    if answer.size == 1:
        raise _Hint(
            "You took one mean over everything, which is a single grey. Each pixel has its own "
            "best value: take the mean over the images only, axis=0."
        )
    if answer.shape == (9,) or answer.shape[:1] == (9,):
        raise _Hint(
            "You kept one entry for each image. The constant is one image for all of them: take "
            "the mean over the images, which are the first axis."
        )
    answer = answer.reshape(mean.shape) if answer.size == mean.size else answer
    answer = _expect_shape(answer, mean.shape, "It should be one image.")
    if np.allclose(answer, np.median(x, axis=0), atol=1e-5):
        raise _Hint(
            "That is the median. It is the best constant for the absolute error; for the squared "
            "error it is the mean."
        )
    if np.allclose(answer, x.sum(axis=0), atol=1e-4):
        raise _Hint("That is the sum of the images. Divide by how many there are.")
    if not np.allclose(answer, mean, atol=1e-5):
        raise _Hint(
            "Some other image has a smaller error. Set the derivative of sum((x - c)**2) with "
            "respect to one pixel c to zero, and solve for c."
        )
    return "The mean image it is: the derivative of the squared error vanishes there."


@_exercise("0.2", section="The two usual losses")
def ex00_2(cross_entropy):
    """Checks a function from images and reconstructions to the cross-entropy of each image."""
    x, x_hat = _digits(1), np.clip(_digits(2) + 0.1, 0, 0.95)
    expected = _nats(x, x_hat).sum(axis=(1, 2, 3))
    with np.errstate(all="ignore"):
        answer = np.asarray(_call(cross_entropy, x, x_hat))
    if answer.size == 1:
        raise _Hint(
            "You took all images together. Keep one number for each image: sum over "
            "axis=(1, 2, 3) only."
        )
    answer = _expect_shape(answer, (6,), "There should be one number for each image.")
    swapped = _nats(x_hat, np.clip(x, 1e-7, 1 - 1e-7)).sum(axis=(1, 2, 3))
    if not np.isfinite(answer).all() or np.allclose(answer, swapped, rtol=1e-3):
        raise _Hint(
            "The two are swapped: the logarithm is taken of what we believed, x_hat, and the truth "
            "x is the weight before it."
        )
    for wrong, hint in [
        (
            -expected,
            "The sign is turned: logarithms of numbers below 1 are negative, a cost isn't.",
        ),
        (
            expected / 784,
            "That is the mean over the pixels, 784 times too small. This course sums over the "
            "pixels of an image; see the end of “The two usual losses”.",
        ),
        (expected / np.log(2), "That is in bits. Nats come from the natural logarithm, np.log."),
        (expected / np.log(10), "You took logarithms to base 10. Nats come from np.log."),
        (
            -(x * np.log(x_hat)).sum(axis=(1, 2, 3)),
            "Half of the formula is missing: paper that was believed to be ink costs too, "
            "(1 - x) * log(1 - x_hat).",
        ),
        (
            np.square(x - x_hat).sum(axis=(1, 2, 3)),
            "That is the squared error. Here the cross-entropy is asked for.",
        ),
    ]:
        if np.allclose(answer, wrong, rtol=1e-3):
            raise _Hint(hint)
    if not np.allclose(answer, expected, rtol=1e-3):
        raise _Hint("The numbers differ from the formula; compute one pixel by hand and compare.")
    with np.errstate(all="ignore"):
        certain = np.asarray(_call(cross_entropy, x, np.rint(x_hat)))
    if not np.isfinite(certain).all():
        raise _Hint(
            "Right, as long as no pixel is sure. Where x_hat is exactly 0 or 1, one of the two "
            "logarithms has no value: clip x_hat to [1e-7, 1 - 1e-7] first."
        )
    return "Nats for each image, and no pixel is ever infinitely sure."


@_exercise("0.3", section="Encoder, latent space, decoder")
def ex00_3(numbers_needed):
    """Checks a function from images, their mean, patterns and a limit to the size of a code."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(40, 12)) @ np.diag(np.linspace(3, 0.5, 12)) + np.linspace(2, -1, 12)
    mu = x.mean(axis=0)
    patterns = np.linalg.svd(x - mu, full_matrices=False)[2]
    limits = (30.0, 12.0, 4.0)

    def needed(costs):
        return [next((k for k in range(13) if costs(x - mu, k) <= limit), 12) for limit in limits]

    def squares(rest, k):
        return np.square(rest - rest @ patterns[:k].T @ patterns[:k]).sum(axis=1)

    expected = needed(lambda rest, k: squares(rest, k).mean())
    answer = [
        np.asarray(_call(numbers_needed, x.copy(), mu.copy(), patterns.copy(), limit))
        for limit in limits
    ]
    if any(value.size != 1 for value in answer):
        raise _Hint("Return one number: how many patterns are needed for all images together.")
    answer = [value.item() for value in answer]
    if any(value != int(value) for value in answer):
        raise _Hint("That is an error, or another measure. Return how many numbers the code needs.")
    for wrong, hint in [
        (
            [k - 1 for k in expected],
            "One too few. The first entry of a list is at place 0: is that the error with no "
            "number in the code, or with one?",
        ),
        ([k + 1 for k in expected], "One too many: the limit is kept already with one fewer."),
        (
            needed(lambda rest, k: squares(rest, k).mean() / 12),
            "You compare the mean over the pixels with the limit. The squared error is summed over "
            "the pixels; see “Reconstruction error”.",
        ),
        (
            needed(lambda rest, k: squares(rest, k).sum()),
            "You compare the sum over all images. Take the mean over the images.",
        ),
        (
            needed(lambda rest, k: squares(rest + mu, k).mean()),
            "The mean image was not taken off: subtract mu first, as `encode` does in “Encoder, "
            "latent space, decoder”.",
        ),
        (
            needed(lambda rest, k: np.sqrt(squares(rest, k)).mean()),
            "You took the root. The limit is for the squared error itself.",
        ),
    ]:
        if answer == wrong:
            raise _Hint(hint)
    if answer != expected:
        raise _Hint(
            f"For the limit {limits[0]:g} on the check's small images it should be {expected[0]}, "
            f"for {limits[1]:g} {expected[1]} and for {limits[2]:g} {expected[2]}. "
            f"Received: {', '.join(f'{value:g}' for value in answer)}"
        )
    return "The smallest code that keeps the limit."


@_exercise("1.1", section="Which loss?")
def ex01_1(squared_error):
    """Checks a function from images and reconstructions to the squared error of each image."""
    x, x_hat = _digits(1), np.clip(_digits(2) + 0.1, 0, 1)
    expected = np.square(x - x_hat).sum(axis=(1, 2, 3))
    answer = np.asarray(_call(squared_error, x, x_hat))
    if answer.size == 1:
        if np.allclose(answer, expected.mean(), rtol=1e-3):
            raise _Hint(
                "That is the mean over the images. Keep one number for each image, so that you "
                "can see which image is hard: sum over axis=(1, 2, 3) only."
            )
        raise _Hint("You summed over the images too. Keep the first axis: axis=(1, 2, 3).")
    answer = _expect_shape(answer, (6,), "There should be one number for each image.")
    if np.allclose(answer, expected / 784, rtol=1e-3):
        raise _Hint(
            "That is the mean over the pixels, 784 times too small. This course sums over the "
            "pixels of an image; see “Which loss?”."
        )
    if np.allclose(answer, np.sqrt(expected), rtol=1e-3):
        raise _Hint("That is the distance, the root of the squared error. Leave the root out.")
    if np.allclose(answer, np.abs(x - x_hat).sum(axis=(1, 2, 3)), rtol=1e-3):
        raise _Hint("That is the absolute error. Square the differences before you sum them.")
    if np.allclose(answer, (x - x_hat).sum(axis=(1, 2, 3)), rtol=1e-3, atol=1e-3):
        raise _Hint(
            "Errors of opposite sign cancel in your sum. Square the differences before you sum."
        )
    if not np.allclose(answer, expected, rtol=1e-3):
        raise _Hint("The numbers differ from sum((x - x_hat)**2) over each image's pixels.")
    return "One number for each image, summed over its 784 pixels."


@_exercise("1.2", section="Encoder, decoder, autoencoder")
def ex01_2(build):
    """Checks a builder of a mirrored 784-128-64-latent_dim autoencoder."""
    halves = _call(build, 7)
    if not isinstance(halves, tuple) or len(halves) != 2:
        raise _Hint("Return two models: `return encoder, decoder`.")
    encoder, decoder = halves
    for name, model in (("encoder", encoder), ("decoder", decoder)):
        if not hasattr(model, "layers"):
            raise _Hint(f"The {name} should be a keras.Model. Received: {type(model).__name__}")
    if encoder.input_shape[1:] != (28, 28, 1):
        raise _Hint(
            "The encoder should take images, (None, 28, 28, 1). "
            f"Received: input_shape={encoder.input_shape}"
        )
    if encoder.output_shape != (None, 7):
        raise _Hint(
            "Called with latent_dim=7, the encoder should give codes of shape (None, 7). "
            f"Received: output_shape={encoder.output_shape}. Is the size written out as a number?"
        )
    if decoder.input_shape != (None, 7):
        raise _Hint(
            "The decoder starts from a code, (None, 7). "
            f"Received: input_shape={decoder.input_shape}. It needs an Input of its own."
        )
    if decoder.output_shape[1:] != (28, 28, 1):
        raise _Hint(
            "The decoder should give images, (None, 28, 28, 1). "
            f"Received: output_shape={decoder.output_shape}. A Reshape at the end does it."
        )
    sizes = [[layer.units for layer in m.layers if hasattr(layer, "units")] for m in halves]
    if sizes[0] != [128, 64, 7]:
        raise _Hint(f"The encoder's Dense layers should have 128, 64 and 7 units, not {sizes[0]}.")
    if sizes[1] != [64, 128, 784]:
        raise _Hint(f"The decoder should mirror the encoder: 64, 128, 784 units, not {sizes[1]}.")
    dense = [[layer for layer in m.layers if hasattr(layer, "units")] for m in halves]
    names = [[layer.activation.__name__ for layer in half] for half in dense]
    if names[1][-1] != "sigmoid":
        raise _Hint(
            f"The last layer's activation is {names[1][-1]}: pixels lie in [0, 1], and a "
            "cross-entropy needs outputs between 0 and 1. Use a sigmoid there."
        )
    if "linear" in names[0][:-1] + names[1][:-1]:
        raise _Hint(
            "A hidden layer has no activation. Two linear layers in a row are one linear layer; "
            "see “A linear autoencoder is PCA”."
        )
    if names[0][-1] in ("sigmoid", "softmax", "tanh"):
        raise _Hint(
            f"The code passes through {names[0][-1]}, which squeezes it into a small range. Leave "
            "the code linear, or use ReLU."
        )
    return (
        f"{encoder.count_params() + decoder.count_params():,} weights with 7 numbers in the code."
    )


@_exercise("1.3", section="From one digit to another")
def ex01_3(interpolate):
    """Checks a function from two codes to `steps` codes on the line between them."""
    a, b = np.array([0.0, 2.0, -1.0]), np.array([4.0, 0.0, 1.0])
    expected = np.linspace(a, b, 5)
    answer = np.asarray(_call(interpolate, a, b, 5))
    if answer.shape == (3, 5):
        raise _Hint("The axes are swapped: one row for each step, one column for each latent unit.")
    if answer.ndim == 2 and answer.shape[1] == 3 and len(answer) != 5:
        raise _Hint(f"steps=5 should give 5 codes, both ends counted. Received: {len(answer)}")
    answer = _expect_shape(answer, (5, 3), "One code for each step.")
    if np.allclose(answer, expected[::-1]):
        raise _Hint("The walk goes from b to a. Start at a: its weight is 1 at the first step.")
    if not np.allclose(answer[-1], b):
        raise _Hint(
            f"The last code should be b = {b.tolist()}. Received: {answer[-1].round(2).tolist()}. "
            "The weight of b should reach 1 at the last step, i / (steps - 1)."
        )
    if not np.allclose(answer[0], a):
        raise _Hint(
            f"The first code should be a = {a.tolist()}. Received: {answer[0].round(2).tolist()}."
        )
    if not np.allclose(answer, expected):
        raise _Hint("The steps should be of equal length: each weight is i / (steps - 1).")
    return "Evenly spaced, with both ends in it."


@_exercise("3.1", section="How good is a repair?")
def ex03_1(psnr):
    """Checks a function from images and denoised images to decibels for each image."""
    x, x_hat = _digits(1), np.clip(_digits(2) + 0.1, 0, 1)
    x_hat[0] = 0.9 * x[0]
    errors = np.square(x - x_hat).mean(axis=(1, 2, 3))
    expected = 10 * np.log10(1 / errors)
    answer = np.asarray(_call(psnr, x, x_hat))
    if answer.size == 1:
        if np.allclose(answer, 10 * np.log10(1 / errors.mean()), rtol=1e-3):
            raise _Hint(
                "You took the mean squared error over all images before the logarithm. Keep one "
                "error for each image: the mean over axis=(1, 2, 3)."
            )
        raise _Hint("There should be one number for each image. The mean over images comes last.")
    answer = _expect_shape(answer, (6,), "There should be one number for each image.")
    if np.allclose(answer, -expected, rtol=1e-3):
        raise _Hint("The sign is turned round: a smaller error should give more decibels.")
    if np.allclose(answer, 10 * np.log(1 / errors), rtol=1e-3):
        raise _Hint("That is the natural logarithm. Decibels count powers of ten: np.log10.")
    if np.allclose(answer, 2 * expected, rtol=1e-3):
        raise _Hint(
            "Twice too large. The factor 20 belongs to the root of the error; with the squared "
            "error itself the factor is 10."
        )
    if np.allclose(answer, expected / 10, rtol=1e-3):
        raise _Hint("These are bels. A decibel is a tenth of a bel: multiply by 10.")
    if np.allclose(answer, expected - 10 * np.log10(784), rtol=1e-3):
        raise _Hint("You summed the squared errors. PSNR takes their mean over the pixels.")
    if not np.allclose(answer, expected, rtol=1e-3):
        raise _Hint("The numbers differ from 10 log10(1 / MSE), with each image's own MSE.")
    return "One number of decibels for each image."


@_exercise("3.2", section="Four kinds of damage")
def ex03_2(noisy_pairs):
    """Checks a function from clean images to inputs and targets for a denoiser."""
    x, stddev = _digits(3, n=40), 0.2
    given = x.copy()
    pairs = _call(noisy_pairs, given, stddev, np.random.default_rng(0))
    if not isinstance(pairs, tuple | list) or len(pairs) != 2:
        raise _Hint("Return two arrays, the input and the target: `return noisy, clean`.")
    if not np.array_equal(given, x):
        raise _Hint(
            "Your function changed x itself, so the clean images are lost. Make a new array."
        )
    noisy, target = (_expect_shape(array, x.shape) for array in pairs)
    if np.array_equal(noisy, x) and not np.array_equal(target, x):
        raise _Hint(
            "The two are swapped: such a model would learn to add noise. The noisy image is the "
            "input, the clean one the target."
        )
    if not np.array_equal(target, x):
        raise _Hint(
            "The target is noisy as well. The model is scored against the clean image: return x."
        )
    if np.array_equal(noisy, x):
        raise _Hint("There is no noise in the input.")
    if noisy.min() < 0 or noisy.max() > 1:
        raise _Hint(
            f"The input goes from {noisy.min():.2f} to {noisy.max():.2f}. Pixels lie in [0, 1]: "
            "clip them after the noise is added."
        )
    paper = (x[0] == 0) & (x[1] == 0)
    if np.ptp(noisy[0][paper]) == 0:
        raise _Hint("All pixels of an image get the same noise: size=x.shape.")
    if np.allclose(noisy[0][paper], noisy[1][paper]):
        raise _Hint(
            "All images get the same noise, which a model could learn by heart. Draw as many "
            "numbers as x has: size=x.shape."
        )
    paper = noisy[x == 0]
    if (paper == 0).mean() < 0.3:
        raise _Hint(
            "The noise is never negative. Gaussian noise goes both ways: rng.normal, whose mean "
            "is 0."
        )
    # Clipping leaves the upper half of the noise on paper, and half of its mean square.
    found = np.sqrt(2 * np.mean(np.square(paper)))
    if min(abs(found - stddev**2), abs(found - np.sqrt(stddev))) < 0.03:
        raise _Hint(
            "The noise has the wrong strength: rng.normal takes the standard deviation as it is, "
            "not its square or its root."
        )
    if abs(found - stddev) > 0.02:
        raise _Hint(f"The noise's standard deviation should be {stddev}. Received: {found:.2f}")
    if abs(2 * np.mean(paper**4) / found**4 - 3) > 0.4:  # the kurtosis, 3 for a Gaussian
        raise _Hint("The noise has the right strength, but isn't Gaussian: use rng.normal.")
    return "Noisy images in, clean images out, and other noise with every call."


@_exercise("3.3", section="What people would use otherwise")
def ex03_3(tune):
    """Checks a function that chooses a filter's strength by its PSNR on validation images."""
    clean = _digits(4)
    noisy = np.clip(clean + np.random.default_rng(5).normal(0, 0.2, clean.shape), 0, 1)
    wave = np.random.default_rng(6).choice([-1, 1], clean.shape)
    results = {3: clean + 0.15 * wave, 7: clean + 0.05 * wave, 4: clean + 0.5 * wave}
    results[9] = 0.99 * noisy + 0.01 * clean
    results = {strength: np.clip(images, 0, 1) for strength, images in results.items()}
    filtered_clean = []

    def denoise(images, strength):
        if np.shape(images) != clean.shape:
            raise ValueError(f"images must have shape {clean.shape}. Received: {np.shape(images)}")
        if strength not in results:
            raise ValueError(f"strength must be one of {list(results)}. Received: {strength}")
        filtered_clean.append(np.array_equal(images, clean))
        return results[strength]

    answer = _call(tune, denoise, list(results), noisy, clean)
    if any(filtered_clean):
        raise _Hint("The filter was given the clean images. Its input are the noisy ones.")
    if np.size(answer) != 1:
        raise _Hint(f"Return one strength, not one for each image. Received: {answer!r}")
    answer = np.asarray(answer).item()
    if answer == 4:
        raise _Hint("That strength has the lowest PSNR. More decibels are better.")
    if answer == 9:
        raise _Hint("You compared with the noisy images. Compare with the clean ones.")
    if answer == 1:
        raise _Hint("That is the place of the best strength in the list. Return the strength.")
    if answer != 7:
        scores = [-10 * np.log10(np.square(clean - images).mean()) for images in results.values()]
        if answer not in results and min(abs(answer - score) for score in scores) < 1.5:
            raise _Hint("That is a score. Return the strength that reached it.")
        raise _Hint(f"Another of the strengths has a higher mean PSNR. Received: {answer}")
    return "The strength with the highest mean PSNR, chosen without a look at the test images."


def _gaussians(seed, n=6, latent_dim=3):
    """Makes means and log-variances of codes; no mean over them equals another."""
    rng = np.random.default_rng(seed)
    z_mean = rng.normal(size=(n, latent_dim)).astype("float32")
    return z_mean, rng.uniform(-3, 0.5, (n, latent_dim)).astype("float32")


def _kl(z_mean, z_log_var):
    return 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var)


def _nats(x, x_hat):
    return -(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat))


@_exercise("2.1", section="Convolution")
def ex02_1(conv_weights):
    """Checks a function that counts the weights of a convolution."""
    for kernel, channels, filters in ((3, 1, 32), (3, 32, 64), (5, 3, 8)):
        expected = kernel * kernel * channels * filters + filters
        answer = _expect_shape(_call(conv_weights, kernel, channels, filters), ())
        hints = {
            kernel * kernel * channels * filters: "You left out the biases: one for each filter.",
            kernel * kernel * filters + filters: "A filter looks at every input channel: it has "
            "kernel * kernel weights for each of them.",
            kernel * channels * filters + filters: "A kernel is as high as it is wide: "
            "kernel * kernel weights.",
            (kernel * kernel * channels + channels) * filters: "You count a bias for each input "
            "channel. There is one for each filter.",
            784 * expected: "The number of pixels doesn't matter: the same weights are used at "
            "every place.",
        }
        if answer == expected:
            continue
        place = f"conv_weights({kernel}, {channels}, {filters}) should be {expected:,}"
        hint = hints.get(int(answer), "Count the weights of one filter, then all the filters.")
        raise _Hint(f"{place}. Received: {answer}. {hint}")
    return "The size of the image appears nowhere: a convolution has one set of weights for all."


@_exercise("2.2", section="Convolution")
def ex02_2(convolve):
    """Checks a function from an image `(28, 28)` and a kernel `(3, 3)` to a convolution."""
    image = _digits(3, n=1)[0, :, :, 0]
    kernel = np.arange(9, dtype="float32").reshape(3, 3) - 3

    def slide(padded, kernel):
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
        return np.einsum("ijkl,kl->ij", windows, kernel)

    padded = np.pad(image, 1)
    expected = slide(padded, kernel)
    answer = np.asarray(_call(convolve, image.copy(), kernel.copy()))
    if answer.shape == (26, 26):
        raise _Hint(
            "The result is 26x26: at the edges the window ran out of pixels. Put one row or "
            'column of zeros around the image first, as padding="same" does.'
        )
    answer = _expect_shape(answer, (28, 28), "One number for each pixel of the image.")
    hints = [
        (
            slide(padded, kernel[::-1, ::-1]),
            "You turned the kernel round, which is what mathematics calls a convolution. Layers "
            "of neural networks leave the kernel as it is: multiply pixel by pixel.",
        ),
        (slide(padded, kernel.T), "Rows and columns of the kernel are swapped."),
        (
            np.maximum(expected, 0),
            "You cut off what is negative. That is the ReLU after a convolution, a step of its "
            "own.",
        ),
    ]
    for wrong, hint in hints:
        if np.allclose(answer, wrong, atol=1e-3):
            raise _Hint(hint)
    if np.allclose(answer[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-3):
        if np.allclose(answer, expected, atol=1e-3):
            return "What Conv2D computes, for one filter and one channel."
        raise _Hint(
            "All is right inside, but not at the edges. Beyond the image there are zeros: np.roll "
            "brings in the opposite edge, and other paddings repeat pixels."
        )
    raise _Hint(
        "The result differs from the sum of kernel[a, b] * padded[i + a, j + b] over a and b."
    )


@_exercise("2.3", section="Down: stride or pool. Up: transposed or repeated")
def ex02_3(build_decoder):
    """Checks a builder of a decoder that upsamples in place of transposed convolutions."""
    decoder = _call(build_decoder, 7)
    if not hasattr(decoder, "layers"):
        raise _Hint(f"Return a keras.Model. Received: {type(decoder).__name__}")
    if decoder.input_shape != (None, 7):
        raise _Hint(
            "Called with latent_dim=7, the decoder should take codes of shape (None, 7). "
            f"Received: input_shape={decoder.input_shape}"
        )
    kinds = [type(layer).__name__ for layer in decoder.layers]
    if "Conv2DTranspose" in kinds:
        raise _Hint("There is still a Conv2DTranspose in it. Use UpSampling2D(2), then Conv2D.")
    if kinds.count("UpSampling2D") != 2:
        raise _Hint(
            "Two UpSampling2D(2) layers lead from 7x7 to 28x28. "
            f"Received: {kinds.count('UpSampling2D')} of them"
        )
    if decoder.output_shape != (None, 28, 28, 1):
        raise _Hint(
            "The decoder should give images, (None, 28, 28, 1). Received: "
            f'output_shape={decoder.output_shape}. Start from 7x7, and give Conv2D padding="same".'
        )
    for kind, after in itertools.pairwise(kinds):
        if kind == "UpSampling2D" and after != "Conv2D":
            raise _Hint(
                f"A {after} follows on UpSampling2D. It only repeats pixels: put a Conv2D after "
                "each one, to smooth the steps."
            )
    activations = [layer.activation.__name__ for layer in decoder.layers if hasattr(layer, "units")]
    activations += [
        layer.activation.__name__ for layer in decoder.layers if type(layer).__name__ == "Conv2D"
    ]
    if activations[-1] != "sigmoid":
        raise _Hint(
            f"The last layer's activation is {activations[-1]}: pixels lie in [0, 1]. Use a "
            "sigmoid."
        )
    if "linear" in activations[:-1]:
        raise _Hint("A layer before the last has no activation. Give each of them one.")
    return f"{decoder.count_params():,} weights, and no checkerboard from overlapping kernels."


def _sparse_codes():
    """Makes codes (40, 8) with a dead unit, 3, one that is always on, 5, and large values."""
    rng = np.random.default_rng(4)
    z = np.where(rng.random((40, 8)) < 0.3, 5 * rng.random((40, 8)), 0)
    z[:, 3], z[:, 5] = 0, 2
    return z


@_exercise("4.1", section="Three numbers to watch")
def ex04_1(rates):
    """Checks a function from codes `(n, units)` to the share of images that each unit is on for."""
    z = _sparse_codes()
    expected = (z > 0).mean(axis=0)
    answer = np.asarray(_call(rates, z))
    if answer.shape == (40,):
        raise _Hint(
            "You have one number for each image. A rate belongs to a unit: take the mean over the "
            "images, axis=0."
        )
    if answer.size == 1:
        raise _Hint("That is one number for all units together. Take the mean over axis=0 only.")
    answer = _expect_shape(answer, (8,), "There should be one rate for each unit.")
    if np.allclose(answer, z.mean(axis=0)):
        raise _Hint(
            "That is the mean activation. The rate counts how often a unit is on, however "
            "strongly: compare with 0 first, z > 0."
        )
    if np.allclose(answer, (z > 0).sum(axis=0)):
        raise _Hint("You counted the images. Divide by how many there are, or take the mean.")
    if np.allclose(answer, 1 - expected):
        raise _Hint("That is how often each unit is off.")
    if not np.allclose(answer, expected):
        raise _Hint("The numbers differ from the share of images with z > 0.")
    return "A rate for each unit: the fourth is dead, the sixth is always on."


@_exercise("4.2", section="Third way: keep the largest (top-k)")
def ex04_2(top_k):
    """Checks a function from scores `(n, units)` and `k` to codes with the `k` largest kept."""
    scores = np.random.default_rng(5).permutation(np.arange(1.0, 41)).reshape(5, 8)
    scores[4, :6] *= -1  # here only two are positive
    cut = np.sort(scores, axis=1)[:, -3:-2]
    kept = np.where(scores >= cut, scores, 0)
    expected = np.maximum(kept, 0)
    answer = np.asarray(_call(top_k, scores.copy(), 3))
    if answer.shape == (5, 3):
        raise _Hint(
            "You return only the k largest, or their places. The code keeps its length: the others "
            "become 0 where they are."
        )
    answer = _expect_shape(answer, (5, 8), "The code has as many units as there are scores.")
    if np.allclose(answer, kept):
        raise _Hint(
            "Nearly: where fewer than k scores are positive, you keep negative ones. An atom can "
            "only be added, so make them 0."
        )
    if set(np.unique(answer)) <= {0, 1}:
        raise _Hint("You return which units are on. Keep their scores, not only ones.")
    if np.allclose(
        answer, np.maximum(np.where(scores >= np.sort(scores, axis=0)[-3], scores, 0), 0)
    ):
        raise _Hint(
            "You kept the k largest of each unit over the images. Each image chooses its own "
            "units: sort along axis=1."
        )
    on = np.count_nonzero(answer[:4], axis=1)
    if (on == 2).all():
        raise _Hint("Only k - 1 are left: the k-th largest itself is kept, so compare with >=.")
    if (on == 4).all():
        raise _Hint("One too many is kept: the k-th largest is at place -k of the sorted scores.")
    if not np.allclose(answer, expected):
        raise _Hint("The codes differ from the scores with all but the 3 largest set to 0.")
    return "Three units an image, and none of them negative."


@_exercise("4.3", section="One digit, atom by atom")
def ex04_3(rebuild):
    """Checks a function from `z, atoms, bias, m` to the image of the `m` largest activations."""
    rng = np.random.default_rng(6)
    z = _sparse_codes()[0]
    z[[0, 2, 6]] = 1.5, 4.0, 2.5
    atoms, bias = rng.normal(size=(8, 784)), rng.random(784)
    order = np.argsort(z)[::-1]

    def image(units, amounts=z, bias=bias):
        return amounts[units] @ atoms[units] + bias

    answer = np.asarray(_call(rebuild, z.copy(), atoms, bias, 2))
    if answer.size == 784:
        answer = answer.reshape(784)
    answer = _expect_shape(answer, (784,), "It should be one image.")
    if np.allclose(answer, image(order[:2], bias=0)):
        raise _Hint("The bias is missing: it is the image that all digits start from.")
    if np.allclose(answer, image(slice(None))):
        raise _Hint("That is the whole sum. Keep only the m largest activations.")
    if np.allclose(answer, image(slice(2))):
        raise _Hint("Those are the first m units. The order is by activation: np.argsort(z).")
    if np.allclose(answer, image(np.argsort(z)[:2])):
        raise _Hint("Those are the m smallest. np.argsort sorts upwards: the largest come last.")
    if np.allclose(answer, image(order[:2], np.ones(8))):
        raise _Hint("The atoms are added with weight 1. Multiply each by its activation.")
    if not np.allclose(answer, image(order[:2])):
        raise _Hint("The image differs from bias + the sum of z_j * atom_j over the m largest z_j.")
    return "Bias plus the largest m contributions."


@_exercise("5.1", section="2 · The idea: a cloud in place of a point")
def ex05_1(kl):
    """Checks a function from `z_mean`, `z_log_var` to each image's KL divergence from N(0, 1)."""
    z_mean, z_log_var = _gaussians(0)
    units = _kl(z_mean, z_log_var)
    expected = units.sum(axis=1)
    answer = np.asarray(_call(kl, z_mean, z_log_var))
    if answer.shape == units.shape:
        raise _Hint("You kept the units apart. An image pays for all of them: sum over axis=1.")
    if answer.size == 1:
        raise _Hint("You summed over the images too. Keep one number for each image: axis=1 only.")
    answer = _expect_shape(answer, (6,), "There should be one number for each image.")
    if np.allclose(answer, units.mean(axis=1), rtol=1e-3):
        raise _Hint(
            "Mean where the sum belongs: each unit has a price of its own, and an image pays them "
            "all. With the mean over the units, beta is silently divided by latent_dim."
        )
    if np.allclose(answer, -expected, rtol=1e-3):
        raise _Hint("The sign is turned: a divergence is never negative. See how the ELBO uses it.")
    if np.allclose(answer, 2 * expected, rtol=1e-3):
        raise _Hint("Twice too much: the factor 1/2 is missing.")
    if np.allclose(answer, _kl(z_mean, 2 * z_log_var).sum(axis=1), rtol=1e-3):
        raise _Hint(
            "You took z_log_var for the logarithm of sigma. It is the logarithm of the variance, "
            "sigma squared: exp(z_log_var) is the variance already."
        )
    with np.errstate(all="ignore"):
        as_variance = z_mean**2 + z_log_var - 1 - np.log(z_log_var)
        as_sigma = z_mean**2 + z_log_var**2 - 1 - np.log(z_log_var**2)
    if np.isnan(answer).any() or any(
        np.allclose(answer, wrong.sum(axis=1) / 2, rtol=1e-3) for wrong in (as_variance, as_sigma)
    ):
        raise _Hint(
            "You took z_log_var for sigma, or for the variance. It is a logarithm, and may be "
            "negative: the variance is exp(z_log_var)."
        )
    if not np.allclose(answer, expected, rtol=1e-3):
        raise _Hint("The numbers differ from the formula; check its four terms one by one.")
    return "One number for each image, in nats, and never below zero."


@_exercise("5.2", section="4 · The loss, in five lines")
def ex05_2(negative_elbo):
    """Checks a function from `x, x_hat, z_mean, z_log_var` to each image's negative ELBO."""
    x, x_hat = _digits(1), np.clip(_digits(2), 0.1, 0.9)
    z_mean, z_log_var = _gaussians(1)
    nats, units = _nats(x, x_hat).reshape(6, -1), _kl(z_mean, z_log_var)
    total, kl = nats.sum(axis=1), units.sum(axis=1)
    answer = np.asarray(_call(negative_elbo, x, x_hat, z_mean, z_log_var))
    if answer.size == 1:
        raise _Hint("Keep one number for each image; Keras takes the mean over the batch itself.")
    answer = _expect_shape(answer, (6,), "There should be one number for each image.")
    for wrong, hint in [
        (
            nats.mean(axis=1) + kl,
            "Mean where the sum belongs: the reconstruction is a mean over 784 pixels, beside a KL "
            "that is a sum. That is a beta of 784, and every unit will collapse.",
        ),
        (
            nats.mean(axis=1) + units.mean(axis=1),
            "Mean where the sum belongs, twice. Two means don't cancel: one divides by 784, the "
            "other by latent_dim. Here that is a beta of 784 / 3 = 261.",
        ),
        (
            total + units.mean(axis=1),
            "Mean where the sum belongs: the KL is a mean over the units, and so its price is "
            "divided by latent_dim.",
        ),
        (total - kl, "The KL is subtracted: a code far from N(0, 1) would be rewarded."),
        (total, "The KL is missing: what is left is the loss of a plain autoencoder."),
        (kl - total, "The sign of the reconstruction is turned: it is a cost, like the KL."),
        (-total - kl, "That is the ELBO itself, which grows as the model improves. Turn its sign."),
    ]:
        if np.allclose(answer, wrong, rtol=1e-3):
            raise _Hint(hint)
    if not np.allclose(answer, total + kl, rtol=1e-3):
        raise _Hint(
            "The numbers differ from cross-entropy summed over the pixels plus KL summed over the "
            "units."
        )
    return "Sums over pixels and units, one number for each image: beta is 1."


@_exercise("5.3", section="3 · Noise that lets gradients pass")
def ex05_3(sample):
    """Checks a function from `z_mean, z_log_var, noise` to codes, noise from N(0, 1)."""
    z_mean, z_log_var = _gaussians(2)
    noise = np.random.default_rng(3).standard_normal(z_mean.shape).astype("float32")
    sigma, variance = np.exp(z_log_var / 2), np.exp(z_log_var)
    answer = np.asarray(_call(sample, z_mean, z_log_var, noise))
    answer = _expect_shape(answer, z_mean.shape, "One code for each image.")
    added = answer - z_mean
    if np.allclose(added, 0, atol=1e-5):
        raise _Hint("There is no noise in the code: this is a plain autoencoder.")
    scale = np.median(added / (sigma * noise))
    if np.allclose(added, scale * sigma * noise, atol=1e-5) and not np.isclose(scale, 1, rtol=1e-3):
        raise _Hint(
            f"Sigma is right, but the noise is scaled by {scale:.3g}. The KL is computed for one "
            "Gaussian and the decoder trained on another: codes drawn from N(0, 1) will fall "
            "between those it has seen."
        )
    scale = np.median(added / (variance * noise))
    if np.allclose(added, scale * variance * noise, atol=1e-5):
        also = (
            "" if np.isclose(scale, 1, rtol=1e-3) else f" And the noise is scaled by {scale:.3g}."
        )
        raise _Hint(
            "Sigma and variance mixed up: exp(z_log_var) is the variance. Noise is multiplied by "
            f"sigma, the root of it.{also}"
        )
    scale = np.median(added / (z_log_var * noise))
    if np.allclose(added, scale * z_log_var * noise, atol=1e-5):
        raise _Hint(
            "Sigma mistaken for log-variance: z_log_var is a logarithm, and may be negative. First "
            "make sigma of it, exp(z_log_var / 2)."
        )
    if not np.allclose(added, sigma * noise, atol=1e-5):
        raise _Hint(
            "The codes differ from z_mean + sigma * noise, with sigma = exp(z_log_var / 2)."
        )
    return "Mean plus sigma times noise."


@_exercise("5.4", section="5 · The model")
def ex05_4(loss):
    """Checks a function from `reconstruction_loss, kl_loss, beta, training` to the loss."""
    reconstruction, kl, beta = 90.0, 25.0, 2.0
    logged = [
        float(np.asarray(_call(loss, reconstruction, kl, beta, training)))
        for training in (True, False)
    ]
    if np.isclose(logged[0], 140) and np.isclose(logged[1], 90):
        raise _Hint(
            "KL left out of validation: there the loss is the reconstruction alone. A model whose "
            "KL explodes would look as if it improved, and early stopping would choose it."
        )
    if np.isclose(logged[0], 90):
        raise _Hint("Training needs the KL above all: without it this is a plain autoencoder.")
    if np.allclose(logged, 115) or np.isclose(logged[1], 115):
        raise _Hint("The KL is there, but beta is not: multiply the KL by it, in validation too.")
    if np.allclose(logged, 205):
        raise _Hint("Beta is the price of the KL, and you multiplied the reconstruction by it.")
    if not np.allclose(logged, 140):
        raise _Hint(
            "With a reconstruction of 90, a KL of 25 and beta = 2 the loss is 90 + 2 * 25 = 140. "
            f"Received: {logged[0]:g} in training, {logged[1]:g} in validation"
        )
    return "The same loss in training and in validation, so that the two can be compared."


@_exercise("5.5", section="7 · The loss-scaling clinic")
def ex05_5(effective_beta):
    """Checks a function from `pixels, latent_dim, reconstruction, kl` to the effective beta."""
    cases = [("sum", "sum"), ("sum", "mean"), ("mean", "sum"), ("mean", "mean")]
    expected = np.array([1, 1 / 20, 784, 784 / 20])
    answer = np.array([float(np.asarray(_call(effective_beta, 784, 20, *case))) for case in cases])
    if np.allclose(answer, 1 / expected):
        raise _Hint(
            "Upside down. A mean over the pixels makes the reconstruction small, and that makes "
            "the KL weigh more, not less."
        )
    if np.isclose(answer[3], 1) and np.allclose(answer[:3], expected[:3]):
        raise _Hint(
            "Two means don't cancel: one divides the reconstruction by 784, the other the KL by 20."
        )
    if np.isclose(answer[1], 20):
        raise _Hint("A mean over the units makes the KL smaller: it divides beta by latent_dim.")
    if np.allclose(answer, 1):
        raise _Hint("The two words matter: a mean divides its part of the loss, a sum doesn't.")
    if np.allclose(answer[:2], 1) and np.allclose(answer[2:], 784):
        raise _Hint("The reduction of the KL counts too: a mean over the units divides it.")
    if not np.allclose(answer, expected):
        wrong = int(np.argmax(~np.isclose(answer, expected)))
        raise _Hint(
            f"With 784 pixels, 20 units and {cases[wrong]} it should be {expected[wrong]:g}. "
            f"Received: {answer[wrong]:g}. Multiply the loss so that the reconstruction is a sum; "
            "what stands before the summed KL is beta."
        )
    return "A mean over the pixels multiplies beta by 784, a mean over the units divides it by 20."


@_exercise("6.1", section="2 · What doesn't belong")
def ex06_1(auroc):
    """Checks a function from scores of normal cases and scores of anomalies to the AUROC."""
    rng = np.random.default_rng(0)
    normal, anomalous = rng.integers(0, 12, 60) / 4, rng.integers(4, 16, 40) / 4
    above = anomalous[:, None] - normal
    ties = np.mean(above == 0)
    strict, expected = np.mean(above > 0), np.mean(above > 0) + ties / 2
    answer = np.asarray(_call(auroc, normal, anomalous), dtype="float64")
    if answer.size != 1:
        raise _Hint(f"Expected one number, the share of all pairs. Received: shape {answer.shape}")
    answer = float(answer.reshape(()))
    if np.isclose(answer, 1 - expected) or np.isclose(answer, 1 - expected - ties / 2):
        raise _Hint("Upside down: count the pairs in which the *anomaly* has the higher score.")
    if np.isclose(answer, strict) or np.isclose(answer, strict + ties):
        raise _Hint(
            "Ties: a pair with equal scores is a coin toss, and counts half. A detector that gives "
            "everything the same score should come out at 0.5."
        )
    if np.isclose(answer, 100 * expected):
        raise _Hint("Return a share, from 0 to 1, rather than per cent.")
    if np.isclose(answer, expected * above.size):
        raise _Hint("That is the number of pairs. Divide it by how many pairs there are.")
    if np.isclose(answer, np.mean(anomalous > normal.mean())):
        raise _Hint(
            "You compared with the mean of the normal scores. Compare each anomaly with each "
            "normal case: anomalous[:, None] and normal make a table of all pairs."
        )
    if not np.isclose(answer, expected):
        raise _Hint(f"For these scores it should be {expected:.4f}. Received: {answer:.4f}")
    return "The probability that an anomaly scores higher than a normal case."


@_exercise("6.2", section="A threshold, chosen blind")
def ex06_2(threshold):
    """Checks a function from normal validation scores and a rate of false alarms to a threshold."""
    scores = np.random.default_rng(1).lognormal(0, 0.7, 1000)
    for rate in (0.05, 0.2):
        answer = np.asarray(_call(threshold, scores.copy(), rate), dtype="float64")
        if answer.size != 1:
            raise _Hint(f"Expected one number, the threshold. Received: shape {answer.shape}")
        answer = float(answer.reshape(()))
        alarms = np.mean(scores > answer)
        if abs(alarms - rate) <= 0.002:
            continue
        if abs(alarms - (1 - rate)) <= 0.002:
            raise _Hint(
                f"The wrong end: {alarms:.0%} of the normal images lie above it, and all of these "
                "would be false alarms."
            )
        if answer >= scores.max():
            raise _Hint(
                "At or above the largest score nothing normal raises an alarm, but a single odd "
                "image decides where the threshold lies. The exercise allows a rate of alarms."
            )
        if np.isclose(answer, rate) or np.isclose(answer, 1 - rate):
            raise _Hint("That is the rate itself. Look for the score that so many images exceed.")
        for deviations in (1, 1.64, 1.645, 1.96, 2, 3):
            if np.isclose(answer, scores.mean() + deviations * scores.std(), rtol=0.01):
                raise _Hint(
                    "Mean plus some standard deviations has the rate asked for only if scores "
                    f"follow a Gaussian. These are skewed: {alarms:.1%} lie above. A quantile "
                    "needs no such assumption."
                )
        raise _Hint(
            f"{alarms:.1%} of the normal images lie above it, and it should be {rate:.0%}. A "
            "quantile does it."
        )
    return "So many normal images lie above it as were allowed, and no anomaly was looked at."


@_exercise("6.3", section="4 · New digits")
def ex06_3(nearest):
    """Checks a function from images and training images to distances to the nearest one."""
    x, x_train = _digits(3), _digits(4, n=40)
    x[2] = x_train[7]  # a copy
    flat, train = x.reshape(6, -1), x_train.reshape(40, -1)
    table = np.square(flat[:, None] - train).sum(axis=2)
    expected = np.sqrt(table.min(axis=1))
    answer = np.asarray(_call(nearest, x.copy(), x_train.copy()), dtype="float64")
    if answer.shape == (40,):
        raise _Hint("One number for each *new* image: the minimum runs over the training images.")
    if answer.shape == (6, 40):
        raise _Hint("That is the whole table. Take the smallest distance in each row.")
    answer = _expect_shape(answer, (6,), "There should be one distance for each new image.")
    if np.isnan(answer).any():
        raise _Hint(
            "There are NaN: rounding can make a squared distance slightly negative, and its root "
            "isn't a number. np.maximum(squared, 0) helps."
        )
    for wrong, hint in [
        (table.min(axis=1), "Squared distances: take the root at the end."),
        (np.sqrt(table).mean(axis=1), "The mean over the training images hides the one copy."),
        (np.sqrt(table.max(axis=1)), "That is the farthest training image."),
        (table.argmin(axis=1), "That is which image is nearest. Return how far away it is."),
        (np.sqrt(table.min(axis=1) / 784), "Sum over the pixels, rather than their mean."),
        (
            np.sqrt(np.square(flat - train[:6]).sum(axis=1)),
            "You compared each image with one training image. Compare it with all of them.",
        ),
    ]:
        if np.allclose(answer, wrong, rtol=1e-3, atol=1e-4):
            raise _Hint(hint)
    if not np.allclose(answer, expected, rtol=1e-3, atol=0.02):
        raise _Hint("The distances differ: the root of the sum over pixels of squared differences.")
    return "The third image is a copy, and its distance of 0 gives it away."


@_exercise("7.1", section="One gradient from many shares")
def ex07_1(whole_gradient):
    """Checks a function from gradients of workers' means, and share sizes, to one gradient."""
    each = np.random.default_rng(0).normal(1, 1, (12, 5))  # of 12 images, for 5 weights
    sizes = np.array([6, 4, 2])
    shares = np.split(each, np.cumsum(sizes)[:-1])
    gradients = np.stack([share.mean(axis=0) for share in shares])
    expected = each.mean(axis=0)
    answer = np.asarray(_call(whole_gradient, gradients.copy(), sizes.copy()), dtype="float64")
    answer = _expect_shape(answer, (5,), "There should be one number for each weight.")
    for wrong, hint in [
        (
            gradients.mean(axis=0),
            "That is the mean of the means. An image of the smallest share then counts three "
            "times as much as one of the largest: weigh each row by its size.",
        ),
        (gradients.sum(axis=0), "The sum of means is too large. Each worker has divided already."),
        (
            each.sum(axis=0),
            "That is the sum over all images. Divide by how many there are in the whole batch.",
        ),
        (
            each.sum(axis=0) / 3,
            "You divided by the number of workers. Divide by the number of images.",
        ),
    ]:
        if np.allclose(answer, wrong):
            raise _Hint(hint)
    if not np.allclose(answer, expected):
        raise _Hint(
            "It differs from the gradient of the whole batch. Turn each mean back into a sum, add "
            "the sums up, and divide once."
        )
    return "Every image counts the same, whichever worker it went to."


@_exercise("7.2", section="Kill one")
def ex07_2(best_interval):
    """Checks a function from a backup's cost and the time between deaths to the best interval."""
    for backup, deaths in [(10.0, 86400.0), (2.0, 3600.0)]:
        answer = float(np.asarray(_call(best_interval, backup, deaths)).reshape(()))
        expected = np.sqrt(2 * backup * deaths)
        if np.isclose(answer, expected**2):
            raise _Hint("That is its square: the derivative vanishes where T² is 2 c M.")
        if np.isclose(answer, expected / np.sqrt(2)):
            raise _Hint("A factor is missing: the second part of the sum is T / (2 M), not T / M.")
        if np.isclose(answer, expected / 60):
            raise _Hint("That is in minutes. The arguments are in seconds; so is the answer.")
        if not np.isclose(answer, expected, rtol=1e-3):
            raise _Hint(
                f"With c = {backup:g} s and M = {deaths:g} s it should be {expected:.0f} s. "
                f"Received: {answer:.0f}. Set the derivative with respect to T to zero"
            )
    return "The cost of the backups then equals the cost of what is lost."


@_exercise("7.3", section="Is it faster?")
def ex07_3(speed_up):
    """Checks a function from workers, computing and sending to how many times faster they are."""
    for workers, compute, send in [(3, 0.3, 0.05), (8, 2.0, 0.5)]:
        answer = float(np.asarray(_call(speed_up, workers, compute, send)).reshape(()))
        seconds = compute / workers + send
        for wrong, hint in [
            (workers, "That would be so if nothing had to be sent."),
            (seconds, "Those are the seconds of a step. How many times faster is that than one?"),
            (seconds / compute, "Upside down: fewer seconds are a larger speed-up."),
            (
                compute / (compute + send),
                "Each worker computes its share only, not the whole batch.",
            ),
            (
                workers * compute / (compute + send),
                "You cut the sending into shares, too. Each gradient is as large as the model, "
                "however small the share of the images.",
            ),
        ]:
            if np.isclose(answer, wrong):
                raise _Hint(hint)
        if not np.isclose(answer, compute / seconds):
            raise _Hint(
                f"With {workers} workers, {compute:g} s of computing and {send:g} s of sending it "
                f"should be {compute / seconds:.2f}. Received: {answer:.2f}. First add up the "
                "seconds of a step"
            )
    alone = float(np.asarray(_call(speed_up, 1, 0.3, 0.05)).reshape(()))
    if not np.isclose(alone, 1):
        raise _Hint(f"One worker has nobody to send to: it should be 1. Received: {alone:.2f}")
    return "With ever more workers it comes near computing / sending, and never gets beyond."
