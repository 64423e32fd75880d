"""Five recipes that people find first, and the course's for the same model and loss.

`speed.py` trains them. The peers are written from what their authors published.
"""

from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
from keras import layers, ops

from aehelpers import data, metrics, models

# The blog writes 10e-5. Keras takes the sum over the code and the mean over the batch, and adds
# it to a cross-entropy that is a mean over the pixels.
L1 = 10e-5
NOISE = 0.4
VALIDATION_NOISE = 1000  # a seed that no training has


def dense(l1=None):
    """Builds 784-32-784, ReLU and sigmoid, with an L1 penalty on the code or none."""
    penalty = keras.regularizers.L1(l1) if l1 else None
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(32, activation="relu", activity_regularizer=penalty),
            layers.Dense(784, activation="sigmoid"),
        ]
    )


def convolutional():
    """Builds keras.io's convolutional autoencoder: 32 filters in each layer, a 7x7x32 code."""
    options = {"activation": "relu", "padding": "same"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, **options),
            layers.MaxPooling2D(2, padding="same"),
            layers.Conv2D(32, 3, **options),
            layers.MaxPooling2D(2, padding="same"),
            layers.Conv2DTranspose(32, 3, strides=2, **options),
            layers.Conv2DTranspose(32, 3, strides=2, **options),
            layers.Conv2D(1, 3, activation="sigmoid", padding="same"),
        ]
    )


def variational():
    """Builds keras.io's VAE with two units; its loss, -ELBO, is that of the course's class."""
    options = {"activation": "relu", "padding": "same", "strides": 2}
    x = image = keras.Input((28, 28, 1))
    for filters in (32, 64):
        x = layers.Conv2D(filters, 3, **options)(x)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    posterior = keras.Model(image, [layers.Dense(2)(x), layers.Dense(2)(x)])
    decoder = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(7 * 7 * 64, activation="relu"),
            layers.Reshape((7, 7, 64)),
            layers.Conv2DTranspose(64, 3, **options),
            layers.Conv2DTranspose(32, 3, **options),
            layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same"),
        ]
    )
    return models.VariationalAutoencoder(posterior, decoder)


noisy = partial(data.gaussian_noise, stddev=NOISE)


def cross_entropy(model, x, inputs=None):
    """Returns the cross-entropy, in nats per pixel."""
    y = model.predict(x if inputs is None else inputs, batch_size=1000, verbose=0)
    return metrics.binary_crossentropy(x, y, per="pixel").mean()


def denoised_cross_entropy(model, x):
    """Returns the cross-entropy of what is made of noisy images, the same for all models."""
    return cross_entropy(model, x, noisy(x, seed=VALIDATION_NOISE))


def penalised_cross_entropy(model, x):
    """Returns the cross-entropy in nats per pixel and the penalty on the code."""
    z = model.layers[0](x)
    penalty = L1 * ops.mean(ops.sum(z, axis=1))  # a ReLU code is never negative
    return cross_entropy(model, x) + float(penalty)


def negative_elbo(model, x):
    """Returns -ELBO in nats per image, with one code for each image, the same draw every time."""
    z_mean, z_log_var = model.posterior.predict(x, batch_size=1000, verbose=0)
    noise = np.random.default_rng(VALIDATION_NOISE).standard_normal(z_mean.shape, dtype="float32")
    y = model.decoder.predict(z_mean + np.exp(z_log_var / 2) * noise, batch_size=1000, verbose=0)
    kl_loss = metrics.kl_divergence(z_mean, z_log_var).mean()
    return metrics.binary_crossentropy(x, y).mean() + kl_loss


