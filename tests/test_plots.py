import base64
import concurrent.futures
import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from aehelpers import plots
from aehelpers.plots.palette import contrast as contrast_with_white

RNG = np.random.default_rng(0)
X = RNG.random((12, 28, 28, 1), dtype="float32")
Z = RNG.normal(size=(200, 2))
Y = np.arange(200) % 10
HISTORY = {"loss": [200.0, 120.0, 100.0], "val_loss": [150.0, 110.0, 105.0]}

# One call of every function that draws.
CALLS = {
    "digits": lambda **kw: plots.digits(X, labels=range(12), **kw),
    "comparison": lambda **kw: plots.comparison({"original": X, "PCA": X}, {"PCA": "9"}, **kw),
    "components": lambda **kw: plots.components(X - 0.5, **kw),
    "curves": lambda **kw: plots.curves(HISTORY, **kw),
    "line": lambda **kw: plots.line([2, 4, 8], {"a": [3, 2, 1]}, "units", "error", **kw),
    "bars": lambda **kw: plots.bars([3, 1, 0.5], "KL (nats)", xlabel="unit", **kw),
    "path": lambda **kw: plots.path([9, 5], [70, 90], ["a", "b"], "rate", "distortion", **kw),
    "gaussians": lambda **kw: plots.gaussians({"a": ([-1, 1], [0.3, 1])}, names="xy", **kw),
    "latent_map": lambda **kw: plots.latent_map(Z, Y, **kw),
    "heatmap": lambda **kw: plots.heatmap(
        Z[:4], ["a", "b", "c", "salt and pepper noise"], ["d", "e"], "row", "column", "dB", **kw
    ),
    "arrows": lambda **kw: plots.arrows(Z, Y, {"here": Z[:9], "there": Z[9:18] + 3}, **kw),
    "histograms": lambda **kw: plots.histograms(Z, normal=True, **kw),
}


def texts(figure):
    """All that is written in a figure, line breaks as spaces."""
    axes = figure.axes
    written = [text.get_text() for ax in axes for text in ax.texts] + [
        text.get_text() for text in figure.texts
    ]
    return [text.replace("\n", " ") for text in written]


@pytest.mark.parametrize("name", CALLS)
def test_figures_show_themselves_with_a_description(name):
    figure = CALLS[name]()
    data, metadata = figure._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert data["text/plain"] == figure.alt == metadata["image/png"]["alt"]
    assert len(figure.alt) > 20
    assert figure.alt.endswith(".")
    png = base64.b64decode(data["image/png"])
    size = np.array(Image.open(io.BytesIO(png)).size)
    shown = np.array([metadata["image/png"][side] for side in ("width", "height")])
    assert np.abs(size / 2 - shown).max() <= 0.5
    assert shown[0] <= 800
    assert len(png) < 150_000
    corner = Image.open(io.BytesIO(png)).convert("RGB").getpixel((0, 0))
    assert corner == (255, 255, 255)


@pytest.mark.parametrize("name", CALLS)
def test_title_and_description_can_be_given(name):
    figure = CALLS[name](alt="My own words.", title="My title")
    assert figure.alt == "My own words."
    titles = [ax.get_title(loc="left") for ax in figure.axes] + texts(figure)
    assert "My title" in titles


@pytest.mark.parametrize("name", CALLS)
def test_nothing_is_cut_off(name):
    figure = CALLS[name](title="A title of some length over the figure")
    figure.canvas.draw()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 > -0.01
    assert box.y0 > -0.01
    assert box.x1 < width + 0.01
    assert box.y1 < height + 0.01


def test_figures_can_be_drawn_in_threads():
    """Widgets' callbacks run in threads of their own."""
    calls = list(CALLS.values())
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(lambda call: call()._repr_mimebundle_(), calls))
    assert shown == [call()._repr_mimebundle_() for call in calls]


def test_import_leaves_pyplot_and_keras_alone():
    code = "import sys, aehelpers.plots; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "aehelpers.plots" in modules
    assert not {"matplotlib.pyplot", "keras", "tensorflow", "scipy", "skimage"} & set(modules)


