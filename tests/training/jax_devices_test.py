"""Runs on several JAX devices equal one's; each is a process of its own."""

import importlib.util
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from killed_runs import START

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("jax") is None, reason="needs JAX"
    ),
]

PROGRAM = (
    START
    + """
kill_at = int(sys.argv[3])

config = TrainConfig(
    data=DataConfig(
        image_size=(32, 32),
        synthetic_identities=6,
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
    head=HeadConfig("spherefacer", {"class_chunk": json.loads(sys.argv[4])}),
    cpu_devices=int(sys.argv[5]),
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
)


def start(workdir, strategy="none", devices=1, kill_at=0, chunk="null"):
    arguments = map(str, (workdir, strategy, kill_at, chunk, devices))
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )


def finish(*run, **options):
    result = start(*run, **options)
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    found = finish(tmp_path_factory.mktemp("one"))
    assert found["devices"] == 1
    return found


def assert_equal(actual, expected):
    for own, other in zip(actual["weights"], expected["weights"], strict=True):
        if np.ndim(own):
            own, padding = np.split(own, [np.shape(other)[-1]], axis=-1)
            np.testing.assert_array_equal(padding, 0)
        np.testing.assert_allclose(own, other, atol=1e-5)
    for row, other in zip(actual["history"], expected["history"], strict=True):
        np.testing.assert_allclose(row["loss"], other["loss"], rtol=1e-5)


@pytest.mark.parametrize(
    ("strategy", "devices", "chunk"),
    [
        ("data_parallel", 2, "null"),
        # Six classes in chunks of two, on two devices and then on four: two
        # columns of padding, which no one sees.
        ("class_parallel", 4, "2"),
    ],
)
def test_two_devices_are_killed_and_others_go_on_as_one_would(
    tmp_path, one_device, strategy, devices, chunk
):
    killed = start(tmp_path, strategy, 2, kill_at=7, chunk=chunk)
    assert killed.returncode == -signal.SIGKILL
    resumed = finish(tmp_path, strategy, devices, chunk=chunk)
    assert resumed["devices"] == devices
    assert resumed["resumed"] == 6
    assert_equal(resumed, one_device)
    shapes = [np.shape(weights) for weights in resumed["weights"]]
    assert ((16, 8) in shapes) == (strategy == "class_parallel")
