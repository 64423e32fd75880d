"""The widgets without a browser: values, pictures, pages, and what they refuse."""

import json

import keras
import numpy as np
import pytest
import traitlets

from aehelpers import data, models, widgets


def seeded(build, *args, **kwargs):
    """Builds a model that is the same on every machine, with weights that do something."""
    keras.utils.set_random_seed(0)
    return build(*args, **kwargs)


@pytest.fixture(scope="module")
def vae():
    return seeded(models.variational, latent_dim=5, sizes=(16,))


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist().x_test[:12]


def drawn(model, z):
    return model.decoder.predict(np.atleast_2d(z), verbose=0).reshape(-1, 28, 28)[0]


def test_sliders_the_image_follows_the_code(vae):
    w = widgets.latent_sliders(vae)
    seen = []
    w.observe(lambda change: seen.append((change.name, change.new)), ["z", "image"])
    w.z = [0, 2, 0, 0, -1]
    np.testing.assert_allclose(w.image, drawn(vae, [0, 2, 0, 0, -1]), atol=1e-5)
    assert sorted(name for name, _ in seen) == ["image", "z"]
    assert all(new is getattr(w, name) for name, new in seen)
    with pytest.raises(ValueError, match="read-only"):
        w.z[0] = 1


def test_sliders_start_at_the_first_image_and_take_another(vae, digits):
    z = vae.encoder.predict(digits, verbose=0)
    w = widgets.latent_sliders(vae, digits, dims=[3, 0])
    assert [unit["dim"] for unit in w._config["units"]] == [3, 0]
    np.testing.assert_allclose(w.z, z[0], atol=1e-5)
    w.image = digits[2]
    np.testing.assert_allclose(w.z, z[2], atol=1e-5)
    np.testing.assert_allclose(w.image, drawn(vae, z[2]), atol=1e-5)


def test_sliders_are_sorted_by_what_they_change():
    decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(784)])
    decoder.layers[0].set_weights([np.outer([1, 3, 2], np.ones(784)), np.zeros(784)])
    assert widgets.latent_sliders(decoder).units == [1, 2, 0]


def test_what_a_browser_sends_comes_back_unchanged(vae):
    w = widgets.latent_sliders(vae)
    w.set_state({"z": [float(np.float32(value)) for value in (0.1, 0.2, 0.3, -3, 3)]})
    assert w.get_state("z")["z"] == np.float32([0.1, 0.2, 0.3, -3, 3]).tolist()
    np.testing.assert_allclose(w.image, drawn(vae, w.z), atol=1e-5)


def test_training_on_does_not_change_what_is_shown(vae):
    model = seeded(models.variational, latent_dim=2, sizes=(8,))
    w = widgets.latent_sliders(model)
    before = np.array(w.image)
    model.set_weights([weight + 0.1 for weight in model.get_weights()])
    w.z = w.z + 1
    w.z = w.z - 1
    np.testing.assert_allclose(w.image, before, atol=1e-5)


@pytest.mark.parametrize(
    "z", [[0] * 4, [0] * 6, [np.nan] * 5, [0, 0, 0, 0, np.inf], "zero", None, [[0] * 5]]
)
def test_bad_codes(vae, z):
    w = widgets.latent_sliders(vae)
    before = w.z
    with pytest.raises(traitlets.TraitError, match="z must be 5 finite numbers. Received"):
        w.z = z
    assert w.z is before


@pytest.mark.parametrize("dims", [[], [5], [-1], [0, 0], "no", 3])
def test_bad_dims(vae, dims):
    with pytest.raises(ValueError, match="dims must be different units from 0 to 4. Received"):
        widgets.latent_sliders(vae, dims=dims)


# ---- The other widgets ----


@pytest.fixture(scope="module")
def labels():
    return data.load_mnist().y_test[:12]


@pytest.fixture(scope="module")
def all_six(vae, digits, labels):
    maps = seeded(models.convolutional, None, filters=(4, 4))
    return {
        "latent_sliders": widgets.latent_sliders(vae, digits),
        "latent_map": widgets.latent_map(vae, digits, labels),
        "morph": widgets.morph(vae, digits[0], digits[1]),
        "noise": widgets.noise(maps, digits),
        "features": widgets.features(seeded(models.sparse, 40, k=6), digits),
        "draw": widgets.draw({"vae": vae, "maps": maps}),
    }