def test_a_notebook_stores_one_picture_with_its_description(pytestconfig, monkeypatch):
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    sources = [
        "import numpy as np\nfrom aehelpers.plots import digits\ndigits(np.zeros((10, 784)))",
        # From here on IPython has a printer of its own for Matplotlib's figures.
        "import matplotlib.pyplot as plt\nplt.plot([0, 1])",
        "digits(np.zeros((10, 784)))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel has its own
    resources = {"metadata": {"path": str(pytestconfig.rootpath)}}
    NotebookClient(notebook, kernel_name="python3", resources=resources).execute()
    assert "image/png" in notebook.cells[1].outputs[-1].data
    alt = "Grid of 10 grey-scale images in 1 row and 10 columns."
    for cell in notebook.cells[0], notebook.cells[2]:
        (output,) = cell.outputs
        assert set(output.data) == {"image/png", "text/plain"}
        assert output.metadata["image/png"] == {"alt": alt, "width": 753, "height": 78}
    assert notebook.cells[0].outputs[0].data == notebook.cells[2].outputs[0].data
    html, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    assert html.count(f'alt="{alt}"') == 2


def test_tile_puts_every_image_in_its_place():
    images = RNG.random((5, 3, 4))
    grid = plots.tile(images, columns=3, fill=0.5)
    assert grid.shape == (8, 16)
    for i, image in enumerate(images):
        row, column = divmod(i, 3)
        cell = grid[5 * row : 5 * row + 3, 6 * column : 6 * column + 4]
        np.testing.assert_array_equal(cell, image)
        cell[:] = 0.5
    assert (grid == 0.5).all()


def test_grey_pictures_are_stored_in_64_greys_with_black_and_white_exact():
    ramp = np.linspace(0, 1, 784, dtype="float32").reshape(1, 28, 28, 1)
    data, _ = plots.digits(ramp)._repr_mimebundle_()
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    greys = np.unique(np.asarray(image))
    assert image.mode == "L"
    assert 40 < len(greys) <= 64
    assert (greys[0], greys[-1]) == (0, 255)


def test_tile_takes_every_layout_and_uint8():
    expected = plots.tile(X)
    for images in [X[..., 0], X.reshape(12, 784)]:
        np.testing.assert_array_equal(plots.tile(images), expected)
    levels = (X * 255).round().astype("uint8")
    np.testing.assert_allclose(plots.tile(levels), expected, atol=0.5 / 255 + 1e-6)


def test_digits_are_one_picture_in_grey_from_0_to_1():
    figure = plots.digits(X, columns=5)
    (ax,) = figure.axes
    (picture,) = ax.images
    assert picture.get_clim() == (0, 1)
    assert picture.get_cmap().name == "gray"
    np.testing.assert_array_equal(picture.get_array(), plots.tile(X, 5))


@pytest.mark.parametrize("columns", [1, 7, 10, 24])
def test_pixels_of_digits_are_squares_of_whole_pixels(columns):
    figure = plots.digits(X.repeat(2, axis=0), columns=columns, title="A title")
    (ax,) = figure.axes
    box = ax.get_window_extent()
    height, width = ax.images[0].get_array().shape
    scale = box.width / width
    assert scale == pytest.approx(round(scale), abs=1e-6)
    assert box.height / height == pytest.approx(scale)


def test_labels_stand_above_their_digits():
    figure = plots.digits(X, labels=[f"n{i}" for i in range(12)], columns=10)
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.texts] == [f"n{i}" for i in range(12)]
    grid = ax.images[0].get_array()
    for text in ax.texts:
        column, row = text.get_position()
        assert (grid[int(row) - 1 : int(row) + 1, int(column)] == 1).all()
    assert "n0, n1, n2" in figure.alt


