"""Heads train on two replicas as on one device, to float32 rounding."""

import numpy as np
import pytest
from replicas import on_tensorflow, run_replicas

# One head per kind of what two replicas must agree on: a margin of one sample
# alone is the same code on every replica. A number after a head is how many
# classes it streams over at a time.
CASES = [
    "adaface",  # a moving mean of norms
    "curricularface",  # a moving mean of cosines, whole rows
    "elastic_plus",  # draws that the whole batch shares
    "gce",  # a bank, and logits that compete across the batch
    "sphereface2_c 3",  # a bias
    "spherefacer 2",
    "unitsface",  # pairs of samples
]
# The same code as one of those, run before a release.
ALIKE = ["magface", "sphereface_plus", "subcenter_arcface", "uniface"]
PROGRAM = """
from head_cases import ALL

cases = arguments[0].split(",")
random = np.random.default_rng(0)
x = 5 * random.normal(size=(64, 8)).astype("float32")
y = random.integers(0, 5, 64).astype("int32")
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)
results = {}
for each in cases:
    case, _, class_chunk = each.partition(" ")
    name, arguments = ALL[case]
    if class_chunk:
        arguments = {**arguments, "class_chunk": int(class_chunk)}
    keras.utils.set_random_seed(0)
    with strategy.scope():
        inputs = keras.Input((8,))
        embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
        arguments = {**ks.heads.defaults(name), "scale": 8.0, **arguments}
        first = next(iter(ks.heads.head_class(name).hyperparameters()))
        value = arguments[first]
        arguments[first] = keras.optimizers.schedules.PolynomialDecay(
            value, 3, 1.2 * value
        )
        head = ks.heads.get(name, 5, **arguments)
        model = ks.FaceRecognizer(embedder, head)
        model.compile(keras.optimizers.SGD(0.02, momentum=0.9))
    history = model.fit(data, epochs=2, verbose=0).history
    history["steps"] = [int(keras.ops.convert_to_numpy(head.steps))]
    history["grown"] = [getattr(head, first)]
    for other in set(head.hyperparameters()) - {first}:
        setattr(head, other, getattr(head, other) * 1.1)
    history["again"] = model.fit(data, verbose=0).history["loss"]
    # What each replica holds, not what the first one says.
    weights = {}
    for variable in model.variables:
        value = variable.value
        copies = getattr(value, "values", [value])
        weights[variable.path] = [np.array(copy).tolist() for copy in copies]
    results[each] = {"history": history, "weights": weights}
print(json.dumps(results))
"""


@pytest.mark.slow
@on_tensorflow
@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(CASES, id="kinds"),
        pytest.param(ALIKE, id="alike", marks=pytest.mark.release),
    ],
)
def test_two_replicas_equal_one_device(cases):
    one, two = (
        run_replicas(count, PROGRAM, ",".join(cases)) for count in (1, 2)
    )
    for case in cases:
        for name, values in one[case]["history"].items():
            np.testing.assert_allclose(
                two[case]["history"][name],
                values,
                rtol=2e-5,
                err_msg=f"{case} {name}",
            )
        for path, (expected,) in one[case]["weights"].items():
            copies = two[case]["weights"][path]
            assert len(copies) == 2
            for copy in copies:
                np.testing.assert_allclose(
                    copy, expected, rtol=1e-5, atol=1e-5, err_msg=path
                )
            # The head's own numbers are the same on both, to the last bit.
            if "head" in path:
                np.testing.assert_array_equal(*copies, err_msg=path)
