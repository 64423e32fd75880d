"""Models of codes: mixtures, flows, bits, and what they refuse."""

import bisect

import keras
import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from aehelpers import layers, models
from aehelpers.models import bits as coder
from scripts import course


@pytest.fixture(scope="module")
def heaps():
    """Codes on three heaps, with a class each."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 600)
    middles = np.array([[4.0, 0.0], [-4.0, 1.0], [0.0, -5.0]])
    codes = middles[labels] + rng.normal(size=(600, 2)) @ [[0.3, 0.2], [0.0, 0.1]]
    return codes.astype("float32"), labels


def test_a_mixture_is_scikit_learn_s(heaps):
    codes, _ = heaps
    mixture = models.CodeMixture(3, seed=1).fit(codes)
    own = GaussianMixture(3, tol=0.02, random_state=1).fit(codes.astype("float64"))
    np.testing.assert_allclose(mixture.means, own.means_)
    assert mixture.shares.sum() == pytest.approx(1)
    assert mixture.covariances.shape == (3, 2, 2)
    assert mixture.score(codes) == pytest.approx(own.score(codes))


def test_samples_of_a_mixture_are_distributed_as_it_is(heaps):
    mixture = models.CodeMixture(3).fit(heaps[0])
    drawn = mixture.sample(40_000, seed=0)
    assert drawn.dtype == np.float32
    middle = mixture.shares @ mixture.means
    moved = mixture.means - middle
    covariance = np.einsum("k,kij->ij", mixture.shares, mixture.covariances)
    covariance += (mixture.shares * moved.T) @ moved
    np.testing.assert_allclose(drawn.mean(axis=0), middle, atol=0.06)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, rtol=0.05, atol=0.12)


def test_samples_repeat_with_their_seed_and_come_unsorted(heaps):
    mixture = models.CodeMixture(3).fit(heaps[0])
    np.testing.assert_array_equal(mixture.sample(20, seed=4), mixture.sample(20, seed=4))
    assert np.any(mixture.sample(20) != mixture.sample(20))
    nearest = np.square(mixture.sample(60, seed=0)[:, None] - mixture.means).sum(axis=2).argmin(1)
    assert np.count_nonzero(np.diff(nearest)) > 20


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.full((50, 2), np.nan), "codes must be finite. Received: NaN or infinity in 50 codes"),
        (
            np.zeros((50, 28, 28, 1)),
            r"codes must have the shape \(n, latent_dim\).*through the enc",
        ),
        (np.zeros(50), r"codes must have the shape \(n, latent_dim\).*Received: shape \(50,\)"),
        (np.array([["a", "b"]] * 50), "codes must have the shape .*of <U1"),
        (np.zeros((9, 2)), "as many codes as Gaussians, and two. Received: 9 codes for 10 Gauss"),
    ],
)
def test_a_mixture_refuses(codes, message):
    with pytest.raises(ValueError, match=message):
        models.CodeMixture(10).fit(codes)


def test_a_mixture_says_what_it_needs(heaps):
    with pytest.raises(ValueError, match="gaussians must be a positive integer. Received: gaus"):
        models.CodeMixture(0)
    with pytest.raises(ValueError, match="must be fitted to codes first"):
        models.CodeMixture(3).sample(5)
    mixture = models.CodeMixture(1).fit(heaps[0])
    with pytest.raises(
        ValueError, match=r"codes must have 2 numbers each.*Received: shape \(4, 3\)"
    ):
        mixture.score(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="n must be a positive integer. Received: n=0"):
        mixture.sample(0)


def flow_of(codes, labels=None, epochs=150, **options):
    keras.utils.set_random_seed(0)
    flow = models.code_flow(2, width=32, depth=1, seed=0, **options).adapt(codes)
    flow.compile(keras.optimizers.Adam(0.02))
    x = codes if labels is None else [codes, labels]
    history = flow.fit(x, batch_size=600, epochs=epochs, verbose=0)
    return flow, history.history["loss"]


@pytest.fixture(scope="module")
def trained(heaps):
    return flow_of(heaps[0])


def test_a_flow_finds_the_heaps(heaps, trained):
    codes, (flow, losses) = heaps[0], trained
    assert losses[0] == pytest.approx(4, rel=0.2)  # 2 numbers: of the code, and of the noise
    assert losses[-1] < 0.8 * losses[0]
    drawn = flow.sample(2000, seed=0)
    assert drawn.dtype == np.float32 and drawn.shape == (2000, 2)
    far = np.sqrt(np.square(drawn[:, None] - codes[None, ::3]).sum(axis=2).min(axis=1))
    one = models.CodeMixture(1).fit(codes).sample(2000, seed=0)
    other = np.sqrt(np.square(one[:, None] - codes[None, ::3]).sum(axis=2).min(axis=1))
    assert np.median(far) < 0.3 * np.median(other)
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.6)


def test_a_flow_that_learnt_nothing_gives_a_gaussian_as_wide_as_the_codes(heaps):
    codes, _ = heaps
    drawn = models.code_flow(2, width=8, depth=1).adapt(codes).sample(20_000, seed=0)
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), rtol=0.05, atol=0.2)


def test_a_flow_can_be_asked_for_a_class(heaps):
    codes, labels = heaps
    flow, _ = flow_of(codes, labels, num_classes=3)
    middles = np.stack([codes[labels == k].mean(axis=0) for k in range(3)])
    asked = np.arange(300) % 3
    right = {}
    for guidance in (0, 1, 2):
        drawn = flow.sample(300, seed=0, labels=asked, guidance=guidance)
        nearest = np.square(drawn[:, None] - middles).sum(axis=2).argmin(axis=1)
        right[guidance] = np.mean(nearest == asked)
    assert right[0] < 0.6 and right[1] > 0.85 and right[2] > 0.9
    anything = flow.sample(300, seed=0)
    assert set(np.square(anything[:, None] - middles).sum(axis=2).argmin(axis=1)) == {0, 1, 2}


def test_a_flow_comes_back_from_a_file(trained, tmp_path):
    flow, _ = trained
    flow.save(tmp_path / "flow.keras")
    loaded = keras.models.load_model(tmp_path / "flow.keras")
    np.testing.assert_allclose(loaded.sample(5, seed=1), flow.sample(5, seed=1), rtol=1e-5)


def test_more_steps_end_nearer_to_where_all_steps_lead(trained):
    flow, _ = trained
    true = flow.sample(200, steps=200, seed=0)
    errors = [np.abs(flow.sample(200, steps=n, seed=0) - true).mean() for n in (1, 4, 16, 64)]
    assert errors == sorted(errors, reverse=True)


def test_a_flow_says_what_it_needs(heaps):
    codes, _ = heaps
    flow = models.code_flow(2, width=8, depth=1)
    with pytest.raises(ValueError, match="codes must have 2 numbers each. Received: shape"):
        flow.adapt(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="codes must be finite"):
        flow.adapt(np.where(codes > 4, np.inf, codes))
    with pytest.raises(ValueError, match="built without classes. Received: labels"):
        flow.sample(3, labels=[0, 1, 2])
    with pytest.raises(ValueError, match="steps must be a positive integer. Received: steps=0"):
        flow.sample(3, steps=0)
    with pytest.raises(ValueError, match="guidance must be a number of at least 0"):
        flow.sample(3, guidance=-1)
    asked = models.code_flow(2, width=8, depth=1, num_classes=3)
    with pytest.raises(ValueError, match=r"labels must be 3 integers. Received: shape \(2,\)"):
        asked.sample(3, labels=[0, 1])
    for label in (7, 3, -1):  # 3 stands for "any" in training, and is no class
        wanted = f"labels must lie between 0 and 2. Received: from {min(0, label)} to "
        with pytest.raises(ValueError, match=wanted):
            asked.sample(3, labels=[0, 1, label])
    for labels, kind in (([0.0, 1.0, 1.7], "float64"), (list("012"), "<U1"), ([True] * 3, "bool")):
        with pytest.raises(ValueError, match=f"labels must be 3 integers. Received: .* of {kind}"):
            asked.sample(3, labels=labels)


@pytest.mark.parametrize(
    ("classes", "x", "y", "received"),
    [
        (None, [(6, 2), (6,)], None, r"float32 of shape \(.*, 2\) and int32 of shape \(.*\)"),
        (None, [(6, 2)], (6,), r"float32 of shape \(.*, 2\) and targets"),
        (None, [(6, 3)], None, r"float32 of shape \(.*, 3\)"),
        (None, [(2,)], None, r"float32 of shape \(\w+,.*\)"),
        (3, [(6, 2)], None, r"float32 of shape \(.*, 2\)"),
        (3, [(6, 2)], (6,), r"float32 of shape \(.*, 2\) and targets"),
        (3, [(6, 3), (6,)], None, r"float32 of shape \(.*, 3\) and int32 of shape \(.*\)"),
        (3, [(6, 2), (6, 3)], None, r"float32 of shape \(.*, 2\) and int32 of shape \(.*, 3\)"),
        (3, [(6, 2), (6,), (6,)], None, "float32 of .* and int32 of .* and int32 of"),
    ],
)
def test_a_flow_says_what_fit_takes(classes, x, y, received):
    codes, *labels = [np.ones(shape, "int32" if i else "float32") for i, shape in enumerate(x)]
    flow = models.code_flow(2, width=8, depth=1, num_classes=classes)
    flow.compile("adam")
    takes = r"codes, \(n, 2\), and no" if classes is None else r"\[codes, labels\]: codes, \(n, 2\)"
    message = f"fit\\(\\) of this flow takes {takes}.* Received: batches of {received}"
    with pytest.raises(ValueError, match=message):
        flow.fit([codes, *labels] if labels else codes, y and np.zeros(y), verbose=0)


def test_labels_of_a_fit_are_integers():
    flow = models.code_flow(2, width=8, depth=1, num_classes=3)
    flow.compile("adam")
    with pytest.raises(ValueError, match="integers, .n,., and no targets. .* and float32 of"):
        flow.fit([np.ones((6, 2)), np.ones(6)], verbose=0)


def markov(n=3000, seed=0):
    """Codes of 4 numbers with 3 levels; each is the one before it in 8 cases of 10."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, (n, 4))
    for j in range(1, 4):
        same = rng.random(n) < 0.7
        codes[same, j] = codes[same, j - 1]
    return codes.astype("int32")


