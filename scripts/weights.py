"""Trains the weights that are shipped, and writes them with their cards.

    python -m scripts.weights [deep ...]

Each model has one function here, its recipe, which draws on training and validation images only.
Its metrics are those of the weights as they are stored, on the 10,000 test images and, so that
they can be checked without a network, on the bundled test digits.
"""

import argparse
import sys
import time

import keras
import numpy as np

from aehelpers import data, losses, metrics, models, weights
from scripts import arguments, course, results

MAX_TOTAL_BYTES = 8_000_000
SEED = 0
SEEDS = {"convolutional_map": 2}  # made with it before any other seed had been tried

RECIPES = {}


def recipe(what, epochs, dtype="int8", builder=None, arguments=None, validation=True, **more):
    """Registers a function that trains one model as a recipe, under the function's name.

    The function gets the new model, images, labels and epochs, and trains. What is registered takes
    `(mnist, epochs=...)` and returns the trained model, its part of the card and `dtype`.

    Args:
        what: What the model is, in words.
        epochs: How many, if nothing else is said.
        dtype: What the stored weights are rounded to.
        builder: Name of the function in `models`; by default that of the recipe.
        arguments: Dictionary of the builder's arguments.
        validation: Whether to train on the validation images, too.
        **more: What else the card holds.
    """

    def register(function):
        name = builder or function.__name__

        def train(mnist, epochs=epochs):
            x, y = mnist.x_train, mnist.y_train
            if validation:
                x, y = np.concatenate([x, mnist.x_val]), np.concatenate([y, mnist.y_val])
            model = getattr(models, name)(**(arguments or {}))
            function(model, x, y, epochs)
            card = {
                "what": what,
                "builder": name,
                "arguments": arguments or {},
                "data": f"MNIST, {len(x):,} training images",
                "epochs": epochs,
            }
            return model, card | more, dtype

        RECIPES[function.__name__] = train
        return train

    return register


def bundled_test_digits():
    """Returns the 500 bundled test images and their labels."""
    _, (x, y) = data.bundled()
    return data.check_images(x), y.astype("int64")


def measure(model, x, y, input_noise=0.0):
    """Measures a model on images and their labels: a dictionary of means per image.

    A denoiser gets the images with Gaussian noise of the standard deviation `input_noise`. The
    negative ELBO is estimated from one code for each image. Of a flow it is the squared error of
    its velocities, summed over the numbers of a code, for noises and times of its own.
    """
    if isinstance(model, models.CodeFlow):
        return measure_flow(model, x, y)
    inputs = noisy = data.gaussian_noise(x, input_noise, seed=SEED)
    conditional = isinstance(model, models.ConditionalVariationalAutoencoder)
    if conditional:
        inputs = [noisy, y]
    reconstructions = model.predict(inputs, batch_size=500, verbose=0)
    measured = {"squared_error": metrics.sse(x, reconstructions).mean()}
    if isinstance(model, models.SparseAutoencoder):  # its images are sums, not probabilities
        measured["l0"] = metrics.l0(model.encoder.predict(x, batch_size=500, verbose=0)).mean()
    else:
        nats = metrics.binary_crossentropy(x, reconstructions).mean()
        measured["binary_crossentropy"] = nats
    if isinstance(model, models.VariationalAutoencoder):
        z_mean, z_log_var = model.posterior.predict(inputs, batch_size=500, verbose=0)
        noise = np.random.default_rng(SEED).standard_normal(z_mean.shape, dtype="float32")
        z = z_mean + np.exp(z_log_var / 2) * noise
        drawn = model.decoder.predict([z, y] if conditional else z, batch_size=500, verbose=0)
        kl_loss = metrics.kl_divergence(z_mean, z_log_var).mean()
        measured |= {
            "negative_elbo": metrics.binary_crossentropy(x, drawn).mean() + kl_loss,
            "kl_loss": kl_loss,
            "active_units": metrics.active_units(z_mean).sum(),
        }
    return {"images": len(x)} | {name: round(float(v), 4) for name, v in measured.items()}


def measure_flow(flow, x, y):
    codes = weights.load_pretrained("convolutional").encoder.predict(x, batch_size=500, verbose=0)
    rng = np.random.default_rng(SEED)
    z = (codes - np.asarray(flow.middle)) @ np.asarray(flow.unroot)
    noise = rng.standard_normal(z.shape, dtype="float32")
    time = rng.random((len(z), 1), dtype="float32")
    velocity = np.asarray(flow.velocity((1 - time) * noise + time * z, time, y))
    error = np.square(velocity - (z - noise)).sum(axis=1).mean()
    return {"images": len(x), "velocity_error": round(float(error), 4)}


