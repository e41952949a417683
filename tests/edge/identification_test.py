import threading

import numpy as np
import pytest

from keras_sphereface.edge import (
    Candidate,
    FaceVerifier,
    Gallery,
    Identification,
)


@pytest.fixture(scope="module")
def verifier(exported):
    return FaceVerifier(exported.path)


@pytest.fixture
def gallery(verifier, exported):
    """Ann with two crops, and two others with one."""
    gallery = Gallery(verifier.model)
    verifier.enrol(gallery, "Ann", exported.images[:2], check_quality=False)
    verifier.enrol(gallery, "Bob", exported.images[2], check_quality=False)
    verifier.enrol(gallery, "Cid", [exported.images[3]], check_quality=False)
    return gallery


def test_a_face_in_the_gallery_is_named(verifier, gallery, exported):
    found = verifier.identify(exported.images[1], gallery, k=2)
    assert found.name == "Ann"
    assert found.score == pytest.approx(1, abs=1e-6)
    assert (found.threshold, found.far) == (0.5, 0.01)
    assert found.data == "unseen faces"
    assert found.comparisons == 4
    assert found.candidates[0].name == "Ann"
    assert len(found.candidates) == 2


def test_scores_are_those_of_keras(verifier, gallery, exported):
    people = {"Ann": [0, 1], "Bob": [2], "Cid": [3]}
    for pooling, pool in (("max", max), ("mean", np.mean)):
        for probe in range(6):
            expected = {
                name: pool(
                    [
                        sum(exported.embeddings[probe] * exported.embeddings[n])
                        for n in crops
                    ]
                )
                for name, crops in people.items()
            }
            found = verifier.identify(
                exported.images[probe], gallery, k=3, pooling=pooling
            )
            assert dict(found.candidates) == pytest.approx(expected, abs=1e-5)


def test_a_stranger_is_nobody(verifier, gallery, exported):
    found = verifier.identify(exported.images[5], gallery, threshold=0.999)
    assert found.name is None
    assert found.far is None
    assert found.false_alarm_rate is None
    assert len(found.candidates) == 1
    at_the_score = verifier.identify(
        exported.images[5], gallery, threshold=found.score
    )
    assert at_the_score.name == found.candidates[0].name


def test_in_an_empty_gallery_everybody_is_a_stranger(verifier, exported):
    found = verifier.identify(exported.images[0], Gallery(verifier.model))
    assert found.name is None
    assert found.score is None
    assert found.candidates == ()
    assert str(found) == "unknown: the gallery is empty"


def test_a_gallery_of_another_model_is_refused(verifier, gallery, exported):
    for other in (
        FaceVerifier(exported.int8),
        FaceVerifier(exported.path, flip=True),
    ):
        with pytest.raises(ValueError, match=r"belongs to another model"):
            other.identify(exported.images[0], gallery)
        with pytest.raises(ValueError, match=r"belongs to another model"):
            other.enrol(gallery, "Dan", exported.images[0], check_quality=False)
    assert "Dan" not in gallery
    verifier_again = FaceVerifier(exported.path, far=0.1)
    assert verifier_again.identify(exported.images[0], gallery).name == "Ann"


def test_wrong_calls_are_refused(verifier, gallery, exported):
    with pytest.raises(ValueError, match=r"`image` must be one image.* 2 im"):
        verifier.identify(exported.images[:2], gallery)
    with pytest.raises(ValueError, match=r"`threshold` is a cosine"):
        verifier.identify(exported.images[0], gallery, threshold=2)
    bare = FaceVerifier(exported.without_points)
    with pytest.raises(ValueError, match=r"no operating points"):
        bare.identify(exported.images[0], Gallery(bare.model))


def test_the_false_alarm_rate_grows_with_the_gallery():
    found = Identification(None, (Candidate("Ann", 0.1),), 0.5, 1000, far=0.001)
    # 1 - 0.999^1000, by logarithms: 1 - exp(-1.0005).
    assert found.false_alarm_rate == pytest.approx(0.63230, abs=1e-5)


def test_an_identification_reads_as_a_sentence():
    candidates = (Candidate("Ann", 0.71234), Candidate("Bob", 0.2))
    known = Identification("Ann", candidates, 0.5, 2, far=0.001, data="LFW")
    assert str(known) == (
        "Ann: score 0.7123 is at least the threshold 0.5000, FAR 0.001 on LFW; "
        "a stranger gets some name in 0.002 of cases"
    )
    unknown = Identification(None, candidates, 0.8, 2)
    assert str(unknown) == (
        "unknown: the best is Ann, whose score 0.7123 is below the threshold "
        "0.8000"
    )


def test_twenty_threads_verify_and_enrol_as_one_does(verifier, exported):
    images = exported.images
    alone = Gallery(verifier.model)
    for index in range(6):
        for person in range(index, 20, 6):
            verifier.enrol(
                alone, f"person {person}", images[index], check_quality=False
            )
    expected = {
        (a, b): verifier.verify(images[a], images[b])
        for a in range(6)
        for b in range(6)
    }
    shared, wrong = Gallery(verifier.model), []
    start = threading.Barrier(20)

    def work(person):
        start.wait()
        verifier.enrol(
            shared, f"person {person}", images[person % 6], check_quality=False
        )
        for (a, b), verification in expected.items():
            if verifier.verify(images[a], images[b]) != verification:
                wrong.append((a, b))
        found = verifier.identify(images[person % 6], shared, k=20)
        if found.score < 1 - 1e-6:
            wrong.append(person)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong
    assert sorted(shared.names) == sorted(alone.names)
    for image in images:
        found = verifier.identify(image, shared, k=20)
        again = verifier.identify(image, alone, k=20)
        assert dict(found.candidates) == pytest.approx(
            dict(again.candidates), abs=1e-6
        )
