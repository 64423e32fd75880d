import os
import warnings

import numpy as np
import pytest
from photographs import PHOTOGRAPHS, grey, ink, photograph, slope
from PIL import Image, ImageOps

from aehelpers import data


def save_png(path, array):
    Image.fromarray(np.asarray(array, "uint8")).save(path)


def stroke(height=60, width=40):
    """Returns dark ink on white paper, away from the middle."""
    paper = np.full((height, width), 255)
    paper[5:45, 10:16] = 20
    return paper


@pytest.mark.parametrize("centre", [True, False])
def test_load_folder_makes_white_ink_on_black(centre, tmp_path):
    save_png(tmp_path / "b.png", stroke())
    save_png(tmp_path / "a.PNG", 255 - stroke())  # white ink already
    (tmp_path / "notes.txt").write_text("not an image")
    images, names = data.load_folder(tmp_path, centre=centre)
    assert names == ["a.PNG", "b.png"]
    assert images.shape == (2, 28, 28, 1) and images.dtype == np.float32
    assert 0 <= images.min() and 0.7 < images.max() <= 1
    np.testing.assert_allclose(images[0], images[1], atol=0.01)
    np.testing.assert_array_equal(data.check_images(images), images)
    assert images[0][[0, -1]].max() < 0.05


def test_load_folder_centres_as_mnist_does(tmp_path):
    save_png(tmp_path / "a.png", stroke())
    ink = data.load_folder(tmp_path)[0][0, ..., 0]
    rows, columns = np.nonzero(ink > 0.1)
    assert np.ptp(rows) + 1 == 20
    assert abs(rows.mean() - 14) <= 0.5 and abs(columns.mean() - 14) <= 0.5


def test_load_folder_gives_mnist_back(tmp_path):
    x = data.load_mnist(dtype="uint8").x_test[:20, ..., 0]
    for i, image in enumerate(x):
        save_png(tmp_path / f"{i:02d}.png", image)
    images, _ = data.load_folder(tmp_path, centre=False)
    np.testing.assert_allclose(images[..., 0], x / 255, atol=1e-6)
    centred, _ = data.load_folder(tmp_path)
    assert np.abs(centred[..., 0] - x / 255).mean() < 0.005


@pytest.mark.parametrize("how", PHOTOGRAPHS)
def test_load_folder_finds_the_digit_in_a_photograph(how, digits, tmp_path):
    x = digits[0][:10] / 255
    for i, digit in enumerate(x):
        image = PHOTOGRAPHS[how](digit)
        kind = "tif" if image.mode == "F" else "png"
        image.save(tmp_path / f"{i}.{kind}", exif=image.getexif())
    images, _ = data.load_folder(tmp_path)
    # Rounding moves some digits by a pixel; a grey rectangle in place of a digit is 60 away.
    moved = [np.roll(images[..., 0], (i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    errors = np.min([((image - x) ** 2).sum((1, 2)) for image in moved], axis=0)
    assert errors.mean() < 10 and errors.max() < 20


def test_load_folder_cut_close(digits, tmp_path):
    x = digits[0][1:3]
    for i, digit in enumerate(x):
        rows, columns = np.nonzero(digit)
        cut = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        save_png(tmp_path / f"{i}.png", 255 - cut)
    images, _ = data.load_folder(tmp_path)
    assert np.abs(images[..., 0] - x / 255).mean() < 0.01


def test_load_folder_names_sheets_that_hold_no_one_digit(digits, tmp_path):
    two = np.hstack([ink(digit / 255) for digit in digits[0][:2]])
    grey(1 - two).save(tmp_path / "two.png")
    with pytest.warns(UserWarning, match="two.png must show one digit. Received: 2 shapes"):
        images, _ = data.load_folder(tmp_path)
    assert images.shape == (1, 28, 28, 1) and images.mean() > 0.05
    (tmp_path / "two.png").unlink()
    photograph(np.zeros((28, 28)), light=slope(0.6)).save(tmp_path / "empty.png")
    with pytest.warns(UserWarning, match="empty.png: no ink"):
        assert data.load_folder(tmp_path)[0].max() == 0


def test_load_folder_leaves_out_what_is_no_picture(tmp_path):
    save_png(tmp_path / "a.png", stroke())
    (tmp_path / "._a.png").write_bytes(b"a Mac's notes about a.png")
    (tmp_path / "folder.png").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
    assert data.load_folder(tmp_path)[1] == ["a.png"]
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    with pytest.warns(UserWarning, match="b.png must be an image. .* It is left out"):
        assert data.load_folder(tmp_path)[1] == ["a.png"]
    (tmp_path / "b.png").unlink()
    for name in ("b.HEIC", "c.jpg"):  # phones also name them so
        (tmp_path / name).write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
        with pytest.warns(UserWarning, match=f"{name} must be an image. .*HEIC.* as JPEG or PNG"):
            assert data.load_folder(tmp_path)[1] == ["a.png"]
        (tmp_path / name).unlink()
    floats = Image.fromarray(np.full((30, 30), np.nan, np.float32))
    floats.save(tmp_path / "nan.tif")
    with pytest.warns(UserWarning, match="nan.tif must be an image. .*NaN"):
        assert data.load_folder(tmp_path)[1] == ["a.png"]


def test_load_folder_decodes_large_photographs_small(digits, tmp_path, monkeypatch):
    large = photograph(digits[0][0] / 255).resize((3000, 3600))
    large.save(tmp_path / "a.jpg", quality=80)
    decoded = []
    exif_transpose = ImageOps.exif_transpose

    def seen(image, **kwargs):
        decoded.append(image.size)
        return exif_transpose(image, **kwargs)

    monkeypatch.setattr(ImageOps, "exif_transpose", seen)
    assert 0.05 < data.load_folder(tmp_path)[0].mean() < 0.3
    assert max(decoded[0]) == 1800


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 3), (900, 2)])
def test_load_folder_takes_every_size(centre, shape, tmp_path):
    save_png(tmp_path / "a.png", np.zeros(shape))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="a.png: no ink")
        images, _ = data.load_folder(tmp_path, centre=centre)
    assert np.isfinite(images).all() and images.max() == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "F"])
def test_load_folder_takes_every_mode(mode, tmp_path):
    black_and_white = Image.fromarray(np.uint8(255 * (stroke() < 128)))
    black_and_white.convert(mode).save(tmp_path / "a.tif")
    images, _ = data.load_folder(tmp_path, centre=False)
    assert images.max() == 1 and 0.02 < images.mean() < 0.2


def test_load_folder_takes_colours_transparency_and_empty_sheets(tmp_path):
    ink = np.zeros((40, 40, 4))
    ink[10:30, 18:22] = (0, 0, 90, 255)  # all around it is transparent
    save_png(tmp_path / "a.png", ink)
    save_png(tmp_path / "b.png", np.full((40, 40), 255))
    with pytest.warns(UserWarning, match="b.png: no ink"):
        images, _ = data.load_folder(tmp_path)
    assert images[0].max() > 0.7 and images[0].mean() < 0.2
    assert images[1].max() == 0
    dark, _ = data.load_folder(tmp_path, centre=False, invert=False)
    assert dark[1].min() == 1


def test_load_folder_refuses(tmp_path):
    with pytest.raises(ValueError, match="must be a folder that exists"):
        data.load_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="must be a folder that exists and may be read"):
        data.load_folder("~nobody-of-this-name/digits")
    with pytest.raises(ValueError, match="must hold image files"):
        data.load_folder(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="broken.png must be an image"):
        data.load_folder(tmp_path)
