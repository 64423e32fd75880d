"""The rows of the scoreboard: what is trained, by which protocol, and what was published.

Hyper-parameters were chosen on validation images; the models here are trained on all 60,000
training images and scored once, on the 10,000 test images. scoreboard.py runs the rows and renders
what it stores.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from scipy.ndimage import gaussian_filter
from sklearn import svm
from sklearn.decomposition import PCA

from aehelpers import data, losses, metrics, models
from scripts import weights

GREY = "grey levels as they are, 0 to 1"
# What the rows about one digit against the rest have in common.
ONE_CLASS = {"unit": "AUROC, mean over the ten digits, %", "higher": True}
ONE_CLASS_NETS = ONE_CLASS | {
    "source": "DCAE and Deep SVDD: Ruff et al. (2018), table 1; LSA: Abati et al. (2019)",
    "published": "89.7 (DCAE), 94.8 (Deep SVDD), 97.5 (LSA)",
}


@dataclass
class Row:
    """What is measured, and what it is compared with.

    Attributes:
        run: Function of `(mnist, seed, tiny)` that trains and returns the number; `tiny` asks for
            an epoch only.
        key, name, source, protocol: For people.
        unit: What the number is, with sum or mean.
        published: The published number, in words.
        target: What this project set out to reach; None where the figure is only reported.
        higher: Whether larger numbers are better.
        tolerance: How far from the target a result may be; for rows that are a gate.
        variant: What was done to the grey levels.
        split: What was trained and tested on.
        deterministic: Whether all seeds would give the same; then one is enough.
        tried: What was tried where the target was missed, and what is to be known.
    """

    run: object
    key: str
    name: str
    source: str
    protocol: str
    unit: str
    published: str
    target: float | None
    higher: bool = False
    tolerance: float | None = None
    variant: str = GREY
    deterministic: bool = False
    split: str = "60,000 training images, 10,000 test images"
    tried: str = ""


ROWS = {}


def row(**about):
    """Registers a function as a row of the scoreboard."""

    def register(function):
        ROWS[function.__name__] = Row(function, function.__name__, **about)
        return function

    return register


def training_images(mnist):
    """Returns all images and labels that are not for testing."""
    x = np.concatenate([mnist.x_train, mnist.x_val])
    return x, np.concatenate([mnist.y_train, mnist.y_val])


def train(name, mnist, tiny, **options):
    """Trains by a recipe of scripts/weights.py."""
    return weights.RECIPES[name](mnist, **({"epochs": 1} if tiny else {}), **options)[0]


def predicted(net, *images):
    """Yields what a net makes of each array of images."""
    return (net.predict(x, batch_size=500, verbose=0) for x in images)


def cross_entropy(model, x, inputs=None):
    """Returns the mean over the images of the cross-entropy, in nats per pixel."""
    y = model.predict(x if inputs is None else inputs, batch_size=500, verbose=0)
    return metrics.binary_crossentropy(x, y, per="pixel").mean()


@row(
    name="PCA with 30 components",
    source="Hinton and Salakhutdinov (2006), figure 2B",
    protocol="fitted on the training images; a check that the measure is sound",
    unit="squared error, summed over the pixels of an image",
    published="13.87",
    target=13.87,
    tolerance=0.05,
    deterministic=True,
)
def pca_30(mnist, seed, tiny):
    x_test = mnist.x_test.reshape(-1, 784)
    pca = PCA(30, svd_solver="covariance_eigh").fit(training_images(mnist)[0].reshape(-1, 784))
    return metrics.sse(x_test, pca.inverse_transform(pca.transform(x_test))).mean()


@row(
    name="Autoencoder with 30 numbers",
    source="Hinton and Salakhutdinov (2006), figure 2B: 784-1000-500-250-30, pretrained",
    protocol="notebook 02's convolutional net with 32 and 64 filters, 12 epochs on squared error",
    unit="squared error, summed over the pixels of an image",
    published="3.00",
    target=2.40,
    tried="784-1000-500-250-30 as in the paper, dense with GELU, 24 epochs: 2.80. The "
    "convolutional net with 16 and 32 filters, 16 epochs: 2.67 (both on test images, as earlier "
    "shipped models). Seed 0 is the shipped model, with "
    "its weights rounded to 8 bits; its minutes are those of one core.",
)
def autoencoder_30(mnist, seed, tiny):
    model = train("convolutional", mnist, tiny)
    return metrics.sse(mnist.x_test, model.predict(mnist.x_test, verbose=0)).mean()


@row(
    name="784-32-784",
    source="the Keras blog's first autoencoder (2016), its 50 epochs run again by us",
    protocol="ReLU code, sigmoid output, 20 epochs; the decoder starts at the mean image",
    unit="cross-entropy in nats, mean over the pixels",
    published="0.0914 (about 0.09 in the text)",
    target=0.0912,
    tried="Seed 0 is the shipped model; its minutes are those of one core beside other work.",
)
def vanilla_32(mnist, seed, tiny):
    return cross_entropy(train("vanilla", mnist, tiny), mnist.x_test)


@row(
    name="Convolutional, 7x7x32 code",
    source="keras.io, Convolutional autoencoder for image denoising (2021), first model",
    protocol="the same 28,353 weights, 16 epochs in place of 50",
    unit="cross-entropy in nats, mean over the pixels",
    published="0.0622",
    target=0.0618,
    tried="10 epochs with batches of 64 and a rate of 0.003 that falls along a cosine: 0.0628. "
    "16 epochs with batches of 32 and a rate of 0.001: 0.0625 (both on test images, as earlier "
    "shipped models). Now the same with 0.003. Seed 2 is the shipped model, made before the other "
    "two seeds, with weights of 16 bits; its minutes are those of one core.",
)
def convolutional_map(mnist, seed, tiny):
    return cross_entropy(train("convolutional_map", mnist, tiny), mnist.x_test)


@row(
    name="Denoising, Gaussian noise of 0.4",
    source="keras.io, Convolutional autoencoder for image denoising (2021), second model",
    protocol="noise of standard deviation 0.4, clipped to [0, 1]; the denoiser of notebook 03, "
    "trained for noise of 0.2 to 0.6",
    unit="cross-entropy in nats, mean over the pixels",
    published="0.0839",
    target=0.0830,
    split="55,000 training images, 10,000 test images",
    tried="Seed 0 is the shipped model, with its weights rounded to 8 bits; its minutes are those "
    "of one core.",
)
def denoising_04(mnist, seed, tiny):
    model = train("denoising", mnist, tiny)
    return cross_entropy(model, mnist.x_test, data.gaussian_noise(mnist.x_test, 0.4, seed=seed))


@row(
    name="Dense, 20 numbers, 32x32 pixels",
    source="The repository ae_bakeoff, vanilla: 1024-1024-341-113-20 and back, 60 epochs",
    protocol="1024-1000-500-250-20 and back, 24 epochs on cross-entropy; images padded with zeros "
    "to 32x32",
    unit="cross-entropy in nats, summed over the pixels of an image",
    published="63.92",
    target=62,
)
def dense_20_padded(mnist, seed, tiny):
    def pad(x):
        return np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))).reshape(len(x), 1024)

    x, x_test = pad(training_images(mnist)[0]), pad(mnist.x_test)
    sizes = (1000, 500, 250)
    model = keras.Sequential([keras.Input((1024,))])
    for units in (*sizes, 20, *sizes[::-1]):
        activation = None if units == 20 else "gelu"
        model.add(layers.Dense(units, activation, kernel_initializer="he_normal"))
    model.add(layers.Dense(1024, "sigmoid"))
    epochs = 1 if tiny else 24
    schedule = weights.warmup_and_cosine(0.003, epochs * -(-len(x) // 256))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.1, beta_2=0.99)
    model.compile(optimizer, losses.binary_crossentropy, jit_compile=True)
    model.fit(x, x, batch_size=256, epochs=epochs, verbose=0)
    p = np.clip(model.predict(x_test, batch_size=500, verbose=0), 1e-7, 1 - 1e-7)
    nats = -(x_test * np.log(p) + (1 - x_test) * np.log1p(-p))
    return nats.sum(axis=1, dtype="float64").mean()


@row(
    name="Variational, 2 numbers",
    source="keras.io, Variational AutoEncoder (2020)",
    protocol="notebook 05's 784-256-256-256-256-2 and back, 20 epochs; one code for each image. "
    "The published number is a training loss, on all 70,000 images",
    unit="-ELBO in nats, summed over the pixels of an image",
    published="146.95",
    target=136,
)
def variational_2(mnist, seed, tiny):
    model = train("variational_2d", mnist, tiny)
    return weights.measure(model, mnist.x_test, mnist.y_test)["negative_elbo"]


@row(
    name="Variational, 20 numbers",
    source="PyTorch's repository of examples, vae: 784-400-20 and back, 10 epochs",
    protocol="notebook 05's 784-512-384-20 and back, 32 epochs; one code for each image",
    unit="-ELBO in nats, summed over the pixels of an image",
    published="105.6",
    target=96,
)
def variational_20(mnist, seed, tiny):
    model = train("variational", mnist, tiny)
    return weights.measure(model, mnist.x_test, mnist.y_test)["negative_elbo"]


@row(
    name="Logistic regression on pixels",
    source="UFLDL tutorial, Stanford",
    protocol="scikit-learn, C = 0.01, 100 steps; a check that the measure is sound",
    unit="test images classified correctly, %",
    published="92.6",
    target=92.6,
    higher=True,
    tolerance=0.3,
    deterministic=True,
)
def logistic_regression(mnist, seed, tiny):
    x, y = training_images(mnist)
    x, x_test = x.reshape(-1, 784), mnist.x_test.reshape(-1, 784)
    return 100 * metrics.linear_probe(
        x, y, x_test, mnist.y_test, C=0.01, max_iter=5 if tiny else 100
    )


@row(
    name="Sparse code and a linear classifier",
    source="Makhzani and Frey, k-Sparse Autoencoders (2014); Winner-Take-All Autoencoders (2015)",
    protocol="one layer of the convolutional winner-take-all net of the second paper: 64 filters "
    "of 9x9 pixels; in training each map keeps only its largest value of an image, and a linear "
    "transposed convolution rebuilds the image from these; 3 epochs on 20,000 images without their "
    "labels; the largest values of the maps' ReLU in squares of 5x5; a linear support vector "
    "machine with C = 0.003, one digit against the rest, on these 2,304 numbers",
    unit="test images classified correctly, %",
    published="98.65 to 98.8",
    target=98.7,
    higher=True,
    tried="The published figures are those of dense nets. Ours, the second paper's 784-2000-784 "
    "with 5 % of a batch as the winners and a support vector machine, had 98.40 ± 0.09 on test "
    "images. On 5,000 validation images: notebook 04's net of 1,000 units, trained with 25 of them "
    "on and used with 200, with logistic regression 98.28; the dense winner-take-all net 98.82, "
    "with up to 4,000 units, noise, or other scales of the values never more than 98.86; this "
    "convolutional one 99.30, and 99.12 with squares of 7x7.",
)
def sparse_linear(mnist, seed, tiny):
    x, y = training_images(mnist)
    model = winner_take_all(filters=64, size=9, seed=seed)
    train = data.pipeline(mnist.x_train[:20_000], 100, seed=seed)
    epochs = 1 if tiny else 3
    schedule = weights.warmup_and_cosine(0.002, epochs * len(train))
    model.compile(keras.optimizers.Adam(schedule, beta_2=0.99), losses.squared_error)
    model.fit(train, epochs=epochs, verbose=0)
    pool = layers.MaxPooling2D(5, padding="same")
    code = keras.Model(model.encoder.inputs, layers.Flatten()(pool(model.encoder.outputs[0])))
    z, z_test = predicted(code, x, mnist.x_test)
    scale = np.sqrt(np.square(z).mean())
    classifier = svm.LinearSVC(C=0.003, dual=False, tol=0.01)
    return 100 * classifier.fit(z / scale, y).score(z_test / scale, mnist.y_test)


def winner_take_all(filters, size, seed):
    """Builds a convolutional autoencoder in whose training each map keeps one value."""
    image = keras.Input((28, 28, 1))
    scores = layers.Conv2D(filters, size, padding="same", activation="relu", name="scores")
    encoder = keras.Model(image, Winners()(scores(image)))
    z = keras.Input((28, 28, filters))
    atoms = layers.Conv2DTranspose(1, size, padding="same", name="atoms")
    decoder = keras.Model(z, atoms(z))
    # Atoms of length 1/2, and each filter starts by looking for the stroke that it draws.
    kernel = keras.random.normal((size, size, 1, filters), seed=seed)
    kernel /= 2 * ops.sqrt(ops.sum(ops.square(kernel), axis=(0, 1, 2)))
    atoms.kernel.assign(kernel)
    scores.kernel.assign(kernel)
    return models.Autoencoder(encoder, decoder)


class Winners(layers.Layer):
    """Keeps in training, of each map of each image, the largest value."""

    def call(self, z, training=False):
        if not training:
            return z
        return ops.where(z == ops.max(z, axis=(1, 2), keepdims=True), z, 0.0)


@row(
    name="One digit against the rest, PCA",
    source="measured for this project before; the published methods are in the next row",
    protocol="a PCA with 32 components for each digit, fitted to its training images; the score is "
    "the squared error; a check that the measure is sound",
    published="none; 95.5 by ourselves",
    target=95.5,
    tolerance=0.1,
    deterministic=True,
    **ONE_CLASS,
)
def one_class_pca(mnist, seed, tiny):
    x, y = training_images(mnist)
    x, x_test = x.reshape(-1, 784), mnist.x_test.reshape(-1, 784)
    areas = []
    for digit in range(10):
        normal = x[y == digit]
        pca = PCA(min(32, len(normal)), svd_solver="covariance_eigh").fit(normal)
        back = pca.inverse_transform(pca.transform(x_test))
        areas.append(metrics.auroc(metrics.sse(x_test, back), mnist.y_test != digit))
    return 100 * np.mean(areas)


@row(
    name="One digit against the rest",
    protocol="ten nets 784-64-16 and back, each trained on one digit for 15 epochs and started at "
    "its mean image, with a last kernel of zeros; the score is the squared error after the "
    "difference was blurred (a Gaussian of 0.8 pixels), divided by the root of the image's ink, "
    "its sum of grey levels",
    target=97.5,
    split="As many training images of each digit, 5,421; 10,000 test images",
    tried="The score was chosen on validation images, anomalies included, with a PCA of 16 "
    "components in place of the nets: the squared error alone has 95.8 there, divided by the root "
    "of the ink 97.9, and blurred before that 98.6, as a stroke that lies a little beside its "
    "place then costs less. Other widths of the blur (0.6 to 2 pixels), weights for each pixel, "
    "cross-entropy, and the code's own distance from the mean gave no more. With a last "
    "kernel of zeros the nets themselves have 98.6, with the usual start 98.1, trained on "
    "cross-entropy 94.7 (one seed each).",
    **ONE_CLASS_NETS,
)
def one_class(mnist, seed, tiny):
    x, y = training_images(mnist)
    x, x_test = x.reshape(-1, 784), mnist.x_test.reshape(-1, 784)
    n = np.bincount(y).min()  # as many images of each digit
    x = np.stack([x[y == digit][:n] for digit in range(10)], axis=1)
    model = keras.Sequential([keras.Input((10, 784))])
    for units, activation in ((64, "gelu"), (16, None), (64, "gelu"), (784, "sigmoid")):
        # Ten dense layers side by side, one for each digit; Keras would count all their inputs.
        start = keras.initializers.VarianceScaling(20.0) if units < 784 else "zeros"
        shape = {"equation": "bni,nio->bno", "output_shape": (10, units), "bias_axes": "no"}
        model.add(layers.EinsumDense(**shape, activation=activation, kernel_initializer=start))
    mean = np.clip(x.mean(axis=0), 0.001, 0.999)
    model.layers[-1].bias.assign(np.log(mean / (1 - mean)))
    epochs = 1 if tiny else 15
    schedule = weights.warmup_and_cosine(0.01, epochs * -(-n // 128))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.05, beta_2=0.99)
    model.compile(optimizer, losses.squared_error)
    model.fit(x, x, batch_size=128, epochs=epochs, verbose=0)
    errors = []
    for start in range(0, len(x_test), 500):
        images = x_test[start : start + 500, None]
        back = model.predict_on_batch(np.repeat(images, 10, axis=1))
        difference = (images - back).reshape(-1, 10, 28, 28)
        errors.append(np.square(gaussian_filter(difference, (0, 0, 0.8, 0.8))).sum(axis=(2, 3)))
    scores = np.concatenate(errors) / np.sqrt(x_test.sum(axis=1))[:, None]
    digits = range(10)
    return 100 * np.mean([metrics.auroc(scores[:, d], mnist.y_test != d) for d in digits])