def test_comparison_names_its_rows():
    rows = {"original": X, "a linear autoencoder with 32 units": X / 2, "PCA": X - 0.2}
    figure = plots.comparison(rows, notes={"PCA": "13.9 squared error"})
    (ax,) = figure.axes
    assert texts(figure) == [*rows, "13.9 squared error"]
    grid = ax.images[0].get_array()
    assert ax.images[0].get_clim() == (0, 1)
    assert grid.shape == (88, 358)
    np.testing.assert_allclose(grid[30:58, 30:58], X[1, ..., 0] / 2)
    heights = [text.xy[1] for text in ax.texts[:3]]
    np.testing.assert_allclose(heights, [13.5, 43.5, 73.5])
    assert "PCA (13.9 squared error)" in figure.alt


def test_rows_may_be_named_by_numbers():
    assert texts(plots.comparison({2: X, 4: X}, notes={4: 28.5})) == ["2", "4", "28.5"]


def test_components_are_symmetric_around_zero():
    images = np.zeros((3, 784))
    images[1, 5], images[2, 7] = -0.4, 0.2
    figure = plots.components(images, label="weight of a pixel")
    picture = figure.axes[0].images[0]
    assert picture.get_clim() == (-0.4, 0.4)
    white = picture.cmap(picture.norm(0.0))
    assert min(white[:3]) > 0.95
    assert figure.axes[1].get_ylabel() == "weight of a pixel"
    assert "-0.4 and 0.2" in figure.alt


def test_components_of_nothing_but_zeros_can_be_drawn():
    assert plots.components(np.zeros((2, 784))).axes[0].images[0].get_clim() == (-1, 1)


def test_curves_are_solid_and_dashed_and_named_at_their_ends():
    (ax,) = plots.curves(HISTORY).axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss (nats per image)")
    training, validation = ax.lines
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--"]
    np.testing.assert_array_equal(training.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(training.get_ydata(), HISTORY["loss"])
    np.testing.assert_array_equal(validation.get_ydata(), HISTORY["val_loss"])
    assert [text.get_text() for text in ax.texts] == ["training", "validation"]
    assert ax.get_legend() is None


def test_curves_of_several_models():
    class History:  # what fit() returns
        history = HISTORY

    histories = {"vanilla": History(), "deep": {"loss": [180, 90], "lr": [1, 1]}}
    figure = plots.curves(histories)
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.texts] == ["vanilla", "deep"]
    assert [line.get_color() for line in ax.lines] == [plots.PALETTE[i] for i in (0, 0, 1)]
    assert [text.get_text() for text in ax.get_legend().texts] == ["training", "validation"]
    assert "vanilla, validation: from 150 at 1 to 105 at 3." in figure.alt
    assert "deep, training: from 180 at 1 to 90 at 2." in figure.alt
    assert plots.curves(History()).alt == plots.curves(HISTORY).alt


def test_curves_of_one_epoch_and_of_another_metric():
    (ax,) = plots.curves({"loss": [3.0], "sse": [5.0]}, "squared error", metric="sse").axes
    assert ax.get_ylabel() == "squared error"
    (line,) = ax.lines
    assert line.get_marker() == "o"
    assert list(line.get_ydata()) == [5]


def test_line_marks_its_points():
    sizes, errors = [2, 8, 32], {"PCA": [38, 23, 13], "autoencoder": [30, 12, 5]}
    figure = plots.line(sizes, errors, "latent units", "squared error", True, {"mean image": 52.7})
    (ax,) = figure.axes
    assert ax.get_xscale() == "log"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("latent units", "squared error")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2", "8", "32"]
    assert [text.get_text() for text in ax.texts] == ["PCA", "autoencoder", "mean image (52.7)"]
    assert "PCA: from 38 at 2 to 13 at 32." in figure.alt
    assert "Horizontal line: mean image at 52.7." in figure.alt


def test_a_line_that_ends_early_is_named_there():
    xs = {"short": [1, 2, 3], "long": [2, 5, 9]}
    (ax,) = plots.line(xs, {"short": [5, 4, 3], "long": [9, 8, 7]}, "steps", "loss").axes
    short, long = ax.texts
    assert (short.get_text(), short.xy, short.anncoords) == ("short", (3, 3), "offset points")
    assert (long.get_text(), long.xy, long.anncoords) == ("long", (9, 7), "axes fraction")
    assert short.arrow_patch is None and long.arrow_patch is not None