def test_the_outputs_of_a_run(all_six):
    for name, w in all_six.items():
        content, metadata = w._repr_mimebundle_()
        assert {"image/png", "text/plain", "application/vnd.jupyter.widget-view+json"} == set(
            content
        )
        assert len(metadata["image/png"]["alt"]) > 20, name
        assert content["text/plain"] == metadata["image/png"]["alt"]
        assert len(content["image/png"]) < 70_000, name


def test_pages_hold_everything(all_six, tmp_path):
    for name, w in all_six.items():
        path = w.save(tmp_path / f"{name}.html")
        text = path.read_text(encoding="utf-8")
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text
        assert "import " not in text.split('<script type="module">')[1].split("//")[0]


def test_map_takes_any_code_and_digit(vae, digits, labels):
    w = widgets.latent_map(vae, digits, labels)
    w.image = digits[5]
    np.testing.assert_allclose(w.z, vae.encoder.predict(digits[5:6], verbose=0)[0], atol=1e-5)
    np.testing.assert_allclose(w.image, drawn(vae, w.z), atol=1e-5)


def test_map_of_a_variational_model_brings_clouds(vae, digits, labels):
    w = widgets.latent_map(vae, digits, labels)
    _, log_variances = vae.posterior.predict(digits, verbose=0)
    note = w._config["variances"]
    packed = np.frombuffer(w._data, "float32", note["size"], note["at"])
    np.testing.assert_allclose(packed.reshape(-1, 5), np.exp(log_variances), rtol=1e-4)
    assert w._config["nets"].keys() == {"decoder"} and not w._config["draws"]
    w = widgets.latent_map(vae, digits, labels, draw=True)
    assert w._config["nets"].keys() == {"decoder", "encoder", "spread"} and w._config["draws"]
    plain = seeded(models.deep, 2, sizes=(8,))
    assert "variances" not in widgets.latent_map(plain, digits, labels)._config
    with pytest.raises(ValueError, match="draw=True needs a variational model.*Received: Autoenc"):
        widgets.latent_map(plain, digits, labels, draw=True)


@pytest.mark.parametrize("posterior", ["nothing", "one output"])
def test_map_without_clouds_of_a_posterior_that_is_none(posterior, digits, labels):
    model = seeded(models.deep, 2, sizes=(8,))
    model.posterior = model.encoder if posterior == "one output" else (lambda x: x)
    assert "variances" not in widgets.latent_map(model, digits, labels)._config
    with pytest.raises(ValueError, match="draw=True needs a variational model.*Received: Autoenc"):
        widgets.latent_map(model, digits, labels, draw=True)


def test_whether_a_map_draws_is_told_as_json(vae, digits, labels):
    w = widgets.latent_map(vae, digits, labels, draw=np.bool_(True))
    assert json.loads(json.dumps(w._config))["draws"] is True


def test_the_plane_of_long_codes_is_that_of_their_principal_components():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(200, 6)) * [1, 5, 1, 1, 3, 1] + 2
    origin, axes = widgets._latent_map._axes(codes)
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-5)
    assert np.abs(axes[0, 1]) > 0.95 and np.abs(axes[1, 4]) > 0.95
    np.testing.assert_allclose(origin, codes.mean(axis=0), atol=1e-5)


def test_morph_goes_from_one_code_to_the_other(vae, digits):
    ends = vae.encoder.predict(digits[:2], verbose=0)
    w = widgets.morph(vae, digits[0], digits[1])
    for t in (0, 0.25, 1):
        w.t = t
        np.testing.assert_allclose(w.z, (1 - t) * ends[0] + t * ends[1], atol=1e-5)
        np.testing.assert_allclose(w.image, drawn(vae, w.z), atol=1e-5)
    w.z = 0.5 * (ends[0] + ends[1])
    assert w.t == pytest.approx(0.5, abs=1e-4)
    w.image = digits[0]
    assert w.t == pytest.approx(0, abs=1e-4)
    for t in (-0.1, 1.1, np.nan):
        with pytest.raises(traitlets.TraitError, match=r"t must lie in \[0, 1\]. Received"):
            w.t = t
    same = widgets.morph(vae, digits[0], digits[0])
    same.z = np.ones(5)
    np.testing.assert_allclose(same.z, ends[0], atol=1e-5)


