import numpy as np
import pytest
from numpy.testing import assert_allclose

from aehelpers import metrics

PER_IMAGE = [metrics.sse, metrics.mse, metrics.binary_crossentropy, metrics.psnr, metrics.ssim]


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    x = rng.random((5, 28, 28, 1), dtype="float32") ** 3
    return x, np.clip(x + rng.normal(0, 0.2, x.shape), 0, 1).astype("float32")


@pytest.mark.parametrize("metric", PER_IMAGE)
def test_one_number_per_image_in_every_layout(metric, pair):
    x, y = pair
    expected = metric(x, y)
    assert expected.shape == (5,)
    assert expected.dtype == "float64"
    assert len(set(expected)) == 5
    for shape in [(5, 28, 28), (5, 784)]:
        assert_allclose(metric(x.reshape(shape), y.reshape(shape)), expected)
    assert_allclose(metric(x[2:3], y[2:3]), expected[2:3])


@pytest.mark.parametrize("metric", PER_IMAGE)
def test_uint8_counts_as_grey_levels_of_255(metric, pair):
    x, y = ((255 * images).round().astype("uint8") for images in pair)
    expected = metric(x.astype("float32") / 255, y.astype("float32") / 255)
    assert_allclose(metric(x, y), expected, rtol=1e-6)


@pytest.mark.parametrize("metric", PER_IMAGE)
def test_many_images_are_measured_part_by_part(metric, pair, monkeypatch):
    expected = metric(*pair)
    monkeypatch.setattr(metrics, "_AT_ONCE", 2)
    assert_allclose(metric(*pair), expected, rtol=1e-12)


def test_inputs_are_not_modified(pair):
    copies = [images.copy() for images in pair]
    for metric in PER_IMAGE:
        metric(*pair)
    for images, copy in zip(pair, copies):
        np.testing.assert_array_equal(images, copy)


def test_squared_errors_by_hand():
    x, y = np.zeros((2, 28, 28)), np.zeros((2, 28, 28))
    y[0, 3, 4], y[0, 5, 6], y[1] = 1, -0.5, 2
    assert_allclose(metrics.sse(x, y), [1.25, 4 * 784])
    assert_allclose(metrics.mse(x, y), [1.25 / 784, 4])


def test_squared_errors_agree_with_scikit_learn(pair):
    from sklearn.metrics import mean_squared_error

    x, y = (images.reshape(5, 784) for images in pair)
    expected = mean_squared_error(x.T, y.T, multioutput="raw_values")
    assert_allclose(metrics.mse(x, y), expected, rtol=1e-5)
    assert_allclose(metrics.sse(x, y), 784 * expected, rtol=1e-5)


def test_binary_crossentropy_by_hand():
    x, p = np.zeros((2, 28, 28)), np.full((2, 28, 28), 0.25)
    x[1] = 0.5
    expected = [-np.log(0.75), -0.5 * np.log(0.25) - 0.5 * np.log(0.75)]
    assert_allclose(metrics.binary_crossentropy(x, p, per="pixel"), expected, rtol=1e-6)
    assert_allclose(metrics.binary_crossentropy(x, p), 784 * np.array(expected), rtol=1e-6)


def test_binary_crossentropy_agrees_with_scikit_learn(pair):
    """A pixel of value x is x of a white observation and 1 - x of a black one."""
    from sklearn.metrics import log_loss

    x, p = (images.reshape(5, 784).astype("float64") for images in pair)
    p = p.clip(0.01, 0.99)
    white = np.repeat([0, 1], 784)
    expected = [
        log_loss(white, np.tile(q, 2), sample_weight=np.concatenate([1 - y, y]), normalize=False)
        for y, q in zip(x, p)
    ]
    assert_allclose(metrics.binary_crossentropy(x, p), expected, rtol=1e-5)