@dataclass
class Benchmark:
    """A peer's recipe, and the course's for the same model and loss.

    Attributes:
        what: The model and the loss, in words.
        build: Function that returns the model, not compiled.
        peer_epochs, peer_batch: As published. All peers have Adam at its default, 1e-3.
        tuned_epochs, tuned_rate: Of the peer with a cosine schedule.
        epochs, batch, rate: The course's; `rate` is the highest of the schedule.
        source: Who published the peer.
        evaluate: Function of `(model, images)`: the validation loss.
        newton_schulz, momentum: Of the course's Muon. Without steps of Newton-Schulz it is Adam:
            Keras's Muon leaves to Adam all that is no matrix, so the kernels of convolutions, too.
        xla: Whether the course's recipe compiles with XLA, which helps dense nets only.
        at_once: Steps that the course's `fit` makes in one call of TensorFlow.
        noise: Whether the input is noisy.
        shape: Of an image.
        loss: The peer's. The course's is the sum over the pixels, 784 times as much.
        build_ours: `build`, but with a penalty that is 784 times as much, too.
        unit: Of the validation loss.
        after: Name of the benchmark whose peer this peer goes on from.
    """

    what: str
    build: object
    peer_epochs: int
    tuned_epochs: int
    epochs: int
    tuned_rate: float = 0.002
    source: str = "keras.io"
    evaluate: object = cross_entropy
    peer_batch: int = 128
    batch: int = 32
    rate: float = 0.01
    newton_schulz: int | None = 3
    momentum: float = 0.9
    xla: bool = False
    at_once: int = 1
    noise: bool = False
    shape: tuple = (28, 28, 1)
    loss: str | None = "binary_crossentropy"
    build_ours: object = None
    unit: str = "nats per pixel"
    after: str | None = None

    def optimizer(self, schedule):
        """Returns the course's optimizer."""
        if self.newton_schulz is None:
            return keras.optimizers.Adam(schedule, beta_2=0.95)
        return keras.optimizers.Muon(
            schedule,
            weight_decay=None,
            adam_weight_decay=None,
            adam_beta_2=0.95,
            momentum=self.momentum,
            ns_steps=self.newton_schulz,
        )

    def peer(self):
        """Describes the peer's recipe."""
        text = f"{self.source}'s {self.peer_epochs} epochs, Adam 1e-3, batch {self.peer_batch}"
        text += ", noise drawn once" * self.noise
        return text + ", from its clean model (not counted)" * bool(self.after)

    def tuned(self):
        """Describes what the peer's recipe is with its rate and schedule tuned."""
        return f"at most {self.tuned_epochs} epochs, Adam from {self.tuned_rate} along a cosine"

    def ours(self):
        """Describes the course's recipe."""
        name = "Adam (beta_2 0.95)"
        if self.newton_schulz:
            name = f"Muon ({self.newton_schulz} steps of Newton-Schulz, momentum {self.momentum})"
        text = (
            f"at most {self.epochs} epochs, batch {self.batch}, {name} up to {self.rate} with "
            "warm-up and cosine, bias started at the mean image"
        )
        text += ", noise new in every epoch" * self.noise + ", XLA" * self.xla
        return text + f", {self.at_once} steps a call" * (self.at_once > 1)


DENSE = {"source": "Keras blog", "peer_batch": 256, "batch": 256, "rate": 0.03}
DENSE |= {"xla": True, "at_once": 43, "shape": (784,)}  # an epoch is five times 43 steps
BENCHMARKS = {
    "vanilla": Benchmark(
        "784-32-784, cross-entropy",
        build=dense,
        peer_epochs=50,
        tuned_epochs=45,
        epochs=3,
        **DENSE,
    ),
    "convolutional": Benchmark(
        "convolutional with a 7x7x32 code, cross-entropy",
        build=convolutional,
        newton_schulz=None,
        peer_epochs=50,
        tuned_epochs=40,
        epochs=2,
        rate=0.015,
    ),
    "denoising": Benchmark(
        f"the same as a denoiser, Gaussian noise of {NOISE}",
        build=convolutional,
        newton_schulz=None,
        peer_epochs=100,
        tuned_epochs=60,
        epochs=3,
        rate=0.015,
        evaluate=denoised_cross_entropy,
        noise=True,
        after="convolutional",
    ),
    "sparse": Benchmark(
        "784-32-784, cross-entropy and L1 on the code",
        build=partial(dense, L1),
        build_ours=partial(dense, 784 * L1),
        peer_epochs=100,
        tuned_epochs=100,
        epochs=10,
        evaluate=penalised_cross_entropy,
        **DENSE,
    ),
    "variational": Benchmark(
        "variational with 2 numbers, convolutional, -ELBO",
        build=variational,
        peer_epochs=30,
        tuned_epochs=25,
        epochs=2,
        rate=0.01,
        evaluate=negative_elbo,
        loss=None,
        unit="nats per image",
    ),
}
