"""Checkpointed training is plain training, in less memory."""

import json

import keras
import numpy as np
import pytest
from replicas import on_tensorflow, run_replicas

from keras_sphereface import backbones, export
from keras_sphereface.models import build_embedding_model

SIZE = (32, 32)
NARROW = {"width_multiplier": 0.125}
SHORT = "short_networks:short_iresnet"
NARROW_SHORT = {**NARROW, "neck": "bn_flatten"}
QUICK = [
    (SHORT, NARROW_SHORT),
    # Every image is at times left out of a block, by another draw each step.
    ("vit_tiny", {"depth": 3, "drop_path": 0.5}),
]
SLOW = [
    ("short_networks:short_ghostfacenet", {**NARROW, "neck": "gdconv"}),
    ("mobilefacenet_small", {}),
    ("sfnet10", {"batch_norm": False}),
    *(
        pytest.param(name, arguments, marks=pytest.mark.release)
        for name, arguments in (
            ("ghostfacenet_v2", NARROW),
            ("mobilefacenet", {}),
            ("mobilefacenet_insightface", NARROW),
        )
    ),
]
# XLA takes long to compile a step; JAX takes longer to do without.
COMPILE = keras.backend.backend() == "jax"


def build_pair(name, arguments, **settings):
    """The plain embedder and the checkpointed one, same weights and draws."""
    pair = []
    for gradient_checkpointing in (False, True):
        keras.utils.set_random_seed(0)
        pair.append(
            build_embedding_model(
                name,
                embedding_dim=8,
                image_size=SIZE,
                gradient_checkpointing=gradient_checkpointing,
                **arguments,
                **settings,
            )
        )
    return pair


def state(model):
    """All variables, those of random draws included."""
    return [keras.ops.convert_to_numpy(v.value) for v in model.variables]


@pytest.fixture
def images():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (6, *SIZE, 3), dtype="uint8")


@pytest.fixture
def targets():
    return np.random.default_rng(1).normal(size=(6, 8)).astype("float32")


@pytest.fixture
def half_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)


def assert_trains_alike(plain, checkpointed, images, targets, **settings):
    start = state(plain)
    for a, b in zip(start, state(checkpointed), strict=True):
        np.testing.assert_array_equal(a, b)
    for step in (1, 2):
        losses = []
        for model in (plain, checkpointed):
            if step == 1:
                model.compile(keras.optimizers.SGD(0.01), "mse", **settings)
            losses.append(model.train_on_batch(images, targets))
        # Equal to the rounding of compilers that fuse the two differently;
        # a second step starts from that.
        np.testing.assert_allclose(*losses, rtol=1e-6 * 100 ** (step - 1))
        if step == 2:
            break
        for variable, old, a, b in zip(
            plain.variables,
            start,
            state(plain),
            state(checkpointed),
            strict=True,
        ):
            if not np.issubdtype(a.dtype, np.floating):
                np.testing.assert_array_equal(a, b, err_msg=variable.path)
                continue
            # A change is the gradient times 0.01, or that of a statistic.
            scale = max(1e-2, np.abs(a - old).max())
            np.testing.assert_allclose(
                a - old,
                b - old,
                rtol=0,
                atol=1e-6 + 1e-5 * scale,
                err_msg=variable.path,
            )


@pytest.mark.parametrize(("name", "arguments"), QUICK)
def test_step_is_that_of_the_plain_model(name, arguments, images, targets):
    assert_trains_alike(
        *build_pair(name, arguments), images, targets, jit_compile=COMPILE
    )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), SLOW)
def test_step_of_other_kinds_too(name, arguments, images, targets):
    assert_trains_alike(
        *build_pair(name, arguments), images, targets, jit_compile=COMPILE
    )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), QUICK)
def test_step_compiled_by_xla_too(name, arguments, images, targets):
    if keras.backend.backend() == "torch":
        pytest.skip("torch.compile needs a C++ compiler")
    assert_trains_alike(
        *build_pair(name, arguments), images, targets, jit_compile=True
    )


@pytest.mark.slow
@on_tensorflow
@pytest.mark.parametrize(("name", "arguments"), QUICK[:1])
def test_step_in_float16_is_exactly_that_of_the_plain_model(
    name, arguments, images, targets, half_precision
):
    pair = build_pair(name, arguments)
    for model in pair:
        optimizer = keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD(0.01), initial_scale=16.0
        )
        model.compile(optimizer, "mse", jit_compile=COMPILE)
        start = state(model)
        model.train_on_batch(images, targets)
        assert (
            np.mean(
                [
                    np.any(a != b)
                    for a, b in zip(start, state(model), strict=True)
                ]
            )
            > 0.9
        )
    for variable, a, b in zip(
        pair[0].variables, *map(state, pair), strict=True
    ):
        np.testing.assert_array_equal(a, b, err_msg=variable.path)