def test_noise_of_every_kind_at_its_least_and_its_most(digits):
    model = seeded(models.vanilla, 4)
    w = widgets.noise(model, digits)
    for kind, about in widgets._noise.KINDS.items():
        w.kind = kind
        assert w.strength == about["start"]
        for strength in (0, about["high"] / 2, about["high"]):
            w.strength = strength
            assert w.noisy.min() >= 0 and w.noisy.max() <= 1
            if strength == 0:
                np.testing.assert_array_equal(w.noisy, w.clean)
            expected = model.predict(w.noisy[None, ..., None], verbose=0)[0, ..., 0]
            np.testing.assert_allclose(w.image, expected, atol=1e-5)
        for strength in (-0.1, about["high"] + 0.1, np.nan):
            with pytest.raises(traitlets.TraitError, match="strength must lie in"):
                w.strength = strength
    w.clean = np.ones((28, 28))
    w.kind, w.strength = "masking", 1
    assert not w.noisy.any()
    w.kind = "block"
    assert (w.noisy == 0).sum() == 100
    for name in ("noisy", "image", "z"):
        with pytest.raises(traitlets.TraitError, match=f'The "{name}" trait is read-only'):
            setattr(w, name, np.zeros((28, 28)))
    with pytest.raises(traitlets.TraitError):
        w.kind = "loud"


def test_features_can_be_switched(digits):
    model = seeded(models.sparse, 40, k=6)
    w = widgets.features(model, digits)
    assert np.count_nonzero(w.z) <= 6
    unit = int(np.argmax(w.z))
    z, before = np.array(w.z), np.array(w.image)
    z[unit] = 0
    w.z = z
    atom = model.decoder.get_layer("atoms").kernel.numpy()[unit].reshape(28, 28)
    amount = model.encoder.predict(digits[:1], verbose=0)[0, unit]
    np.testing.assert_allclose(before - w.image, amount * atom, atol=1e-4)


def test_draw_encodes_and_measures(vae, digits):
    maps = seeded(models.convolutional, None, filters=(4, 4))
    w = widgets.draw({"vae": vae, "maps": maps})
    w.image = digits[3]
    np.testing.assert_allclose(w.z, vae.encoder.predict(digits[3:4], verbose=0)[0], atol=1e-5)
    assert w.codes["maps"].shape == (7, 7, 4)
    for name, model in {"vae": vae, "maps": maps}.items():
        expected = model.predict(digits[3:4], verbose=0)[0, ..., 0]
        np.testing.assert_allclose(w.reconstructions[name], expected, atol=1e-5)
        error = np.square(expected - digits[3, ..., 0]).sum()
        assert w.errors[name] == pytest.approx(error, rel=1e-4)
    with pytest.raises(traitlets.TraitError, match='The "z" trait is read-only'):
        w.z = np.zeros(5)


def test_every_pair_of_extremes_gives_a_finite_image(vae):
    w = widgets.latent_sliders(vae)
    places = {unit["dim"]: (unit["low"], 0.0, unit["high"]) for unit in w._config["units"]}
    for first in range(5):
        for second in range(first):
            for a in places[first]:
                for b in places[second]:
                    z = np.zeros(5)
                    z[[first, second]] = a, b
                    w.z = z
                    assert np.isfinite(w.image).all()
    np.testing.assert_allclose(w.image, drawn(vae, w.z), atol=1e-5)


# ---- What they refuse ----


class Nothing:
    """No model at all."""


def half(shape, outputs):
    return keras.Sequential([keras.Input(shape), keras.layers.Dense(outputs)])


def broken():
    model = seeded(models.vanilla, 4)
    kernel, bias = model.decoder.get_layer("pixels").get_weights()
    kernel[1, 2] = np.nan
    model.decoder.get_layer("pixels").set_weights([kernel, bias])
    return model


