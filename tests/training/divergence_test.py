"""What a run does once its numbers are not finite any more."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_sphereface import heads
from keras_sphereface.models import FaceRecognizer
from keras_sphereface.training import (
    CheckpointConfig,
    OptimizerConfig,
    TrainConfig,
    build_optimizer,
)
from keras_sphereface.training.divergence import (
    DivergenceWatch,
    divergence_error,
    roll_back,
)
from keras_sphereface.training.run import Run

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = np.arange(8, dtype="int32") % 4
STEPS = 300


def make_recognizer(optimizer="sgd", policy="float32"):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((3,))
    dense = keras.layers.Dense(2, dtype=policy, name="dense")
    embedder = keras.Model(inputs, dense(inputs))
    embedder.dtype_policy = policy
    recognizer = FaceRecognizer(embedder, heads.get("cosface", 4))
    recognizer.compile(optimizer)
    return recognizer


class Counter(keras.callbacks.Callback):
    def __init__(self, watch):
        super().__init__()
        self.watch = watch

    def on_train_batch_end(self, batch, logs=None):
        self.watch.step += 1


def watched(recognizer, broken_from):
    """The watch after an epoch whose images are NaN from some step on."""
    x = np.tile(X, (STEPS, 1))
    x[8 * broken_from :] = np.nan
    watch = DivergenceWatch(recognizer, 8)
    recognizer.fit(
        x,
        np.tile(Y, STEPS),
        batch_size=8,
        shuffle=False,
        verbose=0,
        callbacks=[Counter(watch), watch],
    )
    return watch


@pytest.mark.parametrize("broken_from", [0, 60])
def test_it_stops_within_51_steps(broken_from):
    watch = watched(make_recognizer(), broken_from)
    assert "NaN or infinity in " in watch.found.what
    assert watch.found.step == (50 if broken_from == 0 else 100)
    assert watch.step == watch.found.step + 1
    assert watch.found.learning_rate == pytest.approx(0.01)


def test_steps_that_loss_scaling_skips_are_no_divergence_unless_all_are():
    recognizer = make_recognizer(policy="mixed_float16")
    watch = watched(recognizer, STEPS - 10)
    assert watch.found is None
    assert watch.step == STEPS
    watch = watched(recognizer, 120)
    assert watch.found.what == "no loss of the last 50 steps was finite"
    # 30 of the first 50 were not.
    assert watch.found.step == 200


class Data:
    """What `Run` asks of a `DataFingerprint`."""

    steps_per_epoch = 10
    notes = None

    def changes(self, notes):
        return []

    def keep(self):
        pass


def make_run(workdir, **settings):
    settings = {"schedule": "constant", "warmup_epochs": 0.0, **settings}
    config = TrainConfig(
        optimizer=OptimizerConfig(learning_rate=8.0, **settings),
        checkpoint=CheckpointConfig(every_steps=5),
        on_divergence="rollback",
        rollbacks=2,
        rollback_factor=0.5,
        epochs=4,
    )
    optimizer = build_optimizer(config.optimizer, 10, 4)
    run = Run(config, make_recognizer(optimizer), Path(workdir), Data())
    run.set_model(run.recognizer)
    return run


def poison(variable):
    array = np.array(keras.ops.convert_to_numpy(variable))
    array.flat[0] = np.inf
    variable.assign(array)


def rate(run):
    return float(
        keras.ops.convert_to_numpy(run.recognizer.optimizer.learning_rate)
    )


@pytest.mark.parametrize("part", ["model", "optimizer"])
def test_a_state_that_is_not_finite_replaces_no_checkpoint(part, tmp_path):
    run = make_run(tmp_path)
    run._save()
    run.step = 5
    recognizer = run.recognizer
    poison(
        recognizer.trainable_variables[0]
        if part == "model"
        else recognizer.optimizer.variables[-1]
    )
    run._save()
    assert run.checkpoints.steps() == [0]
    assert part in run.watch.found.what


def test_it_goes_back_at_a_lower_rate_as_often_as_it_may(tmp_path):
    run = make_run(tmp_path)
    run.step = run.watch.step = 10
    run._save()
    weights = run.recognizer.get_weights()
    for number, expected in enumerate((4.0, 2.0), 1):
        run.step = run.watch.step = 14
        poison(run.recognizer.embedder.trainable_variables[0])
        run.watch.look_at_weights()
        run.is_broken = run.stopped = True
        with pytest.warns(UserWarning, match=f"Rollback {number} of 2 .* 10"):
            assert roll_back(run)
        assert (run.step, run.is_broken, run.stopped) == (10, False, False)
        for now, before in zip(
            run.recognizer.get_weights(), weights, strict=True
        ):
            np.testing.assert_array_equal(now, before)
        assert rate(run) == pytest.approx(expected)
    # The lower rate outlives a kill.
    run.step = 15
    run._save()
    resumed = make_run(tmp_path)
    resumed.resume()
    assert (resumed.step, rate(resumed)) == (15, pytest.approx(2.0))
    json.dumps(resumed.rollbacks)
    poison(resumed.recognizer.embedder.trainable_variables[0])
    resumed.watch.look_at_weights()
    resumed.is_broken = True
    assert not roll_back(resumed)
    message = str(divergence_error(resumed))
    assert "by step 15, at a learning rate of 2: NaN or infinity in" in message
    assert "dense/kernel, after 2 of 2 rollbacks" in message
    assert f"The checkpoint of step 15 in {tmp_path}" in message


def test_a_rate_that_counts_updates_still_does(tmp_path):
    run = make_run(tmp_path, accumulation_steps=2, schedule="cosine")
    run.rollbacks = [{}]
    before = rate(run)
    run.go_to(run.checkpoint())
    assert rate(run) == pytest.approx(before / 2)


def test_settings_are_checked():
    with pytest.raises(ValueError, match=r"`on_divergence`.*'go on'"):
        TrainConfig(on_divergence="go on")
    with pytest.raises(ValueError, match=r"`rollback_factor`.*1\.0"):
        TrainConfig(rollback_factor=1.0)
    with pytest.raises(ValueError, match="every_steps=0"):
        TrainConfig(
            on_divergence="rollback",
            checkpoint=CheckpointConfig(every_steps=0),
        )
