import dataclasses
import sys
import threading

import numpy as np
import pytest

from keras_sphereface.contract import (
    MANIFEST_NAME,
    FaceInput,
    Manifest,
    ManifestError,
    OperatingPoint,
    seal,
)
from keras_sphereface.edge import FaceVerifier
from keras_sphereface.edge.onnx_file import read_model_property

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

WEIGHTS = np.random.default_rng(0).standard_normal((8 * 6 * 3, 5))
MANIFEST = Manifest(
    FaceInput(height=8, width=6),
    5,
    (OperatingPoint(far=0.01, threshold=0.5),),
    unit_embeddings=False,
    package_version="0.1.0",
)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(7).integers(0, 256, (7, 8, 6, 3), np.uint8)


@pytest.fixture(scope="module")
def expected(images):
    embeddings = images.reshape(7, -1).astype(np.float64) @ WEIGHTS
    norms = [np.sqrt(sum(row * row)) for row in embeddings]
    return embeddings / np.array(norms)[:, None]


@pytest.fixture
def write(tmp_path):
    """Writes flatten, cast and a product as an ONNX file."""

    def write(
        batch="batch",
        dtype="FLOAT",
        input_name="images",
        size=(8, 6),
        manifest=MANIFEST,
    ):
        helper, kinds = onnx.helper, onnx.TensorProto
        graph = helper.make_graph(
            [
                helper.make_node("Cast", [input_name], ["x"], to=kinds.FLOAT),
                helper.make_node("Flatten", ["x"], ["flat"]),
                helper.make_node("MatMul", ["flat", "w"], ["embeddings"]),
            ],
            "embedder",
            [
                helper.make_tensor_value_info(
                    input_name, getattr(kinds, dtype), [batch, *size, 3]
                )
            ],
            [
                helper.make_tensor_value_info(
                    "embeddings", kinds.FLOAT, [batch, 5]
                )
            ],
            [onnx.numpy_helper.from_array(np.float32(WEIGHTS), "w")],
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
        )
        if manifest is not None:
            face_input = dataclasses.replace(
                manifest.input,
                dtype={"FLOAT": "float32"}.get(dtype, "uint8"),
            )
            manifest = dataclasses.replace(manifest, input=face_input)
            properties = {"other": "1", MANIFEST_NAME: manifest.to_json()}
            helper.set_model_props(model, properties)
        onnx.checker.check_model(model)
        content = model.SerializeToString()
        path = tmp_path / "face.onnx"
        path.write_bytes(content if manifest is None else seal(content))
        return path

    return write


@pytest.mark.parametrize("dtype", ["FLOAT", "UINT8"])
@pytest.mark.parametrize("batch", ["batch", None, 1, 3])
def test_any_batch_and_type_give_the_embeddings(
    write, images, expected, batch, dtype
):
    verifier = FaceVerifier(write(batch, dtype), threads=1)
    for count in (1, 7):
        found = verifier.embed(images[:count])
        np.testing.assert_allclose(found, expected[:count], atol=1e-5)
    verifier.warm_up()


def test_a_pair_is_verified_and_a_face_identified(write, images, expected):
    from keras_sphereface.edge import Gallery

    verifier = FaceVerifier(write())
    found = verifier.verify(images[0], images[1])
    assert found.score == pytest.approx(
        sum(expected[0] * expected[1]), abs=1e-5
    )
    assert found.far == 0.01
    gallery = Gallery(verifier.model)
    verifier.enrol(gallery, "Ann", images[:2], check_quality=False)
    assert verifier.identify(images[1], gallery).name == "Ann"


def test_the_manifest_is_what_the_runtime_reads(write):
    path = write()
    session = onnxruntime.InferenceSession(
        path, providers=["CPUExecutionProvider"]
    )
    expected = session.get_modelmeta().custom_metadata_map[MANIFEST_NAME]
    found = read_model_property(path.read_bytes(), MANIFEST_NAME)
    assert found.decode() == expected
    assert (
        Manifest.from_json(found).operating_points == MANIFEST.operating_points
    )
    assert read_model_property(path.read_bytes(), "nothing") is None


def test_one_engine_serves_many_threads(write, images):
    verifier = FaceVerifier(write())
    alone = verifier.embed(images)
    wrong = []

    def work(index):
        for _ in range(50):
            if not np.array_equal(
                verifier.embed(images[index])[0], alone[index]
            ):
                wrong.append(index)

    workers = [threading.Thread(target=work, args=(n % 7,)) for n in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_a_file_without_manifest_or_with_a_wrong_one_is_refused(write):
    with pytest.raises(ManifestError, match=r"onnx file has no keras_sph"):
        FaceVerifier(write(manifest=None))
    with pytest.raises(ManifestError, match=r"contradicts.*`input` is \(8, 6"):
        FaceVerifier(write(size=(6, 8)))


def test_other_graphs_are_refused(write):
    with pytest.raises(ValueError, match=r"from `images`.*'input_1'"):
        FaceVerifier(write(input_name="input_1"))


def test_every_truncation_is_an_error(write):
    path = write()
    content = path.read_bytes()
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"face\.onnx"):
            FaceVerifier(path)


def test_every_flipped_bit_is_an_error(write):
    path = write()
    content = path.read_bytes()
    for index in range(0, len(content), 61):
        damaged = bytearray(content)
        damaged[index] ^= 1 << index % 8
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"face\.onnx"):
            FaceVerifier(path)


def test_a_missing_runtime_says_what_to_install(write, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"pip install onnxruntime"):
        FaceVerifier(write())
