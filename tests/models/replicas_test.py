"""Training on two replicas gives what one device gives.

TensorFlow makes logical devices once a process, and a process should make one
MirroredStrategy, so each run is a process of its own.
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

replicas, kind = int(sys.argv[1]), sys.argv[2]
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
keras.utils.set_random_seed(0)
with strategy.scope():
    inputs = keras.Input((8,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    head = ks.SphereFaceRHead(5, normalization="soft", scale=4.0)
    model = ks.FaceRecognizer(embedder, head)
    loss = None
    if kind == "given":
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
history = model.fit(data, epochs=5, verbose=0).history
weights = [w.tolist() for w in model.get_weights()]
print(json.dumps({"history": history, "weights": weights}))
"""


def run(replicas, kind):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(replicas), kind],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="MirroredStrategy"
)
@pytest.mark.parametrize("kind", ["own", "given"])
def test_two_replicas_equal_one_device(kind):
    one, two = run(1, kind), run(2, kind)
    for name, values in one["history"].items():
        np.testing.assert_allclose(
            two["history"][name], values, rtol=1e-5, err_msg=name
        )
    for expected, actual in zip(one["weights"], two["weights"], strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-5)
