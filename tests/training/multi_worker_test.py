"""Two processes on loopback train as one does."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from replicas import on_tensorflow

PROGRAM = """
import json, sys
import numpy as np
from keras_sphereface.training import *

config = TrainConfig(
    data=DataConfig(
        image_size=(32, 32),
        synthetic_identities=4,
        synthetic_images=8,
        synthetic_unseen=20,
        synthetic_pairs=2,
    ),
    embedder=EmbedderConfig("sfnet4", 16, batch_norm=False),
    optimizer=OptimizerConfig(learning_rate=0.01, global_clipnorm=5.0),
    verification=VerificationConfig(every_epochs=1),
    checkpoint=CheckpointConfig(every_steps=3),
    epochs=3,
    batch_size=8,
    strategy=sys.argv[2],
)
result = train(config, sys.argv[1], progress=False)
weights = result.recognizer.get_weights()
print(json.dumps({
    "weights": [np.float64(weight).tolist() for weight in weights],
    "history": result.history,
    "replicas": result.report["replicas"],
}))
"""


def start(workdir, strategy, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, workdir, strategy],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result_of(process):
    out, err = process.communicate(timeout=500)
    assert process.returncode == 0, err[-3000:]
    return json.loads(out.splitlines()[-1])


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@on_tensorflow
@pytest.mark.slow
def test_two_workers_equal_one_process(tmp_path):
    alone = result_of(start(tmp_path / "alone", "none"))
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    workers = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        setting = json.dumps({"cluster": cluster, "task": task})
        workers.append(
            start(tmp_path / "together", "multi_worker", TF_CONFIG=setting)
        )
    first, second = (result_of(worker) for worker in workers)
    assert alone["replicas"] == 1
    assert first["replicas"] == second["replicas"] == 2
    for own, other, expected in zip(
        first["weights"], second["weights"], alone["weights"], strict=True
    ):
        np.testing.assert_array_equal(own, other)
        np.testing.assert_allclose(own, expected, atol=1e-5)
    for row, expected in zip(first["history"], alone["history"], strict=True):
        np.testing.assert_allclose(row["loss"], expected["loss"], rtol=1e-5)
    names = {path.name for path in (tmp_path / "together").iterdir()}
    assert {"embedder.keras", "report.json", "history.csv"} <= names
    assert "checkpoints" not in names
