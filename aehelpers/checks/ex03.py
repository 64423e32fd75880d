"""The exercises of notebook 03: decibels, pairs for a denoiser, a filter's strength."""

import numpy as np

from aehelpers import metrics
from aehelpers.checks import noises
from aehelpers.checks.answer import Hint, as_numbers
from aehelpers.checks.exercise import Exercise
from aehelpers.checks.inputs import digits, reconstructions

__all__ = ["ex03_1", "ex03_2", "ex03_3"]


def psnr(x, x_hat):
    """Returns the peak signal-to-noise ratio of each image in decibels."""
    mse = np.square(x - x_hat).mean(axis=(1, 2, 3))
    return 10 * np.log10(1 / mse)


def _repairs(seed, n):
    """Makes images whose brightest pixel is no 1, and repairs of quite different quality."""
    x = 0.8 * digits(seed, n)
    share = np.linspace(0.02, 1, n)[:, None, None, None].astype("float32")
    return x, x + share * (reconstructions(seed + 1, n) - x)


def _decibels_of(error):
    """Makes a mistake: the formula with another error than the mean squared one."""
    return lambda x, x_hat: -10 * np.log10(error(x, x_hat))


_PIXELS = (1, 2, 3)

ex03_1 = Exercise(
    "3.1",
    section="How good is a repair?",
    reference=psnr,
    cases=lambda: {
        "six images and repairs": _repairs(1, 6),
        "one image": _repairs(3, 1),
        "four images": (digits(5, n=4), reconstructions(6, n=4)),
        "a white repair of a black image": (np.zeros((1, 28, 28, 1)), np.ones((1, 28, 28, 1))),
    },
    what="There should be one number for each image.",
    mistakes=[
        (
            _decibels_of(lambda x, x_hat: np.square(x - x_hat).mean()),
            "You took the mean squared error over all images before the logarithm. Keep one error "
            "for each image: the mean over axis=(1, 2, 3).",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat).mean(),
            "That is the mean over the images. There should be one number for each image.",
        ),
        (
            lambda x, x_hat: -psnr(x, x_hat),
            "The sign is turned round: a smaller error should give more decibels.",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat) * np.log(10),
            "That is the natural logarithm. Decibels count powers of ten: np.log10.",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat) * np.log2(10),
            "That is the logarithm of base 2. Decibels count powers of ten: np.log10.",
        ),
        (
            lambda x, x_hat: 2 * psnr(x, x_hat),
            "Twice too large. The factor 20 belongs to the root of the error; with the squared "
            "error itself the factor is 10.",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat) / 2,
            "Half of it. With the root of the error the factor is 20; the factor 10 belongs to "
            "the squared error itself.",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat) / 10,
            "These are bels. A decibel is a tenth of a bel: multiply by 10.",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat) / 10 * np.log(10),
            "That is the natural logarithm of 1 / MSE. Decibels are ten times the np.log10.",
        ),
        (
            _decibels_of(lambda x, x_hat: np.square(x - x_hat).sum(axis=_PIXELS)),
            "You summed the squared errors. PSNR takes their mean over the pixels.",
        ),
        (
            _decibels_of(lambda x, x_hat: np.abs(x - x_hat).mean(axis=_PIXELS)),
            "That is with the absolute error. PSNR takes the squared one: np.square.",
        ),
        (
            lambda x, x_hat: -20 * np.log10(np.abs(x - x_hat).mean(axis=_PIXELS)),
            "That is with the absolute error. PSNR takes the squared one: np.square.",
        ),
        (
            _decibels_of(lambda x, x_hat: np.square((x - x_hat).mean(axis=_PIXELS))),
            "You squared the mean error, in which errors of opposite sign cancel. Square the "
            "differences first, then take the mean.",
        ),
        (
            _decibels_of(lambda x, x_hat: (x - x_hat).mean(axis=_PIXELS)),
            "The differences aren't squared: those of opposite sign cancel.",
        ),
        (
            lambda x, x_hat: -10 * np.log10(np.square(x - x_hat)).mean(axis=_PIXELS),
            "You took the mean of the pixels' decibels. First the mean of the squared errors, "
            "then the logarithm.",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat) + 20 * np.log10(255),
            "The largest possible value is 1 here, not 255: pixels lie in [0, 1].",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat) + 20 * np.log10(x.max(axis=_PIXELS)),
            "The peak is the largest value that a pixel can have, 1, not the largest in the image.",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat) + 10 * np.log10(np.square(x).mean(axis=_PIXELS)),
            "That is the ratio of the image's own mean square to the error. The P in PSNR stands "
            "for the peak, the largest possible value, which is 1.",
        ),
        (
            lambda x, x_hat: psnr(x, x_hat) + 10 * np.log10(x.var(axis=_PIXELS)),
            "That is the ratio of the image's own variance to the error. The P in PSNR stands "
            "for the peak, the largest possible value, which is 1.",
        ),
        (
            lambda x, x_hat: 10 * np.log10(1 + 1 / np.square(x - x_hat).mean(axis=_PIXELS)),
            "There is a 1 too many in the logarithm: 10 log10(1 / MSE).",
        ),
        (
            lambda x, x_hat: 10 * np.log10(1) / np.square(x - x_hat).mean(axis=_PIXELS),
            "The logarithm of 1 is 0. Look at the brackets: np.log10(1 / mse).",
        ),
        (
            lambda x, x_hat: np.square(x - x_hat).mean(axis=_PIXELS),
            "That is the mean squared error. Decibels are 10 log10(1 / MSE).",
        ),
        (
            lambda x, x_hat: 1 / np.square(x - x_hat).mean(axis=_PIXELS),
            "That is 1 / MSE. The logarithm is missing: 10 log10(1 / MSE).",
        ),
        (metrics.ssim, "That is the structural similarity. The exercise asks for the PSNR."),
    ],
    shapes=[
        (
            lambda x, x_hat: np.float64(0),
            "There should be one number for each image. The mean over images comes last.",
        ),
        (
            lambda x, x_hat: x[0],
            "You took the mean over the images. Take it over the pixels of each: axis=(1, 2, 3).",
        ),
        (
            lambda x, x_hat: x,
            "That is a number for each pixel. There should be one number for each image: take "
            "the mean of the squared errors over axis=(1, 2, 3).",
        ),
    ],
    praise="One number of decibels for each image.",
    steps=[
        "First the mean squared error of each image: the mean over its pixels, and not over the "
        "images.",
        "The pixels lie on the three axes after the first: np.square(x - x_hat).mean(axis=(1, 2, "
        "3)).",
        "Then the formula, for all of them at once: 10 * np.log10(1 / mse).",
    ],
)