@pytest.fixture(scope="module")
def bits():
    keras.utils.set_random_seed(0)
    model = models.code_bits(4, levels=3, width=24)
    model.compile(keras.optimizers.Adam(0.01))
    x = markov()
    model.fit(x, batch_size=200, epochs=15, verbose=0)
    return model, x


def test_bits_learn_what_goes_before(bits):
    model, x = bits
    p = np.array([0.8, 0.1, 0.1])
    entropy = np.log(3) - 3 * np.sum(p * np.log(p))
    assert model.evaluate(x, verbose=0) == pytest.approx(entropy, rel=0.02)
    plain = 4 * np.log(3)
    assert entropy < 0.8 * plain


def test_no_number_looks_ahead(bits):
    model, x = bits
    logits = np.asarray(model(x[:50]))
    for j in range(4):
        other = x[:50].copy()
        other[:, j] = (other[:, j] + 1) % 3
        changed = np.abs(np.asarray(model(other)) - logits).max(axis=(0, 2)) > 0
        assert not changed[: j + 1].any()
        assert j == 3 or changed[j + 1]


def test_probabilities_are_those_of_the_loss(bits):
    model, x = bits
    p = [model.probabilities(x[:100], j) for j in range(4)]
    assert p[0].shape == (100, 3)
    np.testing.assert_allclose(np.sum(p, axis=2), 1)
    nats = -sum(np.log(p[j][np.arange(100), x[:100, j]]) for j in range(4)).mean()
    assert nats == pytest.approx(model.evaluate(x[:100], verbose=0), rel=1e-4)


