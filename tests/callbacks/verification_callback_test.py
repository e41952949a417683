import io

import keras
import numpy as np
import pytest
from PIL import Image

from keras_sphereface.callbacks import VerificationCallback
from keras_sphereface.contract import ImageError
from keras_sphereface.evaluation import evaluate_pairs
from keras_sphereface.heads import SphereFaceRHead
from keras_sphereface.models.face_recognizer import FaceRecognizer
from keras_sphereface.pairs import PairSet

NUM_CLASSES = 6


def make_faces(num_identities, seed):
    """Noisy copies of random prototype images, ten of each."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(num_identities), 10)
    prototypes = random.uniform(0, 255, (num_identities, 8, 8, 3))
    images = prototypes[labels] + random.normal(0, 60, (len(labels), 8, 8, 3))
    return np.clip(images, 0, 255).astype("uint8"), labels


@pytest.fixture
def pairs():
    return PairSet.sample(
        *make_faces(12, seed=1), pairs_per_fold=40, num_folds=4
    )


@pytest.fixture
def recognizer():
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 3))
    features = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))
    embedder = keras.Model(images, keras.layers.Dense(16)(features))
    recognizer = FaceRecognizer(embedder, SphereFaceRHead(NUM_CLASSES))
    recognizer.compile(keras.optimizers.SGD(0.01, momentum=0.9))
    return recognizer


def fit(recognizer, callback, epochs=3):
    images, labels = make_faces(NUM_CLASSES, seed=0)
    return recognizer.fit(
        images.astype("float32"),
        labels,
        epochs=epochs,
        callbacks=[callback],
        verbose=0,
    ).history


def test_logs_what_evaluation_measures(recognizer, pairs):
    callback = VerificationCallback(pairs, far=0.1)
    history = fit(recognizer, callback)
    report = evaluate_pairs(
        recognizer.embedder.predict_on_batch, pairs, flip=False, fars=(0.1,)
    )
    assert len(history["verification_accuracy"]) == 3
    assert history["verification_accuracy"][-1] == report.accuracy
    assert history["verification_tar"][-1] == report.tar_at_far[0.1]
    assert history["verification_equal_error"][-1] == report.equal_error
    assert callback.reports["verification"].accuracy == report.accuracy


def test_names_the_logs_after_several_pair_sets(recognizer, pairs):
    callback = VerificationCallback({"lfw": pairs, "cfp": pairs}, far=0.1)
    history = fit(recognizer, callback, 1)
    for measure in ("accuracy", "equal_error", "tar"):
        first = history[f"lfw_verification_{measure}"]
        assert first == history[f"cfp_verification_{measure}"]
    assert not [name for name in history if name.startswith("verification_")]


def test_a_dict_of_one_pair_set_needs_no_prefix(recognizer, pairs):
    callback = VerificationCallback({"lfw": pairs})
    history = fit(recognizer, callback, 1)
    accuracy = callback.reports["lfw"].accuracy
    assert history["verification_accuracy"] == [accuracy]


def test_verifies_every_few_epochs_and_the_last(recognizer, pairs):
    history = fit(recognizer, VerificationCallback(pairs, every_epochs=2), 5)
    assert len(history["verification_accuracy"]) == 3


def test_keeps_the_best_embedder(recognizer, pairs, tmp_path):
    path = tmp_path / "best.keras"
    callback = VerificationCallback(pairs, best_path=path)
    history = fit(recognizer, callback, epochs=4)
    best = keras.saving.load_model(path)
    report = evaluate_pairs(best.predict_on_batch, pairs, flip=False)
    assert report.accuracy == max(history["verification_accuracy"])
    assert list(tmp_path.iterdir()) == [path]


def test_early_stopping_finds_the_logs(recognizer, pairs):
    images, labels = make_faces(NUM_CLASSES, seed=0)
    stop = keras.callbacks.EarlyStopping(
        "verification_accuracy", mode="max", min_delta=1.0
    )
    history = recognizer.fit(
        images.astype("float32"),
        labels,
        epochs=9,
        callbacks=[VerificationCallback(pairs), stop],
        verbose=0,
    ).history
    assert len(history["loss"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pairs": "pairs.txt"}, r"`pairs` must be a PairSet"),
        ({"pairs": {}}, r"`pairs` must hold a pair set"),
        (
            {"every_epochs": 0},
            r"`every_epochs` must be an integer of at least 1",
        ),
    ],
)
def test_wrong_arguments_are_named(pairs, arguments, message):
    with pytest.raises(ValueError, match=message):
        VerificationCallback(**{"pairs": pairs, **arguments})


def test_a_model_without_an_embedder_is_named(pairs):
    callback = VerificationCallback(pairs)
    callback.set_model(keras.Sequential([keras.layers.Dense(2)]))
    callback.set_params({"epochs": 1})
    with pytest.raises(ValueError, match=r"`embedder` must be given"):
        callback.on_epoch_end(0)


def test_pairs_of_one_fold_are_measured(recognizer, pairs):
    folds = np.zeros(len(pairs), int)
    one = PairSet(
        pairs.images, pairs.index_a, pairs.index_b, pairs.is_same, folds
    )
    history = fit(recognizer, VerificationCallback(one), 1)
    assert 0.4 < history["verification_accuracy"][0] <= 1


def test_pairs_that_cannot_be_measured_are_refused_at_once(pairs):
    same = np.flatnonzero(pairs.is_same)
    of_one_kind = PairSet(
        pairs.images,
        pairs.index_a[same],
        pairs.index_b[same],
        pairs.is_same[same],
        pairs.folds[same],
    )
    with pytest.raises(ValueError, match="both kinds outside each fold"):
        VerificationCallback({"lfw": pairs, "one kind": of_one_kind})


def test_a_broken_image_is_found_before_the_first_step(recognizer, pairs):
    images = [*map(as_png, pairs.images[:-1]), b"no image"]
    broken = PairSet(
        images, pairs.index_a, pairs.index_b, pairs.is_same, pairs.folds
    )
    before = recognizer.embedder.get_weights()
    with pytest.raises(ImageError, match=f"image {len(images) - 1}"):
        fit(recognizer, VerificationCallback(broken), 1)
    for old, new in zip(before, recognizer.embedder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def as_png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
