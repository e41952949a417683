import errno
import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from keras_sphereface.contract import (
    MANIFEST_NAME,
    Manifest,
    OperatingPoint,
    is_sealed,
)
from keras_sphereface.edge.delegate import examine_delegate
from keras_sphereface.export import ExportError, export_litert, litert

# The largest change of a coordinate of a unit embedding seen on this network is
# 3e-7, 2e-4, 0.007, 0.017 and 0.005; about three times that is let pass.
TOLERANCES = {
    "float32": 1e-6,
    "float16": 1e-3,
    "dynamic": 0.02,
    "int8": 0.05,
    "int16x8": 0.02,
}
INTEGER = ("int8", "int16x8")
POINT = OperatingPoint(far=0.01, threshold=0.42)


@pytest.fixture(scope="module")
def exports(embedder, faces, tmp_path_factory):
    """One file per quantization, with the report of its export."""
    folder = tmp_path_factory.mktemp("export")
    return {
        quantization: export_litert(
            embedder,
            folder / f"{quantization}.tflite",
            quantization=quantization,
            calibration=faces if quantization in INTEGER else None,
            operating_points=[POINT],
        )
        for quantization in TOLERANCES
    }


def run(report, images, signature="embed", **inputs):
    """Runs a signature on whole numbers, in the type its input has."""
    interpreter = Interpreter(getattr(report, "path", report))
    runner = interpreter.get_signature_runner(signature)
    inputs = {"images": images, **inputs} if images is not None else inputs
    dtypes = runner.get_input_details()
    return runner(
        **{
            name: np.asarray(pixels).astype(dtypes[name]["dtype"])
            for name, pixels in inputs.items()
        }
    )


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
    embeddings = run(exports[quantization], faces)["embeddings"]
    expected = unit(embedder(faces.astype(np.float32)))
    np.testing.assert_allclose(
        embeddings, expected, atol=TOLERANCES[quantization]
    )
    norms = np.linalg.norm(embeddings, axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-5)


