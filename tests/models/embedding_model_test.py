import importlib.util
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from multiply_adds import count_multiply_adds, count_trainable

from keras_sphereface import backbones
from keras_sphereface.models import build_embedding_model

# Kin of smaller ones, with more of the same units.
DEEP = ("iresnet34", "iresnet100", "iresnet200", "vit_small")
SMALL = {"embedding_dim": 8, "image_size": (32, 16)}


@pytest.fixture
def pixels():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (4, 32, 16, 3), dtype="uint8")


@pytest.fixture
def set_policy():
    """Sets the dtype policy for one test."""
    policy = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(policy)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in backbones.names() if name not in DEEP]
)
def test_every_backbone_gives_embeddings(name):
    embedder = build_embedding_model(
        name, embedding_dim=64, image_size=(112, 96)
    )
    assert embedder.name == "embedder"
    assert embedder.input_shape == (None, 112, 96, 3)
    assert embedder.output_shape == (None, 64)
    places = embedder.get_layer(name).output_shape[1:-1]
    has_map = backbones.default_neck(name) not in (None, "linear")
    assert places == ((7, 6) if has_map else ())


def test_defaults_are_512_values_from_112_by_112_pixels():
    embedder = build_embedding_model("mobilefacenet_small")
    assert embedder.input_shape == (None, 112, 112, 3)
    assert embedder.output_shape == (None, 512)


def test_mobilefacenet_is_as_large_as_its_paper_says():
    # Chen et al., 2018: 0.99 M parameters, 221 M multiply-adds at 112x112,
    # 128 values. That counts a batch norm as the bias it is folded into.
    folded = build_embedding_model(
        "mobilefacenet", embedding_dim=128, batch_norm=False
    )
    assert round(count_trainable(folded) / 1e6, 2) == 0.99
    assert round(count_multiply_adds(folded) / 1e6) == 221

    embedder = build_embedding_model("mobilefacenet", embedding_dim=128)
    assert count_trainable(embedder) == 1_003_136
    assert count_multiply_adds(embedder) == 220_965_376


def test_small_mobilefacenet_is_as_large_as_it_says():
    embedder = build_embedding_model("mobilefacenet_small", embedding_dim=128)
    assert round(count_trainable(embedder) / 1e6, 2) == 0.20
    assert round(count_multiply_adds(embedder) / 1e6, 1) == 14.0


@pytest.mark.parametrize(
    ("name", "parameters"),
    # From the layer sizes of OpenSphere 032c31b: four strided and 2 * blocks
    # other convolutions with biases, and 25088 x 512 + 512 in the dense layer.
    [("sfnet4", 14_396_544), ("sfnet20", 24_500_992), ("sfnet64", 50_020_864)],
)
def test_sfnet_is_as_large_as_in_opensphere(name, parameters):
    embedder = build_embedding_model(name, batch_norm=False)
    assert count_trainable(embedder) == parameters


def test_scaling_maps_pixels_to_minus_one_to_one():
    embedder = build_embedding_model("mobilefacenet_small", **SMALL)
    scale = embedder.get_layer("scale_pixels")
    scaled = scale(np.float32([0, 51, 127.5, 255]))
    np.testing.assert_allclose(scaled, [-1, -0.6, 0, 1], atol=1e-6)


def test_uint8_and_float_pixels_give_equal_embeddings(pixels):
    embedder = build_embedding_model("mobilefacenet_small", **SMALL)
    from_uint8 = embedder.predict(pixels, verbose=0)
    from_float = embedder.predict(pixels.astype("float32"), verbose=0)
    np.testing.assert_array_equal(from_uint8, from_float)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(embedder(pixels)),
        from_uint8,
        rtol=1e-4,
        atol=1e-5,
    )
    assert np.ptp(from_uint8, axis=0).min() > 0


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_policies_end_in_float32(set_policy, pixels, policy):
    set_policy(policy)
    embedder = build_embedding_model("mobilefacenet_small", **SMALL)
    half = policy.removeprefix("mixed_")
    inner = embedder.get_layer("mobilefacenet_small")
    assert inner.get_layer("stem").compute_dtype == half
    assert embedder.get_layer("scale_pixels").compute_dtype == "float32"
    assert keras.backend.standardize_dtype(embedder(pixels).dtype) == "float32"


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("name", ["mobilefacenet_small", "sfnet4"])
def test_one_gradient_step_is_finite_and_moves_every_weight(
    set_policy, pixels, policy, name
):
    keras.utils.set_random_seed(0)
    set_policy(policy)
    embedder = build_embedding_model(name, **SMALL)
    before = [np.copy(w) for w in embedder.trainable_weights]
    # The usual scale of 32768 would overflow in the first steps, which the
    # optimizer then leaves out.
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1), initial_scale=128.0
    )
    embedder.compile(optimizer, loss="mse")
    targets = np.random.default_rng(0).normal(size=(4, 8))
    loss = embedder.train_on_batch(pixels, targets)
    assert np.isfinite(loss)
    for old, weight in zip(before, embedder.trainable_weights, strict=True):
        new = keras.ops.convert_to_numpy(weight)
        assert np.isfinite(new).all(), weight.path
        assert np.abs(new - old).max() > 0, weight.path