def noisy_pairs(x, stddev, rng):
    """Returns what a denoiser is trained on: noisy images, and the clean ones."""
    noisy = x + rng.normal(0, stddev, size=x.shape)
    return np.clip(noisy, 0, 1), x


class _Generator(np.random.Generator):
    """A random generator that goes on from call to call: a copy would begin anew."""

    def __deepcopy__(self, memo):
        return self


def _generator(seed):
    return _Generator(np.random.PCG64(seed))


def _clipped(noisy):
    """Makes a mistake of a function that returns the noisy images before they are clipped."""
    return lambda x, stddev, rng: np.clip(noisy(x, stddev, rng), 0, 1)


def _scaled(x, stddev, rng):
    noisy = x + rng.normal(0, stddev, size=x.shape)
    return (noisy - noisy.min()) / np.ptp(noisy)


_NOISE_MISTAKES = [
    (
        _clipped(lambda x, stddev, rng: x + rng.normal(stddev, size=x.shape)),
        "stddev is the noise's mean here: that is the first argument of rng.normal, and the "
        "standard deviation the second, rng.normal(0, stddev, size=x.shape).",
    ),
    (
        _clipped(lambda x, stddev, rng: x + rng.normal(size=x.shape)),
        "The noise's standard deviation is 1, whatever stddev is: rng.normal(0, stddev, "
        "size=x.shape).",
    ),
    (
        _clipped(lambda x, stddev, rng: x + x * rng.normal(0, stddev, size=x.shape)),
        "The noise is multiplied with the image, so that black pixels get none. Add it.",
    ),
    (
        _clipped(lambda x, stddev, rng: x * rng.normal(0, stddev, size=x.shape)),
        "The noise is multiplied with the image, so that black pixels get none. Add it.",
    ),
    (
        _clipped(lambda x, stddev, rng: rng.normal(0, stddev, size=x.shape)),
        "The input is noise alone. Add it to the images.",
    ),
    (
        lambda x, stddev, rng: x + np.clip(rng.normal(0, stddev, size=x.shape), 0, 1),
        "You clipped the noise, which leaves none that is negative. Clip the noisy images: "
        "np.clip(x + noise, 0, 1).",
    ),
    (
        lambda x, stddev, rng: np.clip(noisy_pairs(x, stddev, rng)[0], x.min(), x.max()),
        "You clipped to the range of x. Pixels lie in [0, 1]: np.clip(noisy, 0, 1).",
    ),
    (
        _scaled,
        "The input is scaled to its smallest and largest value, which changes the pixels that "
        "have got no noise, too. What leaves [0, 1] is clipped: np.clip(noisy, 0, 1).",
    ),
]