@pytest.mark.parametrize("quantization", TOLERANCES)
def test_scores_are_the_cosines_of_the_embeddings(exports, faces, quantization):
    report = exports[quantization]
    scores = run(
        report, None, "verify", images_a=faces[:3], images_b=faces[3:6]
    )
    a = run(report, faces[:3])["embeddings"]
    b = run(report, faces[3:6])["embeddings"]
    expected = [sum(x * y) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(scores["scores"], expected, atol=1e-6)


@pytest.mark.parametrize("quantization", TOLERANCES)
def test_an_app_sees_the_same_but_for_the_type_of_pixels(exports, quantization):
    interpreter = Interpreter(exports[quantization].path)
    assert interpreter.get_signature_list() == {
        "embed": {"inputs": ["images"], "outputs": ["embeddings"]},
        "verify": {"inputs": ["images_a", "images_b"], "outputs": ["scores"]},
    }
    pixel = np.uint8 if quantization == "int8" else np.float32
    for signature, shape in (("embed", [-1, 32]), ("verify", [-1])):
        runner = interpreter.get_signature_runner(signature)
        for images in runner.get_input_details().values():
            assert images["dtype"] is pixel
            assert list(images["shape_signature"]) == [-1, 112, 112, 3]
        (output,) = runner.get_output_details().values()
        assert output["dtype"] is np.float32
        assert list(output["shape_signature"]) == shape


@pytest.mark.parametrize("quantization", ["float32", "int8"])
def test_xnnpack_takes_every_operation(exports, quantization):
    report = examine_delegate(exports[quantization].path)
    assert report.share == 1, str(report)
    assert report.partitions == 1


@pytest.mark.parametrize("quantization", TOLERANCES)
def test_only_builtin_operations_are_used(exports, quantization):
    with open(exports[quantization].path, "rb") as file:
        model = schema.Model.GetRootAs(file.read())
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    assert codes
    assert not any(code.CustomCode() for code in codes)


def test_reports_tell_size_parity_and_calibration(exports):
    for quantization, report in exports.items():
        assert report.quantization == quantization
        assert report.size_bytes == os.path.getsize(report.path)
        assert report.calibration_images == 24 * (quantization in INTEGER)
        assert (report.layers is not None) == (quantization in INTEGER)
        assert report.latency_ms > 0
        assert report.exceeded == ()
    sizes = {name: report.size_bytes for name, report in exports.items()}
    assert sizes["float32"] > sizes["float16"] > sizes["dynamic"]
    assert sizes["dynamic"] > 0.9 * sizes["int8"]
    assert exports["float32"].images_from == "images of noise"
    assert exports["int8"].images_from == "images of the calibration"
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
        dtype = "uint8" if quantization == "int8" else "float32"
        assert manifest.input.dtype == dtype
        with open(report.path, "rb") as file:
            assert is_sealed(file.read(), manifest.checksum)
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
    embeddings = run(report, pixels)["embeddings"]
    np.testing.assert_allclose(
        embeddings, unit(embedder(pixels)), atol=TOLERANCES[quantization]
    )
    black = run(report, np.zeros_like(pixels))["embeddings"]
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
        run(report, pixels)["embeddings"],
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
        (
            {"quantization": "int4"},
            r"one of \['float32', .*'int16x8'\].*'int4'",
        ),
        ({"quantization": "int8"}, r"needs `calibration` images"),
        ({"batch_size": 0}, r"`batch_size` must be an integer"),
        ({"output_dtype": "int8"}, r"for an int8 file.*'float32'"),
        ({"signatures": ("verify",)}, r"`signatures` must be.*\('verify',\)"),
        ({"faces": np.zeros((4, 64, 64, 3))}, r"`faces` does not fit"),
        (
            {"quantization": "int8", "calibration": np.zeros((4, 64, 64, 3))},
            r"`calibration` does not fit.*\(4, 64, 64, 3\)",
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


@pytest.fixture
def other_weights(make_embedder, monkeypatch):
    """Lets every export convert another embedder than the one it is given."""
    other, convert = make_embedder(seed=9), litert._convert
    monkeypatch.setattr(
        litert, "_convert", lambda _, *args: convert(other, *args)
    )


@pytest.mark.usefixtures("other_weights")
def test_other_scores_than_keras_are_an_error_and_no_file(embedder, tmp_path):
    with pytest.raises(ExportError, match=r"does not equal.*`force=True`"):
        export_litert(embedder, tmp_path / "face.tflite")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("other_weights")
def test_a_forced_export_says_what_is_wrong_with_it(embedder, tmp_path):
    report = export_litert(embedder, tmp_path / "face.tflite", force=True)
    assert (tmp_path / "face.tflite").is_file()
    assert "a cosine score changes by" in " ".join(report.exceeded)


def test_a_fixed_batch_and_int8_embeddings_can_be_had(
    embedder, faces, unit, tmp_path
):
    report = export_litert(
        embedder,
        tmp_path / "face.tflite",
        quantization="int8",
        calibration=faces,
        batch_size=2,
        output_dtype="int8",
        faces=faces[:3],
    )
    assert report.images_from == "faces"
    runner = Interpreter(report.path).get_signature_runner("embed")
    details = runner.get_output_details()["embeddings"]
    assert runner.get_input_details()["images"]["shape"][0] == 2
    assert details["dtype"] is np.int8
    scale, zero_point = details["quantization"]
    assert zero_point == 0
    embeddings = scale * runner(images=faces[:2])["embeddings"]
    expected = unit(embedder(faces[:2].astype(np.float32)))
    np.testing.assert_allclose(embeddings, expected, atol=0.05)
    scores = run(report, None, "verify", images_a=faces[:2], images_b=faces[:2])
    np.testing.assert_allclose(scores["scores"], [1, 1], atol=1e-6)


def test_without_verify_a_file_has_one_signature(embedder, tmp_path):
    report = export_litert(
        embedder, tmp_path / "face.tflite", signatures=("embed",)
    )
    signatures = Interpreter(report.path).get_signature_list()
    assert list(signatures) == ["embed"]


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