def calls(digits, labels):
    return {
        "latent_sliders": lambda model: widgets.latent_sliders(model, digits),
        "latent_map": lambda model: widgets.latent_map(model, digits, labels),
        "morph": lambda model: widgets.morph(model, digits[0], digits[1]),
        "noise": lambda model: widgets.noise(model, digits),
        "features": lambda model: widgets.features(model, digits),
        "draw": lambda model: widgets.draw({"mine": model}),
    }


def test_models_that_cannot_be_shown(digits, labels):
    other = models.vanilla(4)
    other.encoder = half((28, 28, 1), 3)
    wrong = models.vanilla(4)
    wrong.encoder = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(7)]
    )
    small = models.Autoencoder(half((9,), 2), half((2,), 9))
    conditional = models.conditional_variational(2, sizes=(4,))
    for name, call in calls(digits, labels).items():
        with pytest.raises(ValueError, match=r"must have an? \.(en|de)coder"):
            call(Nothing())
        with pytest.raises(ValueError, match="The weights of .* must be finite. Received: NaN"):
            call(broken())
        with pytest.raises(ValueError, match="must give codes of the shape that its decoder"):
            call(wrong)
        with pytest.raises(ValueError, match="must decode to images of 28x28"):
            call(small)
        with pytest.raises(ValueError, match="must decode vectors"):
            call(conditional)
        if name not in ("noise", "draw"):
            with pytest.raises(ValueError, match="must decode vectors"):
                call(models.convolutional(None, filters=(2, 2)))
    with pytest.raises(ValueError, match="at most 32 numbers, unless .* Received: latent_dim=33"):
        widgets.latent_sliders(models.vanilla(33))
    assert widgets.latent_sliders(models.vanilla(32)).z.shape == (32,)
    with pytest.raises(ValueError, match="models must be a dictionary"):
        widgets.draw(models.vanilla(4))
    with pytest.raises(ValueError, match="models must be a dictionary"):
        widgets.draw({})


def test_images_that_are_none(vae, digits, labels):
    for bad, message in [
        (digits * 255, r"must lie in \[0, 1\]"),
        (np.full((12, 28, 28, 1), np.nan), r"must lie in \[0, 1\]"),
        (digits[:, :5], "must have shape"),
        (digits[:0], "at least one image"),
    ]:
        for call in (
            lambda x: widgets.latent_sliders(vae, x),
            lambda x: widgets.latent_map(vae, x, labels),
            lambda x: widgets.noise(vae, x),
            lambda x: widgets.features(vae, x),
        ):
            with pytest.raises(ValueError, match=message):
                call(bad)
    with pytest.raises(ValueError, match="a must be one image"):
        widgets.morph(vae, digits, digits[0])
    with pytest.raises(ValueError, match=r"b must lie in \[0, 1\]"):
        widgets.morph(vae, digits[0], digits[0] * 9)
    with pytest.raises(ValueError, match="x needs a model with an .encoder"):
        widgets.latent_sliders(vae.decoder, digits)
    for y in (labels[:5], labels - 5, labels.astype(float), labels + 10, "seven"):
        with pytest.raises(ValueError, match="y must be a label from 0 to 9"):
            widgets.latent_map(vae, digits, y)


def test_an_unknown_layer_is_said_once(capsys):
    decoder = keras.Sequential(
        [keras.Input((2,)), keras.layers.UnitNormalization(), keras.layers.Dense(784)]
    )
    w = widgets.latent_sliders(decoder)
    assert w._config["nets"] == {"decoder": None}
    widgets.latent_sliders(decoder)
    assert capsys.readouterr().out.count("UnitNormalization") == 1
    sent = []
    w.send = lambda message, buffers: sent.append((message, buffers))
    code = np.float32([1, 2])
    w._answer(w, {"ask": "decoder", "channel": "c", "id": 3}, [code.tobytes()])
    ((message, (buffer,)),) = sent
    assert message == {"channel": "c", "id": 3}
    np.testing.assert_allclose(np.frombuffer(buffer, "float32"), decoder(code[None])[0], atol=1e-5)


