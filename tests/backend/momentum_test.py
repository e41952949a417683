import keras
import numpy as np
import pytest

from keras_sphereface.backend.momentum import momentum_in_place

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


def fit(optimizer, jit_compile=False):
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    x = random.normal(size=(24, 5)).astype("float32")
    y = random.integers(0, 3, 24)
    inputs = keras.Input((5,))
    model = keras.Model(inputs, keras.layers.Dense(3)(inputs))
    model.compile(
        optimizer,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=jit_compile,
    )
    model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    slots = [variable.numpy() for variable in optimizer.variables]
    return [*model.get_weights(), *slots]


@pytest.mark.skipif(not ON_TENSORFLOW, reason="other backends keep Keras's")
@pytest.mark.parametrize(
    ("nesterov", "jit_compile"),
    [
        (False, False),
        (True, False),
        (True, True),
        pytest.param(False, True, marks=pytest.mark.slow),
    ],
)
def test_steps_are_those_of_keras(nesterov, jit_compile):
    arguments = {
        "learning_rate": keras.optimizers.schedules.ExponentialDecay(
            0.3, 2, 0.9
        ),
        "momentum": 0.9,
        "nesterov": nesterov,
        "weight_decay": 1e-2,
        "clipnorm": 0.5,
    }
    expected = fit(keras.optimizers.SGD(**arguments))
    optimizer = momentum_in_place(keras.optimizers.SGD(**arguments))
    found = fit(optimizer, jit_compile)
    for own, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-6)
    config = optimizer.get_config()
    plain = keras.optimizers.SGD(**arguments, name=optimizer.name)
    assert config == plain.get_config()


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.optimizers.SGD(0.1),
        lambda: keras.optimizers.AdamW(0.1),
        lambda: type("Own", (keras.optimizers.SGD,), {})(0.1, momentum=0.9),
    ],
)
def test_what_has_no_kernel_keeps_its_step(make):
    optimizer = make()
    assert momentum_in_place(optimizer) is optimizer
    assert "update_step" not in vars(optimizer)
