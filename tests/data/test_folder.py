import numpy as np
import pytest

from aehelpers import data


def save_png(path, array):
    from PIL import Image

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


def test_load_folder_takes_colours_transparency_and_empty_sheets(tmp_path):
    ink = np.zeros((40, 40, 4))
    ink[10:30, 18:22] = (0, 0, 90, 255)  # all around it is transparent
    save_png(tmp_path / "a.png", ink)
    save_png(tmp_path / "b.png", np.full((40, 40), 255))
    images, _ = data.load_folder(tmp_path)
    assert images[0].max() > 0.7 and images[0].mean() < 0.2
    assert images[1].max() == 0
    dark, _ = data.load_folder(tmp_path, centre=False, invert=False)
    assert dark[1].min() == 1


def test_load_folder_refuses(tmp_path):
    with pytest.raises(ValueError, match="must be a folder that exists"):
        data.load_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="must hold image files"):
        data.load_folder(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="broken.png must be an image"):
        data.load_folder(tmp_path)
