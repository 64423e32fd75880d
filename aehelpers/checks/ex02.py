"""The exercises of notebook 02: weights of a convolution, a convolution by hand, a decoder."""

import numpy as np

from aehelpers.checks import nets
from aehelpers.checks.answer import Hint
from aehelpers.checks.exercise import Exercise
from aehelpers.checks.inputs import digits

__all__ = ["ex02_1", "ex02_2", "ex02_3"]


def conv_weights(kernel, channels, filters):
    """Returns how many weights a convolution has, biases included."""
    return kernel * kernel * channels * filters + filters


ex02_1 = Exercise(
    "2.1",
    section="Convolution",
    reference=conv_weights,
    cases=lambda: {
        "one channel": (3, 1, 32),
        "32 channels": (3, 32, 64),
        "a kernel of 5x5": (5, 3, 8),
        "a kernel of 1x1": (1, 6, 4),
        "one filter": (2, 7, 1),
    },
    rtol=1e-6,
    mistakes=[
        (
            lambda kernel, channels, filters: kernel * kernel * channels * filters,
            "You left out the biases: one for each filter.",
        ),
        (
            lambda kernel, channels, filters: kernel * kernel * channels * filters + 1,
            "You count one bias for all. Each filter has a bias of its own.",
        ),
        (
            lambda kernel, channels, filters: (kernel * kernel + 1) * channels * filters,
            "You count a bias for each input channel. There is one for each filter.",
        ),
        (
            lambda kernel, channels, filters: kernel * kernel * channels * filters + channels,
            "You count a bias for each input channel. There is one for each filter.",
        ),
        (
            lambda kernel, channels, filters: 2 * kernel * kernel * channels * filters,
            "You count a bias for each weight. There is one for each filter.",
        ),
        (
            lambda kernel, channels, filters: kernel * kernel * channels * (filters + 1),
            "Each filter has one bias, which is a single number and not a kernel.",
        ),
        (
            lambda kernel, channels, filters: (kernel * kernel + 1) * filters,
            "A filter looks at every input channel: it has kernel * kernel weights for each of "
            "them.",
        ),
        (
            lambda kernel, channels, filters: kernel * kernel * filters,
            "A filter looks at every input channel: it has kernel * kernel weights for each of "
            "them. The biases are missing, too.",
        ),
        (
            lambda kernel, channels, filters: (kernel * channels + 1) * filters,
            "A kernel is as high as it is wide: kernel * kernel weights.",
        ),
        (
            lambda kernel, channels, filters: (2 * kernel * channels + 1) * filters,
            "That is 2 * kernel. A kernel is as high as it is wide: kernel * kernel weights.",
        ),
        (
            lambda kernel, channels, filters: kernel ^ 2 * channels * filters + filters,
            "In Python ^ isn't a power, but compares bits. Write kernel**2.",
        ),
        (
            lambda kernel, channels, filters: (kernel ^ 2) * channels * filters + filters,
            "In Python ^ isn't a power, but compares bits. Write kernel**2.",
        ),
        (
            lambda kernel, channels, filters: kernel * kernel * channels + 1,
            "Those are the weights of one filter. There are as many such sets as filters.",
        ),
        (
            lambda kernel, channels, filters: kernel * kernel * channels + filters,
            "Each filter has a kernel of its own: multiply its weights by the number of filters.",
        ),
        (
            lambda kernel, channels, filters: kernel * kernel * (channels + filters) + filters,
            "You add channels and filters. Each filter has a kernel for each channel: multiply.",
        ),
        (
            lambda kernel, channels, filters: (kernel * kernel + filters) * channels + filters,
            "That is what a separable convolution has. In an ordinary one each filter has "
            "kernel * kernel weights for each channel.",
        ),
        (
            lambda kernel, channels, filters: 784 * conv_weights(kernel, channels, filters),
            "The number of pixels doesn't matter: the same weights are used at every place.",
        ),
        (
            lambda kernel, channels, filters: 784 * kernel * kernel * channels * filters + filters,
            "The number of pixels doesn't matter: the same weights are used at every place.",
        ),
        (
            lambda kernel, channels, filters: (784 * channels + 1) * filters,
            "Those are the weights of dense units, which look at all 784 pixels. A filter has "
            "kernel * kernel of them for each channel.",
        ),
        (
            lambda kernel, channels, filters: filters,
            "Those are the biases. Count the weights of one filter, then all the filters.",
        ),
    ],
    shapes=[
        (
            lambda kernel, channels, filters: np.zeros(2),
            "Return one number: the weights of the kernels and the biases, added.",
        ),
        (
            lambda kernel, channels, filters: np.zeros(4),
            "That is the shape of the kernels. Multiply its four numbers, and add the biases.",
        ),
    ],
    praise="The size of the image appears nowhere: a convolution has one set of weights for all.",
    steps=[
        "Count the weights of one filter first. Its window is as high as it is wide, and it looks "
        "at all channels.",
        "One filter has kernel * kernel * channels weights, and one bias.",
        "There are as many of these sets as filters.",
    ],
)