def test_names_of_lines_do_not_cover_each_other():
    figure = plots.line([0, 1], {str(i): [0, 1 + i / 100] for i in range(6)}, "x", "y")
    figure.canvas.draw()
    (ax,) = figure.axes
    # Without the thin lines that lead to the names.
    bottoms = sorted(Text.get_window_extent(text).y0 for text in ax.texts)
    assert np.diff(bottoms).min() > 25  # pixels; the letters are 20 high


def test_latent_map_shows_every_code_and_every_digit():
    figure = plots.latent_map(Z, Y)
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("z1", "z2")
    assert ax.get_aspect() == 1
    points = ax.collections[0]
    np.testing.assert_array_equal(points.get_offsets(), Z)
    np.testing.assert_allclose(points.get_facecolors()[:10, :3], [to_rgb(c) for c in plots.PALETTE])
    assert [text.get_text() for text in ax.texts] == [str(i) for i in range(10)]
    median = np.median(Z[Y == 3], axis=0)
    assert f"3 at ({median[0]:.3g}, {median[1]:.3g})" in figure.alt


def test_digits_on_a_latent_map_do_not_cover_each_other():
    """Not even where all the medians are the same."""
    (ax,) = plots.latent_map(np.zeros((10, 2)), np.arange(10)).axes
    places = ax.transData.transform([text.get_position() for text in ax.texts])
    distances = np.linalg.norm(places[:, None] - places, axis=-1)
    assert distances[np.triu_indices(10, 1)].min() > 40  # pixels; the badges are 48 wide


def test_latent_map_leaves_digits_alone_that_stand_apart():
    z = 10 * np.stack([np.arange(10), np.arange(10) % 3], axis=1).astype(float)
    (ax,) = plots.latent_map(z, np.arange(10)).axes
    np.testing.assert_allclose([t.get_position() for t in ax.texts], z, atol=0.01)


def test_heatmap_writes_every_number_where_it_belongs():
    values = [[9.44, 20.0, 15.0], [10.0, 12.0, 14.0]]
    figure = plots.heatmap(values, ["none", 0.5], "abc", "trained on", "tested on", "PSNR (dB)")
    ax, bar = figure.axes
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written[1, 0] == "20.0"
    assert written[2, 1] == "14.0"
    assert len(written) == 6
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["none", "0.5"]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("trained on", "tested on")
    assert bar.get_ylabel() == "PSNR (dB)"
    assert "none: 9.4 (a), 20.0 (b), 15.0 (c). 0.5: 10.0 (a)" in figure.alt


def test_heatmap_leaves_a_field_without_a_number_empty():
    figure = plots.heatmap([[1.0, np.nan]], ["a"], "bc", "row", "column", "points")
    assert [text.get_text() for text in figure.axes[0].texts] == ["1.0", "–"]
    assert figure.alt.endswith("a: 1.0 (b), none (c).")


def test_numbers_of_a_heatmap_can_be_read():
    figure = plots.heatmap([list(range(12))], ["a"], range(12), "", "", "dB")
    ax = figure.axes[0]
    for value, text in zip(range(12), ax.texts):
        field = ax.images[0].to_rgba(value)[:3]
        contrast = contrast_with_white(field)
        assert (contrast if text.get_color() == "white" else 21 / contrast) > 4.5


def test_arrows_lead_from_station_to_station():
    stations = {"clean": Z[:5], "noisy": Z[5:10] + 4, "denoised": Z[:5] + 0.1}
    figure = plots.arrows(Z, Y, stations)
    first, second = figure.axes
    moved, back = (next(c for c in ax.collections if hasattr(c, "U")) for ax in figure.axes)
    np.testing.assert_allclose(moved.XY, Z[:5])
    np.testing.assert_allclose(np.stack([moved.U, moved.V], 1), Z[5:10] + 4 - Z[:5])
    np.testing.assert_allclose(back.XY + np.stack([back.U, back.V], 1), Z[:5] + 0.1)
    assert [ax.get_title() for ax in figure.axes] == ["clean to noisy", "noisy to denoised"]
    for ax in figure.axes:
        (low, high) = ax.get_ylim()
        assert low < Z[:, 1].min()
        assert high > (Z[5:10, 1] + 4).max()
        assert [text.get_text() for text in ax.texts] == [str(i) for i in range(10)]
    assert first.get_xlim() == second.get_xlim()
    assert "5 arrows from clean to noisy" in figure.alt


