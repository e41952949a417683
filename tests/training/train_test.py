import csv
import dataclasses
import json

import keras
import numpy as np
import pytest

from keras_sphereface.contract import OperatingPoint
from keras_sphereface.training import (
    CheckpointConfig,
    CheckpointError,
    DataConfig,
    EmbedderConfig,
    HeadConfig,
    OptimizerConfig,
    TrainConfig,
    TrainingFaces,
    VerificationConfig,
    train,
)
from keras_sphereface.training.train import _caches


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
    """Interrupts a run as Ctrl-C does."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            raise KeyboardInterrupt


def interrupt(config, workdir):
    with pytest.raises(KeyboardInterrupt):
        train(config, workdir, callbacks=[Stop()], progress=False)


def test_an_interrupted_run_resumes_and_a_finished_one_starts_over(tmp_path):
    config = make_config(
        checkpoint=CheckpointConfig(every_steps=1), tensorboard=True
    )
    interrupt(config, tmp_path)
    resumed = train(config, tmp_path, progress=False)
    assert resumed.report["resumed_from_step"] == 2
    assert len(resumed.history) == 3
    assert list((tmp_path / "tensorboard").rglob("events.out.tfevents*"))
    again = train(make_config(epochs=1), tmp_path, progress=False)
    assert again.report["resumed_from_step"] is None


@pytest.mark.slow
def test_another_config_does_not_go_on_with_a_run(tmp_path):
    config = make_config(checkpoint=CheckpointConfig(every_steps=1))
    interrupt(config, tmp_path)
    changed = dataclasses.replace(config, epochs=4)
    with pytest.raises(CheckpointError, match=r"config\.epochs was 3, is 4"):
        train(changed, tmp_path, progress=False)


@pytest.mark.slow
def test_another_model_does_not_take_a_checkpoint(tmp_path):
    config = make_config(checkpoint=CheckpointConfig(every_steps=1))
    interrupt(config, tmp_path)
    (path,) = (tmp_path / "checkpoints").glob("step-000000002.npz")
    with np.load(path) as file:
        arrays = dict(file)
    arrays["model/0000"] = np.zeros((1, 2))
    np.savez(path, **arrays)
    with pytest.raises(CheckpointError, match=r"model/0000 has shape \(1, 2\)"):
        train(config, tmp_path, progress=False)


@pytest.mark.slow
def test_verifying_while_training_keeps_the_best_and_stops_early(tmp_path):
    config = make_config(
        # Nothing is learned, so no accuracy is better than the first.
        optimizer=OptimizerConfig(learning_rate=0.0, warmup_epochs=0.0),
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
    same = np.abs(trained(0.0) - trained(None)).max()
    other = np.abs(trained(0.9) - trained(None)).max()
    assert other > 100 * same


@pytest.mark.parametrize(
    ("cache", "num_images", "expected"),
    [
        (None, 20_000, True),  # 0.7 GiB at 112x112
        (None, 490_623, False),  # 17 GiB
        (True, 490_623, True),
        (False, 10, False),
    ],
)
def test_small_folders_are_kept_in_memory(cache, num_images, expected):
    faces = TrainingFaces(None, 5, num_images, None, "", "")
    assert _caches(DataConfig(folder="a", cache=cache), faces) is expected
