"""Losses on plain cosines train on two replicas as on one device."""

import numpy as np
import pytest
from replicas import on_tensorflow, run_replicas

PROGRAM = """
random = np.random.default_rng(0)
x = random.normal(size=(64, 8)).astype("float32")
y = random.integers(0, 5, 64).astype("int32")
results = {}
# One loss with other margins, of a softmax or of one class against the rest.
for name, one_hot in (
    ("SphereFaceR", False), ("SphereFace2", False), ("ArcFace", True)
):
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


@on_tensorflow
@pytest.mark.slow
def test_two_replicas_equal_one_device():
    one, two = run_replicas(1, PROGRAM), run_replicas(2, PROGRAM)
    for case, arrays in one.items():
        for expected, actual in zip(arrays, two[case], strict=True):
            np.testing.assert_allclose(
                actual, expected, rtol=1e-5, atol=1e-5, err_msg=case
            )
