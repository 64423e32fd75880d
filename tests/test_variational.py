import keras
import numpy as np
import pytest
from keras import ops

from aehelpers import data, layers, losses, metrics, models
from scripts import course


@pytest.fixture(scope="module")
def digits():
    return data.load_mnist().x_train[:64]


@pytest.fixture(scope="module")
def labels():
    return data.load_mnist().y_train[:64]


def small(latent_dim=3, **kwargs):
    vae = models.variational(latent_dim, sizes=(16,), seed=0, **kwargs)
    vae.compile(keras.optimizers.Adam(0.01))
    return vae


def conditional(latent_dim=3, **kwargs):
    model = models.conditional_variational(latent_dim, sizes=(16,), seed=0, **kwargs)
    model.compile(keras.optimizers.Adam(0.01))
    return model


def test_sampling_has_the_mean_and_the_deviation_it_is_told():
    z_mean = np.tile([[-1.0, 0.0, 2.0]], (100_000, 1))
    z_log_var = np.tile(np.log([[0.25, 1.0, 9.0]]), (100_000, 1))
    z = np.asarray(layers.Sampling(seed=0)([z_mean, z_log_var]))
    np.testing.assert_allclose(z.mean(axis=0), [-1, 0, 2], atol=0.03)
    np.testing.assert_allclose(z.std(axis=0), [0.5, 1, 3], rtol=0.01)


def test_sampling_lets_gradients_pass():
    import tensorflow as tf

    z_mean, z_log_var = tf.Variable([[1.0, 2.0]]), tf.Variable([[0.0, 2.0]])
    with tf.GradientTape() as tape:
        z = layers.Sampling(seed=0)([z_mean, z_log_var])
    to_mean, to_log_var = tape.gradient(z, [z_mean, z_log_var])
    np.testing.assert_allclose(to_mean, 1)
    np.testing.assert_allclose(to_log_var, (z - z_mean) / 2, rtol=1e-5)


def test_sampling_repeats_with_its_seed_and_not_within_it():
    zeros = np.zeros((4, 2))
    first, again = layers.Sampling(seed=3), layers.Sampling(seed=3)
    z = np.asarray(first([zeros, zeros]))
    np.testing.assert_array_equal(z, again([zeros, zeros]))
    assert np.any(z != np.asarray(first([zeros, zeros])))


@pytest.mark.usefixtures("eagerly")
def test_history_in_training_and_validation(digits):
    history = small().fit(digits, epochs=2, validation_data=(digits, digits), verbose=0).history
    names = {"loss", "reconstruction_loss", "kl_loss"}
    assert set(history) == names | {f"val_{name}" for name in names}
    for prefix in ("", "val_"):
        parts = np.add(history[f"{prefix}reconstruction_loss"], history[f"{prefix}kl_loss"])
        np.testing.assert_allclose(history[f"{prefix}loss"], parts, rtol=1e-5)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("beta", [0.5, 1.0, 4.0])
def test_losses_equal_numpy(digits, beta):
    vae = small(beta=beta)
    vae.fit(digits, epochs=2, verbose=0)
    z_mean, z_log_var = (np.asarray(part) for part in vae.posterior(digits))
    # The same noise again: a layer with the same seed, in the same state.
    twin = layers.Sampling(seed=0)
    twin.seed_generator.state.assign(vae.sampling.seed_generator.state)
    logs = vae.evaluate(digits, digits, batch_size=64, verbose=0, return_dict=True)
    z = np.asarray(twin([z_mean, z_log_var]))
    nats = metrics.binary_crossentropy(digits, np.asarray(vae.decoder(z))).mean()
    kl = metrics.kl_divergence(z_mean, z_log_var).mean()
    assert logs["reconstruction_loss"] == pytest.approx(nats, rel=1e-4)
    assert logs["kl_loss"] == pytest.approx(kl, rel=1e-4)
    assert logs["loss"] == pytest.approx(nats + beta * kl, rel=1e-4)


def test_loss_does_not_depend_on_the_batch_size(digits):
    vae = small()
    # A narrow posterior, so that noise plays no part in what is compared.
    layer = vae.posterior.get_layer("z_log_var")
    layer.kernel.assign(ops.zeros_like(layer.kernel))
    layer.bias.assign(ops.full_like(layer.bias, -30.0))
    losses = [vae.evaluate(digits, batch_size=n, verbose=0) for n in (64, 16, 7)]
    np.testing.assert_allclose(losses[1:], [losses[0]] * 2, rtol=1e-5)


