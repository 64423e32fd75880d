"""What several test files share."""

import gc
import os
import sys
import warnings

import pytest

# Not in the conftest.py above this one: notebooks need their own backend.
os.environ["MPLBACKEND"] = "agg"


@pytest.fixture(autouse=True, scope="module")
def forget_models():
    """Lets go of the models of a file of tests, and looks no more for rubbish in what stays.

    Each search through all objects takes half a second once TensorFlow is there.
    """
    gc.freeze()
    yield
    if keras := sys.modules.get("keras"):
        keras.backend.clear_session()
        gc.collect()


@pytest.fixture
def eagerly():
    """Runs TensorFlow's functions as Python, for many small models that are used once.

    To trace a model takes a second for each of `fit`, `evaluate` and `predict`, far longer than a
    few steps of it. That every model can be traced is tested in test_keras_features.py.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Even though the `tf.config.experimental_run_functions")
        yield
    tf.config.run_functions_eagerly(False)
