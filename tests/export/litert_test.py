import errno
import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from keras_sphereface.contract import MANIFEST_NAME, Manifest, OperatingPoint
from keras_sphereface.export import ExportError, export_litert, litert

# The largest change of a coordinate of a unit embedding seen on this network is
# 3e-7, 2e-4, 0.007 and 0.017; about three times that is let pass.
TOLERANCES = {"float32": 1e-6, "float16": 1e-3, "dynamic": 0.02, "int8": 0.05}
POINT = OperatingPoint(far=0.01, threshold=0.42)


@pytest.fixture(scope="module")
def exports(embedder, faces, tmp_path_factory):
    """One file a quantization, with the report of its export."""
    folder = tmp_path_factory.mktemp("export")
    return {
        quantization: export_litert(
            embedder,
            folder / f"{quantization}.tflite",
            quantization=quantization,
            calibration=faces if quantization == "int8" else None,
            operating_points=[POINT],
        )
        for quantization in TOLERANCES
    }


def runner_of(report):
    return Interpreter(report.path).get_signature_runner("embed")


def pooled_embedder(size=8, scale=1.0):
    """An embedder whose embedding of a black image is all zeros."""
    keras.utils.set_random_seed(3)
    images = keras.Input((size, size, 3))
    pooled = keras.layers.AveragePooling2D(size // 2)(images)
    dense = keras.layers.Dense(6, use_bias=False)
    embedder = keras.Model(images, dense(keras.layers.Flatten()(pooled)))
    dense.set_weights([scale * kernel for kernel in dense.get_weights()])
    return embedder


@pytest.mark.parametrize("quantization", TOLERANCES)
def test_embeddings_are_those_of_keras(
    exports, embedder, faces, unit, quantization
):
    pixels = faces.astype(np.float32)
    embeddings = runner_of(exports[quantization])(images=pixels)["embeddings"]
    expected = unit(embedder(pixels))
    np.testing.assert_allclose(
        embeddings, expected, atol=TOLERANCES[quantization]
    )
    norms = np.linalg.norm(embeddings, axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-5)


@pytest.mark.parametrize("quantization", TOLERANCES)
def test_an_app_sees_the_same_whatever_the_quantization(exports, quantization):
    runner = runner_of(exports[quantization])
    (images,) = runner.get_input_details().items()
    (embeddings,) = runner.get_output_details().items()
    assert images[0] == "images"
    assert images[1]["dtype"] is np.float32
    assert list(images[1]["shape_signature"]) == [-1, 112, 112, 3]
    assert embeddings[0] == "embeddings"
    assert embeddings[1]["dtype"] is np.float32
    assert list(embeddings[1]["shape_signature"]) == [-1, 32]


@pytest.mark.parametrize("quantization", TOLERANCES)
def test_only_builtin_operations_are_used(exports, quantization):
    with open(exports[quantization].path, "rb") as file:
        model = schema.Model.GetRootAs(file.read())
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    assert codes
    assert not any(code.CustomCode() for code in codes)


def test_int8_computes_in_int8_up_to_the_normalization(exports):
    with open(exports["int8"].path, "rb") as file:
        model = schema.ModelT.InitFromPackedBuf(file.read())
    graph = model.subgraphs[0]
    names = {v: k for k, v in vars(schema.BuiltinOperator).items()}
    of_type = {}
    for operator in graph.operators:
        name = names[model.operatorCodes[operator.opcodeIndex].builtinCode]
        of_type[name] = graph.tensors[operator.outputs[0]].type
    for name in ("CONV_2D", "PRELU", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        assert of_type[name] == schema.TensorType.INT8, name
    assert of_type["L2_NORMALIZATION"] == schema.TensorType.FLOAT32


def test_reports_tell_size_parity_and_calibration(exports):
    for quantization, report in exports.items():
        assert report.quantization == quantization
        assert report.size_bytes == os.path.getsize(report.path)
        assert report.calibration_images == 24 * (quantization == "int8")
    sizes = {name: report.size_bytes for name, report in exports.items()}
    assert sizes["float32"] > sizes["float16"] > sizes["dynamic"]
    assert exports["float32"].score_error < 1e-5
    assert exports["float16"].score_error < 1e-2


def test_the_file_carries_its_manifest(exports):
    for quantization, report in exports.items():
        with open(report.path, "rb") as file:
            model = schema.Model.GetRootAs(file.read())
        texts = [
            model.Buffers(model.Metadata(i).Buffer()).DataAsNumpy().tobytes()
            for i in range(model.MetadataLength())
            if model.Metadata(i).Name().decode() == MANIFEST_NAME
        ]
        assert len(texts) == 1
        manifest = Manifest.from_json(texts[0])
        assert manifest.quantization == quantization
        assert manifest.operating_points == (POINT,)


def test_the_same_calibration_gives_the_same_file(
    exports, embedder, faces, tmp_path
):
    again = export_litert(
        embedder,
        tmp_path / "again.tflite",
        quantization="int8",
        calibration=iter(faces),
        operating_points=[POINT],
    )
    with open(again.path, "rb") as a, open(exports["int8"].path, "rb") as b:
        assert a.read() == b.read()


@pytest.mark.parametrize("quantization", ["float32", "int8"])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_directions_survive_embeddings_of_any_norm(
    tmp_path, unit, quantization, scale
):
    embedder = pooled_embedder(scale=scale)
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3))
    pixels = images.astype(np.float32)
    report = export_litert(
        embedder,
        tmp_path / "face.tflite",
        quantization=quantization,
        calibration=pixels if quantization == "int8" else None,
    )
    runner = runner_of(report)
    embeddings = runner(images=pixels)["embeddings"]
    np.testing.assert_allclose(
        embeddings, unit(embedder(pixels)), atol=TOLERANCES[quantization]
    )
    black = runner(images=np.zeros_like(pixels))["embeddings"]
    if quantization == "float32":
        np.testing.assert_array_equal(black, np.zeros((9, 6)))
    assert np.isfinite(black).all()


