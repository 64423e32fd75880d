"""What exercises are asked with."""

import numpy as np


def digits(seed, n=6):
    """Makes rough images in [0, 1] with the many zeros that digits have, and some exact ones."""
    rng = np.random.default_rng(seed)
    images = rng.random((n, 28, 28, 1))
    images = np.where(images > 0.7, images, 0)
    images[rng.random(images.shape) < 0.02] = 1
    return images.astype("float32")


def reconstructions(seed, n=6):
    """Makes images strictly between 0 and 1, some of them nearly sure."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.002, 0.998, (n, 28, 28, 1)).astype("float32")


def gaussians(seed, n=6, latent_dim=3, spread=1):
    """Makes means and log-variances of codes."""
    rng = np.random.default_rng(seed)
    z_mean = spread * rng.normal(size=(n, latent_dim))
    return z_mean.astype("float32"), rng.uniform(-3, 0.5, (n, latent_dim)).astype("float32")
