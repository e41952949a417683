"""What backbones must do: train in half precision, and travel."""

import keras
import numpy as np
import pytest

from keras_sphereface import backbones, export
from keras_sphereface.models import build_embedding_model

SIZE = (32, 32)
# One of each kind, narrow or shallow; the first one always.
QUICK = [
    pytest.param(
        name,
        arguments,
        id=f"{name}-narrow",
        marks=() if name == "iresnet18" else pytest.mark.slow,
    )
    for name, arguments in {
        "iresnet18": {"width_multiplier": 0.125},
        "mobilefacenet_insightface": {"width_multiplier": 0.125},
        "vit_tiny": {"depth": 2},
        "edgeface_xs": {"depths": (1, 1, 1, 1), "layer_scale": 1.0},
    }.items()
]
# Those that have only more of the same units, and take gigabytes, or the layers
# of another.
DEEPER = {
    *("iresnet34", "iresnet50", "iresnet100", "iresnet200"),
    *("sfnet10", "sfnet20", "sfnet36", "sfnet64", "vit_small", "edgeface_s"),
    *("mobilefacenet_insightface", "mobilefacenet_insightface_large"),
    "ghostfacenet_v1",
}
# Every one as it is, but for EdgeFace's factors of 1e-6 on its blocks, which
# leave them no gradient that float16 holds in the first step.
FULL = [
    pytest.param(
        name,
        {"layer_scale": 1.0} if name.startswith("edgeface") else {},
        id=name,
        marks=[
            pytest.mark.slow,
            *([pytest.mark.release] if name in DEEPER else []),
        ],
    )
    for name in backbones.names()
]
every_backbone = pytest.mark.parametrize(("name", "arguments"), QUICK + FULL)


def build(name, arguments):
    keras.utils.set_random_seed(0)
    return build_embedding_model(
        name, embedding_dim=16, image_size=SIZE, **arguments
    )


def adopt_statistics(model, images):
    """Statistics of these images, as a trained model has of its own.

    Those of the start let a deep network blow up its embeddings and all
    rounding errors with them.
    """
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    model(images, training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


@pytest.fixture
def images():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (4, *SIZE, 3), dtype="uint8")


@pytest.fixture(autouse=True)
def _free_memory():
    yield
    keras.utils.clear_session()


@every_backbone
def test_trains_one_step_in_mixed_float16(name, arguments, images):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = build(name, arguments)
    finally:
        keras.config.set_dtype_policy(before)
    # The usual first scale, 32,768, is found too large by skipping steps.
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1), initial_scale=16.0
    )
    # XLA takes minutes to compile the deep ones, for a single step.
    model.compile(optimizer, loss="mse", jit_compile=False)
    old = [w.copy() for w in model.get_weights()]
    targets = np.random.default_rng(1).normal(size=(4, 16))
    loss = model.train_on_batch(images, targets)
    assert np.isfinite(loss)
    new = model.get_weights()
    assert all(np.isfinite(w).all() for w in new)
    changed = [np.any(a != b) for a, b in zip(old, new, strict=True)]
    assert np.mean(changed) > 0.9


@every_backbone
def test_saves_and_exports(name, arguments, images, tmp_path):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("artifacts are written on the TensorFlow backend")
    model = build(name, arguments)
    adopt_statistics(model, images)
    expected = keras.ops.convert_to_numpy(model(images))
    assert np.isfinite(expected).all()
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(images)), expected
    )
    # Each compares its file with Keras and refuses one that differs.
    for write, suffix in (
        (export.export_litert, "tflite"),
        (export.export_onnx, "onnx"),
    ):
        write(model, tmp_path / f"model.{suffix}")
        assert (tmp_path / f"model.{suffix}").stat().st_size > 1000