def test_weights_travel_as_float32_where_rounding_shows():
    decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(784)])
    kernel = np.zeros((2, 784), "float32")
    kernel[0], kernel[1] = 1000.3, -1000.3
    decoder.set_weights([kernel, np.zeros(784)])
    loud = widgets.latent_sliders(decoder)._config["nets"]["decoder"]["nodes"][0]
    assert loud["kernel"]["type"] == "float32"
    quiet = widgets.latent_sliders(seeded(models.vanilla, 4))
    assert quiet._config["nets"]["decoder"]["nodes"][0]["kernel"]["type"] == "float16"


def test_models_like_the_shipped_ones_are_known():
    from aehelpers.widgets import _page

    assert _page.shipped_like(models.deep(30)) == "deep"
    assert _page.shipped_like(models.denoising()) == "denoising"
    assert _page.shipped_like(models.deep(29)) is None
    assert _page.shipped_like(Nothing()) is None


def test_a_quantised_decoder_is_computed_as_keras_does(capsys):
    model = seeded(models.vanilla, 4)
    with pytest.warns(UserWarning, match="does not have a `quantize` method"):
        model.decoder.quantize("int8")
    w = widgets.latent_sliders(model)
    assert w._config["nets"]["decoder"] is None
    assert "Dense with int8 weights" in capsys.readouterr().out
    w.z = [3, -3, 2, 1]
    np.testing.assert_allclose(w.image, drawn(model, w.z), atol=1e-5)


def test_sliders_over_some_of_many_units(digits):
    model = seeded(models.variational, 64, sizes=(8,))
    w = widgets.latent_sliders(model, digits, dims=range(60, 50, -1))
    assert w.units == list(range(60, 50, -1)) and w.z.shape == (64,)
    with pytest.raises(ValueError, match="unless dims says which of them to show. Received: .*64"):
        widgets.latent_sliders(model, digits)
    with pytest.raises(ValueError, match="dims must be at most 32 units. Received: 33 of them"):
        widgets.latent_sliders(model, digits, dims=range(33))


def test_codes_of_one_number(digits):
    model = seeded(models.vanilla, 1)
    w = widgets.draw({"one": model})
    w.image = digits[0]
    assert w.z.shape == (1,)
    for call in (widgets.latent_sliders, widgets.noise, widgets.features):
        assert call(model, digits).z.shape == (1,)
    assert widgets.morph(model, digits[0], digits[1]).z.shape == (1,)
    with pytest.raises(ValueError, match="at least 2 numbers. Received: latent_dim=1"):
        widgets.latent_map(model, digits, np.arange(12) % 10)


# ---- What is saved, and what is let go of ----


def test_only_python_changes_the_weights(vae):
    w = widgets.latent_sliders(vae)
    before = w._data
    w.set_state({"_data": b""})  # what a view does, so that they aren't saved
    assert w._data is before


def test_what_is_too_large_to_be_saved_has_a_picture(vae, monkeypatch):
    small = widgets.latent_sliders(vae)
    small._repr_mimebundle_()
    assert not small._config["large"] and not small._still
    monkeypatch.setattr(widgets._base, "MOST_SAVED", 1000)
    large = widgets.latent_sliders(vae)
    content, metadata = large._repr_mimebundle_()
    assert large._config["large"] and large._still["png"] == content["image/png"]
    assert large._still["alt"] == metadata["image/png"]["alt"]
    assert '"large": false' in large.page()


@pytest.fixture
def cell(monkeypatch):
    """Returns a function that says which cell runs from now on."""
    from aehelpers import _cells

    class Shell:
        def get_parent(self):
            return self.request

    shell, runs = Shell(), iter(range(100))

    def run(name):
        shell.request = {"header": {"msg_id": str(next(runs))}, "metadata": {"cellId": name}}

    monkeypatch.setattr(_cells, "get_ipython", lambda: shell)
    monkeypatch.setattr(_cells, "_made", {})
    return run


