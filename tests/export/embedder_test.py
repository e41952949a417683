import keras
import numpy as np
import pytest

from keras_sphereface.contract import FaceInput
from keras_sphereface.export import ExportError, load_embedder
from keras_sphereface.export.embedder import (
    as_float32,
    check_embedder,
    describe_input,
)


@keras.saving.register_keras_serializable(package="tests")
class Recognizer(keras.Model):
    """Any model that has an embedder."""

    def __init__(self, embedder, **kwargs):
        super().__init__(**kwargs)
        self.embedder = embedder

    def call(self, images):
        return self.embedder(images)

    def get_config(self):
        embedder = keras.saving.serialize_keras_object(self.embedder)
        return {**super().get_config(), "embedder": embedder}

    @classmethod
    def from_config(cls, config):
        embedder = keras.saving.deserialize_keras_object(config.pop("embedder"))
        return cls(embedder, **config)


def dense_model(input_shape, *outputs):
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, [keras.layers.Dense(n)(inputs) for n in outputs])


def test_a_good_embedder_passes_and_says_what_it_wants(make_embedder):
    embedder = make_embedder(size=(112, 96))
    check_embedder(embedder)
    assert describe_input(embedder) == FaceInput(height=112, width=96)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_embedder_whose_training_diverged_is_refused(value):
    inputs = keras.Input((112, 112, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    embedder = keras.Model(inputs, keras.layers.Dense(8)(pooled))
    check_embedder(embedder)
    bias = embedder.weights[1]
    bias.assign(np.float32([value] + 7 * [0]))
    with pytest.raises(ValueError, match=r"finite weights.* in dense.*/bias$"):
        check_embedder(embedder)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda images: images, r"must be a keras.Model.*type function"),
        (None, r"must be a keras.Model.*type NoneType"),
        (keras.Sequential([keras.layers.Flatten()]), r"built functional"),
        (dense_model((112,), 8), r"one batch of images.*\(None, 112\)"),
        (dense_model((None, None, 3), 8), r"height and width fixed"),
        (dense_model((112, 112, 1), 8), r"one batch of images"),
        (dense_model((112, 112, 3), 8), r"one embedding per image.*112, 8\)"),
        (dense_model((112, 112, 3), 8, 8), r"one embedding per image"),
    ],
)
def test_a_model_that_is_no_embedder_is_refused(wrong, message):
    with pytest.raises(ValueError, match=r"(?s)`embedder`.*" + message):
        check_embedder(wrong)


def test_a_recognizer_is_refused_with_the_name_of_its_embedder(embedder):
    with pytest.raises(ValueError, match=r"pass `model.embedder`"):
        check_embedder(Recognizer(embedder))


def test_another_backend_is_told_how_to_export(embedder, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ExportError, match=r"KERAS_BACKEND=tensorflow"):
        check_embedder(embedder)


def test_a_float32_embedder_is_exported_as_it_is(embedder):
    assert as_float32(embedder) is embedder


def test_a_mixed_precision_embedder_becomes_the_same_model_in_float32(
    make_embedder, faces
):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        mixed = make_embedder()
    finally:
        keras.config.set_dtype_policy("float32")
    mixed.layers[1].trainable = False
    exact = as_float32(mixed)
    assert {layer.compute_dtype for layer in exact.layers} == {"float32"}
    # The same weights in a model that was float32 from the beginning.
    reference = make_embedder(seed=1)
    reference.set_weights(mixed.get_weights())
    images = faces[:2].astype(np.float32)
    np.testing.assert_array_equal(exact(images), reference(images))
    assert mixed.layers[2].compute_dtype == "float16"


def test_a_mixed_precision_backbone_inside_the_embedder_is_found(make_embedder):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        backbone = make_embedder()
    finally:
        keras.config.set_dtype_policy("float32")
    images = keras.Input((112, 112, 3))
    outputs = keras.layers.Dense(8, name="embeddings")(backbone(images))
    exact = as_float32(keras.Model(images, outputs))
    inner = exact.get_layer("embedder")
    assert {layer.compute_dtype for layer in inner.layers} == {"float32"}


@pytest.mark.parametrize("wrap", [False, True])
def test_the_embedder_of_a_saved_model_is_found(
    embedder, faces, tmp_path, wrap
):
    model = Recognizer(embedder) if wrap else embedder
    images = faces[:2].astype(np.float32)
    expected = model(images)
    model.save(tmp_path / "model.keras")
    loaded = load_embedder(tmp_path / "model.keras")
    check_embedder(loaded)
    np.testing.assert_array_equal(loaded(images), expected)


def test_a_missing_or_foreign_model_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model file.*none\.keras"):
        load_embedder(tmp_path / "none.keras")
    (tmp_path / "text.keras").write_text("not a model")
    with pytest.raises(ValueError, match=r"(?s)saved as `.keras`.*text\.keras"):
        load_embedder(tmp_path / "text.keras")