def test_probabilities_do_not_depend_on_what_comes_later(bits):
    model, x = bits
    for j in range(4):
        later = x[:100].copy()
        later[:, j:] = 0
        assert (model.probabilities(later, j) == model.probabilities(x[:100], j)).all()


def test_samples_of_bits_have_their_frequencies(bits):
    model, _ = bits
    drawn = model.sample(4000, seed=0)
    assert drawn.shape == (4000, 4) and set(np.unique(drawn)) == {0, 1, 2}
    assert np.mean(drawn[:, 1:] == drawn[:, :-1]) == pytest.approx(0.8, abs=0.03)
    np.testing.assert_array_equal(drawn, model.sample(4000, seed=0))


def test_a_file_of_codes_is_as_long_as_the_loss_says(bits):
    model, _ = bits
    x = markov(3000, seed=5)
    file = model.write(x)
    nats = float(model.compute_loss(x=keras.ops.convert_to_tensor(x)))
    assert 8 * len(file) == pytest.approx(len(x) * nats / np.log(2), rel=0.005)
    np.testing.assert_array_equal(model.read(file, len(x)), x)
    assert len(model.write(x[:0])) == 4


@pytest.mark.parametrize("sharp", [0.05, 1.0])
def test_the_coder_is_the_length_of_its_probabilities(sharp):
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(8, sharp), 4000) * (1 - 8e-5) + 1e-5
    levels = np.minimum((rng.random((4000, 1)) > p.cumsum(axis=1)).sum(axis=1), 7)
    pile = [coder.TOTAL]
    coder.lay(pile, levels, p)
    wanted = -np.log2(p[np.arange(len(p)), levels]).sum()
    assert 16 * (len(pile) - 1) + 32 == pytest.approx(wanted, rel=0.005, abs=40)
    np.testing.assert_array_equal(coder.take(pile, p), levels)
    assert pile == [coder.TOTAL]