def test_binary_crossentropy_clips_certain_predictions():
    black, white = np.zeros((1, 784)), np.ones((1, 784))
    wrong = metrics.binary_crossentropy(white, black, per="pixel")
    assert_allclose(wrong, -np.log(1e-7), rtol=1e-5)
    assert 0 < metrics.binary_crossentropy(black, black)[0] < 2e-4
    assert 0 < metrics.binary_crossentropy(white, white)[0] < 2e-4


def test_psnr_by_hand_and_against_scikit_image(pair):
    from skimage.metrics import peak_signal_noise_ratio

    black = np.zeros((1, 784))
    assert_allclose(metrics.psnr(black, black + 0.1), 20, rtol=1e-6)
    assert_allclose(metrics.psnr(black, black + 1), 0, atol=1e-6)
    assert metrics.psnr(black, black)[0] == np.inf
    expected = [peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(*pair)]
    assert_allclose(metrics.psnr(*pair), expected, rtol=1e-5)


def test_ssim_agrees_with_the_formula(pair):
    """Equation 13 of Wang et al., written out with SciPy's filter instead of scikit-image."""
    from scipy.ndimage import gaussian_filter

    def mean(image):
        return gaussian_filter(image, 1.5, radius=5)

    expected = []
    for a, b in zip(*pair):
        a, b = a[..., 0].astype("float64"), b[..., 0].astype("float64")
        ma, mb = mean(a), mean(b)
        va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
        c1, c2 = 0.01**2, 0.03**2
        s = (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
        expected.append(s[5:-5, 5:-5].mean())  # where the whole window lies on the image
    assert_allclose(metrics.ssim(*pair), expected, rtol=1e-6)
    assert_allclose(metrics.ssim(pair[0], pair[0]), 1)


def test_ssim_of_flat_images_by_hand():
    """Without contrast only the luminance term is left: C1 / (1 + C1) for black against white."""
    black, white = np.zeros((1, 784)), np.ones((1, 784))
    assert_allclose(metrics.ssim(black, white), 1e-4 / (1 + 1e-4))


@pytest.mark.parametrize("metric", [metrics.sse, metrics.mse, metrics.psnr, metrics.ssim])
def test_reconstructions_may_leave_the_range(metric):
    x = np.eye(28)[None]
    assert np.isfinite(metric(x, 1.2 * x - 0.1)).all()


@pytest.mark.parametrize("metric", PER_IMAGE)
def test_bad_images_are_refused(metric):
    x = np.zeros((2, 28, 28, 1), "float32")
    with pytest.raises(ValueError, match=r"same shape.*\(2, 28, 28, 1\) and \(1, 28, 28, 1\)"):
        metric(x, x[:1])
    with pytest.raises(ValueError, match="same shape"):
        metric(x, x.reshape(2, 784))
    with pytest.raises(ValueError, match="x_true"):
        metric(x - 0.5, x)
    with pytest.raises(ValueError, match="x_pred"):
        metric(x, x + np.nan)
    with pytest.raises(ValueError):
        metric(x[:0], x[:0])
    with pytest.raises(ValueError):
        metric(x[:, :27], x[:, :27])


def test_binary_crossentropy_needs_probabilities():
    x = np.zeros((2, 784))
    with pytest.raises(ValueError, match="x_pred"):
        metrics.binary_crossentropy(x, x - 0.01)
    with pytest.raises(ValueError, match=r"per must be .* Received: per='batch'"):
        metrics.binary_crossentropy(x, x, per="batch")


def test_principal_angles_by_hand():
    e = np.eye(5)
    t = np.radians(30)
    a = e[:, :2]
    b = np.stack([e[0], np.cos(t) * e[1] + np.sin(t) * e[2]], axis=1)
    assert_allclose(metrics.principal_angles(a, b), [30, 0], atol=1e-6)
    assert_allclose(metrics.principal_angles(a, e[:, 2:4]), [90, 90])


def test_principal_angles_belong_to_the_subspace_not_its_basis():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 4)), rng.normal(size=(50, 3))
    # Independent of SciPy: the cosines are the singular values of Qa' Qb.
    cosines = np.linalg.svd(np.linalg.qr(a)[0].T @ np.linalg.qr(b)[0], compute_uv=False)
    expected = np.degrees(np.arccos(cosines))[::-1]
    assert_allclose(metrics.principal_angles(a, b), expected)
    mixed = a @ rng.normal(size=(4, 4))
    assert_allclose(metrics.principal_angles(mixed, b), expected)
    assert_allclose(metrics.principal_angles(mixed, a), 0, atol=1e-5)