def _judge_pairs(answer):
    """Judges a maker of pairs by the noise that it adds."""
    # In grey images so little noise shows as it is: none of it is clipped.
    grey = np.random.default_rng(0).uniform(0.4, 0.6, (20, 28, 28, 1)).astype("float32")
    dark = digits(3, 6)
    noisy = _noisy(answer, grey, 0.05, 0)
    noise = (noisy - grey)[..., 0]
    noises.check_range(noisy)
    noises.check_spread(noise)
    _check_generator(answer, grey[:3])
    if np.ptp(_noisy(answer, dark, 0.5, 1)[dark == 0]) < 1e-6:
        raise Hint(
            "Black pixels get no noise. It is added to all pixels alike, neither multiplied with "
            "the image nor kept to the ink."
        )
    noises.check_strength(noise, 0.05, _noisy(answer, grey, 0.1, 2)[..., 0] - grey[..., 0])
    _check_clipped(answer, dark, 0.5)
    _check_clipped(answer, digits(4, 1), 0.2)
    return "Noisy images in, clean images out, and other noise with every call."


def _pair(answer, x, stddev, rng):
    """Returns the pair that an answer gives, or raises a hint unless it is one."""
    pair = answer(x, stddev, rng)
    if answer.changed:
        raise Hint(f"{answer.change_message()} The clean images must survive.")
    if not isinstance(pair, tuple | list):
        array = as_numbers(pair)
        pair = array if array.shape == (2, *x.shape) else [pair]
    if len(pair) != 2:
        raise Hint("Return two arrays, the input and the target: `return noisy, clean`.")
    pair = [as_numbers(array) for array in pair]
    for array, name in zip(pair, ("input", "target")):
        if array.shape != x.shape:
            raise Hint(
                f"The {name} should have the shape of x, {x.shape}. Received: {array.shape}. "
                "Draw as many numbers as x has: size=x.shape."
            )
        if not np.isfinite(array).all():
            raise Hint(f"There is NaN or infinity in the {name}.")
    return pair


def _noisy(answer, x, stddev, seed):
    """Returns an answer's input, or raises a hint unless the pair is one."""
    noisy, target = _pair(answer, x, stddev, _generator(seed))
    right = noisy_pairs(x, stddev, _generator(seed))[0]
    for wrong, hint in _NOISE_MISTAKES:
        other = wrong(x, stddev, _generator(seed))
        if np.allclose(noisy, other, atol=1e-5) and not np.allclose(right, other, atol=1e-5):
            raise Hint(hint)
    _check_target(noisy, target, x)
    return noisy


