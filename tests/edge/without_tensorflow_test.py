"""The device runtime in a process where the training packages are blocked."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

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