def test_what_was_thought_impossible_can_be_written():
    p = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    np.testing.assert_array_equal(coder.shares(p).sum(axis=1), coder.TOTAL)
    assert coder.shares(p).min() == 1
    pile = [coder.TOTAL]
    coder.lay(pile, np.array([1, 0, 1]), p)
    np.testing.assert_array_equal(coder.take(pile, p), [1, 0, 1])


def test_bits_say_what_they_can_write_and_read(bits):
    model, x = bits
    with pytest.raises(ValueError, match="must lie between 0 and 2. Received: from 0 to 3"):
        model.write([[0, 1, 2, 3]])
    with pytest.raises(ValueError, match=r"integers of shape \(n, 4\). Received: float64"):
        model.write(x / 2)
    with pytest.raises(ValueError, match=r"integers of shape \(n, 4\). Received: .* \(2, 3\)"):
        model.write(x[:2, :3])
    file = model.write(x[:40])
    with pytest.raises(ValueError, match="must hold 39 codes, written with these weights"):
        model.read(file, 39)
    with pytest.raises(ValueError, match="what write\\(\\) returned. Received: 3 bytes"):
        model.read(file[:3], 40)
    for data, kind in ((file.hex(), "str"), (None, "NoneType"), (list(file), "list")):
        with pytest.raises(ValueError, match=f"bytes that write\\(\\) returned. Received: {kind}"):
            model.read(data, 40)
    with pytest.raises(ValueError, match="n must be an integer of at least 0. Received: n=-1"):
        model.read(file, -1)


def test_no_codes_are_read_as_they_were_written(bits):
    model, x = bits
    read = model.read(model.write(x[:0]), 0)
    assert read.shape == (0, 4) and read.dtype.kind == "i"


