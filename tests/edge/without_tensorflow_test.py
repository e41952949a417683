"""The device runtime in a process where the training packages are blocked."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tiny_detectors
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = """
import json, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name in (
            "tensorflow", "keras", "jax", "torch", "scipy", "sklearn", "PIL",
            "onnxruntime", "matplotlib", "tqdm", "absl",
        ):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
import numpy as np
import keras_sphereface.edge

loaded_early = [m for m in sys.modules if m.startswith("ai_edge_litert")]
verifier = keras_sphereface.edge.FaceVerifier(sys.argv[1])
images = np.load(sys.argv[2])
verification = verifier.verify(images[0], images[1])
print(json.dumps({
    "score": verification.score,
    "same": verification.same,
    "embeddings": verifier.embed(images).tolist(),
    "loaded_early": loaded_early,
    "heavy": [m for m in sys.modules if m.endswith("schema_py_generated")],
}))
"""


@pytest.fixture(scope="module")
def answer(exported, tmp_path_factory):
    images = tmp_path_factory.mktemp("images") / "images.npy"
    np.save(images, exported.images)
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, exported.path, images],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return json.loads(finished.stdout)


def test_a_pair_is_verified_as_keras_scores_it(answer, exported):
    expected = sum(exported.embeddings[0] * exported.embeddings[1])
    assert answer["score"] == pytest.approx(expected, abs=1e-4)
    assert answer["same"] is bool(expected >= 0.5)
    np.testing.assert_allclose(
        answer["embeddings"], exported.embeddings, atol=1e-4
    )


def test_only_what_is_needed_is_loaded(answer):
    assert answer["loaded_early"] == []
    assert answer["heavy"] == []


PHOTOGRAPHS = """
import json, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name in (
            "tensorflow", "keras", "jax", "torch", "scipy", "sklearn", "cv2",
            "onnxruntime", "matplotlib", "tqdm", "absl", "mtcnn",
        ):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
import keras_sphereface.edge as edge

verifier = edge.FaceVerifier(
    sys.argv[1], detector=edge.FaceDetector(sys.argv[2], threads=1)
)
verification = verifier.verify(sys.argv[3], sys.argv[3])
print(json.dumps([verification.score, verification.face_a.score]))
"""


def test_photographs_are_verified_with_numpy_pillow_and_the_runtime(
    exported, tmp_path
):
    detector, photo = tmp_path / "short.tflite", tmp_path / "photo.png"
    detector.write_bytes(tiny_detectors.blazeface(128))
    image = tiny_detectors.spots((240, 320), [(170, 110)], sigma=25)
    Image.fromarray(np.maximum(image, 30)).save(photo)
    finished = subprocess.run(
        [sys.executable, "-c", PHOTOGRAPHS, exported.path, detector, photo],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    score, sureness = json.loads(finished.stdout)
    assert score == pytest.approx(1, abs=1e-6)
    assert sureness > 0.5
