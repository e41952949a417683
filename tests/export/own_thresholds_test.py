"""What an artifact says of its thresholds is what it does itself."""

import numpy as np
import pytest

from keras_sphereface.contract import OperatingPoint
from keras_sphereface.edge import FaceVerifier, read_manifest
from keras_sphereface.evaluation import PairSet, score_pairs
from keras_sphereface.export import export_litert, export_saved_model

# Those of another model, and of other pairs.
POINTS = (
    OperatingPoint(0.2, 0.123, data="elsewhere"),
    OperatingPoint(0.001, 0.9, data="elsewhere"),
)


@pytest.fixture(scope="module")
def pairs(faces):
    """Four hundred pairs of each kind, of noisy copies of the faces."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(faces)), 6)
    noise = rng.integers(-90, 91, (len(labels), *faces.shape[1:]))
    images = np.clip(faces[labels] + noise, 0, 255).astype(np.uint8)
    return PairSet.sample(images, labels, pairs_per_fold=160, num_folds=4)


@pytest.mark.parametrize("quantization", ["float32", "int8"])
def test_thresholds_are_measured_on_the_scores_of_the_file(
    embedder, faces, pairs, tmp_path, quantization
):
    path = tmp_path / "face.tflite"
    report = export_litert(
        embedder,
        path,
        quantization=quantization,
        calibration=faces if quantization == "int8" else None,
        operating_points=POINTS,
        pairs=pairs,
        force=True,
    )
    verifier = FaceVerifier(path)
    points = {p.far: p for p in verifier.manifest.operating_points}
    # 320 pairs cannot measure 0.001; 0.1 is the strictest steady rate.
    assert sorted(points) == [0.1, 0.2]
    assert verifier.operating_point is points[0.1]
    assert points[0.1].data == "640 pairs"
    impostor = score_pairs(verifier.embed, pairs)[~pairs.is_same]
    for far, point in points.items():
        assert np.mean(impostor >= point.threshold) == pytest.approx(far)
        assert point.far_interval[0] < far < point.far_interval[1]
    assert sum(verifier.manifest.histogram.impostor) == 320
    assert verifier.manifest.calibration.slope > 0
    # Noise on faces is what is usual here.
    low, high = verifier.manifest.quality.sharpness
    assert 0.0 < low < high
    assert verifier.verify(pairs.images[0], pairs.images[7]).problems_a == ()
    assert report.size_bytes == path.stat().st_size


def test_mirror_images_count_where_they_did(embedder, pairs, tmp_path):
    path = tmp_path / "face.tflite"
    flip = (OperatingPoint(0.1, 0.5, flip=True),)
    export_litert(embedder, path, operating_points=flip, pairs=pairs)
    verifier = FaceVerifier(path)
    (point,) = verifier.manifest.operating_points
    assert point.flip
    impostor = score_pairs(verifier.embed, pairs)[~pairs.is_same]
    # The threshold is the score of a pair, which the order of sums may move.
    accepted = np.mean(impostor >= point.threshold)
    assert accepted == pytest.approx(0.1, abs=0.004)


def test_a_saved_model_has_its_own_too(embedder, pairs, tmp_path):
    folder = tmp_path / "face"
    export_saved_model(embedder, folder, pairs=pairs)
    manifest = read_manifest(folder)
    assert [point.far for point in manifest.operating_points] == [0.1, 0.01]
    assert manifest.operating_point().is_steady


def test_pairs_too_few_for_any_rate_leave_the_points(embedder, faces, tmp_path):
    images = np.repeat(faces, 2, axis=0)
    few = PairSet.sample(
        images, np.repeat(np.arange(24), 2), num_folds=2, pairs_per_fold=4
    )
    path = tmp_path / "face.tflite"
    export_litert(embedder, path, operating_points=POINTS, pairs=few)
    found = FaceVerifier(path).manifest.operating_points
    assert found == POINTS
