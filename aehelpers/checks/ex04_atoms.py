"""The third exercise of notebook 04: a digit from its strongest atoms."""

import numpy as np

from aehelpers.checks.exercise import Exercise

__all__ = ["ex04_3"]


def rebuild(z, atoms, bias, m):
    """Returns the image of the `m` largest activations."""
    largest = np.argsort(-z)[:m]
    return bias + z[largest] @ atoms[largest]


def _parts(seed, units, m, on=None):
    """Makes a code, with half its units on unless told how many, atoms and a bias."""
    rng = np.random.default_rng(seed)
    z = np.zeros(units)
    count = units // 2 + 1 if on is None else on
    z[rng.permutation(units)[:count]] = 1.3 + rng.permutation(count) * 4 / max(count, 1)
    atoms, bias = rng.normal(size=(units, 784)), rng.random(784)
    return *(array.astype("float32") for array in (z, atoms, bias)), m


def _image(units, z, atoms, bias):
    return bias + z[units] @ atoms[units]


def _contributions(z, atoms):
    return np.linalg.norm(z[:, None] * atoms, axis=1)


_APART = (
    "The activations were sorted, and their atoms weren't: each must be multiplied by its own. "
    "np.argsort(z) gives places that serve for both."
)

ex04_3 = Exercise(
    "4.3",
    section="One digit, atom by atom",
    reference=rebuild,
    cases=lambda: {
        "40 units and m = 3": _parts(6, 40, 3, on=30),
        "m = 1": _parts(1, 5, 1),
        "m = 6, which is all units": _parts(2, 6, 6, on=6),
        "m = 0, which leaves the bias alone": _parts(3, 6, 0),
        "784 units, so that atoms has as many rows as columns, and m = 3": _parts(4, 784, 3),
        "fewer units on than m": _parts(5, 8, 7, on=3),
    },
    atol=1e-4,  # float32 sums over 784 units are no better where they cancel
    what="It should be one image, of shape (784,).",
    mistakes=[
        (
            lambda z, atoms, bias, m: _image(np.argsort(z)[-m:], z, atoms, bias),
            "Right, but for m = 0: [-0:] is [0:], which is all of them, and no atom at all should "
            "be left. np.argsort(-z)[:m], or np.argsort(z)[::-1][:m], is right for 0 too.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, bias if m else 0 * bias, m),
            "Right, but for m = 0: with no atom at all the bias is left.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, 0 * bias, m),
            "The bias is missing: it is the image that all digits start from.",
        ),
        (
            lambda z, atoms, bias, m: _image(np.argsort(z)[-m:], z, atoms, 0 * bias),
            "The bias is missing: it is the image that all digits start from.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, -bias, m),
            "The bias is subtracted: it is the image that all digits start from, so add it.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, m * bias, m),
            "The bias is added with every atom. Add it once: it is the image that all digits start "
            "from.",
        ),
        (
            lambda z, atoms, bias, m: z @ atoms + bias,
            "That is the whole sum. Keep only the m largest activations.",
        ),
        (
            lambda z, atoms, bias, m: z @ atoms,
            "That is the whole sum, without the bias. Keep only the m largest activations, and "
            "begin with the bias.",
        ),
        (
            lambda z, atoms, bias, m: _image(slice(m), z, atoms, bias),
            "Those are the first m units. The order is by activation: np.argsort(z).",
        ),
        (
            lambda z, atoms, bias, m: _image(slice(len(z) - m, None), z, atoms, bias),
            "Those are the last m units. The order is by activation: np.argsort(z).",
        ),
        (
            lambda z, atoms, bias, m: _image(np.argsort(z)[:m], z, atoms, bias),
            "Those are the m smallest. np.argsort sorts upwards: the largest come last.",
        ),
        (
            lambda z, atoms, bias, m: _image(np.argsort(-z)[m:], z, atoms, bias),
            "You left out the m largest. It is those that make the image.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, bias, max(m - 1, 0)),
            "One atom is missing: m = 3 takes the three largest activations.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, bias, m + 1),
            "One atom too many: m = 3 takes the three largest activations.",
        ),
        (
            lambda z, atoms, bias, m: _image(np.argsort(-z)[m - 1 : m], z, atoms, bias),
            "That is the m-th largest activation alone. Add up all from the largest to the m-th.",
        ),
        (
            lambda z, atoms, bias, m: atoms[np.argsort(-z)[:m]].sum(axis=0) + bias,
            "The atoms are added with weight 1. Multiply each by its activation.",
        ),
        (
            lambda z, atoms, bias, m: atoms[np.argsort(z)[-m:]].sum(axis=0) + bias,
            "The atoms are added with weight 1. Multiply each by its activation.",
        ),
        (
            lambda z, atoms, bias, m: bias + (rebuild(z, atoms, bias, m) - bias) / max(m, 1),
            "That is the mean of the contributions. Add them up.",
        ),
        (
            lambda z, atoms, bias, m: np.sort(z)[::-1][:m] @ atoms[:m] + bias,
            _APART,
        ),
        (
            lambda z, atoms, bias, m: np.sort(z)[len(z) - m :] @ atoms[:m] + bias,
            _APART,
        ),
        (
            lambda z, atoms, bias, m: np.sort(z)[len(z) - m :] @ atoms[len(z) - m :] + bias,
            _APART,
        ),
        (
            lambda z, atoms, bias, m: z[:m] @ atoms[np.argsort(-z)[:m]] + bias,
            "The atoms were sorted, and their activations weren't: each must be multiplied by its "
            "own. The places from np.argsort serve for both.",
        ),
        (
            lambda z, atoms, bias, m: np.sort(z)[::-1][:m] @ atoms[np.argsort(z)[-m:]] + bias,
            "The largest activation meets the atom of another: one of the two runs upwards, the "
            "other downwards. The same places from np.argsort serve for both.",
        ),
        (
            lambda z, atoms, bias, m: _image(
                np.argsort(-_contributions(z, atoms))[:m], z, atoms, bias
            ),
            "You sorted by how large a contribution is. The same in this notebook, where all atoms "
            "have length 1, but the exercise asks for the m largest activations, z.",
        ),
        (
            lambda z, atoms, bias, m: _image(
                np.argsort(-np.linalg.norm(atoms, axis=1))[:m], z, atoms, bias
            ),
            "You sorted by how large the atoms are. The order is by activation: np.argsort(z).",
        ),
        (
            lambda z, atoms, bias, m: (
                np.argsort(-z)[:m].astype(float) @ atoms[np.argsort(-z)[:m]] + bias
            ),
            "You multiply the atoms by their places. np.argsort gives places; the activations are "
            "z at these places.",
        ),
        (
            lambda z, atoms, bias, m: (
                z[np.argsort(-z)[:m]].sum() * atoms[np.argsort(-z)[:m]].sum(axis=0) + bias
            ),
            "You sum the activations and the atoms apart. Multiply each atom by its own activation "
            "first.",
        ),
        (
            lambda z, atoms, bias, m: z[np.argsort(-z)[:m]] @ (atoms[np.argsort(-z)[:m]] + bias),
            "The bias is multiplied by the activations. Add it once, at the end.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, bias, m).clip(0),
            "You make what is below 0 to 0. The exercise asks for the sum itself; clip it only to "
            "show it.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, bias, m).clip(0, 1),
            "You clip the image. The exercise asks for the sum itself; clip it only to show it.",
        ),
        (
            lambda z, atoms, bias, m: 1 / (1 + np.exp(-rebuild(z, atoms, bias, m))),
            "You put a sigmoid at the end. This notebook's decoder has none: its image is the sum.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, bias, 1),
            "That is the largest activation alone. Add up the m largest.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, bias, 2),
            "You take 2, whatever m is. The number is the argument m.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms, bias, 3),
            "You take 3, whatever m is. The number is the argument m.",
        ),
        (
            lambda z, atoms, bias, m: rebuild(z, atoms.T if len(z) == 784 else atoms, bias, m),
            "Where there are as many units as pixels, the atoms are transposed. Each row of atoms "
            "is one, whatever their number.",
        ),
        (
            lambda z, atoms, bias, m: bias,
            "That is the bias alone. Add the m largest contributions to it.",
        ),
    ],
    shapes=[
        (
            lambda z, atoms, bias, m: np.zeros((28, 28)),
            "You made a square of the image. The exercise asks for its 784 pixels in one row, "
            "(784,), as the bias has them: leave the reshape to whoever shows it.",
        ),
        (
            lambda z, atoms, bias, m: np.zeros((28, 28, 1)),
            "You made a square of the image. The exercise asks for its 784 pixels in one row, "
            "(784,), as the bias has them: leave the reshape to whoever shows it.",
        ),
        (
            lambda z, atoms, bias, m: atoms[:m],
            "Those are m rows, one for each atom. Sum them over axis=0, or let @ do it.",
        ),
        (
            lambda z, atoms, bias, m: atoms,
            "That is one row for each unit. Sum those of the m largest over axis=0.",
        ),
        (
            lambda z, atoms, bias, m: z,
            "That is a code. The image comes of it with the atoms and the bias.",
        ),
        (
            lambda z, atoms, bias, m: z[:m],
            "Those are activations or their places. The image comes of them with the atoms and "
            "the bias.",
        ),
    ],
    praise="Bias plus the largest m contributions.",
    steps=[
        "An image is the bias plus a sum: each activation times its atom, which is a row of atoms.",
        "Which units are the m strongest? np.argsort(-z) gives their places, the largest first. "
        "For m = 0 nothing but the bias should be left.",
        "With largest = np.argsort(-z)[:m] the sum is z[largest] @ atoms[largest].",
    ],
)