def test_badges_leave_the_ends_of_arrows_to_be_seen():
    medians = np.array([np.median(Z[Y == digit], axis=0) for digit in range(10)])
    figure = plots.arrows(Z, Y, {"clean": medians, "noisy": medians[::-1] + 0.05})
    for ax in figure.axes:
        numbers = ax.transData.transform([text.get_position() for text in ax.texts])
        ends = ax.transData.transform(np.concatenate([medians, medians[::-1] + 0.05]))
        radius = np.sqrt(300) / 2 / 72 * figure.dpi  # of a badge, whose size is 300 square points
        assert np.linalg.norm(numbers[:, None] - ends, axis=-1).min() > radius


def test_histograms_have_the_area_of_the_density():
    """What is drawn over N(0, 1) must be on its scale."""
    z = RNG.normal(size=(20_000, 3))
    figure = plots.histograms(z, normal=True)
    (ax,) = figure.axes
    assert ax.get_xlabel() == "value of the unit"
    assert [text.get_text() for text in ax.texts] == ["z1", "z2", "z3"]
    outlines = [path.vertices for path in ax.collections[-1].get_paths()]
    assert len(outlines) == len(ax.lines) == 3
    for outline, line in zip(outlines, ax.lines):
        bottom = np.floor(outline[:, 1].min())
        area = np.trapezoid(outline[:, 1] - bottom, outline[:, 0])
        expected = np.trapezoid(line.get_ydata() - bottom, line.get_xdata())
        assert area == pytest.approx(expected, rel=0.01)
        assert (outline[:, 1] - bottom).max() < 1
    assert "under the density of N(0, 1)" in figure.alt


def test_histograms_of_constant_units_can_be_drawn():
    assert "Means from 3 to 3" in plots.histograms(np.full((5, 2), 3.0)).alt


BAD_IMAGES = {
    "empty": X[:0],
    "one image": X[0, :, :, 0],
    "colour": np.zeros((2, 28, 28, 3)),
    "flat": np.zeros((2, 783)),
    "NaN": X + np.nan,
}


@pytest.mark.parametrize("images", BAD_IMAGES.values(), ids=BAD_IMAGES)
@pytest.mark.parametrize(
    "draw",
    [plots.tile, plots.digits, plots.components, lambda images: plots.comparison({"a": images})],
    ids=["tile", "digits", "components", "comparison"],
)
def test_bad_images_are_refused(draw, images):
    with pytest.raises(ValueError, match="must be .*Received"):
        draw(images)


