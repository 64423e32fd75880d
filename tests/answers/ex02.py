"""Answers to the exercises of notebook 02."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from scipy import ndimage, signal

channels, filters, latent_dim = 1, 32, 30


def counted(kernel, channels, filters):
    layer = layers.Conv2D(filters, kernel)
    layer.build((None, 28, 28, channels))
    return layer.count_params()


def convolve(image, kernel, mode="constant"):
    padded = np.pad(image, 1, mode=mode)
    windows = ((a, b, padded[a : a + 28, b : b + 28]) for a in range(3) for b in range(3))
    return sum(kernel[a, b] * window for a, b, window in windows)


def pixel_by_pixel(image, kernel):
    padded = np.pad(image, 1).tolist()
    places = [(a, b) for a in range(3) for b in range(3)]
    return [
        [sum(kernel[a, b] * padded[i + a][j + b] for a, b in places) for j in range(28)]
        for i in range(28)
    ]


def conv2d(image, kernel):
    layer = layers.Conv2D(1, 3, padding="same", use_bias=False)
    layer.build((None, 28, 28, 1))
    layer.set_weights([kernel.reshape(3, 3, 1, 1)])
    return layer(image[None, ..., None])[0, ..., 0]


def rolled(image, kernel, sign=-1):
    return sum(
        kernel[a, b] * np.roll(image, (sign * (a - 1), sign * (b - 1)), (0, 1))
        for a in range(3)
        for b in range(3)
    )


def edges_missing(image, kernel):
    result = np.zeros((28, 28))
    for i in range(1, 27):
        for j in range(1, 27):
            result[i, j] = (image[i - 1 : i + 2, j - 1 : j + 2] * kernel).sum()
    return result


def overwritten(image, kernel):
    padded = np.pad(image, 1)
    for a in range(3):
        for b in range(3):
            result = kernel[a, b] * padded[a : a + 28, b : b + 28]
    return result


def in_place(image, kernel):
    padded = np.pad(image, 1)
    image[:] = 0
    for a in range(3):
        for b in range(3):
            image += kernel[a, b] * padded[a : a + 28, b : b + 28]
    return image


def kernel_in_place(image, kernel):
    kernel[:] = kernel[::-1, ::-1]
    return signal.convolve2d(image, kernel, mode="same")


def whole_numbers(image, kernel):
    result = np.zeros((28, 28), dtype=int)
    padded = np.pad(image, 1)
    for i in range(28):
        for j in range(28):
            result[i, j] = (padded[i : i + 3, j : j + 3] * kernel).sum()
    return result


def matrix_product(image, kernel):
    padded = np.pad(image, 1)
    return [[(padded[i : i + 3, j : j + 3] @ kernel).sum() for j in range(28)] for i in range(28)]


def decoder(
    size, side=7, hidden="relu", dense="relu", out="sigmoid", up=None, padding="same", last=1, k=3
):
    x = z = keras.Input((size,))
    x = layers.Dense(side * side * 2, activation=dense)(x)
    x = layers.Reshape((side, side, 2))(x)
    for _ in range(2):
        x = up(x) if up else layers.UpSampling2D(2)(x)
        x = layers.Conv2D(2, k, padding=padding, activation=hidden)(x)
    return keras.Model(z, layers.Conv2D(last, 3, padding="same", activation=out)(x))


def start(size):
    return [keras.Input((size,)), layers.Dense(98, "relu"), layers.Reshape((7, 7, 2))]


def conv(filters=2, activation="relu", size=3):
    return layers.Conv2D(filters, size, padding="same", activation=activation)


def double():
    return layers.UpSampling2D(2)


def unbuilt(size):
    """Without Input, and with the second convolution as the last one."""
    return keras.Sequential(
        [
            layers.Dense(49, activation="relu"),
            layers.Reshape((7, 7, 1)),
            layers.UpSampling2D((2, 2), interpolation="bilinear"),
            layers.Conv2D(8, 5, padding="same", activation=layers.LeakyReLU()),
            double(),
            layers.Conv2D(1, 3, padding="same", activation=keras.activations.sigmoid),
        ]
    )


def separate(size):
    """Activations as layers of their own, with normalisation in between."""
    model = keras.Sequential(
        [keras.Input((size,)), layers.Dense(98), layers.ReLU(), layers.Reshape((7, 7, 2))]
    )
    for _ in range(2):
        model.add(double())
        model.add(layers.Conv2D(2, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
    model.add(layers.Conv2D(1, 3, padding="same"))
    model.add(layers.Activation("sigmoid"))
    return model


def by_functions(size):
    """Activations that are no layers, and one layer used twice."""
    up, z = double(), keras.Input((size,))
    x = layers.Reshape((7, 7, 2))(keras.activations.relu(layers.Dense(98)(z)))
    for _ in range(2):
        x = ops.relu(layers.Conv2D(2, 3, padding="same")(up(x)))
    return keras.Model(z, ops.sigmoid(layers.Conv2D(1, 3, padding="same")(x)))


class Decoder(keras.Model):
    """A subclass whose layers are in another order than their calls."""

    def __init__(self, activation="relu"):
        super().__init__()
        self.last = conv(1, "sigmoid")
        self.smooth = [conv(activation=None), conv(activation=None)]
        self.up = double()
        self.activation = keras.activations.get(activation)
        self.first = keras.Sequential([layers.Dense(98, "relu"), layers.Reshape((7, 7, 2))])

    def call(self, z):
        x = self.first(z)
        for each in self.smooth:
            x = self.activation(each(self.up(x)))
        return self.last(x)


class Block(layers.Layer):
    """A layer made of layers."""

    def __init__(self, parts):
        super().__init__()
        self.parts = parts

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


def of(*parts):
    """Makes a builder of a decoder whose layers after the first ones are made by functions."""
    return lambda size: keras.Sequential([*start(size), *(part() for part in parts)])


def last_conv():
    return conv(1, "sigmoid")


RIGHT = {
    "ex02_1": [
        lambda k, c, f: (k * k * c + 1) * f,
        lambda k, c, f: np.prod([k, k, c, f]) + np.int64(f),
        lambda kernel, channels, filters: sum(kernel**2 * channels + 1 for _ in range(filters)),
        lambda k, c, f: tf.constant(k * k * c * f + f),
        lambda k, c, f: float(np.zeros((k, k, c, f)).size + np.zeros(f).size),
        counted,
    ],
    "ex02_2": [
        convolve,
        pixel_by_pixel,
        conv2d,
        lambda image, kernel: ops.conv(
            image[None, ..., None], kernel[..., None, None], padding="same"
        )[0, ..., 0],
        lambda image, kernel: tf.nn.conv2d(
            image.reshape(1, 28, 28, 1), kernel.reshape(3, 3, 1, 1), 1, "SAME"
        )[0, :, :, 0],
        lambda image, kernel: signal.correlate2d(image, kernel, mode="same"),
        lambda image, kernel: convolve(image.T, kernel.T).T,
        lambda image, kernel: ndimage.correlate(image, kernel, mode="constant"),
        lambda image, kernel: ndimage.convolve(image, kernel[::-1, ::-1], mode="constant"),
        lambda image, kernel: convolve(image.astype("float64"), kernel.astype("float64")),
    ],
    "ex02_3": [
        decoder,
        lambda size: decoder(size, hidden="gelu", dense="tanh"),
        unbuilt,
        separate,
        by_functions,
        lambda size: Decoder(),
        lambda size: keras.Sequential([keras.Input((size,)), Decoder("gelu")]),
        of(conv, double, conv, double, conv, last_conv),
        of(lambda: Block([double(), conv()]), lambda: Block([double(), conv()]), last_conv),
        of(double, layers.BatchNormalization, conv, double, conv, last_conv),
        of(double, conv, double, conv, lambda: conv(1, "sigmoid", size=1)),
        of(double, lambda: conv(activation=layers.PReLU()), double, conv, last_conv),
    ],
}

WRONG = {
    "ex02_1": [
        (lambda k, c, f: k * k * c * f, "left out the biases"),
        (lambda k, c, f: (k * k + 1) * f, "every input channel"),
        (lambda k, c, f: (k * c + 1) * f, "as high as it is wide"),
        (lambda k, c, f: (k * k + 1) * c * f, "one for each filter"),
        (lambda k, c, f: k * k * c * f + c, "one for each filter"),
        (lambda k, c, f: k * k * c * f + 1, "a bias of its own"),
        (lambda k, c, f: k * k * c + f, "a kernel of its own"),
        (lambda k, c, f: k * k * c + 1, "weights of one filter"),
        (lambda k, c, f: k ^ 2 * c * f + f, "isn't a power"),
        (lambda k, c, f: (k ^ 2) * c * f + f, "isn't a power"),
        (lambda k, c, f: 784 * (k * k * c + 1) * f, "number of pixels doesn't matter"),
        (lambda k, c, f: 28 * 28 * c * f + f, "dense units"),
        (lambda k, c, f: f, "weights of one filter"),
        (lambda k, c, f: (k * k * c * f, f), "Return one number"),
        (lambda k, c, f: [k, k, c, f], "shape of the kernels"),
        (lambda k, c, f: [k, c, f], "Expected one number. Received: an array of shape (3,)"),
        (lambda k, c, f: 3 * 3 * c * f + f, "doesn't use its argument kernel"),
        (lambda kernel, c, f: kernel * kernel * channels * filters + filters, "but channels"),
        (lambda k, c, f: 320, "doesn't use its arguments"),
        (lambda k, c, f: counted(k, c, f) + 1, "expected"),
    ],
    "ex02_2": [
        (lambda x, k: convolve(x, k)[1:-1, 1:-1], "26x26"),
        (lambda x, k: signal.correlate2d(x, k, mode="full"), "30x30"),
        (lambda x, k: convolve(x, k)[::2, ::2], "the stride is 1"),
        (lambda x, k: convolve(x, k)[:-1, :-1], "27x27"),
        (lambda x, k: convolve(x, k).sum(), "summed over everything"),
        (lambda x, k: np.ravel(convolve(x, k)), "The result is flat"),
        (lambda x, k: convolve(x, k)[..., None], "axis of length 1 is left over"),
        (lambda x, k: convolve(x, k[::-1, ::-1]), "turned the kernel round"),
        (lambda x, k: signal.convolve2d(x, k, mode="same"), "turned the kernel round"),
        (lambda x, k: rolled(x, k, sign=1), "turned the kernel round"),
        (ndimage.convolve, "turned the kernel round"),
        (lambda x, k: convolve(x, k.T), "Rows and columns of the kernel"),
        (lambda x, k: np.maximum(convolve(x, k), 0), "step of its own"),
        (rolled, "not at the edges"),
        (ndimage.correlate, "not at the edges"),
        (lambda x, k: convolve(x, k, "reflect"), "not at the edges"),
        (edges_missing, "not at the edges"),
        (overwritten, "Only the last"),
        (whole_numbers, "whole numbers"),
        (matrix_product, "multiplies matrices"),
        (lambda x, k: x * k.sum(), "sum of the kernel"),
        (lambda x, k: np.clip(convolve(x, k), 0, 1), "It isn't an image of greys"),
        (lambda x, k: convolve(x, k) + 1, "expected"),
        (lambda x, k: convolve(x, np.ones((3, 3)) / 9), "expected"),
        (lambda x, k: x * k, "ValueError"),
        (in_place, "change"),
        (kernel_in_place, "change"),
    ],
    "ex02_3": [
        (lambda k: 3, "should be a keras.Model"),
        (lambda k: (decoder(k), decoder(k)), "should be a keras.Model"),
        (lambda k: start(k), "should be a keras.Model"),
        (lambda k: decoder(k).output, "should be a keras.Model"),
        (lambda k: decoder(30), "Called with latent_dim=7"),
        (lambda k: decoder(7), "Called with latent_dim=3"),
        (lambda k: decoder(latent_dim), "Called with latent_dim=7"),
        (
            lambda k: decoder(k, up=layers.Conv2DTranspose(2, 3, 2, padding="same")),
            "still a Conv2DTranspose",
        ),
        (lambda k: decoder(k, up=lambda x: x), "Two UpSampling2D"),
        (of(lambda: layers.UpSampling2D(4), conv, last_conv), "Two UpSampling2D"),
        (lambda k: decoder(k, up=lambda x: ops.repeat(ops.repeat(x, 2, 1), 2, 2)), "Received: 0"),
        (of(double, double, conv, last_conv), "only repeats pixels"),
        (of(conv, double, last_conv, double), "blocks of 2x2"),
        (of(conv, double, conv, double, lambda: layers.Activation("sigmoid")), "blocks of 2x2"),
        (of(double, conv, double, lambda: conv(1, "sigmoid", size=1)), "sees no neighbours"),
        (lambda k: decoder(k, k=1), "sees no neighbours"),
        (
            of(double, conv, double, conv, lambda: layers.Dense(1, activation="sigmoid")),
            "should be a Conv2D",
        ),
        (lambda k: decoder(k, last=3), "A grey image has one channel"),
        (lambda k: decoder(k, side=8), "Start from 7x7"),
        (lambda k: decoder(k, padding="valid"), 'padding="same"'),
        (lambda k: decoder(k, out=None), "Use a sigmoid"),
        (lambda k: decoder(k, out="relu"), "activation is relu"),
        (lambda k: decoder(k, hidden=None), "a Conv2D, has no activation"),
        (lambda k: decoder(k, dense=None), "a Dense, has no activation"),
        (lambda k: Decoder("linear"), "has no activation"),
        (
            lambda k: keras.Sequential([keras.Input((k,)), layers.Dense(784), double(), conv()]),
            "A Reshape is missing",
        ),
        (
            lambda k: keras.Sequential([keras.Input((28, 28, 1)), conv(1, "sigmoid")]),
            "should take codes of shape",
        ),
        (
            lambda k: keras.Sequential(
                [
                    keras.Input((k,)),
                    layers.RepeatVector(49),
                    layers.Reshape((7, 7, k)),
                    *(double(), conv(), double(), conv(1, "sigmoid")),
                ]
            ),
            "Begin with a dense layer",
        ),
    ],
}

SURVIVORS = {
    "ex02_3": {
        "word: hidden, conv = ({'activation': 'tanh'}, {'kernel_size': 3, 'padding': 'same'})": (
            "any activation does"
        ),
        "off by one: hidden, conv = ({'activation': 'relu'}, "
        "{'kernel_size': 4, 'padding': 'same'})": "any size does that smooths the steps",
        "off by one: hidden, conv = ({'activation': 'relu'}, "
        "{'kernel_size': 2, 'padding': 'same'})": "any size does that smooths the steps",
        "off by one: x = layers.Conv2D(17, **conv, **hidden)(x)": "any number of filters does",
        "off by one: x = layers.Conv2D(15, **conv, **hidden)(x)": "any number of filters does",
    },
}
