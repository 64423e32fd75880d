"""Notebook 07's training step, with two workers in one process in place of two processes."""

import json
import subprocess
import sys

import nbformat

from scripts import course

# Adam would hide a gradient that is too large; plain gradient descent doesn't.
STEP = """
import json, sys
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
LATENT_DIM, BATCH_SIZE = 3, 6
for source in json.load(sys.stdin):
    exec(source)
x = np.random.default_rng(0).integers(256, size=(20, 28, 28, 1), dtype="uint8")
changes, losses = [], []
for workers in (1, 2):
    strategy = tf.distribute.MirroredStrategy([f"CPU:{rank}" for rank in range(workers)])
    keras.utils.set_random_seed(0)
    with strategy.scope():
        vae = build()
        vae.compile(keras.optimizers.SGD(1e-4))
    before = vae.get_weights()
    shares = [
        strategy.experimental_distribute_values_from_function(
            lambda context: share(x, 0, context.replica_id_in_sync_group, workers)[which]
        )
        for which in (0, 1)
    ]
    losses.append(float(training_step(vae, strategy)(*shares)))
    changes.append([float(np.abs(w - b).sum()) for w, b in zip(vae.get_weights(), before)])
print(json.dumps([losses, changes]))
"""


def test_two_workers_make_the_step_of_one():
    path = course.notebook("07_scaling_out").path
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    used = [
        next(source for source in cells if source.startswith(f"def {name}("))
        for name in ("build", "negative_elbo", "share", "training_step")
    ]
    command = [sys.executable, "-c", STEP]
    run = subprocess.run(
        command, input=json.dumps(used), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    (one, two), (alone, together) = json.loads(run.stdout.splitlines()[-1])
    assert abs(two / one - 1) < 1e-5
    assert min(alone) > 0
    assert max(abs(t / a - 1) for t, a in zip(together, alone)) < 1e-2