def test_a_mixed_precision_embedder_is_exported_in_float32(
    make_embedder, faces, tmp_path, unit
):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        mixed = make_embedder()
    finally:
        keras.config.set_dtype_policy("float32")
    exact = make_embedder(seed=1)
    exact.set_weights(mixed.get_weights())
    report = export_litert(mixed, tmp_path / "face.tflite")
    pixels = faces.astype(np.float32)
    np.testing.assert_allclose(
        runner_of(report)(images=pixels)["embeddings"],
        unit(exact(pixels)),
        atol=1e-6,
    )


def test_nothing_is_printed(embedder, tmp_path, capfd):
    export_litert(embedder, tmp_path / "face.tflite")
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"quantization": "int4"}, r"one of \['float32', .*'int8'\].*'int4'"),
        ({"quantization": "int8"}, r"needs `calibration` images"),
        (
            {"quantization": "int8", "calibration": np.zeros((4, 64, 64, 3))},
            r"`calibration` does not fit the embedder.*\(4, 64, 64, 3\)",
        ),
        ({"calibration": np.zeros((4, 112, 112, 3))}, r"is only used with"),
        ({"operating_points": 0.4}, r"sequence of OperatingPoint"),
        ({"training": "v2"}, r"`training` must be a dict"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(
    embedder, tmp_path, arguments, message
):
    with pytest.raises(ValueError, match=message):
        export_litert(embedder, tmp_path / "face.tflite", **arguments)
    assert not list(tmp_path.iterdir())


def test_an_operation_that_tflite_has_not_is_an_error(tmp_path):
    @keras.saving.register_keras_serializable(package="tests")
    class Determinant(keras.layers.Layer):
        def call(self, x):
            return tf.linalg.det(tf.reshape(x, (-1, 16, 2, 2)))

    images = keras.Input((8, 8, 3))
    flat = keras.layers.Dense(64)(keras.layers.Flatten()(images))
    embedder = keras.Model(images, Determinant()(flat))
    with pytest.raises(ExportError, match=r"float32 with its built-in"):
        export_litert(embedder, tmp_path / "face.tflite")
    assert not list(tmp_path.iterdir())


def test_other_scores_than_keras_are_an_error_and_no_file(
    embedder, tmp_path, monkeypatch
):
    run = litert.run_signature
    monkeypatch.setattr(
        litert,
        "run_signature",
        lambda *args: [e[::-1] for e in run(*args)],
    )
    with pytest.raises(ExportError, match="does not equal its Keras model"):
        export_litert(embedder, tmp_path / "face.tflite")
    assert not list(tmp_path.iterdir())


class HalfFile:
    """Stands for a file system that gives up halfway."""

    def __init__(self, error):
        self.error = error

    def __call__(self, path, content):
        with open(path, "wb") as file:
            file.write(content[: len(content) // 2])
        raise self.error


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("older", [False, True])
def test_an_interrupted_export_leaves_no_half_file(
    embedder, tmp_path, monkeypatch, error, older
):
    path = tmp_path / "face.tflite"
    if older:
        path.write_bytes(b"older")
    monkeypatch.setattr(
        "pathlib.Path.write_bytes",
        lambda self, content: HalfFile(error)(self, content),
    )
    with pytest.raises(type(error)):
        export_litert(embedder, path)
    assert list(tmp_path.iterdir()) == ([path] if older else [])
    if older:
        assert path.read_bytes() == b"older"


def test_a_disk_that_is_really_full_leaves_no_half_file(
    embedder, tmp_path, monkeypatch
):
    # The operating system refuses to let a file grow past the limit.
    resource = pytest.importorskip("resource")
    convert = litert._convert
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def convert_then_fill_the_disk(*args):
        content = convert(*args)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        return content

    monkeypatch.setattr(litert, "_convert", convert_then_fill_the_disk)
    try:
        with pytest.raises(OSError, match="too large"):
            export_litert(embedder, tmp_path / "face.tflite")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())
