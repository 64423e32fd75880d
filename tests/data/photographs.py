"""Digits of MNIST as somebody would photograph, scan or draw them: each returns a PIL image."""

import numpy as np
from PIL import Image
from scipy import ndimage

SHAPE = 240, 200


def ink(digit):
    """The digit, 100 pixels high, on an otherwise empty sheet: 0 for paper, 1 for ink."""
    large = Image.fromarray(digit.astype("float32")).resize((100, 100), Image.Resampling.BICUBIC)
    return np.pad(np.clip(large, 0, 1), ((60, 80), (40, 60)))


def grey(sheet):
    return Image.fromarray((255 * np.clip(sheet, 0, 1)).astype("uint8"))


def photograph(digit, paper=0.9, pen=0.15, light=1, noise=0.02, lines=0):
    sheet = paper - (paper - pen) * ink(digit) - lines * (1 - ink(digit))
    return grey(sheet * light + np.random.default_rng(0).normal(0, noise, SHAPE))


def slope(low=0.35):
    down, right = np.mgrid[0 : 1 : SHAPE[0] * 1j, 0 : 1 : SHAPE[1] * 1j]
    return low + (1 - low) * (down + 2 * right) / 3


def shadow():
    down, right = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return 1 - 0.55 * ndimage.gaussian_filter(1.0 * (down + right > 230), 6)


def ruled(fall, contrast, squared=False):
    down, right = np.mgrid[: SHAPE[0], : SHAPE[1]]
    lines = (down + fall * right) % 28 < 2
    if squared:
        lines |= (right - fall * down) % 28 < 2
    return contrast * ndimage.gaussian_filter(1.0 * lines, 0.6)


def on_a_table(digit):
    return grey(np.pad(np.asarray(photograph(digit)) / 255, 25, constant_values=0.2))


def with_specks(digit):
    sheet = ink(digit)
    sheet[10:14, 10:14] = sheet[200:204, 20:24] = sheet[30:34, 180:184] = 1
    return grey(0.9 - 0.8 * sheet)


def transparent(digit, colour):
    alpha = (255 * ink(digit)).astype("uint8")
    return Image.fromarray(np.dstack([np.full_like(alpha, colour)] * 3 + [alpha]))


def turned(digit):
    """The pixels lie on their side, and EXIF says so."""
    image = grey(1 - ink(digit)).transpose(Image.Transpose.ROTATE_90)
    image.getexif()[274] = 6
    return image


def sixteen_bits(digit, white=65535):
    return Image.fromarray((white * (0.9 - 0.8 * ink(digit))).astype("uint16"))


def floats(digit, white=1.0):
    return Image.fromarray((white * (0.9 - 0.8 * ink(digit))).astype("float32"))


PHOTOGRAPHS = {
    "clean": lambda digit: grey(1 - ink(digit)),
    "small": lambda digit: grey(1 - digit),
    "gradient": lambda digit: photograph(digit, light=slope()),
    "shadow": lambda digit: photograph(digit, light=shadow()),
    "shadow without noise": lambda digit: photograph(digit, light=shadow(), noise=0),
    "dim": lambda digit: photograph(digit, light=0.3, noise=0.01),
    "noise": lambda digit: photograph(digit, noise=0.08),
    "pencil": lambda digit: photograph(digit, pen=0.6, light=slope(0.6)),
    "blackboard": lambda digit: photograph(digit, paper=0.15, pen=0.8, light=slope(0.6)),
    "lined": lambda digit: photograph(digit, lines=ruled(0, 0.25)),
    "lined, aslant": lambda digit: photograph(digit, lines=ruled(0.06, 0.3), light=slope(0.6)),
    "squared": lambda digit: photograph(digit, lines=ruled(0, 0.3, squared=True)),
    "table": on_a_table,
    "specks": with_specks,
    "white on transparent": lambda digit: transparent(digit, 255),
    "dark on transparent": lambda digit: transparent(digit, 20),
    "turned": turned,
    "16 bits": sixteen_bits,
    "12 of 16 bits": lambda digit: sixteen_bits(digit, 4095),
    "floats": floats,
    "floats to 255": lambda digit: floats(digit, 255.0),
}