def test_probabilities_are_of_levels_and_numbers_that_there_are(bits):
    model, x = bits
    with pytest.raises(ValueError, match=r"integers of shape \(n, 4\). Received: float64"):
        model.probabilities(x / 2, 0)
    with pytest.raises(ValueError, match="must lie between 0 and 2. Received: from 0 to 3"):
        model.probabilities([[0, 1, 2, 3]], 0)
    for number in (-1, 4, 1.0):
        with pytest.raises(ValueError, match="number must be an integer from 0 to 3. Received: nu"):
            model.probabilities(x[:3], number)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_bits_with_weights_that_ran_away_say_so(value):
    model = models.code_bits(3, levels=4, width=8)
    bias = next(weight for weight in model.weights[::-1] if len(weight.shape) == 1)
    bias.assign(np.full(bias.shape, value))
    for act in (lambda: model.sample(2, seed=0), lambda: model.write([[0, 1, 2]])):
        with pytest.raises(ValueError, match="weights of the model must be finite. Received: NaN"):
            act()


def test_bits_come_back_from_a_file(bits, tmp_path):
    model, x = bits
    model.save(tmp_path / "bits.keras")
    loaded = keras.models.load_model(tmp_path / "bits.keras")
    np.testing.assert_allclose(np.asarray(loaded(x[:5])), np.asarray(model(x[:5])), rtol=1e-5)


@pytest.mark.parametrize("sizes", [(1, 3), (4, 1), (4, 3.5)])
def test_bits_of_bad_sizes(sizes):
    with pytest.raises(ValueError, match="must be an integer of at least 2. Received"):
        models.code_bits(*sizes)


@pytest.mark.parametrize("levels", [2, 3, 5, 8])
def test_levels_are_evenly_spaced_and_come_back(levels):
    layer = layers.FiniteScalarQuantisation(levels)
    z = np.asarray(layer(np.linspace(-9, 9, 2001, dtype="float32")[:, None]))
    values = np.unique(z.round(5))
    assert len(values) == levels
    np.testing.assert_allclose(values, (2 * np.arange(levels) + 1) / levels - 1, atol=1e-5)
    index = layer.indices(z)
    assert index.min() == 0 and index.max() == levels - 1
    np.testing.assert_allclose(layer.values(index), z, atol=1e-6)


def test_gradients_pass_through_the_rounding():
    import tensorflow as tf

    layer, x = layers.FiniteScalarQuantisation(4), tf.Variable([[0.3, -1.0]])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(x))
    np.testing.assert_allclose(tape.gradient(y, x), 1 - np.tanh(x) ** 2, rtol=1e-5)


@pytest.mark.parametrize("levels", [1, 0, 2.5, None])
def test_bad_levels(levels):
    with pytest.raises(ValueError, match="levels must be an integer of at least 2. Received"):
        layers.FiniteScalarQuantisation(levels)


def test_masked_connections_do_not_exist():
    layer = layers.MaskedDense([0, 1, 2], [1, 0, 2, 5], strict=False)
    layer.build((None, 3))
    jacobian = np.asarray(layer(np.eye(3, dtype="float32"))) != 0
    assert (jacobian == np.array([[1, 1, 1, 1], [1, 0, 1, 1], [0, 0, 1, 1]], bool)).all()
    with pytest.raises(ValueError, match="an input for each of its 3 ranks. Received"):
        layers.MaskedDense([0, 1, 2], [0]).build((None, 4))


def test_masked_layers_come_back_from_their_configuration():
    layer = layers.MaskedDense([0, 1], [1, 2, 3], activation="gelu")
    twin = layers.MaskedDense.from_config(layer.get_config())
    np.testing.assert_array_equal(twin.mask, layer.mask)
    assert twin.activation is layer.activation


