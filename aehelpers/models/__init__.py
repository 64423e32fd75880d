"""The course's models: each a `keras.Model` with an `.encoder` and a `.decoder`.

The builders return models that are not compiled: the loss and the optimiser belong to the
notebook, where the reader can see them. `autoencoder.py` has what all share; `vanilla.py` (the deep
one, too), `convolutional.py`, `denoising.py`, `sparse.py` and `variational.py` (with and without
classes) have a kind each, the class and the function that builds it; `playground.py` builds what
was trained in the playground. What draws new codes for them is in `codes.py` (a mixture of
Gaussians), `flow.py` and `bits.py`.
"""

from aehelpers.models.autoencoder import Autoencoder
from aehelpers.models.bits import CodeBits, code_bits
from aehelpers.models.codes import CodeMixture, draw
from aehelpers.models.convolutional import convolutional
from aehelpers.models.denoising import denoising
from aehelpers.models.flow import CodeFlow, code_flow
from aehelpers.models.playground import playground
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
    "CodeBits",
    "CodeFlow",
    "CodeMixture",
    "ConditionalVariationalAutoencoder",
    "SparseAutoencoder",
    "VariationalAutoencoder",
    "code_bits",
    "code_flow",
    "conditional_variational",
    "convolutional",
    "deep",
    "denoising",
    "draw",
    "playground",
    "sparse",
    "vanilla",
    "variational",
]