@pytest.mark.parametrize("shapes", [((3, 2), (4, 2)), ((3,), (3, 1))])
def test_principal_angles_refuse_what_does_not_fit(shapes):
    with pytest.raises(ValueError, match="same number of rows"):
        metrics.principal_angles(*map(np.ones, shapes))


def test_kl_divergence_against_monte_carlo():
    rng = np.random.default_rng(0)
    z_mean, z_log_var = rng.normal(size=(2, 3, 4))
    z = z_mean + np.exp(z_log_var / 2) * rng.standard_normal((200_000, 3, 4))
    from scipy.stats import norm

    log_ratio = norm.logpdf(z, z_mean, np.exp(z_log_var / 2)) - norm.logpdf(z)
    estimate = log_ratio.sum(axis=-1).mean(axis=0)
    assert_allclose(metrics.kl_divergence(z_mean, z_log_var), estimate, rtol=0.01)
    per_unit = metrics.kl_divergence(z_mean, z_log_var, per="unit")
    assert per_unit.sum() == pytest.approx(metrics.kl_divergence(z_mean, z_log_var).mean())
    np.testing.assert_array_equal(metrics.kl_divergence(np.zeros((2, 3)), np.zeros((2, 3))), 0)


def test_active_units_are_counted_over_images():
    z_mean = np.random.default_rng(0).normal(size=(1000, 3)) * [1.0, 0.05, 0.2] + [0, 5, 0]
    np.testing.assert_array_equal(metrics.active_units(z_mean), [True, False, True])
    assert metrics.active_units(z_mean, threshold=0.5).sum() == 1


@pytest.mark.parametrize(
    ("beta", "recipe"),
    [
        (1, {"pixels": 784, "latent_dim": 20}),
        (0.5, {"pixels": 784, "latent_dim": 2, "kl": "mean"}),
        (392, {"pixels": 784, "latent_dim": 2, "reconstruction": "mean", "kl": "mean"}),
        (
            2.048,
            {"pixels": 1024, "latent_dim": 2, "reconstruction": "mean"}
            | {"reconstruction_weight": 500},
        ),
        (
            3.072,
            {"pixels": 12288, "latent_dim": 128, "reconstruction": "mean"} | {"kl_weight": 0.00025},
        ),
    ],
)
def test_effective_beta_of_known_recipes(beta, recipe):
    assert metrics.effective_beta(**recipe) == pytest.approx(beta)