def test_drawn_images_are_decoded_samples():
    codes = np.random.default_rng(0).random((50, 4))
    mixture, model = models.CodeMixture(2).fit(codes), models.vanilla(4)
    images = models.draw(model, mixture, 600, seed=1)
    assert images.shape == (600, 28, 28, 1)
    decoded = model.decoder.predict(mixture.sample(600, seed=1), verbose=0)
    np.testing.assert_allclose(images, decoded, atol=1e-5)


def test_draw_says_what_it_needs():
    codes = np.random.default_rng(0).random((50, 4))
    mixture = models.CodeMixture(2).fit(codes)
    with pytest.raises(ValueError, match="autoencoder with an .encoder and a .decoder.*CodeMix"):
        models.draw(mixture, mixture, 3)
    with pytest.raises(ValueError, match="sampler must be a model of codes.*Received: Autoencoder"):
        models.draw(models.vanilla(4), models.vanilla(4), 3)
    with pytest.raises(ValueError, match=r"the decoder takes, \(5,\). Received: \(4,\)"):
        models.draw(models.vanilla(5), mixture, 3)


def written_out(tag):
    """Runs the cells of notebook 08 that write something out, and returns what they define."""
    names = {"keras": keras, "layers": keras.layers, "ops": keras.ops, "np": np, "bisect": bisect}
    names |= {name: getattr(layers, name) for name in ("ClassLabels", "TimeWaves")}
    for cell in course.notebook("08_drawing_from_codes").read().cells:
        if tag in cell.metadata.get("tags", []):
            exec(cell.source, names)
    return names


def test_the_flow_written_out_in_the_notebook_is_the_package_s(heaps):
    codes, labels = heaps
    names = written_out("code_flow")
    written = names["Flow"](names["build_net"](2, width=16, depth=2))
    package = models.code_flow(2, width=16, depth=2, num_classes=10)
    place, time = codes[:9], np.linspace(0, 1, 9, dtype="float32")[:, None]
    written.net.set_weights(
        [w + 0.1 * np.cos(np.arange(w.size)).reshape(w.shape) for w in written.net.get_weights()]
    )
    package.net.set_weights(written.net.get_weights())
    inputs = [place, time, labels[:9].astype("int32")]
    np.testing.assert_allclose(
        np.asarray(package.net(inputs)), np.asarray(written.net(inputs)), atol=1e-5
    )
    found = []
    for model in (written, package):  # not adapted: its codes are as they come
        x = [keras.ops.convert_to_tensor(v) for v in (codes, labels.astype("int32"))]
        found.append(np.mean([float(model.compute_loss(x=x)) for _ in range(60)]))
    assert found[0] == pytest.approx(found[1], rel=0.03)


def test_the_bits_written_out_in_the_notebook_are_the_package_s():
    written = written_out("code_bits")["build_bits"](4, levels=3, width=12)
    package = models.code_bits(4, levels=3, width=12)
    package.net.set_weights(written.get_weights())
    x = markov(20)
    np.testing.assert_allclose(np.asarray(package(x)), np.asarray(written(x)), atol=1e-5)


def test_the_rounding_written_out_in_the_notebook_is_the_package_s():
    written = written_out("quantised")["FiniteScalarQuantisation"](5)
    x = np.linspace(-3, 3, 101, dtype="float32")[:, None]
    package = layers.FiniteScalarQuantisation(5)
    np.testing.assert_allclose(np.asarray(package(x)), np.asarray(written(x)), atol=1e-6)


def test_the_coder_written_out_in_the_notebook_is_the_package_s():
    names = written_out("coder")
    rng = np.random.default_rng(1)
    p, levels = rng.dirichlet(np.ones(5), 300), rng.integers(5, size=300)
    piles = [coder.TOTAL], [coder.TOTAL]
    coder.lay(piles[0], levels, p)
    names["lay"](piles[1], levels, p)
    assert piles[0] == piles[1] and len(piles[0]) > 10
    np.testing.assert_array_equal(names["take"](piles[1], p), levels)
    assert piles[1] == [coder.TOTAL]