def test_a_cell_lets_go_of_what_it_made_before(vae, digits, cell):
    made = []
    for _ in range(5):
        cell("a")
        made.append([widgets.latent_sliders(vae, digits), widgets.noise(vae, digits)])
    for run in made[:-1]:
        assert all(w.comm is None and not w._data for w in run)
    assert all(w.comm is not None and w._data for w in made[-1])
    copies = {id(w._coders["decoder"].model) for run in made for w in run}
    assert len(copies) == 1  # of one model as it is, however often it is shown
    cell("b")
    other = widgets.latent_sliders(vae, digits)
    assert made[-1][0].comm is not None
    cell("a")
    assert other.comm is not None
    # A closed one that is shown again is whole.
    first = made[0][0]
    before = first.z
    content, _ = first._repr_mimebundle_()
    assert first.comm is not None and first._data == made[-1][0]._data
    assert "application/vnd.jupyter.widget-view+json" in content
    first.z = np.ones(5)
    assert not np.array_equal(first.z, before)


def test_a_trained_model_is_copied_anew(vae, digits):
    model = seeded(models.vanilla, 4)
    first = widgets.latent_sliders(model, digits)
    model.set_weights([weight + 0.1 for weight in model.get_weights()])
    second = widgets.latent_sliders(model, digits)
    assert first._coders["decoder"].model is not second._coders["decoder"].model
    assert not np.allclose(first.image, second.image)


def test_names_are_no_markup():
    name = "</script><!--<script><b>bold"
    page = widgets.draw({name: seeded(models.vanilla, 4)}).page()
    state = page.split('id="state">')[1].split("</script>")[0]
    assert "<" not in state and r"\u003c/script>" in state


# ---- The playground's settings, and the walk's weights ----


def test_settings_of_numpy_are_kept_as_plain_ones():
    w = widgets.playground(kind=np.str_("sparse"), code=np.int64(64), beta=np.float64(0.5))
    w.settings = {"k": np.uint8(4)}
    kept = json.loads(json.dumps(w.settings))
    assert (kept["kind"], kept["code"], kept["beta"], kept["k"]) == ("sparse", 64, 0.5, 4)
    assert {type(value) for value in w.settings.values()} == {str, int, float}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k": np.array([2])}, r"k must be one of .*Received: k=array\(\[2\]\)"),
        ({"k": np.array([2, 3])}, r"k must be one of .*Received: k=array\(\[2, 3\]\)"),
        ({"hidden": np.bool_(False)}, "hidden must be one of .*Received: hidden="),
        ({3: 1, "x": 2}, "settings must be of kind, code.*Received: 3, x"),
    ],
)
def test_settings_that_are_none(settings, message):
    w = widgets.playground()
    before = w.settings
    with pytest.raises(traitlets.TraitError, match=message):
        w.settings = settings
    assert w.settings == before


def test_experiments_that_are_none_cannot_be_opened_later():
    w = widgets.playground("collapse")
    with pytest.raises(traitlets.TraitError, match="experiment must be one of two.*Received: 'no'"):
        w.experiment = "no"
    assert w.experiment == "collapse"
    w.experiment = ""
    assert w.experiment == ""


def test_a_shipped_flow_goes_with_the_codes_that_it_learnt():
    shown = {}
    for build in (models.convolutional, models.deep):
        w = widgets.walk(build(30), models.code_flow(30, width=8, depth=1, num_classes=10))
        _, metadata = w._repr_mimebundle_()
        shown[build.__name__] = metadata.get("aehelpers", {}).get("weights")
    # For other codes the picture stays, as for any model whose weights are not shipped.
    assert shown == {
        "convolutional": {"model": "convolutional", "flow": "code_flow"},
        "deep": None,
    }


def test_a_saved_walk_has_weights_of_its_own():
    flow = seeded(models.code_flow, 30, width=8, depth=1, num_classes=10)
    for weight in flow.net.weights:
        weight.assign(weight + 0.25)
    w = widgets.walk(seeded(models.deep, 30), flow)
    values, parts = w.contents()
    kernel = flow.net.get_layer("velocity").get_weights()[0]
    packed = b"".join(parts)
    assert kernel.astype("float16").tobytes() in packed
    assert values["_config"]["classes"] == 10
