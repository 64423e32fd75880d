"""The palette, as people see it who see fewer colours."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from aehelpers import plots

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", IEEE TVCG 15 (2009), severity 1.0; for linear RGB.
MATRICES = {
    "full colour vision": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def seen(colours, matrix):
    rgb = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(matrix), 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def smallest_distance(colours, matrix):
    lab = rgb2lab(seen(colours, matrix)[None])[0]
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(lab, 2))


def smallest_difference(colours, matrix):
    lab = rgb2lab(seen(colours, matrix)[None])[0]
    return min(float(deltaE_ciede2000(a, b)) for a, b in itertools.combinations(lab, 2))


@pytest.mark.parametrize("vision", MATRICES)
def test_the_ten_classes_stay_apart(vision):
    # CIEDE2000: about 2 can be told side by side, 10 at a glance.
    assert smallest_difference(plots.PALETTE, MATRICES[vision]) > 10
    # Euclidean distance in CIELAB, of which 2.3 is just noticeable; Matplotlib's ten: 4.6.
    assert smallest_distance(plots.PALETTE, MATRICES[vision]) > 17


@pytest.mark.parametrize("vision", MATRICES)
def test_the_first_lines_of_a_chart_stay_well_apart(vision):
    assert smallest_difference(plots.PALETTE[:4], MATRICES[vision]) > 14
    assert smallest_difference([plots.INK, *plots.PALETTE], MATRICES[vision]) > 10


@pytest.mark.parametrize("vision", ["protanopia", "deuteranopia"])
def test_the_test_can_fail(vision):
    usual = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728")  # Matplotlib's first four
    assert smallest_difference(usual, MATRICES["full colour vision"]) > 20
    assert smallest_difference(usual, MATRICES[vision]) < 5
