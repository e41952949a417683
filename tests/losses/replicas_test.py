"""Losses on plain cosines train on two replicas as on one device.

Each run is a process of its own, as in `tests/models/replicas_test.py`.
"""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

PROGRAM = """
import json, sys
import keras, numpy as np, tensorflow as tf
import keras_sphereface as ks

replicas = int(sys.argv[1])
device = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    device, [tf.config.LogicalDeviceConfiguration()] * 2
)
strategy = (
    tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    if replicas == 2
    else tf.distribute.get_strategy()
)
random = np.random.default_rng(0)
x = random.normal(size=(64, 8)).astype("float32")
y = random.integers(0, 5, 64).astype("int32")
results = {}
for name in ("SphereFaceR", "SphereFace", "SphereFace2", "NormFace",
             "CosFace", "ArcFace", "CombinedMargin"):
    for one_hot in (False, True):
        targets = np.eye(5, dtype="float32")[y] if one_hot else y
        keras.utils.set_random_seed(0)
        with strategy.scope():
            inputs = keras.Input((8,))
            hidden = keras.layers.Dense(4)(inputs)
            model = keras.Model(inputs, ks.layers.CosineDense(5)(hidden))
            loss = getattr(ks.losses, name + "Loss")(scale=8.0)
            model.compile(keras.optimizers.SGD(0.02, momentum=0.9), loss)
        data = tf.data.Dataset.from_tensor_slices((x, targets)).batch(32)
        history = model.fit(data, epochs=2, verbose=0).history["loss"]
        weights = [w.tolist() for w in model.get_weights()]
        results[f"{name} one_hot={one_hot}"] = [history, *weights]
print(json.dumps(results))
"""


def run(replicas):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(replicas)],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="MirroredStrategy"
)
def test_two_replicas_equal_one_device():
    one, two = run(1), run(2)
    for case, arrays in one.items():
        for expected, actual in zip(arrays, two[case], strict=True):
            np.testing.assert_allclose(
                actual, expected, rtol=1e-5, atol=1e-5, err_msg=case
            )
