import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.contract import (
    MANIFEST_NAME,
    ManifestError,
    OperatingPoint,
    QualityLimits,
    template_for,
)
from keras_sphereface.edge import (
    DetectedFace,
    FaceVerifier,
    Gallery,
    NoFaceError,
    PoorFaceError,
)


@pytest.fixture(scope="module")
def verifier(exported):
    return FaceVerifier(exported.path)


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return file.getvalue()


def change_manifest(**changes):
    """A change of the flatbuffer that edits the manifest in it."""

    def change(model):
        for entry in model.metadata:
            if entry.name.decode() == MANIFEST_NAME:
                buffer = model.buffers[entry.buffer]
                content = json.loads(bytes(buffer.data))
                content.update(changes)
                buffer.data = list(json.dumps(content).encode())

    return change


def test_embeddings_are_those_of_keras(verifier, exported):
    embeddings = verifier.embed(exported.images)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(embeddings, exported.embeddings, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-6)


def test_paths_bytes_arrays_and_lists_give_the_same(
    verifier, exported, tmp_path
):
    image = exported.images[0]
    Image.fromarray(image).save(tmp_path / "a.png")
    expected = verifier.embed(image)
    assert expected.shape == (1, 12)
    for form in (
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
        png(image),
        image.astype(np.float64),
        image[None],
        [image],
    ):
        np.testing.assert_array_equal(verifier.embed(form), expected)
    mixed = [tmp_path / "a.png", png(exported.images[1]), exported.images[2]]
    np.testing.assert_array_equal(
        verifier.embed(mixed), verifier.embed(exported.images[:3])
    )


def test_the_score_is_the_cosine_of_keras(verifier, exported):
    for a in range(6):
        for b in range(6):
            expected = sum(exported.embeddings[a] * exported.embeddings[b])
            found = verifier.verify(exported.images[a], exported.images[b])
            assert found.score == pytest.approx(expected, abs=1e-5)


def test_int8_scores_are_near_keras(exported):
    verifier = FaceVerifier(exported.int8)
    expected = sum(exported.embeddings[0] * exported.embeddings[1])
    found = verifier.verify(exported.images[0], exported.images[1])
    # Int8 changes scores of this network by at most 0.01.
    assert found.score == pytest.approx(expected, abs=0.03)


def test_the_strictest_steady_point_decides_unless_one_is_chosen(exported):
    a, b = exported.images[:2]
    strict = FaceVerifier(exported.path).verify(a, b)
    assert (strict.threshold, strict.far) == (0.5, 0.01)
    assert strict.data == "unseen faces"
    assert strict.far_interval == (0.006, 0.015)
    assert strict.is_steady
    assert strict.probability is None  # the file has no calibration
    loose = FaceVerifier(exported.path, far=0.1).verify(a, b)
    assert (loose.threshold, loose.far) == (0.2, 0.1)
    assert loose.score == strict.score


def test_an_unsteady_threshold_says_so_and_is_no_default(
    exported, rewrite, tmp_path
):
    points = [
        OperatingPoint(far=0.001, threshold=0.9, impostor_pairs=3000),
        OperatingPoint(far=0.02, threshold=0.5, impostor_pairs=3000),
    ]
    changed = {"operating_points": [dataclasses.asdict(p) for p in points]}
    path = rewrite(tmp_path / "a.tflite", change_manifest(**changed))
    a, b = exported.images[:2]
    assert FaceVerifier(path).verify(a, b).far == 0.02
    chosen = FaceVerifier(path, far=0.001).verify(a, b)
    assert "UNSTEADY: it rests on 3 of 3,000 pairs" in str(chosen)
    changed["operating_points"].pop()
    path = rewrite(tmp_path / "b.tflite", change_manifest(**changed))
    alone = FaceVerifier(path).verify(a, b)
    assert (alone.far, alone.is_steady) == (0.001, False)
    gallery = Gallery(FaceVerifier(path).model)
    FaceVerifier(path).enrol(gallery, "Ann", a, check_quality=False)
    assert "UNSTEADY" in str(FaceVerifier(path).identify(b, gallery))


def test_a_calibrated_file_says_how_probable_one_person_is(
    exported, rewrite, tmp_path
):
    # sigmoid(10 s - 3) at the share 0.2 it was fitted on; even odds are 4
    # times those of before.
    numbers = {"slope": 10.0, "intercept": -3.0, "genuine_share": 0.2}
    path = rewrite(tmp_path / "c.tflite", change_manifest(calibration=numbers))
    a, b = exported.images[:2]
    found = FaceVerifier(path).verify(a, b)
    odds = 4 * np.exp(10 * found.score - 3)
    assert found.probability == pytest.approx(odds / (1 + odds))
    assert f"probability {found.probability:.3f} at even odds" in str(found)


