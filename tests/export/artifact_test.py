import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf

from keras_sphereface.contract import ManifestError
from keras_sphereface.edge import seal_with_key
from keras_sphereface.export import (
    export_litert,
    export_onnx,
    export_saved_model,
    open_embedder,
)

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def embedder():
    keras.utils.set_random_seed(0)
    images = keras.Input((16, 16, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    x = keras.layers.Conv2D(4, 3, 4)(x)
    embeddings = keras.layers.Dense(5)(keras.layers.Flatten()(x))
    return keras.Model(images, embeddings)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write_onnx(path, *, shape, dtype="float32"):
    """Embeddings are the mean color, and twice it: of any size and batch."""
    pytest.importorskip("onnxruntime")
    helper, types = onnx.helper, onnx.TensorProto
    kind = {"float32": types.FLOAT, "uint8": types.UINT8}[dtype]
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=types.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["m"], axes=[1, 2], keepdims=0),
        helper.make_node("Add", ["m", "m"], ["d"]),
        helper.make_node("Concat", ["m", "d"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "mean_color",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", types.FLOAT, [None, None])],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    onnx.save(model, str(path))
    return path


def test_every_kind_of_artifact_embeds_like_the_model(
    tmp_path, embedder, images
):
    expected = unit(embedder.predict_on_batch(images))
    embedder.save(tmp_path / "model.keras")
    export_saved_model(embedder, tmp_path / "saved")
    export_litert(embedder, tmp_path / "model.tflite")
    export_onnx(embedder, tmp_path / "model.onnx")
    for name in ("model.keras", "saved", "model.tflite", "model.onnx"):
        embed = open_embedder(tmp_path / name)
        for batch in (images, images[:1]):
            found = np.asarray(embed(batch))
            np.testing.assert_allclose(
                unit(found), expected[: len(batch)], atol=1e-5
            )
    for name in ("saved", "model.tflite"):
        seal_with_key(tmp_path / name, KEY)
        found = np.asarray(open_embedder(tmp_path / name, key=KEY)(images))
        np.testing.assert_allclose(unit(found), expected, atol=1e-5)
        with pytest.raises(ManifestError, match="another key or none"):
            open_embedder(tmp_path / name)


@pytest.mark.parametrize("suffix", ["tflite", "onnx"])
def test_a_file_changed_after_export_is_refused(tmp_path, embedder, suffix):
    path = tmp_path / f"model.{suffix}"
    write = {"tflite": export_litert, "onnx": export_onnx}[suffix]
    write(embedder, path)
    weights = np.float32(embedder.layers[-1].kernel)
    content = bytearray(path.read_bytes())
    place = content.find(weights.ravel()[:1].tobytes())
    assert place > 0
    content[place] ^= 1  # still a number, and a graph
    path.write_bytes(content)
    with pytest.raises(ManifestError, match="checksum"):
        open_embedder(path)


def test_a_saved_model_of_others_is_opened_by_its_default(tmp_path, images):
    class MeanColor(tf.Module):
        @tf.function(
            input_signature=[tf.TensorSpec([None, 16, 16, 3], tf.float32)]
        )
        def __call__(self, pixels):
            return {"features": tf.reduce_mean(pixels, [1, 2])}

    model = MeanColor()
    tf.saved_model.save(
        model, str(tmp_path / "other"), signatures=model.__call__
    )
    np.testing.assert_allclose(
        open_embedder(tmp_path / "other")(images),
        images.mean((1, 2)),
        rtol=1e-5,
    )


def test_with_a_key_nothing_runs_that_was_not_sealed_with_it(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(tf.saved_model, "load", None)
    monkeypatch.setattr(keras.saving, "load_model", None)
    write_onnx(tmp_path / "others.onnx", shape=[None, 16, 16, 3])
    (tmp_path / "model.keras").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "saved_model.pb").write_bytes(b"")
    for name in ("others.onnx", "model.keras", "folder"):
        with pytest.raises(ManifestError, match=rf"{name}"):
            open_embedder(tmp_path / name, key=KEY)


@pytest.mark.parametrize("batch_size", [None, 1])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_an_onnx_file_takes_what_it_wants(tmp_path, images, batch_size, dtype):
    path = write_onnx(
        tmp_path / "model.onnx", shape=[batch_size, 16, 16, 3], dtype=dtype
    )
    mean = images.mean((1, 2))
    np.testing.assert_allclose(
        open_embedder(path)(images),
        np.concatenate([mean, 2 * mean], axis=1),
        rtol=1e-5,
    )


def test_what_is_no_model_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no_model\.keras"):
        open_embedder(tmp_path / "no_model.keras")
    (tmp_path / "model.h5").touch()
    with pytest.raises(ValueError, match=r"\.tflite or \.onnx.*model\.h5"):
        open_embedder(tmp_path / "model.h5")
    with pytest.raises(ValueError, match=r"saved_model\.pb"):
        open_embedder(tmp_path)


def test_images_of_another_size_are_named_or_cut(tmp_path, embedder, images):
    embedder.save(tmp_path / "model.keras")
    wide = np.pad(images, [(0, 0), (0, 0), (2, 2), (0, 0)])
    with pytest.raises(ValueError, match=r"must be 16x16.*16x20 for 'model"):
        open_embedder(tmp_path / "model.keras")(wide)
    embed = open_embedder(tmp_path / "model.keras", fit="width")
    np.testing.assert_allclose(
        embed(wide), embedder.predict_on_batch(images), rtol=1e-5
    )
    with pytest.raises(ValueError, match="`pixel_mean` is stated of models of"):
        open_embedder(tmp_path / "model.keras", pixel_mean=0)