def test_target_may_be_another_image(digits):
    vae = small()
    to_black = vae.evaluate(digits, np.zeros_like(digits), verbose=0, return_dict=True)
    to_itself = vae.evaluate(digits, verbose=0, return_dict=True)
    assert to_black["reconstruction_loss"] != pytest.approx(to_itself["reconstruction_loss"])
    assert to_black["kl_loss"] == pytest.approx(to_itself["kl_loss"])


def test_predict_has_no_noise(digits):
    vae = small()
    images = vae.predict(digits, verbose=0)
    assert images.shape == digits.shape
    np.testing.assert_array_equal(images, vae.predict(digits, verbose=0))
    codes = vae.encoder.predict(digits, verbose=0)
    assert codes.shape == (64, 3)
    np.testing.assert_allclose(vae.decoder.predict(codes, verbose=0), images, atol=1e-5)
    np.testing.assert_allclose(vae.posterior.predict(digits, verbose=0)[0], codes, atol=1e-5)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("make", [small, conditional])
def test_save_load_and_train_on(make, digits, labels, tmp_path):
    x = digits if make is small else [digits, labels]
    model = make(beta=2.0, free_bits=0.1)
    model.fit(x, epochs=2, verbose=0)
    model.beta.assign(0.25)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert (float(loaded.beta), loaded.free_bits) == (0.25, 0.1)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    # The generator's state is saved too, so that even the noise is the same.
    assert loaded.evaluate(x, verbose=0) == pytest.approx(model.evaluate(x, verbose=0), rel=1e-6)
    before = loaded.evaluate(x, verbose=0)
    loaded.fit(x, epochs=20, verbose=0)
    assert loaded.evaluate(x, verbose=0) < before
    assert loaded.encoder.layers[-1] is loaded.posterior.get_layer("z_mean")


def test_weights_are_counted_once():
    posterior = 784 * 16 + 16 + 2 * (16 * 3 + 3)
    decoder = 3 * 16 + 16 + 16 * 784 + 784
    assert sum(w.numpy().size for w in small().trainable_weights) == posterior + decoder


def test_gradients_reach_every_weight(digits):
    vae = small()
    before = [weight.numpy().copy() for weight in vae.trainable_weights]
    vae.fit(digits, epochs=2, verbose=0)
    for weight, old in zip(vae.trainable_weights, before, strict=True):
        assert np.any(weight.numpy() != old), weight.path


def test_memorises_32_digits(digits):
    keras.utils.set_random_seed(0)
    vae = models.variational(latent_dim=20, sizes=(100, 50), beta=0.0)
    vae.compile(keras.optimizers.Adam(0.005))
    x = np.tile(digits[:32], (50, 1, 1, 1))
    vae.fit(x, epochs=10, shuffle=False, verbose=0)
    floor = metrics.binary_crossentropy(x[:32], x[:32]).mean()
    error = metrics.binary_crossentropy(x[:32], vae.predict(x[:32], verbose=0)).mean()
    assert error < floor + 25


def test_beta_can_change_while_the_model_trains(digits):
    vae = small(beta=0.0)
    at_0 = vae.evaluate(digits, verbose=0, return_dict=True)
    vae.beta.assign(100.0)
    at_100 = vae.evaluate(digits, verbose=0, return_dict=True)
    assert at_0["loss"] == pytest.approx(at_0["reconstruction_loss"])
    assert at_100["loss"] == pytest.approx(
        at_100["reconstruction_loss"] + 100 * at_100["kl_loss"], rel=1e-5
    )


def test_free_bits_are_free(digits):
    vae = small(free_bits=50.0)
    logs = vae.evaluate(digits, batch_size=64, verbose=0, return_dict=True)
    assert 0 < logs["kl_loss"] < 150
    assert logs["loss"] == pytest.approx(logs["reconstruction_loss"] + 3 * 50, rel=1e-5)


def test_the_label_reaches_both_halves(digits, labels):
    model = conditional()
    others = (labels + 1) % 10
    z = np.zeros((64, 3), "float32")
    assert np.any(
        model.encoder.predict([digits, labels], verbose=0)
        != model.encoder.predict([digits, others], verbose=0)
    )
    assert np.any(
        model.decoder.predict([z, labels], verbose=0)
        != model.decoder.predict([z, others], verbose=0)
    )