def _check_generator(answer, x):
    """Raises a hint unless the noise is drawn from the generator that is given."""
    rng = _generator(7)
    first, second = (_pair(answer, x, 0.05, rng)[0] for _ in range(2))
    if np.allclose(first, second, atol=1e-6):
        raise Hint(
            "Two calls with one generator give the same noise, which a model could learn by heart. "
            "Draw it from rng itself, which goes on, and not from a generator made in your "
            "function."
        )
    same, other = (_pair(answer, x, 0.05, _generator(seed))[0] for seed in (7, 8))
    if np.allclose(first, other, atol=1e-6):
        raise Hint("The noise doesn't depend on rng. Draw it from there: rng.normal.")
    if not np.allclose(first, same, atol=1e-6):
        raise Hint(
            "The noise isn't drawn from rng: generators of the same seed should give the same "
            "noise. np.random, tf.random and generators of your own have other states: use "
            "rng.normal."
        )


def _check_target(noisy, target, x):
    """Raises a hint unless the target are the clean images, and the input not."""
    same, clean = (np.allclose(array, x, rtol=0, atol=1e-5) for array in (noisy, target))
    if same and not clean:
        raise Hint(
            "The two are swapped: such a model would learn to add noise. The noisy image is the "
            "input, the clean one the target."
        )
    if not clean and np.allclose(target, noisy - x, atol=1e-5):
        raise Hint(
            "The target is the noise. The model is scored against the clean image: return x."
        )
    if not clean:
        raise Hint(
            "The target is noisy as well. The model is scored against the clean image: return x."
        )
    if same:
        raise Hint("There is no noise in the input.")


def _check_clipped(answer, x, stddev):
    """Raises a hint unless what leaves [0, 1] is clipped, in digits with exact zeros and ones."""
    noisy = _noisy(answer, x, stddev, 5)
    if noisy.min() < -1e-6 or noisy.max() > 1 + 1e-6:
        vain = ""
        if answer.uses("clip"):
            vain = " np.clip changes nothing: it returns a clipped copy."
        raise Hint(
            f"The input goes from {noisy.min():.2f} to {noisy.max():.2f}. Pixels lie in [0, 1]: "
            f"clip them after the noise is added.{vain}"
        )
    paper = noisy[x == 0]
    if abs(np.mean(paper < 1e-3) - 0.5) > 0.15:  # 7 standard errors for one image
        raise Hint(
            "About half of the black pixels should stay black, as their noise is negative and "
            f"clipped. Received: {100 * np.mean(paper < 1e-3):.0f} %. What falls below 0 becomes "
            "0, and what exceeds 1 becomes 1: np.clip(noisy, 0, 1)."
        )


ex03_2 = Exercise(
    "3.2",
    section="Four kinds of damage",
    reference=noisy_pairs,
    judge=_judge_pairs,
    steps=[
        "Draw as many numbers as there are pixels in all images, from the generator that you are "
        "given: rng.normal with a size.",
        "noisy = x + rng.normal(0, stddev, size=x.shape) makes a new array and leaves x as it is.",
        "np.clip(noisy, 0, 1) is the input, and x the target.",
    ],
)


def tune(denoise, strengths, noisy, clean):
    """Returns the strength with which a filter reaches the highest mean PSNR."""
    scores = [metrics.psnr(clean, denoise(noisy, strength)).mean() for strength in strengths]
    return strengths[int(np.argmax(scores))]