def test_grey_levels_from_0_to_255_are_refused():
    with pytest.raises(ValueError, match=r"images must lie in \[0, 1\].* to 255. Divide by 255"):
        plots.digits(np.full((1, 784), 255.0))
    with pytest.raises(ValueError, match=r"rows\['a'\] must lie in \[0, 1\]"):
        plots.comparison({"a": X - 2})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.tile(X, columns=0), "columns must be .* Received: columns=0"),
        (lambda: plots.digits(X, columns=-1), "columns must be .* Received: columns=-1"),
        (lambda: plots.components(X, columns=0), "columns must be .* Received: columns=0"),
        (lambda: plots.digits(X, labels=[1, 2]), "one for each of the 12 images. Received: 2"),
        (lambda: plots.comparison({}), "at least one row"),
        (lambda: plots.comparison({"a": X, "b": X[:3]}), "same number of images.*3, 28, 28"),
        (lambda: plots.comparison({"a": X.repeat(2, axis=0)}), "at most 16.*24, 28, 28"),
        (lambda: plots.comparison({"a": X}, {"b": "1"}), r"belong to rows \['a'\].*\['b'\]"),
        (lambda: plots.curves({}), "'loss' of at least one epoch"),
        (lambda: plots.curves({"loss": []}), "'loss' of at least one epoch"),
        (lambda: plots.curves({"a": HISTORY, "b": {"mse": [1]}}), "'loss'.*Received.*'mse': 1"),
        (lambda: plots.line([], {"a": []}, "x", "y"), "ys must hold"),
        (lambda: plots.line([1, 2], {}, "x", "y"), "ys must hold"),
        (lambda: plots.line([1, 2], {"a": [1]}, "x", "y"), "Received lengths: {'a': 1}"),
        (lambda: plots.latent_map(np.zeros((5, 3)), Y[:5]), r"Received shape: \(5, 3\)"),
        (lambda: plots.latent_map(Z[:0], Y[:0]), r"Received shape: \(0, 2\)"),
        (lambda: plots.latent_map(Z + np.nan, Y), "z must be finite"),
        (lambda: plots.latent_map(Z, Y, names="ab"), "names must be two.*Received: 'ab'"),
        (lambda: plots.latent_map(Z, Y, names=["one"]), r"names must be two.*Received: \['one'\]"),
        (lambda: plots.latent_map(Z, Y[:5]), r"each of the 200 codes. Received: shape \(5,\)"),
        (lambda: plots.latent_map(Z, Y + 1), r"from 0 to 9 .* \[ 8  9 10\]"),
        (lambda: plots.latent_map(Z, Y / 10), "one integer"),
        (lambda: plots.heatmap([[1.0, 2.0]], "a", "b", "", "", ""), r"shape \(1, 1\). Received"),
        (lambda: plots.heatmap([[np.nan]], "a", "b", "", "", ""), "values must be finite"),
        (lambda: plots.heatmap([[1, np.inf]], "a", "bc", "", "", ""), "values must be finite"),
        (lambda: plots.heatmap(np.zeros((0, 1)), [], "b", "", "", ""), "values must be one"),
        (lambda: plots.arrows(Z, Y, {"a": Z}), "at least two .* Received: {'a': 200}"),
        (lambda: plots.arrows(Z, Y, {"a": Z, "b": Z[:9]}), "'b': 9"),
        (lambda: plots.arrows(Z, Y, {"a": Z, "b": Z * np.nan}), r"stations\['b'\] must be finite"),
        (lambda: plots.arrows(Z, Y + 1, {"a": Z, "b": Z}), "one integer from 0 to 9"),
        (lambda: plots.histograms(Z[:, 0]), r"Received shape: \(200,\)"),
        (lambda: plots.histograms(Z[:0]), r"Received shape: \(0, 2\)"),
        (lambda: plots.histograms(Z * np.inf), "z must be finite"),
    ],
)
def test_bad_input_gets_a_clear_error(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_lines_and_their_names_stand_out_from_white():
    """WCAG 2: a contrast of 3 for graphics, of 4.5 for text."""

    def contrast(colour):
        rgb = np.array(to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05)

    ys = {str(i): [0, i] for i in range(6)}
    (ax,) = plots.line([0, 1], ys, "x", "y", references={"best": 2}).axes
    assert min(contrast(line.get_color()) for line in ax.lines) >= 3
    assert min(contrast(text.get_color()) for text in ax.texts) >= 4.5


def test_bottleneck():
    x = np.linspace(0, 1, 784)
    figure = plots.bottleneck(x, [1, -2, 0.5], x.reshape(28, 28)[..., None].ravel())
    image, _, code, _, reconstruction = figure.axes
    for ax in (image, reconstruction):
        assert ax.images[0].get_clim() == (0, 1)
    assert [bar.get_height() for bar in code.patches] == [1, -2, 0.5]
    assert "3 numbers" in figure.alt
    with pytest.raises(ValueError, match="z must be one code"):
        plots.bottleneck(x, np.zeros((2, 3)), x)
    with pytest.raises(ValueError, match="shape"):
        plots.bottleneck(x[:9], [1], x[:9])


def test_bars_have_the_heights_of_the_values_and_their_names():
    figure = plots.bars([3, 1, -0.5], "KL", names=["z4", "z1", "z2"])
    ax = figure.axes[0]
    assert [bar.get_height() for bar in ax.patches] == [3, 1, -0.5]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["z4", "z1", "z2"]
    many = plots.bars(np.arange(200), "KL")
    assert len(many.axes[0].get_xticklabels()) <= 40
    assert "200 bars from 0 to 199" in many.alt


def test_gaussians_have_their_peaks_at_their_means():
    figure = plots.gaussians({"low": ([-1, 1], [0.5, 0.5]), "high": ([0], [1])}, names=["x", "y"])
    low, high = figure.axes
    peaks = [line.get_xdata()[line.get_ydata().argmax()] for line in low.lines + high.lines]
    np.testing.assert_allclose(peaks, [-1, 1, 0], atol=1e-9)
    assert high.lines[0].get_ydata().max() == pytest.approx(1 / np.sqrt(2 * np.pi))
    assert [text.get_text() for text in figure.legends[0].texts] == ["x", "y"]
    for wrong in ({}, {"a": ([0], [0])}, {"a": ([[0]], [[1]])}):
        with pytest.raises(ValueError, match="panels must hold"):
            plots.gaussians(wrong)


def test_path_names_its_points():
    figure = plots.path([9, 5], [70, 90], ["first", 2], "rate", "distortion")
    assert texts(figure) == ["first", "2"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xydata(), [[9, 70], [5, 90]])


@pytest.mark.parametrize(
    "call",
    [
        lambda: plots.bars([], "KL"),
        lambda: plots.bars([np.nan], "KL"),
        lambda: plots.bars([1, 2], "KL", names=["a"]),
        lambda: plots.path([], [], [], "x", "y"),
        lambda: plots.path([1, 2], [1, 2], ["a"], "x", "y"),
        lambda: plots.path([1, 2], [1], ["a", "b"], "x", "y"),
    ],
)
def test_bars_and_paths_need_values(call):
    with pytest.raises(ValueError, match="Received"):
        call()


@pytest.mark.parametrize("draw", [plots.digits, plots.components, plots.tile])
@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28), (784,)])
def test_a_single_image_without_a_batch_axis_is_named(draw, shape):
    with pytest.raises(ValueError, match=r"must be images with a batch axis, also a single one"):
        draw(np.zeros(shape))
    assert draw(np.zeros((1, *shape))) is not None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: plots.comparison(x), "rows must be a dictionary from names to images. Received"),
        (lambda x: plots.comparison({"a": x}, notes="x"), "notes must be a dictionary .* str"),
        (lambda x: plots.line([1, 2], [3, 4], "x", "y"), "ys must be a dictionary .* list"),
        (lambda x: plots.line([1], {"a": [2]}, "", "", references=3), "references must be a dict"),
        (lambda x: plots.curves([1, 2]), "histories must be a dictionary .* list"),
        (lambda x: plots.gaussians([1]), "panels must be a dictionary .* list"),
        (lambda x: plots.arrows(Z, Y, [Z]), "stations must be a dictionary .* list"),
        (
            lambda x: plots.digits(x, columns=0),
            "columns must be a positive integer. Received: .*=0",
        ),
        (lambda x: plots.components(x, columns=1.5), "columns must be a positive integer"),
        (lambda x: plots.digits(x, labels=3), "labels must be one for each image"),
    ],
)
def test_other_kinds_of_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.zeros((5, 784)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_number_leaves_the_curve_up_to_there(bad):
    figure = plots.curves({"loss": [3.0, 2.0, bad], "val_loss": [3.0, bad, bad]})
    figure.canvas.draw()
    training, validation = figure.axes[0].lines
    assert list(training.get_ydata()) == [3, 2] and list(validation.get_ydata()) == [3]
    assert "training: no number from 3 on. validation: no number from 2 on." in figure.alt
    figure = plots.curves({"loss": [bad, bad]})
    figure.canvas.draw()
    assert "training: no number from 1 on." in figure.alt and not figure.axes[0].lines
    ys = {"a": [1.0, bad, 2.0], "b": [1.0, 2.0, 3.0]}
    assert "a: no number at 1 of 3 places." in plots.line([1, 2, 3], ys, "x", "y").alt