def convolve(image, kernel):
    """Returns what a convolution with one filter makes of an image, zeros beyond the edges."""
    padded = np.pad(image, 1)
    result = np.zeros((28, 28))
    for a in range(3):
        for b in range(3):
            result += kernel[a, b] * padded[a : a + 28, b : b + 28]
    return result


def _slide(padded, kernel):
    """Returns the sum of products in every window of 3x3."""
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return np.einsum("ijkl,kl->ij", windows, kernel)


def _spot():
    """Makes an image of one bright pixel, which gives the kernel back turned round."""
    image = np.zeros((28, 28), dtype="float32")
    image[5, 9] = 1
    return image


def _only_inside(image, kernel):
    """Leaves the edges of the result as they are in the image."""
    result = image.copy()
    result[1:-1, 1:-1] = _slide(image, kernel)
    return result


def _matrix_products(image, kernel, left):
    """Sums what a matrix product of each window and the kernel gives."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1), (3, 3))
    return (kernel @ windows if left else windows @ kernel).sum(axis=(2, 3))


_TURNED = (
    "You turned the kernel round, which is what mathematics calls a convolution. Layers of neural "
    "networks leave the kernel as it is: multiply pixel by pixel."
)
_MIRRORED = (
    "The kernel is mirrored. kernel[0, 0] belongs to the upper left pixel of the window, and "
    "kernel[2, 2] to the lower right one."
)
_EDGES = "All is right inside, but not at the edges. Beyond the image there are zeros: "
_SHIFTED = (
    "The result is shifted by a pixel. The middle of the kernel lies on the pixel itself: put one "
    "row or column of zeros on each side."
)

ex02_2 = Exercise(
    "2.2",
    section="Convolution",
    reference=convolve,
    cases=lambda: {
        "a digit and a kernel of whole numbers": (
            digits(3, n=1)[0, :, :, 0],
            np.arange(9, dtype="float32").reshape(3, 3) - 3,
        ),
        "a bright image and a kernel of both signs": (
            np.random.default_rng(1).uniform(0.3, 1, (28, 28)).astype("float32"),
            np.random.default_rng(2).normal(size=(3, 3)).astype("float32"),
        ),
        "one bright pixel": (_spot(), np.array([[1, 2, 0], [0, 4, 0], [-1, 0, -3]], "float32")),
    },
    atol=1e-4,
    what="One number for each pixel of the image.",
    mistakes=[
        (lambda image, kernel: _slide(np.pad(image, 1), kernel[::-1, ::-1]), _TURNED),
        (lambda image, kernel: _slide(np.pad(image, 1), kernel[::-1]), _MIRRORED),
        (lambda image, kernel: _slide(np.pad(image, 1), kernel[:, ::-1]), _MIRRORED),
        (
            lambda image, kernel: _slide(np.pad(image, 1), kernel.T),
            "Rows and columns of the kernel are swapped.",
        ),
        (
            lambda image, kernel: _slide(np.pad(image, 1), kernel).T,
            "Rows and columns of the result are swapped.",
        ),
        (
            lambda image, kernel: np.maximum(convolve(image, kernel), 0),
            "You cut off what is negative. That is the ReLU after a convolution, a step of its "
            "own.",
        ),
        (
            lambda image, kernel: np.clip(convolve(image, kernel), 0, 1),
            "You cut the result to [0, 1]. It isn't an image of greys: leave it as it is.",
        ),
        (
            lambda image, kernel: np.abs(convolve(image, kernel)),
            "You took the absolute value. What is negative stays so: it says that the kernel's "
            "opposite fits.",
        ),
        (
            lambda image, kernel: 1 / (1 + np.exp(-convolve(image, kernel))),
            "That is a sigmoid of the result. The exercise asks for the sums without activation.",
        ),
        (
            lambda image, kernel: np.trunc(convolve(image, kernel)),
            "The result is cut to whole numbers. Is it collected in an array of integers?",
        ),
        (
            lambda image, kernel: kernel[2, 2] * np.pad(image, 1)[2:, 2:],
            "Only the last of the nine products is left. Add each to what is there: `+=`.",
        ),
        (
            lambda image, kernel: convolve(image, kernel) / 9,
            "You took the mean of the nine products. A convolution is their sum.",
        ),
        (
            lambda image, kernel: convolve(image, kernel) / kernel.sum(),
            "You divided by the sum of the kernel. A convolution is the sum of the products as "
            "it is.",
        ),
        (
            lambda image, kernel: convolve(image, np.ones((3, 3))),
            "That is the sum of the pixels in the window. Each has its own weight: multiply by "
            "the kernel first.",
        ),
        (
            lambda image, kernel: image * kernel.sum(),
            "You multiplied each pixel by the sum of the kernel. Each weight meets a pixel of its "
            "own: kernel[a, b] * padded[i + a, j + b].",
        ),
        (
            lambda image, kernel: kernel[1, 1] * image,
            "Only the middle of the kernel is used. The neighbours count as well.",
        ),
        (
            lambda image, kernel: _matrix_products(image, kernel, left=False),
            "`@` multiplies matrices, rows with columns. Multiply number by number: `*`.",
        ),
        (
            lambda image, kernel: _matrix_products(image, kernel, left=True),
            "`@` multiplies matrices, rows with columns. Multiply number by number: `*`.",
        ),
        (
            lambda image, kernel: _slide(np.pad(image, ((0, 2), (0, 2))), kernel),
            _SHIFTED,
        ),
        (
            lambda image, kernel: _slide(np.pad(image, ((2, 0), (2, 0))), kernel),
            _SHIFTED,
        ),
        (
            lambda image, kernel: _slide(np.pad(image, 1, mode="wrap"), kernel),
            f"{_EDGES}np.roll and a place of -1 bring in the opposite edge.",
        ),
        (
            lambda image, kernel: _slide(np.pad(image, 1, mode="edge"), kernel),
            f"{_EDGES}other paddings repeat pixels.",
        ),
        (
            lambda image, kernel: _slide(np.pad(image, 1, mode="reflect"), kernel),
            f"{_EDGES}other paddings repeat pixels.",
        ),
        (
            lambda image, kernel: _slide(np.pad(image, 1, constant_values=1), kernel),
            f"{_EDGES}you put ones there.",
        ),
        (
            lambda image, kernel: np.pad(_slide(image, kernel), 1),
            f"{_EDGES}that is where the image is padded, before the convolution. The result has "
            "numbers at the edges, too.",
        ),
        (
            _only_inside,
            f"{_EDGES}your result keeps the image's own pixels there.",
        ),
        (
            lambda image, kernel: _slide(np.pad(image, 1, mode="wrap"), kernel[::-1, ::-1]),
            f"{_TURNED} At the edges np.roll brings in the opposite edge, where zeros belong.",
        ),
        (
            lambda image, kernel: _slide(np.pad(image, 1, mode="edge"), kernel[::-1, ::-1]),
            f"{_TURNED} At the edges pixels are repeated, where zeros belong.",
        ),
    ],
    shapes=[
        (
            lambda image, kernel: np.zeros((26, 26)),
            "The result is 26x26: at the edges the window ran out of pixels. Put one row or column "
            'of zeros around the image first, as padding="same" does.',
        ),
        (
            lambda image, kernel: np.zeros((27, 27)),
            "The result is 27x27: there is a row and a column of zeros on one side only, or the "
            "loop stops one too early.",
        ),
        (
            lambda image, kernel: np.zeros((30, 30)),
            "The result is 30x30, as large as the padded image. The window has 28 places in each "
            "direction.",
        ),
        (
            lambda image, kernel: np.zeros((14, 14)),
            "The result is 14x14: the window moved by two pixels. Here the stride is 1.",
        ),
        (
            lambda image, kernel: np.zeros((3, 3)),
            "That is as large as the kernel. The window has 28x28 places, and a number at each.",
        ),
        (
            lambda image, kernel: np.float64(0),
            "You summed over everything. There is a sum of nine products at each place.",
        ),
        (
            lambda image, kernel: np.zeros(784),
            "The result is flat. It should be an image again, 28x28.",
        ),
    ],
    praise="What Conv2D computes, for one filter and one channel.",
    steps=[
        "Put zeros around the image, np.pad(image, 1), so that the window of 3x3 has a place on "
        "every pixel.",
        "The number at (i, j) is the sum of kernel[a, b] * padded[i + a, j + b] over a and b.",
        "Without loops over pixels: for each a and b, add "
        "kernel[a, b] * padded[a : a + 28, b : b + 28] to the result.",
    ],
)


def build_decoder(latent_dim):
    """Builds a decoder that upsamples."""
    import keras
    from keras import layers

    hidden, conv = {"activation": "relu"}, {"kernel_size": 3, "padding": "same"}
    z = keras.Input((latent_dim,))
    x = layers.Dense(784, **hidden)(z)
    x = layers.Reshape((7, 7, 16))(x)
    for _ in range(2):
        x = layers.UpSampling2D(2)(x)
        x = layers.Conv2D(16, **conv, **hidden)(x)
    return keras.Model(z, layers.Conv2D(1, **conv, activation="sigmoid")(x))


def _judge_decoder(answer):
    """Judges a builder of a decoder."""
    decoder, codes, images = _built(answer, 7)
    calls = nets.calls(decoder, codes)
    _check_order(calls)
    _check_images(images, calls)
    _check_activations(decoder, codes)
    _check_images(_built(answer, 3)[2], calls)
    return f"{decoder.count_params():,} weights, and no checkerboard from overlapping kernels."


def _built(answer, latent_dim):
    """Returns what an answer builds, two codes, and what it makes of them."""
    try:
        decoder = answer(latent_dim)
    except Hint as hint:
        if "expected ndim=4" in str(hint):
            raise Hint(
                "A Reshape is missing: a dense layer gives a row of numbers, and UpSampling2D and "
                f"Conv2D need maps, (7, 7, channels). {hint}"
            ) from None
        raise
    nets.check_model(decoder, "The decoder")
    codes = np.random.default_rng(0).normal(size=(2, latent_dim))
    takes = f"Called with latent_dim={latent_dim}, the decoder should take codes of shape"
    return decoder, codes, nets.result(decoder, codes, takes)


def _check_order(calls):
    """Raises a hint unless layers follow each other as asked for."""
    from keras import layers

    kinds = [nets.kind(layer) for layer, _, _ in calls]
    if "Conv2DTranspose" in kinds:
        raise Hint("There is still a Conv2DTranspose in it. Use UpSampling2D(2), then Conv2D.")
    places = [i for i, (layer, _, _) in enumerate(calls) if isinstance(layer, layers.UpSampling2D)]
    if len(places) != 2:
        raise Hint(
            f"Two UpSampling2D(2) layers lead from 7x7 to 28x28. Received: {len(places)} of them"
        )
    if "Dense" not in kinds[: places[0]]:
        raise Hint("Begin with a dense layer, which makes maps of 7x7 from the code.")
    for start, stop in zip(places, [*places[1:], len(calls)]):
        after = [layer for layer, _, _ in calls[start + 1 : stop]]
        smooth = [layer for layer in after if isinstance(layer, layers.Conv2D)]
        if not smooth:
            before = "Conv2D" in kinds[:start]
            raise Hint(
                "No Conv2D follows on an UpSampling2D"
                + (
                    ": put it after, not before, or the net ends in blocks of 2x2 equal pixels."
                    if before and stop == len(calls)
                    else ". It only repeats pixels: put a Conv2D after each one, to smooth the "
                    "steps."
                )
            )
        if all(max(layer.kernel_size) == 1 for layer in smooth):
            raise Hint(
                "A Conv2D with a kernel of 1x1 sees no neighbours, so that the blocks of 2x2 equal "
                "pixels stay. Give it a kernel of 3x3, to smooth the steps."
            )
    last = [layer for layer, _, _ in calls if hasattr(layer, "kernel")][-1]
    if not isinstance(last, layers.Conv2D):
        raise Hint(f"The last layer should be a Conv2D. Received: a {nets.kind(last)}")


def _check_images(images, calls):
    """Raises a hint unless what comes out are images."""
    received = (None, *images.shape[1:])
    said = f"The decoder should give images, (None, 28, 28, 1). Received: {received}"
    if images.shape == (2, 28, 28, 1):
        return
    if images.shape[1:3] == (28, 28):
        raise Hint(
            f"{said}. A grey image has one channel: the last Conv2D needs one filter, Conv2D(1, 3)."
        )
    if any(getattr(layer, "padding", "same") == "valid" for layer, _, _ in calls):
        raise Hint(f'{said}. Give each Conv2D padding="same", or it cuts off the edges.')
    raise Hint(f'{said}. Start from 7x7, and give Conv2D padding="same".')


def _check_activations(decoder, codes):
    """Raises a hint unless each layer has an activation, and the last one a sigmoid."""
    layers, names = zip(*nets.stages(decoder, codes))
    if names[-1] != "sigmoid":
        raise Hint(
            f"The last layer's activation is {names[-1]}: pixels lie in [0, 1]. Use a sigmoid."
        )
    if "linear" in names[:-1]:
        layer = nets.kind(layers[names.index("linear")])
        raise Hint(
            f"A layer before the last, a {layer}, has no activation. Give each of them one: two "
            "linear layers in a row are one linear layer."
        )


ex02_3 = Exercise(
    "2.3",
    section="Down: stride or pool. Up: transposed or repeated",
    reference=build_decoder,
    judge=_judge_decoder,
    steps=[
        "From the code: a Dense layer of 7 * 7 * 16 units, and a Reshape to (7, 7, 16).",
        "Then twice: UpSampling2D(2), which repeats pixels, and after it a Conv2D of 3x3, which "
        'smooths the steps. padding="same" keeps the size.',
        "A last Conv2D with one filter makes the image, with a sigmoid. All layers before it have "
        "an activation as well, such as ReLU.",
    ],
)
