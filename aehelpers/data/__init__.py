"""The handwritten digits: loading, corrupting and feeding them to a model.

`mnist.py` has the digits and their splits, `download.py` the search for them, `images.py` the one
form that images have, `noise.py` the ways to damage them, `pipeline.py` the batches for training
and `folder.py` images of one's own. Nothing here needs TensorFlow but a call of `pipeline`.

>>> from aehelpers import data
>>> mnist = data.load_mnist()  # doctest: +SKIP
MNIST: 60,000 + 10,000 images from the keras cache
>>> mnist.x_train.shape  # doctest: +SKIP
(55000, 28, 28, 1)
"""

from aehelpers.data.folder import load_folder
from aehelpers.data.images import check_images
from aehelpers.data.mnist import MNIST, bundled, epochs, load_mnist, quick
from aehelpers.data.noise import block_occlusion, gaussian_noise, masking, salt_and_pepper
from aehelpers.data.pipeline import pipeline

__all__ = [
    "MNIST",
    "block_occlusion",
    "bundled",
    "check_images",
    "epochs",
    "gaussian_noise",
    "load_folder",
    "load_mnist",
    "masking",
    "pipeline",
    "quick",
    "salt_and_pepper",
]