def test_conditional_trains_from_arrays_and_from_a_pipeline(digits, labels):
    model = conditional()
    history = model.fit(
        [digits, labels], digits, epochs=20, validation_data=([digits, labels], digits), verbose=0
    ).history
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    assert len(history["val_kl_loss"]) == 20
    images = model.predict([digits, labels], verbose=0)
    assert images.shape == digits.shape


@pytest.mark.parametrize("latent_dim", [0, -1, 2.5, True, None])
@pytest.mark.parametrize("build", [models.variational, models.conditional_variational])
def test_bad_latent_dim(build, latent_dim):
    with pytest.raises(ValueError, match="latent_dim must be a positive integer. Received"):
        build(latent_dim)


@pytest.mark.parametrize("name", ["beta", "free_bits"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "1"])
def test_bad_weights_of_the_kl(name, value):
    with pytest.raises(
        ValueError, match=f"{name} must be a number of at least 0. Received: {name}"
    ):
        models.variational(2, sizes=(4,), **{name: value})


@pytest.mark.parametrize("scale", [255.0, -1.0, float("nan")])
def test_targets_outside_0_and_1(digits, scale):
    # In a compiled step the error is TensorFlow's.
    with pytest.raises(Exception, match=r"Targets must lie in \[0, 1\]. Received: values from"):
        small().fit(digits * scale, verbose=0)
    vae = small()
    vae.compile(run_eagerly=True)
    with pytest.raises(ValueError, match=r"Targets must lie in \[0, 1\]. Received: values from"):
        vae.evaluate(digits * scale, verbose=0)


def test_labels_that_are_no_class(digits, labels):
    model = conditional()
    for wrong in (labels + 1, labels - 1):
        with pytest.raises(Exception, match=r"Labels must lie in \[0, 9\]. Received: values from"):
            model.fit([digits, np.where(wrong == 5, 10, wrong)], verbose=0)
    with pytest.raises(ValueError, match=r"Labels must lie in \[0, 9\]. Received: values from 10"):
        model.decoder([np.zeros((1, 3)), np.array([10])])


def test_a_second_loss_is_refused(digits):
    vae = models.variational(2, sizes=(4,))
    vae.compile("adam", loss=losses.squared_error)
    with pytest.raises(ValueError, match="brings its own loss"):
        vae.fit(digits, verbose=0)
    vae.compile("adam")
    with pytest.raises(ValueError, match="brings its own loss"):
        vae.fit(digits, digits, sample_weight=np.ones(64), verbose=0)


def test_halves_that_do_not_fit():
    two, three = models.variational(2, sizes=(4,)), models.variational(3, sizes=(4,))
    with pytest.raises(ValueError, match="codes of the shape that encoder gives"):
        models.VariationalAutoencoder(two.posterior, three.decoder)
    with pytest.raises(ValueError, match="must give two outputs of the same shape"):
        models.VariationalAutoencoder(two.encoder, two.decoder)


def test_halves_that_are_not_built():
    unbuilt = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises((ValueError, AttributeError), match="never been (called|built)|no defined"):
        models.VariationalAutoencoder(unbuilt, models.variational(2, sizes=(4,)).decoder)


def test_wrong_image_shape(digits):
    with pytest.raises(ValueError):
        small().predict(digits[:, :27], verbose=0)


def test_the_model_written_out_in_the_notebook_is_the_package_s(digits):
    notebook = course.notebook("05_variational").read()
    names = {"keras": keras, "layers": keras.layers, "ops": ops, "losses": losses}
    for cell in notebook.cells:
        if "variational" in cell.metadata.get("tags", []):
            exec(cell.source, names)
    posterior = names["build_posterior"](2)
    written = names["VariationalAutoencoder"](posterior, names["build_decoder"](2))
    dense = [layer.units for layer in posterior.layers if hasattr(layer, "units")]
    package = models.variational(dense[-1], sizes=dense[:-2])
    package.posterior.set_weights(written.posterior.get_weights())
    package.decoder.set_weights(written.decoder.get_weights())
    written.sampling.seed_generator.state.assign(package.sampling.seed_generator.state)
    logs = []
    for model in (written, package):
        model.compile(keras.optimizers.Adam(0.01))
        logs.append(model.evaluate(digits, digits, verbose=0, return_dict=True))
        logs[-1]["trained"] = model.fit(digits, digits, shuffle=False, verbose=0).history["loss"][0]
    assert logs[0] == pytest.approx(logs[1], rel=1e-4)
    np.testing.assert_allclose(
        written.predict(digits, verbose=0), package.predict(digits, verbose=0), atol=1e-3
    )
