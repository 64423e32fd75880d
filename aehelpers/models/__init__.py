"""The course's models: each a `keras.Model` with an `.encoder` and a `.decoder`.

The builders return models that are not compiled: the loss and the optimiser belong to the
notebook, where the reader can see them. `autoencoder.py` has what all share; `vanilla.py` (the deep
one, too), `convolutional.py`, `denoising.py`, `sparse.py` and `variational.py` (with and without
classes) have a kind each, the class and the function that builds it.
"""

from aehelpers.models.autoencoder import Autoencoder
from aehelpers.models.convolutional import convolutional
from aehelpers.models.denoising import denoising
from aehelpers.models.sparse import SparseAutoencoder, sparse
from aehelpers.models.vanilla import deep, vanilla
from aehelpers.models.variational import (
    ConditionalVariationalAutoencoder,
    VariationalAutoencoder,
    conditional_variational,
    variational,
)

__all__ = [
    "Autoencoder",
    "ConditionalVariationalAutoencoder",
    "SparseAutoencoder",
    "VariationalAutoencoder",
    "conditional_variational",
    "convolutional",
    "deep",
    "denoising",
    "sparse",
    "vanilla",
    "variational",
]
