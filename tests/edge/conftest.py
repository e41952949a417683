import types

import keras
import numpy as np
import pytest

from keras_sphereface.contract import NO_CHECKSUM, OperatingPoint, seal
from keras_sphereface.edge import FaceVerifier
from keras_sphereface.export import export_litert

POINTS = (
    OperatingPoint(far=0.1, threshold=0.2, impostor_pairs=3000),
    OperatingPoint(
        far=0.01,
        threshold=0.5,
        data="unseen faces",
        impostor_pairs=3000,
        far_interval=(0.006, 0.015),
    ),
)


def small_embedder():
    """A network whose embedding of a black image is all zeros."""
    keras.utils.set_random_seed(0)
    images = keras.Input((32, 24, 3))
    x = images
    for filters in (8, 16):
        x = keras.layers.Conv2D(filters, 3, 2, "same", use_bias=False)(x)
        x = keras.layers.PReLU(shared_axes=[1, 2])(x)
    x = keras.layers.Flatten()(x)
    outputs = keras.layers.Dense(12, use_bias=False)(x)
    return keras.Model(images, outputs)


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """TFLite files of one embedder, images, and Keras's embeddings of them."""
    folder = tmp_path_factory.mktemp("exported")
    embedder = small_embedder()
    generator = np.random.default_rng(7)
    images = generator.integers(0, 256, (6, 32, 24, 3), np.uint8)
    with_points = folder / "face.tflite"
    export_litert(embedder, with_points, operating_points=POINTS)
    without_points = folder / "no_points.tflite"
    export_litert(embedder, without_points)
    int8 = folder / "int8.tflite"
    export_litert(
        embedder,
        int8,
        quantization="int8",
        calibration=images,
        operating_points=POINTS,
    )
    embeddings = np.asarray(embedder(images), np.float64)
    norms = np.array([[np.sqrt(sum(row**2))] for row in embeddings])
    return types.SimpleNamespace(
        path=with_points,
        without_points=without_points,
        int8=int8,
        images=images,
        embeddings=embeddings / norms,
    )


@pytest.fixture(scope="session")
def rewrite(exported):
    """Writes the exported file with its flatbuffer changed, sealed again."""
    from ai_edge_litert.tools import flatbuffer_utils

    def rewrite(path, change):
        content = exported.path.read_bytes()
        checksum = FaceVerifier(exported.path).manifest.checksum.encode()
        content = content.replace(checksum, NO_CHECKSUM.encode())
        model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
        change(model)
        content = bytes(flatbuffer_utils.convert_object_to_bytearray(model))
        if b'"checksum"' in content:
            content = seal(content)
        path.write_bytes(content)
        return path

    return rewrite
