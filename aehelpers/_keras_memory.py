"""Lets go of the memory of models that are gone, which Keras and TensorFlow would keep.

Keras's optimizers add the gradients up over replicas. For each compiled training TensorFlow enters
a gradient of this sum in a list that only grows, though nobody will ask for it. The entry holds
the training's graph, and the graph the memory of all weights and of the optimizer's state: as much
again for every model that was ever trained, 60 MB for 784-1000-500-250-30 and back. With one
replica there is nothing to add up. (Keras 3.15, TensorFlow 2.21.)

And models refer to themselves in circles, so that one that is gone keeps its memory until Python
collects its garbage. When it does hangs on the number of objects, not on their size: of ten models
of 1.6 million weights, trained one after the other and each in the place of the one before, up to
five were there at the same time.
"""

import functools
import gc
import math
import weakref

_WEIGHTS = 1_000_000  # so many may wait: a collection takes 0.2 s
_waiting = 0
_last = None  # a weak reference to the model that was trained last


def collecting(fit):
    """Returns `fit` with a collection before it where models that are gone may hold much."""

    @functools.wraps(fit)
    def collected(self, *args, **kwargs):
        global _last, _waiting
        if _last is None or _last() is not self:  # to train one further leaves nothing behind
            _last = weakref.ref(self)
            _waiting += sum(math.prod(weight.shape) for weight in self.weights)
        if _waiting > _WEIGHTS:
            gc.collect()
            _waiting = 0
        return fit(self, *args, **kwargs)

    return collected


def mend():
    """Lets optimizers with one replica leave the sum out, where this Keras has it."""
    try:
        from keras.src.backend.tensorflow import optimizer as module

        optimizer, check = module.TFOptimizer, module.filter_empty_gradients
        add_up = optimizer._all_reduce_sum_gradients
    except (ImportError, AttributeError):
        return  # a Keras that does it in another way
    if getattr(add_up, "mended", False):
        return

    def add_up_if_several(self, grads_and_vars):
        if self._distribution_strategy.num_replicas_in_sync > 1:
            return add_up(self, grads_and_vars)
        grads_and_vars = list(grads_and_vars)
        check(grads_and_vars)  # which speaks of weights without a gradient
        return grads_and_vars

    add_up_if_several.mended = True
    optimizer._all_reduce_sum_gradients = add_up_if_several