def warmup_and_cosine(learning_rate, steps):
    """Returns a schedule: up to `learning_rate` in a tenth of the steps, then down to 0."""
    return keras.optimizers.schedules.CosineDecay(
        0.1 * learning_rate,
        round(0.9 * steps),
        warmup_target=learning_rate,
        warmup_steps=round(0.1 * steps),
    )


@recipe(
    "Deep dense autoencoder with a code of 30 numbers, trained on squared error",
    epochs=24,
    arguments={"latent_dim": 30},
)
def deep(model, x, y, epochs):
    """784-1000-500-250-30 and back, as in notebook 01 but twice as long, on all 60,000 images.

    Learning rate, weight decay and epochs were chosen on validation images before.
    """
    train = data.pipeline(x, batch_size=256)
    optimizer = keras.optimizers.AdamW(
        warmup_and_cosine(0.003, epochs * len(train)), weight_decay=0.1, beta_2=0.99
    )
    model.compile(optimizer, losses.squared_error, jit_compile=True)
    model.fit(train, epochs=epochs, verbose=2)


@recipe(
    "Convolutional autoencoder with a code of 30 numbers, trained on squared error",
    epochs=12,
    arguments={"latent_dim": 30, "filters": (32, 64)},
)
def convolutional(model, x, y, epochs):
    """The autoencoder of notebook 02 with a code of 30 numbers, but twice as many filters."""
    train = data.pipeline(x, batch_size=128)
    schedule = warmup_and_cosine(0.004, epochs * len(train))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.01, beta_2=0.99)
    model.compile(optimizer, losses.squared_error)
    model.fit(train, epochs=epochs, verbose=2)


@recipe(
    "Convolutional autoencoder with a 7x7x32 map as its code, trained on cross-entropy",
    epochs=16,
    dtype="float16",
    builder="convolutional",
    arguments={"latent_dim": None, "filters": (32, 32), "down": "pool", "activation": "relu"},
)
def convolutional_map(model, x, y, epochs):
    """The model of keras.io's example of a convolutional autoencoder, whose code is a map."""
    train = data.pipeline(x, batch_size=32)
    schedule = warmup_and_cosine(0.003, epochs * len(train))
    model.compile(keras.optimizers.Adam(schedule, beta_2=0.99), losses.binary_crossentropy)
    model.fit(train, epochs=epochs, verbose=2)


@recipe(
    "Convolutional denoiser, trained on cross-entropy; each image had Gaussian noise "
    "of a standard deviation between 0.2 and 0.6. The metrics are for 0.5.",
    epochs=8,
    validation=False,
    input_noise=0.5,
)
def denoising(model, x, y, epochs):
    """The denoiser of notebook 03, for Gaussian noise of many strengths."""

    def noise(x, seed=None):
        rng = np.random.default_rng(seed)
        stddev = rng.uniform(0.2, 0.6, (len(x), 1, 1, 1)).astype("float32")
        return np.clip(x + stddev * rng.standard_normal(x.shape, dtype="float32"), 0, 1)

    train = data.pipeline(x, corruption=noise)
    schedule = keras.optimizers.schedules.CosineDecay(0.003, epochs * len(train))
    model.compile(keras.optimizers.Adam(schedule, beta_2=0.99), losses.binary_crossentropy)
    model.fit(train, epochs=epochs, verbose=2)


@recipe(
    "The plainest autoencoder, with a code of 32 numbers, trained on cross-entropy",
    epochs=20,
    dtype="float16",
    arguments={"latent_dim": 32},
)
def vanilla(model, x, y, epochs):
    """784-32-784 as in notebook 01, but in smaller batches and twice as long, on all images."""
    start_at_mean_image(model.decoder, x)
    train = data.pipeline(x, batch_size=128)
    optimizer = keras.optimizers.Adam(warmup_and_cosine(0.02, epochs * len(train)), beta_2=0.99)
    model.compile(optimizer, losses.binary_crossentropy, jit_compile=True)
    model.fit(train, epochs=epochs, verbose=2)


@recipe(
    "Sparse autoencoder with a code of 1,000 numbers, 25 of them on, trained on "
    "squared error and the auxiliary loss for idle units",
    epochs=14,
    arguments={"latent_dim": 1000, "k": 25, "revival": 0.25},
)
def sparse(model, x, y, epochs):
    """The k-sparse net of notebook 04 with its auxiliary loss, twice as long, on all images."""
    model.decoder.get_layer("atoms").bias.assign(x.mean(axis=0).ravel())
    train = data.pipeline(x, batch_size=256)
    schedule = keras.optimizers.schedules.CosineDecay(0.003, epochs * len(train))
    model.compile(keras.optimizers.Adam(schedule, beta_2=0.99), losses.squared_error)
    model.fit(train, epochs=epochs, verbose=2)


