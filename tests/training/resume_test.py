"""A killed run, started again, ends where an uninterrupted one does."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest
from killed_runs import START
from replicas import on_tensorflow

PROGRAM = (
    START
    + """
workdir, kill_at, options = sys.argv[1], int(sys.argv[2]), sys.argv[3]
options = json.loads(options)
optimizer = OptimizerConfig(**options.pop("optimizer", {}))

config = TrainConfig(
    data=DataConfig(
        image_size=(32, 32),
        synthetic_identities=4,
        synthetic_images=10,
        synthetic_unseen=20,
        synthetic_pairs=2,
    ),
    embedder=EmbedderConfig("mobilefacenet_small", 16, dropout=0.2),
    head=HeadConfig("spherefacer", {"scale": 8.0}),
    verification=VerificationConfig(every_epochs=1),
    checkpoint=CheckpointConfig(every_steps=2),
    optimizer=optimizer,
    epochs=3,
    batch_size=8,
    deterministic=True,
    **options,
)
result = train(config, workdir, callbacks=[Kill()], progress=False)
state = [*result.recognizer.variables, *result.recognizer.optimizer.variables]
print(json.dumps({
    "state": [np.float64(v.numpy()).ravel().tolist() for v in state],
    "history": result.history,
    "resumed": result.report["resumed_from_step"],
}))
"""
)

# Two replicas; tests/tools/kill_campaign_test.py has one device.
OPTIONS = {
    "strategy": "mirrored",
    "cpu_devices": 2,
    "precision": "mixed_float16",
    "optimizer": {"global_clipnorm": 1.0, "accumulation_steps": 2},
}


def start(workdir, kill_at, options):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, workdir, str(kill_at), options],
        capture_output=True,
        text=True,
    )


def finish(workdir, options):
    result = start(workdir, 0, options)
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1]), result.stderr


@on_tensorflow
@pytest.mark.slow
@pytest.mark.parametrize(
    "kills",
    [
        # Five steps per epoch: in the second, and then in the third.
        [(8, [6, 8])],
        pytest.param([(8, [6, 8]), (6, [12, 14])], marks=pytest.mark.release),
    ],
    ids=["once", "twice"],
)
def test_a_killed_run_ends_as_if_it_had_not_been(tmp_path, kills):
    options = json.dumps(OPTIONS)
    whole, _ = finish(tmp_path / "whole", options)
    assert whole["resumed"] is None

    killed = tmp_path / "killed"
    for kill_at, steps in kills:
        assert start(killed, kill_at, options).returncode == -signal.SIGKILL
        names = sorted(
            path.name for path in killed.glob("checkpoints/step-*.npz")
        )
        assert names == [f"step-{step:09d}.npz" for step in steps]
    # The newest file is damaged in the middle: the one before is taken.
    newest = killed / "checkpoints" / names[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    newest.write_bytes(content)
    resumed, warnings = finish(killed, options)
    assert f"damaged checkpoint {newest}" in warnings
    assert resumed["resumed"] == kills[-1][1][0]
    assert not (killed / "checkpoints").exists()

    assert len(resumed["history"]) == 3
    for expected, actual in zip(
        whole["history"], resumed["history"], strict=True
    ):
        assert expected.keys() == actual.keys()
        for key, value in expected.items():
            np.testing.assert_allclose(actual[key], value, rtol=1e-6)
    for expected, actual in zip(whole["state"], resumed["state"], strict=True):
        # Sums over replicas are split evenly when they are read back, which
        # rounds.
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6)
