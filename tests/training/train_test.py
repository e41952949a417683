import csv
import dataclasses
import json
import os
import signal
import warnings

import keras
import numpy as np
import pytest

from keras_sphereface.contract import OperatingPoint
from keras_sphereface.data import SyntheticFaces
from keras_sphereface.files import FolderInUseError, lock_folder
from keras_sphereface.training import (
    CheckpointConfig,
    CheckpointError,
    DataConfig,
    DivergenceError,
    EmbedderConfig,
    HeadConfig,
    OptimizerConfig,
    TrainConfig,
    VerificationConfig,
    train,
)
from keras_sphereface.training.checkpoints import Checkpoints


def make_config(**changes):
    settings = {
        "data": DataConfig(
            image_size=(32, 32),
            synthetic_identities=6,
            synthetic_images=6,
            synthetic_unseen=20,
            synthetic_pairs=20,
        ),
        "embedder": EmbedderConfig("mobilefacenet_small", embedding_dim=16),
        "head": HeadConfig(arguments={"margin": 1.2, "scale": 16.0}),
        "optimizer": OptimizerConfig(learning_rate=0.02),
        "epochs": 3,
        "batch_size": 12,
    }
    return TrainConfig(**{**settings, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("run") / "made"
    return train(make_config(), workdir, progress=False), workdir


def test_a_run_learns_and_measures_before_and_after(run):
    result, _ = run
    losses = [row["loss"] for row in result.history]
    assert [row["epoch"] for row in result.history] == [0, 1, 2]
    assert len(losses) == 3
    assert losses[-1] < losses[0]
    assert result.before.num_pairs == result.after.num_pairs == 200
    assert result.before.to_dict() != result.after.to_dict()


def test_a_run_writes_models_and_a_report(run):
    result, workdir = run
    assert sorted(path.name for path in workdir.iterdir()) == [
        "embedder.keras",
        "history.csv",
        "identities.json",
        "recognizer.keras",
        "report.json",
    ]
    report = json.loads((workdir / "report.json").read_text("utf-8"))
    assert report == json.loads(json.dumps(result.report))
    assert report["config"]["head"] == {
        "name": "spherefacer",
        "margin": 1.2,
        "scale": 16.0,
    }
    with open(workdir / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == [
        row["loss"] for row in result.history
    ]
    assert report["alarms"] == []
    assert report["data"]["num_classes"] == 6
    assert report["after"]["accuracy"] == result.after.accuracy
    points = [OperatingPoint(**point) for point in report["operating_points"]]
    assert points == list(result.after.operating_points)
    assert points[0].data == "unseen synthetic faces"


def test_saved_models_give_the_embeddings_of_the_run(run):
    result, workdir = run
    images = result.faces.source[0][:5]
    expected = result.recognizer.predict(images, verbose=0)
    for name in ("embedder.keras", "recognizer.keras"):
        loaded = keras.saving.load_model(workdir / name)
        np.testing.assert_array_equal(
            loaded.predict(images, verbose=0), expected
        )


@pytest.mark.slow
def test_the_same_seed_gives_the_same_run(run, tmp_path):
    result, _ = run
    again = train(make_config(), tmp_path, progress=False)
    np.testing.assert_allclose(
        [row["loss"] for row in again.history],
        [row["loss"] for row in result.history],
        rtol=1e-4,
    )


@pytest.mark.slow
def test_a_run_in_mixed_precision_leaves_the_global_policy(tmp_path):
    config = make_config(precision="mixed_bfloat16", epochs=1)
    result = train(config, tmp_path, progress=False)
    assert np.isfinite(result.history[0]["loss"])
    assert keras.config.dtype_policy().name == "float32"
    embeddings = result.recognizer.predict(result.faces.source[0], verbose=0)
    assert embeddings.dtype == np.float32


def test_names_that_are_unknown_list_the_right_ones():
    with pytest.raises(ValueError, match=r"mobilefacenet.*'resnet'"):
        EmbedderConfig("resnet")
    with pytest.raises(ValueError, match=r"spherefacer.*'softmax'"):
        HeadConfig("softmax")


class Stop(keras.callbacks.Callback):
    """Interrupts a run as a scheduler does, after its first step."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 0:
            os.kill(os.getpid(), signal.SIGTERM)


def interrupt(config, workdir):
    """Of a run that is given a signal, one more step is kept."""
    with pytest.raises(SystemExit) as caught:
        train(config, workdir, callbacks=[Stop()], progress=False)
    assert caught.value.code == 143
    assert Checkpoints(workdir / "checkpoints").steps() == [2]


def test_an_interrupted_run_resumes_and_a_finished_one_starts_over(tmp_path):
    config = make_config(tensorboard=True)
    interrupt(config, tmp_path)
    resumed = train(config, tmp_path, progress=False)
    assert resumed.report["resumed_from_step"] == 2
    assert len(resumed.history) == 3
    assert list((tmp_path / "tensorboard").rglob("events.out.tfevents*"))
    again = train(make_config(epochs=1), tmp_path, progress=False)
    assert again.report["resumed_from_step"] is None


@pytest.mark.slow
def test_a_run_that_fails_to_export_goes_on_there(tmp_path):
    config = make_config(
        optimizer=OptimizerConfig(learning_rate=0.02, ema_momentum=0.9),
        data=dataclasses.replace(make_config().data, synthetic_identities=4),
        epochs=1,
        deterministic=True,
    )
    weights = []

    def export(result):
        weights.append(result.recognizer.get_weights())
        if len(weights) == 1:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        train(config, tmp_path, progress=False, export=export)
    assert (tmp_path / "recognizer.keras").is_file()
    # Nothing is left to train, so that no `fit` puts the average in its place.
    result = train(config, tmp_path, progress=False, export=export)
    assert result.report["resumed_from_step"] == 2
    for own, first in zip(weights[1], weights[0], strict=True):
        np.testing.assert_array_equal(own, first)
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.slow
def test_changed_data_do_not_go_on_with_a_run(tmp_path, monkeypatch):
    def drawn_otherwise(faces):
        images, labels = load(faces)
        images[3] ^= 1
        return images, labels

    config = make_config()
    interrupt(config, tmp_path)
    load = SyntheticFaces.load
    monkeypatch.setattr(SyntheticFaces, "load", drawn_otherwise)
    with pytest.raises(
        CheckpointError,
        match=r"on other data.* 1 images of other content: image 3",
    ):
        train(config, tmp_path, progress=False)


def test_a_folder_in_which_another_run_trains_is_refused(tmp_path):
    with (
        lock_folder(tmp_path),
        pytest.raises(FolderInUseError, match=f"process {os.getpid()} on"),
    ):
        train(make_config(), tmp_path, progress=False)


@pytest.mark.slow
def test_another_config_does_not_go_on_with_a_run(tmp_path):
    config = make_config()
    interrupt(config, tmp_path)
    changed = dataclasses.replace(config, epochs=4)
    with pytest.raises(CheckpointError, match=r"config\.epochs was 3, is 4"):
        train(changed, tmp_path, progress=False)


@pytest.mark.slow
def test_another_model_does_not_take_a_checkpoint(tmp_path):
    config = make_config()
    interrupt(config, tmp_path)
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    newest = checkpoints.newest()
    newest.arrays["model/0000"] = np.zeros((1, 2))
    checkpoints.save(newest)
    with pytest.raises(CheckpointError, match=r"model/0000 has shape \(1, 2\)"):
        train(config, tmp_path, progress=False)


@pytest.mark.slow
def test_verifying_while_training_keeps_the_best_and_stops_early(tmp_path):
    config = make_config(
        # Nothing is learned, so no accuracy is better than the first.
        optimizer=OptimizerConfig(learning_rate=1e-12, warmup_epochs=0.0),
        verification=VerificationConfig(every_epochs=1, patience=2),
        epochs=9,
    )
    result = train(config, tmp_path, progress=False)
    assert 3 <= len(result.history) < 9
    accuracies = [row["verification_accuracy"] for row in result.history]
    assert max(accuracies[-2:]) <= max(accuracies[:-2])
    assert (tmp_path / "best_embedder.keras").is_file()


@pytest.mark.slow
def test_a_moving_average_is_what_is_verified_and_kept(tmp_path):
    def trained(ema_momentum):
        config = make_config(
            optimizer=OptimizerConfig(
                learning_rate=0.02, ema_momentum=ema_momentum
            ),
            verification=VerificationConfig(every_epochs=3),
            deterministic=False,
        )
        workdir = tmp_path / str(ema_momentum)
        result = train(config, workdir, progress=False)
        best = keras.saving.load_model(workdir / "best_embedder.keras")
        images = result.faces.source[0][:4]
        kept = result.recognizer.embedder.predict(images, verbose=0)
        # The one verification was after the last epoch.
        np.testing.assert_allclose(
            best.predict(images, verbose=0), kept, atol=1e-5
        )
        return kept

    # At momentum 0 the average is the weights themselves.
    plain = trained(None)
    same = np.abs(trained(0.0) - plain).max()
    other = np.abs(trained(0.9) - plain).max()
    assert other > 100 * same


def test_a_run_that_breaks_ends_with_a_report_that_says_so(tmp_path):
    config = make_config(
        optimizer=OptimizerConfig(learning_rate=1e30, warmup_epochs=0.0),
        verification=VerificationConfig(every_epochs=1),
        checkpoint=CheckpointConfig(every_steps=0),
        epochs=9,
    )
    with (
        pytest.warns(UserWarning, match="loss .* is not finite") as caught,
        pytest.raises(DivergenceError) as error,
    ):
        train(config, tmp_path, progress=False)
    assert [each.category for each in caught].count(UserWarning) == 1
    assert str(error.value).startswith(
        "training diverged by step 3, at a learning rate of 9.7e+29: NaN or "
        "infinity in "
    )
    assert "There is no checkpoint yet, and no model" in str(error.value)
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    (alarm,) = report["alarms"]
    assert (alarm["epoch"], alarm["step"], alarm["kind"]) == (1, 3, "loss")
    assert "lower the learning rate, 9.7e+29" in alarm["text"]
    assert [row["loss"] for row in report["history"]] == [None]
    assert report["after"] is None
    assert report["diverged"] == str(error.value)
    assert not list(tmp_path.glob("*.keras"))


@pytest.mark.slow
def test_a_run_that_rolls_back_learns_after_all(tmp_path):
    config = make_config(
        optimizer=OptimizerConfig(learning_rate=2e30, warmup_epochs=0.0),
        on_divergence="rollback",
        rollbacks=2,
        rollback_factor=1e-16,
        data=DataConfig(
            image_size=(32, 32),
            synthetic_identities=40,
            synthetic_images=10,
            synthetic_unseen=40,
            synthetic_pairs=40,
        ),
        batch_size=20,
        epochs=6,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = train(config, tmp_path, progress=False)
    spoken = [
        str(each.message) for each in caught if "Rollback" in str(each.message)
    ]
    assert len(spoken) == 2
    assert "to the checkpoint of step 0, at 1e-16 times" in spoken[-1]
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [each["to_step"] for each in report["rollbacks"]] == [0, 0]
    assert report["diverged"] is None
    assert [row["epoch"] for row in result.history] == list(range(6))
    assert all(np.isfinite(row["loss"]) for row in result.history)
    assert result.after.accuracy > result.before.accuracy
    assert (tmp_path / "embedder.keras").is_file()