def test_importance_weighted_bound_reaches_a_known_likelihood():
    # One latent unit that decides between two images: ln p(x) can be integrated.
    black, white = np.full(784, 0.499), np.full(784, 0.501)

    def decode(z):
        return np.where(z > 0, white, black)

    x = np.random.default_rng(0).random((3, 784))
    each = [-metrics.binary_crossentropy(x, np.tile(p, (3, 1))) for p in (black, white)]
    exact = np.logaddexp(*each) - np.log(2)
    z_mean, z_log_var = np.full((3, 1), 0.3), np.full((3, 1), -0.5)
    bounds = {
        k: metrics.importance_weighted_bound(x, z_mean, z_log_var, decode, samples=k)
        for k in (1, 20_000)
    }
    assert_allclose(bounds[20_000], exact, atol=0.03)
    elbos = [
        metrics.importance_weighted_bound(x, z_mean, z_log_var, decode, samples=1, seed=seed)
        for seed in range(500)
    ]
    assert np.all(np.mean(elbos, axis=0) < exact)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.kl_divergence(np.zeros((2, 3)), np.zeros((3, 2))), "must have the shape"),
        (lambda: metrics.kl_divergence(np.zeros(3), np.zeros(3)), "must have the shape"),
        (lambda: metrics.kl_divergence([[np.nan]], [[0.0]]), "must be finite"),
        (lambda: metrics.kl_divergence([[0.0]], [[0.0]], per="pixel"), "per must be"),
        (lambda: metrics.active_units(np.zeros(3)), "must have the shape"),
        (lambda: metrics.effective_beta(784, 0), "must be positive"),
        (lambda: metrics.effective_beta(784, 2, kl_weight=-1), "kl_weight 0 or more"),
        (lambda: metrics.effective_beta(784, 2, kl="max"), 'kl must be "sum" or "mean"'),
        (
            lambda: metrics.importance_weighted_bound(
                np.zeros((2, 784)), np.zeros((3, 1)), np.zeros((3, 1)), None
            ),
            "a code for each image",
        ),
    ],
)
def test_bad_input_for_codes(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(0)
    scores, anomalous = rng.integers(0, 20, 200), rng.random(200) < 0.3
    above = scores[anomalous][:, None] - scores[~anomalous]
    expected = np.mean((above > 0) + 0.5 * (above == 0))
    assert metrics.auroc(scores, anomalous) == pytest.approx(expected)
    assert metrics.auroc(-scores, anomalous) == pytest.approx(1 - expected)
    assert metrics.auroc(np.exp(scores), anomalous) == pytest.approx(expected)
    assert metrics.auroc(anomalous, anomalous) == 1
    assert metrics.auroc(np.zeros(200), anomalous) == 0.5
    infinite = np.where(scores == scores.max(), np.inf, scores)
    assert metrics.auroc(infinite, anomalous) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scores", "anomalous", "reason"),
    [
        ([1, 2], [True, True], "2 anomalies"),
        ([1, 2], [False, False], "0 anomalies"),
        ([1, 2], [True], "shapes: .2,. and .1,."),
        ([1, np.nan], [True, False], "1 NaN"),
    ],
)
def test_auroc_refuses(scores, anomalous, reason):
    with pytest.raises(ValueError, match=reason):
        metrics.auroc(scores, anomalous)


def test_frechet_distance():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((500, 6)) @ rng.standard_normal((6, 6))
    assert metrics.frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-9)
    assert metrics.frechet_distance(a, a + 2) == pytest.approx(24)
    # With the same axes it is the sum over the axes: (s - 2 s)^2 for standard deviations s.
    assert metrics.frechet_distance(a, 2 * a) == pytest.approx(
        np.square(a.mean(axis=0)).sum() + a.var(axis=0).sum()
    )
    b = rng.standard_normal((300, 6))
    assert metrics.frechet_distance(a, b) == pytest.approx(metrics.frechet_distance(b, a))
    turn, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    assert metrics.frechet_distance(a @ turn, b @ turn) == pytest.approx(
        metrics.frechet_distance(a, b)
    )


def test_frechet_distance_of_features_that_are_all_the_same():
    assert metrics.frechet_distance(np.ones((5, 3)), np.zeros((4, 3))) == pytest.approx(3)


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        (np.ones((5, 3)), np.ones((5, 2)), "same number of columns"),
        (np.ones((1, 3)), np.ones((5, 3)), "at least two rows"),
        (np.ones(3), np.ones((5, 3)), "matrices"),
        (np.full((5, 3), np.nan), np.ones((5, 3)), "must be finite"),
    ],
)
def test_frechet_distance_refuses(a, b, reason):
    with pytest.raises(ValueError, match=reason):
        metrics.frechet_distance(a, b)