def _filter(seed, decibels):
    """Makes a filter whose results have decibels as wanted.

    Args:
        seed: An integer.
        decibels: `{strength: (kind of error, decibels of each image)}`. Errors of the kind
            `"noise"` are what is left of the noise. Others are as large at all pixels that have
            one: at `"all"`, at `"half"` of them, or at a `"few"`.

    Returns:
        The arguments of an answer: the filter, its strengths, noisy images, clean images.
    """
    rng = np.random.default_rng(seed)
    strengths = list(decibels)
    clean = digits(seed, n=len(decibels[strengths[0]][1]))
    noisy = np.clip(clean + rng.normal(0, 0.4, clean.shape), 0, 1).astype("float32")
    results = []
    for kind, wanted in decibels.values():
        if kind == "noise":
            error = noisy - clean
        else:  # inwards, so that clipping changes nothing
            share = {"all": 1, "half": 0.5, "few": 0.1}[kind]
            error = np.where(rng.random(clean.shape) < share, np.where(clean < 0.5, 1.0, -1.0), 0)
        root = np.sqrt(10 ** (-np.array(wanted) / 10) / np.square(error).mean(axis=(1, 2, 3)))
        results.append((clean + root[:, None, None, None] * error).astype("float32"))
    # It knows noisy images, and clean ones and its own results, which it isn't meant to get.
    known = np.stack([noisy, clean, *results]).reshape(-1, 784)

    def denoise(images, strength):
        if np.ndim(strength) or not np.isclose(strengths, strength).any():
            raise ValueError(f"strength must be one of {strengths}. Received: {strength}")
        place = int(np.argmax(np.isclose(strengths, strength)))
        images = np.asarray(images, dtype="float32")
        if images.size % 784:
            raise ValueError(f"images must be of 28x28 pixels. Received: shape {images.shape}")
        filtered = []
        for image in images.reshape(-1, 784):
            distances = np.abs(known - image).max(axis=1)
            if distances.min() > 1e-3:
                raise ValueError("images must be the noisy ones, as they are. Received: others")
            step, i = divmod(int(distances.argmin()), len(clean))
            filtered.append(results[(place + step) % len(results)][i])
        return np.reshape(filtered, images.shape)

    return denoise, strengths, noisy, clean


def _by(score):
    """Makes a function that chooses the strength by another score, the higher the better."""

    def choose(denoise, strengths, noisy, clean):
        scores = [score(clean, denoise(noisy, strength), noisy) for strength in strengths]
        return strengths[int(np.argmax(scores))]

    return choose


def _by_decibels(score):
    """The same, by a score made of the decibels of all images."""
    return _by(lambda clean, images, noisy: score(metrics.psnr(clean, images)))


def _scores(denoise, strengths, noisy, clean):
    return [metrics.psnr(clean, denoise(noisy, strength)).mean() for strength in strengths]


def _again_and_again(denoise, strengths, noisy, clean):
    scores = []
    for strength in strengths:
        noisy = denoise(noisy, strength)
        scores.append(metrics.psnr(clean, noisy).mean())
    return strengths[int(np.argmax(scores))]


def _first_peak(*args):
    falls = np.diff([*_scores(*args), -np.inf]) <= 0
    return args[1][int(np.argmax(falls))]


def _fixed(which, pick):
    """Makes a mistake: a strength chosen without looking at results."""
    return (
        lambda denoise, strengths, noisy, clean: pick(strengths),
        f"That is {which} of the strengths, whatever the filter does. Try each of them, and "
        "compare.",
    )


_ONE_IMAGE = "That is the best strength for {} image only. Take the mean PSNR over all images."
_MEAN = "The exercise asks for the highest mean PSNR."

