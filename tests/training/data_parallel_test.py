"""Two JAX devices train as one does; each run is a process of its own."""

import importlib.util
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import json, os, signal, sys
import keras, numpy as np
from keras_sphereface.training import *

kill_at = int(sys.argv[3])


class Kill(keras.callbacks.Callback):
    steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


config = TrainConfig(
    data=DataConfig(
        image_size=(32, 32),
        synthetic_identities=4,
        synthetic_images=8,
        synthetic_unseen=20,
        synthetic_pairs=2,
    ),
    embedder=EmbedderConfig("sfnet4", 16, batch_norm=False),
    optimizer=OptimizerConfig(
        learning_rate=0.01, global_clipnorm=5.0, ema_momentum=0.9
    ),
    verification=VerificationConfig(every_epochs=1),
    checkpoint=CheckpointConfig(every_steps=3),
    epochs=3,
    batch_size=8,
    strategy=sys.argv[2],
    cpu_devices=2 if sys.argv[2] == "data_parallel" else 1,
)
result = train(config, sys.argv[1], callbacks=[Kill()], progress=False)
weights = result.recognizer.get_weights()
print(json.dumps({
    "weights": [np.float64(weight).tolist() for weight in weights],
    "history": result.history,
    "devices": result.report["replicas"],
    "resumed": result.report["resumed_from_step"],
}))
"""


def start(workdir, strategy, kill_at=0):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, workdir, strategy, str(kill_at)],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )


def finish(workdir, strategy):
    result = start(workdir, strategy)
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def assert_equal(actual, expected):
    for own, other in zip(actual["weights"], expected["weights"], strict=True):
        np.testing.assert_allclose(own, other, atol=1e-5)
    for row, other in zip(actual["history"], expected["history"], strict=True):
        np.testing.assert_allclose(row["loss"], other["loss"], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs JAX")
def test_two_devices_equal_one_and_go_on_after_a_kill(tmp_path):
    one = finish(tmp_path / "one", "none")
    assert one["devices"] == 1
    killed = start(tmp_path / "two", "data_parallel", kill_at=7)
    assert killed.returncode == -signal.SIGKILL
    two = finish(tmp_path / "two", "data_parallel")
    assert two["devices"] == 2
    assert two["resumed"] == 6
    assert_equal(two, one)