def test_the_scores_seen_are_counted_where_their_distribution_is_known(
    exported, rewrite, tmp_path
):
    counts = {"genuine": [0] * 39 + [9], "impostor": [9] + [0] * 39}
    path = rewrite(tmp_path / "d.tflite", change_manifest(histogram=counts))
    a, b = exported.images[:2]
    verifier = FaceVerifier(path)
    score = verifier.verify(a, b).score
    verifier.verify(a, a)
    expected = [0] * 40
    expected[int((score + 1) * 20)] += 1
    expected[39] += 1
    assert list(verifier.drift.counts) == expected
    # Mirror images make other scores than those of the manifest.
    assert FaceVerifier(path, flip=True).drift is None
    assert FaceVerifier(exported.path).drift is None


def test_the_decision_follows_the_threshold(verifier, exported):
    a, b = exported.images[:2]
    score = verifier.verify(a, b).score
    at_the_score = verifier.verify(a, b, threshold=score)
    assert at_the_score.same is True
    assert at_the_score.far is None
    above = verifier.verify(a, b, threshold=np.float32(score + 1e-4))
    assert above.same is False
    assert verifier.verify(a, a).same is True


def test_flip_adds_the_mirror_image(exported):
    plain = FaceVerifier(exported.path)
    flipping = FaceVerifier(exported.path, flip=True)
    image = exported.images[0]
    both = plain.embed(image) + plain.embed(image[:, ::-1])
    expected = both / np.sqrt(np.sum(both.astype(np.float64) ** 2))
    np.testing.assert_allclose(flipping.embed(image), expected, atol=1e-6)
    np.testing.assert_allclose(
        flipping.embed(image), flipping.embed(image[:, ::-1]), atol=1e-6
    )


def test_scores_are_made_as_the_operating_point_was(
    exported, rewrite, tmp_path
):
    point = OperatingPoint(far=0.1, threshold=0.2, flip=True)
    path = rewrite(
        tmp_path / "flip.tflite",
        change_manifest(operating_points=[dataclasses.asdict(point)]),
    )
    a, b = exported.images[:2]
    expected = FaceVerifier(exported.path, flip=True).verify(a, b).score
    assert FaceVerifier(path).verify(a, b).score == expected
    plain = FaceVerifier(exported.path).verify(a, b).score
    assert (
        FaceVerifier(path, flip=False).verify(a, b).score == plain != expected
    )


def test_an_embedding_of_zeros_is_an_error_that_names_the_image(
    verifier, exported
):
    black = np.zeros_like(exported.images[0])
    with pytest.raises(ValueError, match=r"`image_b` is all zeros"):
        verifier.verify(exported.images[0], black)
    with pytest.raises(ValueError, match=r"row 1 is all zeros"):
        verifier.embed([exported.images[0], black])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((24, 32, 3), np.uint8), r"\[32, 24, 3\].*24, 32, 3\)"),
        (np.full((32, 24, 3), 0.5), r"scaled to \[0, 1\]"),
        (np.full((32, 24, 3), np.nan), r"must be finite"),
        (b"no image", r"not an image"),
        ([], r"`images` must be"),
        (None, r"`images` must be"),
    ],
)
def test_wrong_images_are_refused(verifier, exported, wrong, message):
    with pytest.raises(ValueError, match=message):
        verifier.embed(wrong)
    with pytest.raises(ValueError, match=message):
        verifier.verify(exported.images[0], wrong)


def test_image_files_of_another_size_or_nowhere_are_named(verifier, tmp_path):
    Image.new("RGB", (24, 24)).save(tmp_path / "small.png")
    with pytest.raises(ValueError, match=r"32x24.*24x24.*small\.png"):
        verifier.embed(tmp_path / "small.png")
    with pytest.raises(FileNotFoundError, match=r"none\.png"):
        verifier.embed(tmp_path / "none.png")


def test_verify_takes_one_image_a_side(verifier, exported):
    with pytest.raises(ValueError, match=r"`image_b` must be one image.* 2 im"):
        verifier.verify(exported.images[0], exported.images[:2])


@pytest.mark.parametrize("threshold", [1.5, -2, float("nan"), "0.5"])
def test_a_threshold_that_is_no_cosine_is_refused(
    verifier, exported, threshold
):
    with pytest.raises(ValueError, match=r"`threshold` is a cosine"):
        verifier.verify(*exported.images[:2], threshold=threshold)