@pytest.mark.parametrize("name", ["mobilefacenet_small", "sfnet4"])
def test_saved_and_loaded_model_gives_the_same_embeddings(
    tmp_path, pixels, name
):
    embedder = build_embedding_model(name, dropout=0.1, **SMALL)
    embedder.save(tmp_path / "embedder.keras")
    loaded = keras.saving.load_model(tmp_path / "embedder.keras")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(pixels)),
        keras.ops.convert_to_numpy(embedder(pixels)),
    )
    assert loaded.name == "embedder"
    assert [x.name for x in loaded.layers] == [x.name for x in embedder.layers]


@pytest.mark.slow  # another backend compiles for half a minute
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_give_the_same_embeddings(tmp_path, pixels, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    embedder = build_embedding_model("mobilefacenet_small", **SMALL)
    embedder.save(tmp_path / "embedder.keras")
    np.save(tmp_path / "pixels.npy", pixels)
    program = (
        "import keras, numpy as np\n"
        f"assert keras.backend.backend() == '{backend}'\n"
        "import keras_sphereface.models\n"
        "embedder = keras.saving.load_model('embedder.keras')\n"
        "embeddings = embedder.predict_on_batch(np.load('pixels.npy'))\n"
        "np.save('embeddings.npy', embeddings)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": str(pathlib.Path(__file__).parents[2]),
        },
    )
    np.testing.assert_allclose(
        np.load(tmp_path / "embeddings.npy"),
        embedder(pixels),
        rtol=1e-3,
        atol=1e-5,
    )


def test_frozen_backbone_keeps_its_weights(pixels):
    embedder = build_embedding_model("mobilefacenet_small", **SMALL)
    embedder.get_layer("mobilefacenet_small").trainable = False
    assert {w.path.split("/")[0] for w in embedder.trainable_weights} == {
        "neck_depthwise",
        "neck_depthwise_bn",
        "neck_dense",
        "neck_dense_bn",
    }


def test_backbone_arguments_reach_the_backbone():
    embedder = build_embedding_model(
        "mobilefacenet", width_multiplier=0.25, activation="relu", **SMALL
    )
    backbone = embedder.get_layer("mobilefacenet")
    assert backbone.get_layer("stem").filters == 16
    assert isinstance(backbone.get_layer("stem_act"), keras.layers.ReLU)


def test_batch_norm_off_leaves_none_anywhere():
    embedder = build_embedding_model("sfnet4", batch_norm=False, **SMALL)
    layers = [*embedder.layers, *embedder.get_layer("sfnet4").layers]
    assert not any(x.name.endswith("_bn") for x in layers)


@pytest.mark.parametrize(
    ("backbone", "arguments", "message"),
    [
        (
            "resnet",
            {},
            r"one of \[.*'mobilefacenet', .*Received: name='resnet'",
        ),
        (None, {}, "Received: name=None"),
        ("sfnet4", {"neck": "gem"}, r"`neck`.*'average'.*neck='gem'"),
        ("sfnet4", {"embedding_dim": 0}, "`embedding_dim`.*embedding_dim=0"),
        ("sfnet4", {"embedding_dim": 2.5}, "`embedding_dim`"),
        ("sfnet4", {"dropout": 1.0}, r"`dropout`.*dropout=1\.0"),
        ("sfnet4", {"image_size": (100, 112)}, "`image_size`.*multiples of 16"),
        ("sfnet4", {"image_size": (112, 112, 3)}, "`image_size`"),
        ("sfnet4", {"image_size": (112, 0)}, "`image_size`"),
    ],
)
def test_wrong_arguments_are_errors_that_name_them(
    backbone, arguments, message
):
    with pytest.raises(ValueError, match=message):
        build_embedding_model(backbone, **arguments)


def test_setting_that_no_backbone_reads_is_an_error():
    with pytest.raises(TypeError, match="width_multiplier"):
        build_embedding_model("sfnet4", width_multiplier=0.5)


def test_one_argument_synchronizes_all_batch_normalization():
    if keras.backend.backend() != "tensorflow":
        with pytest.raises(ValueError, match="synchronized_batch_norm"):
            build_embedding_model("sfnet4", synchronized_batch_norm=True)
        return
    for synchronized in (False, True):
        embedder = build_embedding_model(
            "mobilefacenet_small", synchronized_batch_norm=synchronized
        )
        layers = [
            layer
            for layer in embedder._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        assert len(layers) > 10
        assert {layer.synchronized for layer in layers} == {synchronized}