@on_tensorflow
def test_units_but_the_last_are_computed_twice(images):
    import tensorflow as tf

    def count_convolutions(model):
        @tf.function
        def gradients(images):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(model(images, training=True))
            return tape.gradient(loss, model.trainable_variables)

        graph = gradients.get_concrete_function(tf.constant(images)).graph
        return sum(op.type == "Conv2D" for op in graph.get_operations())

    plain, checkpointed = build_pair(SHORT, NARROW_SHORT)
    # A stem, four units of two and four beside an identity.
    assert count_convolutions(plain) == 1 + 4 * 2 + 4
    last = 2 + 1
    assert count_convolutions(checkpointed) == 2 * (1 + 4 * 2 + 4) - last


def test_layers_and_weights_have_the_same_names():
    plain, checkpointed = build_pair(SHORT, NARROW_SHORT)
    assert isinstance(
        checkpointed.get_layer("iresnet"), backbones.CheckpointedModel
    )
    for what in (
        lambda model: [weight.path for weight in model.weights],
        lambda model: [layer.name for layer in model._flatten_layers()],
        lambda model: [w.path for w in model.trainable_weights],
    ):
        assert what(plain) == what(checkpointed)


@pytest.mark.slow
def test_file_loads_as_what_it_was(images, targets, tmp_path):
    _, checkpointed = build_pair(SHORT, NARROW_SHORT)
    checkpointed.compile(
        keras.optimizers.SGD(0.01, momentum=0.9), "mse", jit_compile=COMPILE
    )
    checkpointed.train_on_batch(images, targets)
    checkpointed.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.get_layer("iresnet"), backbones.CheckpointedModel)
    for model in (checkpointed, loaded):
        model.train_on_batch(images, targets)
    for a, b in zip(state(checkpointed), state(loaded), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_go_into_the_plain_model_and_back(images, tmp_path):
    plain, checkpointed = build_pair(SHORT, NARROW_SHORT)
    # Statistics that say something.
    checkpointed(images, training=True)
    expected = keras.ops.convert_to_numpy(checkpointed(images))
    checkpointed.save_weights(tmp_path / "model.weights.h5")
    plain.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(plain(images)), expected
    )
    _, checkpointed = build_pair(SHORT, NARROW_SHORT)
    plain.save_weights(tmp_path / "plain.weights.h5")
    checkpointed.load_weights(tmp_path / "plain.weights.h5")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(checkpointed(images)), expected
    )


@pytest.mark.slow
@on_tensorflow
@pytest.mark.parametrize(("name", "arguments"), QUICK)
def test_exports_as_the_plain_model(name, arguments, images, tmp_path):
    _, checkpointed = build_pair(name, arguments)
    checkpointed(images, training=True)
    # Compares the file with Keras and refuses one that differs.
    export.export_litert(checkpointed, tmp_path / "model.tflite")
    export.export_onnx(checkpointed, tmp_path / "model.onnx")


@pytest.mark.slow
def test_frozen_layers_stay_as_they_are(images, targets):
    plain, checkpointed = build_pair(SHORT, NARROW_SHORT)
    for model in (plain, checkpointed):
        for layer in model.get_layer("iresnet").layers[:12]:
            layer.trainable = False
    frozen = [
        keras.ops.convert_to_numpy(weight.value)
        for layer in checkpointed.get_layer("iresnet").layers[:12]
        for weight in layer.weights
    ]
    assert_trains_alike(
        plain, checkpointed, images, targets, jit_compile=COMPILE
    )
    for old, weight in zip(
        frozen,
        [
            weight
            for layer in checkpointed.get_layer("iresnet").layers[:12]
            for weight in layer.weights
        ],
        strict=True,
    ):
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(weight.value), old
        )


def test_backbone_without_units_is_refused():
    with pytest.raises(ValueError, match="`gradient_checkpointing` needs"):
        backbones.get("sfnet4", (32, 32, 3), gradient_checkpointing=True)


PROGRAM = """
synchronized = json.loads(arguments[0])
weights = []
for checkpointing in (False, True):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = ks.build_embedding_model(
            "short_networks:short_iresnet",
            neck="bn_flatten",
            embedding_dim=8,
            image_size=(32, 32),
            width_multiplier=0.125,
            gradient_checkpointing=checkpointing,
            synchronized_batch_norm=synchronized,
        )
        model.compile(keras.optimizers.SGD(0.01), "mse", jit_compile=False)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (8, 32, 32, 3), dtype="uint8")
    targets = random.normal(size=(8, 8)).astype("float32")
    model.fit(
        images, targets, batch_size=8, epochs=2, shuffle=False, verbose=0
    )
    weights.append([w.tolist() for w in model.get_weights()])
print(json.dumps(weights))
"""


@on_tensorflow
@pytest.mark.slow
@pytest.mark.parametrize(
    "synchronized",
    [pytest.param(False, marks=pytest.mark.release), True],
)
def test_two_replicas_train_as_with_the_plain_model(synchronized):
    plain, checkpointed = run_replicas(2, PROGRAM, json.dumps(synchronized))
    for a, b in zip(plain, checkpointed, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