@recipe(
    "Variational autoencoder with a code of 20 numbers, trained on the ELBO",
    epochs=32,
    arguments={"latent_dim": 20, "sizes": (512, 384)},
)
def variational(model, x, y, epochs):
    """The net with 20 units of notebook 05, trained longer and on all images."""
    fit_variational(model, data.pipeline(x, batch_size=256), epochs)


@recipe(
    "Variational autoencoder with a code of 2 numbers, trained on the ELBO",
    epochs=20,
    builder="variational",
    arguments={"latent_dim": 2, "sizes": (256, 256, 256, 256)},
)
def variational_2d(model, x, y, epochs):
    """The net with 2 units of notebook 05, trained longer and on all images."""
    fit_variational(model, data.pipeline(x, batch_size=256), epochs)


@recipe(
    "Variational autoencoder that is told the label, with a code of 10 numbers, "
    "trained with a beta of 2",
    epochs=20,
    arguments={"latent_dim": 10, "sizes": (256, 256), "beta": 2.0},
)
def conditional_variational(model, x, y, epochs):
    """The net of notebook 05 that is told the label, trained longer and on all images."""
    train = data.pipeline(x, batch_size=256, y=y)
    train = train.map(lambda image, label: ((image, label), image))
    fit_variational(model, train, epochs)


@recipe(
    "Flow from noise to codes of the shipped convolutional net, told the label, "
    "trained by flow matching",
    epochs=8,
    arguments={"latent_dim": 30, "width": 192, "depth": 2, "num_classes": 10},
    validation=False,
    codes_of="convolutional",
)
def code_flow(flow, x, y, epochs):
    """The flow of notebook 08."""
    codes = weights.load_pretrained("convolutional").encoder.predict(x, batch_size=500, verbose=0)
    schedule = warmup_and_cosine(0.004, epochs * -(-len(x) // 256))
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=0.01, beta_2=0.99, use_ema=True, ema_momentum=0.995
    )
    flow.adapt(codes).compile(optimizer)
    flow.fit([codes, y.astype("int32")], batch_size=256, epochs=epochs, verbose=2)


def start_at_mean_image(decoder, images):
    """Sets the last bias such that the mean image comes out where nothing comes in."""
    mean = np.clip(images.mean(axis=0).ravel(), 0.001, 0.999)
    decoder.get_layer("pixels").bias.assign(np.log(mean / (1 - mean)))


def fit_variational(model, train, epochs):
    schedule = keras.optimizers.schedules.CosineDecay(0.003, epochs * len(train))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.05, beta_2=0.99)
    model.compile(optimizer, jit_compile=True)
    model.fit(train, epochs=epochs, verbose=2)


def make(name, mnist):
    """Trains one model and stores it; returns a line about it."""
    seed = SEEDS.get(name, SEED)
    keras.utils.set_random_seed(seed)
    start = time.monotonic()
    model, card, dtype = RECIPES[name](mnist)
    card |= {"seed": seed, "minutes": round((time.monotonic() - start) / 60, 1)}
    splits = {"test": (mnist.x_test, mnist.y_test), "bundled": bundled_test_digits()}
    noise = card.get("input_noise", 0.0)
    card = weights.save_weights(
        model,
        name,
        card,
        metrics=lambda model: {
            split: measure(model, *digits, noise) for split, digits in splits.items()
        },
        dtype=dtype,
    )
    size = (weights.WEIGHTS / f"{name}.npz").stat().st_size
    return f"{name}: {card['minutes']} minutes, {size:,} bytes, test {card['metrics']['test']}"


def main(args=None):
    """Trains the models that are named, or all of them, and says which notebooks show them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_names(parser, "names", RECIPES, "models")
    names = parser.parse_args(args).names
    mnist = results.full_mnist("Shipped weights")
    for name in names:
        print(make(name, mnist), flush=True)
    total = sum(path.stat().st_size for path in weights.WEIGHTS.iterdir())
    if total > MAX_TOTAL_BYTES:
        sys.exit(f"All weights must be {MAX_TOTAL_BYTES:,} bytes at most. Received: {total:,}")
    showing = [each.name for each in course.notebooks() if set(names) & set(each.weights)]
    if showing:
        print(
            f'Their outputs come from the weights before: make notebooks NB="{" ".join(showing)}"'
        )


if __name__ == "__main__":
    main()
