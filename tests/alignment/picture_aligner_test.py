"""What becomes of one photograph, with detectors that are functions."""

import numpy as np
import pytest
import tiny_detectors
from PIL import Image

from keras_sphereface.alignment import DetectedFace, PictureAligner
from keras_sphereface.contract import FIVE_POINT_TEMPLATE
from keras_sphereface.edge.landmark_network import _FIVE

PIXELS = np.random.default_rng(0).integers(0, 256, (150, 140, 3), np.uint8)
SHIFT = np.array([20, 30])


@pytest.fixture
def folder(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "ann.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    return tmp_path


def face(landmarks, score=0.5):
    return DetectedFace(np.array([0, 0, 9, 9]), np.array(landmarks), score)


def align(folder, faces, name="ann.png", **options):
    detector = faces if callable(faces) else lambda image: faces
    options = {"refine": False, **options}
    return PictureAligner(folder, detector, **options)(name)


def test_a_face_where_the_template_is_but_for_a_shift_is_cut_out(folder):
    found = align(folder, [face(FIVE_POINT_TEMPLATE + SHIFT)])
    assert (found.status, found.num_faces) == ("aligned", 1)
    expected = PIXELS[30:142, 20:132]
    assert np.abs(found.crop.astype(int) - expected).max() <= 1


def test_faces_below_the_score_do_not_count(folder):
    faces = [face(FIVE_POINT_TEMPLATE, score) for score in (0.2, 0.5, 0.9)]
    found = align(folder, faces, min_score=0.5, rule="best_score")
    assert (found.num_faces, found.face.score) == (2, 0.9)
    found = align(folder, faces, min_score=0.95)
    assert (found.status, found.crop, found.face) == ("no face", None, None)


def test_a_picture_that_cannot_be_read_has_no_face(folder):
    for name in ("broken.png", "missing.png"):
        found = align(folder, [], name)
        assert found[:4] == ("unreadable", 0, None, None)
        assert found.reason


def test_landmarks_on_one_point_are_no_face(folder):
    found = align(folder, [face(np.full((5, 2), 40.0))])
    assert (found.status, found.crop) == ("not a face", None)
    assert found.num_faces == 1


def test_the_detector_looks_again_at_the_upright_face(folder):
    # The second look sees the face 1.5 times as large, in a picture of 336.
    upright = FIVE_POINT_TEMPLATE * 1.5 + (336 - 168) / 2
    seen = []

    def detect(image):
        seen.append(image.shape)
        if len(seen) == 1:
            return [face(FIVE_POINT_TEMPLATE + SHIFT, 0.8)]
        another, same = upright + np.array([[[200, 0]], [[3, 0]]])
        return [face(another, 0.9), face(same, 0.1)]

    found = align(folder, detect, refine=True)
    assert seen == [(150, 140, 3), (336, 336, 3)]
    # 3 pixels there are 2 in the photograph; the score stays the first.
    np.testing.assert_allclose(
        found.face.landmarks,
        FIVE_POINT_TEMPLATE + SHIFT + np.array([2, 0]),
        atol=1e-3,
    )
    assert found.face.score == 0.8


def test_another_face_in_the_second_look_is_not_taken(folder):
    first = face(FIVE_POINT_TEMPLATE + SHIFT)
    far = face(FIVE_POINT_TEMPLATE)  # 84 pixels from where it should be
    looks = iter([[first], [far]])
    found = align(folder, lambda image: next(looks), refine=True)
    assert found.face is first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detector": "retina"}, "`detector`.*mtcnn"),
        ({"rule": "first"}, "`rule` must be one of"),
        ({"size": 112}, "`size`"),
        ({"min_score": "high"}, "`min_score`"),
    ],
)
def test_wrong_arguments_are_named(folder, options, message):
    with pytest.raises(ValueError, match=message):
        PictureAligner(folder, **{"detector": len, **options})


def test_a_detector_that_looks_twice_itself_is_called_once(folder):
    class Detector:
        refines = True
        calls = 0

        def __call__(self, image):
            self.calls += 1
            return [face(FIVE_POINT_TEMPLATE + SHIFT)]

    detector = Detector()
    assert align(folder, detector, refine=True).status == "aligned"
    assert detector.calls == 1


def test_the_most_prominent_face_is_the_default(folder):
    large = DetectedFace(
        np.array([0, 0, 60, 60]), FIVE_POINT_TEMPLATE + SHIFT, 0.5
    )
    corner = DetectedFace(
        np.array([110, 120, 70, 70]), FIVE_POINT_TEMPLATE, 0.9
    )
    assert align(folder, [corner, large]).face is large
    assert align(folder, [corner, large], rule="largest").face is corner


def test_the_device_detector_aligns_by_its_file(folder, tmp_path):
    model, landmarks = tmp_path / "short.tflite", tmp_path / "mesh.tflite"
    model.write_bytes(tiny_detectors.blazeface(128))
    points = np.full((468, 3), 96.0)
    points[10, :2], points[152, :2] = 32, 160
    for group, point in zip(_FIVE, FIVE_POINT_TEMPLATE + 40, strict=True):
        points[list(group), :2] = point
    landmarks.write_bytes(tiny_detectors.landmark_network(points=points))
    image = tiny_detectors.spots((300, 300), [(150, 140)], sigma=25)
    Image.fromarray(image).save(folder / "spot.png")
    aligner = PictureAligner(
        folder, "edge", model_path=model, landmarks_path=landmarks
    )
    assert not aligner.refine
    found = aligner("spot.png")
    assert found.status == "aligned"
    middle = found.face.box[:2] + found.face.box[2:] / 2
    np.testing.assert_allclose(middle, [150, 140], atol=25)