def test_without_operating_points_a_threshold_is_asked_for(exported):
    verifier = FaceVerifier(exported.without_points)
    with pytest.raises(ValueError, match=r"no operating points.*`threshold`"):
        verifier.verify(*exported.images[:2])
    assert verifier.verify(*exported.images[:2], threshold=-1).same is True
    with pytest.raises(ValueError, match=r"no operating points"):
        FaceVerifier(exported.without_points, far=0.01)


def test_a_rate_that_was_not_measured_is_refused_with_those_that_were(exported):
    with pytest.raises(ValueError, match=r"`far` must.*\[0\.01, 0\.1\]"):
        FaceVerifier(exported.path, far=1e-6)


def test_a_file_without_manifest_is_refused(rewrite, tmp_path):
    def drop_metadata(model):
        model.metadata = []

    path = rewrite(tmp_path / "bare.tflite", drop_metadata)
    with pytest.raises(ManifestError, match=r"no keras_sphereface man.*bare"):
        FaceVerifier(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embedding_dim": 512}, r"contradicts.*`embedding_dim` is 512.* 12"),
        (
            {
                "input": {
                    "height": 112,
                    "width": 112,
                    "channels": 3,
                    "color_order": "RGB",
                    "pixel_range": [0, 255],
                    "dtype": "float32",
                }
            },
            r"contradicts.*`input` is \(112, 112, 3\).*\(32, 24, 3\)",
        ),
        ({"format_version": 99}, r"`format_version` must be 1"),
        ({"surprise": 1}, r"unknown \['surprise'\]"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(
    rewrite, tmp_path, changes, message
):
    path = rewrite(tmp_path / "wrong.tflite", change_manifest(**changes))
    with pytest.raises(ManifestError, match=message):
        FaceVerifier(path)


def test_an_uncropped_photograph_is_verified_by_its_landmarks(
    verifier, exported
):
    a, b = exported.images[:2]
    photo = np.zeros((80, 100, 3), np.uint8)
    photo[20:52, 30:54] = b
    landmarks = template_for(32, 24) + np.array([30, 20])
    expected = verifier.verify(a, b)
    found = verifier.verify(a, photo, landmarks_b=landmarks)
    # In a photograph one sees how small the face is.
    small = "it is too small (10 pixels between the eyes, at least 18)"
    assert found.problems_b == (*expected.problems_b, small)
    assert found == dataclasses.replace(expected, problems_b=found.problems_b)
    assert verifier.verify(photo, a, landmarks_a=landmarks).score == (
        pytest.approx(expected.score, abs=1e-6)
    )
    np.testing.assert_array_equal(
        verifier.embed([photo, photo], landmarks=[landmarks] * 2),
        verifier.embed([b, b]),
    )


def test_warming_up_changes_no_answer(exported):
    verifier = FaceVerifier(exported.path, threads=2)
    verifier.warm_up()
    np.testing.assert_allclose(
        verifier.embed(exported.images), exported.embeddings, atol=1e-5
    )


def test_faces_are_aligned_as_the_manifest_says(
    verifier, exported, rewrite, tmp_path
):
    moved = template_for(32, 24).astype(float) + np.array([2, 3])
    path = rewrite(
        tmp_path / "moved.tflite", change_manifest(alignment=moved.tolist())
    )
    photo = np.zeros((80, 100, 3), np.uint8)
    photo[20:52, 30:54] = exported.images[0]
    landmarks = template_for(32, 24) + np.array([32, 23])
    np.testing.assert_array_equal(
        FaceVerifier(path).embed(photo, landmarks=landmarks),
        verifier.embed(exported.images[0]),
    )


# Of a photograph of 90 rows and 120 columns: a face in it, and a passer-by.
MEANT = DetectedFace(
    np.array([30.0, 20, 48, 48]), template_for(32, 24) * 1.5 + [30, 20], 0.9
)
PASSER_BY = DetectedFace(
    np.array([96.0, 5, 24, 24]), template_for(32, 24) * 0.7 + [96, 5], 0.95
)
PHOTO = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)


def find_two(image):
    """Faces of `PHOTO`, and none of any other photograph."""
    return [PASSER_BY, MEANT] if np.array_equal(image, PHOTO) else []


@pytest.fixture(scope="module")
def seeing(exported):
    return FaceVerifier(exported.path, detector=find_two)


def test_photographs_are_verified_by_the_face_they_are_of(
    seeing, verifier, exported
):
    crop = exported.images[0]
    found = seeing.verify(PHOTO, crop)
    expected = verifier.verify(PHOTO, crop, landmarks_a=MEANT.landmarks)
    assert found == expected
    assert (found.face_a, found.face_b) == (MEANT, None)
    given = seeing.verify(crop, png(PHOTO), landmarks_b=PASSER_BY.landmarks)
    assert given == verifier.verify(
        crop, PHOTO, landmarks_b=PASSER_BY.landmarks
    )
    assert given.face_b is None


def test_photographs_are_embedded_enrolled_and_identified(
    seeing, verifier, exported
):
    gallery = Gallery(seeing.model)
    faces = seeing.enrol(
        gallery, "Ann", [PHOTO, exported.images[1]], check_quality=False
    )
    assert faces == (MEANT, None)
    expected = verifier.embed(PHOTO, landmarks=MEANT.landmarks)
    np.testing.assert_array_equal(seeing.embed(PHOTO), expected)
    answer = seeing.identify(PHOTO, gallery)
    assert (answer.name, answer.face) == ("Ann", MEANT)
    assert answer.score == pytest.approx(1, abs=1e-6)
    assert seeing.identify(exported.images[1], gallery).face is None


def test_everybody_in_a_photograph_is_identified(seeing, verifier):
    gallery = Gallery(seeing.model)
    seeing.enrol(gallery, "Ann", PHOTO, check_quality=False)
    answers = seeing.identify_all(PHOTO, gallery, threshold=0.9999)
    assert [answer.face for answer in answers] == [PASSER_BY, MEANT]
    assert [answer.name for answer in answers] == [None, "Ann"]
    embeddings, faces = seeing.embed_all(PHOTO)
    assert faces == (PASSER_BY, MEANT)
    for embedding, face in zip(embeddings, faces, strict=True):
        np.testing.assert_allclose(
            embedding,
            verifier.embed(PHOTO, landmarks=face.landmarks)[0],
            atol=1e-6,
        )
    assert seeing.identify_all(PHOTO[:, ::-1], gallery) == []
    assert seeing.embed_all(PHOTO[::-1])[0].shape == (0, 12)


def test_a_photograph_without_a_face_is_refused_with_the_reason(seeing):
    gallery = Gallery(seeing.model)
    dark = np.zeros_like(PHOTO)
    with pytest.raises(NoFaceError, match=r"no face.*`image_b`, 120x90"):
        seeing.verify(PHOTO, dark)
    with pytest.raises(NoFaceError, match=r"no face.*`images\[1\]`"):
        seeing.enrol(gallery, "Ann", [PHOTO, dark], check_quality=False)
    assert len(gallery) == 0
    with pytest.raises(NoFaceError, match=r"`image`"):
        seeing.identify(dark, gallery)


def test_without_a_detector_only_one_face_can_be_meant(verifier, exported):
    with pytest.raises(ValueError, match=r"`photo`.*`detector`"):
        verifier.embed_all(PHOTO)
    with pytest.raises(ValueError, match=r"`detector` must be"):
        FaceVerifier(exported.path, detector=3)


def test_a_poor_face_is_not_enrolled_and_is_mentioned_in_answers(exported):
    good, noisy = np.full((32, 24, 3), 90, np.uint8), exported.images[0]
    good[8:20] += np.uint8(70)  # flat light and shade
    limits = QualityLimits(sharpness=(0.0, 0.4))
    verifier = FaceVerifier(exported.path, quality=limits)
    gallery = Gallery(verifier.model)
    with pytest.raises(
        PoorFaceError, match=r"images\[1\]: it is noisy"
    ) as error:
        verifier.enrol(gallery, "Ann", [good, noisy])
    assert error.value.problems[0] == ()
    assert len(gallery) == 0  # the good one neither
    verifier.enrol(gallery, "Ann", good)
    verifier.enrol(gallery, "Bob", noisy, check_quality=False)
    assert gallery.names == ["Ann", "Bob"]
    answer = verifier.verify(good, noisy, threshold=0.0)
    assert answer.problems_a == ()
    assert "; mind image_b: it is noisy" in str(answer)
    found = verifier.identify(noisy, gallery, threshold=0.0)
    assert found.problems == answer.problems_b
    assert "; mind the image: it is noisy" in str(found)
    with pytest.raises(ValueError, match="`quality` must be"):
        FaceVerifier(exported.path, quality=0.5)


def test_the_limits_are_those_of_the_manifest(exported, rewrite, tmp_path):
    strict = QualityLimits(contrast=100)
    content = {"quality": strict.to_dict()}
    path = rewrite(tmp_path / "face.tflite", change_manifest(**content))
    assert FaceVerifier(path).quality == strict
    assert FaceVerifier(exported.path).quality == QualityLimits()