ex03_3 = Exercise(
    "3.3",
    section="What people would use otherwise",
    reference=tune,
    # Decibels by which each mistake chooses otherwise than the mean, and otherwise than the others.
    cases=lambda: {
        "five strengths, of which the fourth has the highest mean PSNR": _filter(
            4,
            {
                0.6: ("noise", [24, 22, 15, 19, 19]),
                1.2: ("few", [22, 16, 21, 22, 17]),
                0.3: ("half", [19, 18, 19, 19, 18]),
                0.9: ("all", [17, 23, 19, 23, 20]),
                0.15: ("half", [15, 18, 15, 17, 21]),
            },
        ),
        "six strengths, of which the third has the highest mean PSNR": _filter(
            7,
            {
                1: ("all", [17, 17, 18, 22, 18]),
                2: ("noise", [20, 17, 23, 16, 18]),
                3: ("all", [20, 23, 18, 23, 16]),
                5: ("few", [18, 19, 24, 15, 21]),
                8: ("all", [22, 15, 15, 16, 16]),
                13: ("half", [19, 20, 18, 16, 17]),
            },
        ),
        "four strengths, of which the second has the highest mean PSNR": _filter(
            9,
            {
                4: ("noise", [23, 20, 19]),
                6: ("half", [20, 21, 22]),
                2: ("half", [15, 16, 19]),
                1: ("noise", [21, 18, 19]),
            },
        ),
        "one image, and two strengths, of which the second has the highest PSNR": _filter(
            11, {0.5: ("half", [17]), 2.5: ("noise", [19])}
        ),
        "one strength": _filter(12, {0.7: ("half", [18, 20])}),
    },
    what="Return one strength.",
    mistakes=[
        (
            lambda denoise, strengths, noisy, clean: tune(denoise, strengths, clean, clean),
            "The filter was given the clean images. Its input are the noisy ones.",
        ),
        (
            _by(lambda clean, images, noisy: metrics.psnr(noisy, images).mean()),
            "You compared with the noisy images. Compare with the clean ones.",
        ),
        (
            lambda denoise, strengths, noisy, clean: tune(denoise, strengths, clean, noisy),
            "The two are swapped: filter the noisy images, and compare with the clean ones.",
        ),
        (
            _by_decibels(lambda decibels: -decibels.mean()),
            "That strength has the lowest PSNR. More decibels are better.",
        ),
        (
            lambda *args: np.argmax(_scores(*args)),
            "That is the place of the best strength in the list. Return the strength: "
            "strengths[place].",
        ),
        (
            lambda *args: max(_scores(*args)),
            "That is a score. Return the strength that reached it.",
        ),
        (
            lambda *args: (max(_scores(*args)), tune(*args)),
            "You return a pair, the score and its strength. Return the strength only.",
        ),
        (
            lambda *args: (tune(*args), max(_scores(*args))),
            "You return a pair, the strength and its score. Return the strength only.",
        ),
        (
            lambda *args: np.squeeze(_scores(*args)),
            "Those are the scores of all strengths. Return the strength with the highest.",
        ),
        (
            _again_and_again,
            "Each strength works on what the one before has left. Filter the noisy images anew "
            "for each: the result needs another name.",
        ),
        (
            lambda denoise, strengths, noisy, clean: strengths[-1],
            "That is the last of the strengths. Where a loop keeps the best, it has to remember "
            "the best score as well, or each strength seems better than nothing: best = score.",
        ),
        (
            _first_peak,
            "You stopped where the score first falls. It may rise again: try all strengths.",
        ),
        _fixed("the first", lambda strengths: strengths[0]),
        _fixed("the second", lambda strengths: strengths[1]),
        _fixed("the middle one", lambda strengths: strengths[len(strengths) // 2]),
        _fixed("the middle one", lambda strengths: strengths[(len(strengths) - 1) // 2]),
        _fixed("the largest", max),
        _fixed("the smallest", min),
        (_by_decibels(lambda decibels: decibels[0]), _ONE_IMAGE.format("the first")),
        (_by_decibels(lambda decibels: decibels[-1]), _ONE_IMAGE.format("the last")),
        (
            _by_decibels(lambda decibels: decibels[:2].mean()),
            "That is the best strength for the first two images. Take the mean over all of them.",
        ),
        (_by_decibels(np.median), f"You compared by the median. {_MEAN}"),
        (_by_decibels(np.min), f"You compared by the worst image. {_MEAN}"),
        (_by_decibels(np.max), f"You compared by the best image. {_MEAN}"),
        (_by_decibels(lambda decibels: -decibels.std()), f"You compared by the spread. {_MEAN}"),
        (
            _by(lambda clean, images, noisy: metrics.ssim(clean, images).mean()),
            f"You compared by SSIM. {_MEAN}",
        ),
        (
            _by(lambda clean, images, noisy: -np.abs(clean - images).mean()),
            "You compared by the absolute error. PSNR goes by the squared one.",
        ),
    ],
    shapes=[
        (lambda *args: np.zeros(len(args[3])), "Return one strength, not one for each image."),
        (lambda *args: np.zeros(2), "You return a pair. Return one strength only."),
        (lambda *args: args[3], "Those are images. Return the strength that gives the best."),
    ],
    praise="The strength with the highest mean PSNR, chosen without a look at the test images.",
    steps=[
        "For each strength, filter all noisy images and compare the results with the clean ones.",
        "A strength's score is metrics.psnr(clean, denoise(noisy, strength)).mean().",
        "np.argmax of the scores gives a place in the list. Return the strength at that place.",
    ],
)
