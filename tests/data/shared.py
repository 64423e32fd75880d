"""What the tests of aehelpers.data share."""

import io
from functools import partial

import numpy as np

from aehelpers import data

CORRUPTIONS = [
    data.gaussian_noise,
    partial(data.salt_and_pepper, rate=0.3),
    partial(data.masking, rate=0.3),
    partial(data.block_occlusion, size=10),
]


def pack(arrays, save=np.savez_compressed):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def put(folder, content):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mnist.npz").write_bytes(content)
    return folder / "mnist.npz"
