"""Lets go of the memory of models that are gone, which Keras and TensorFlow would keep.

Keras's optimizers add the gradients up over replicas. For each compiled training TensorFlow enters
a gradient of this sum in a list that only grows, though nobody will ask for it. The entry holds
the training's graph, and the graph the memory of all weights and of the optimizer's state: as much
again for every model that was ever trained, 60 MB for 784-1000-500-250-30 and back. With one
replica there is nothing to add up. (Keras 3.15, TensorFlow 2.21.)
"""


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
