"""What a run saves opens in a process with the two imports of the README."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_sphereface import heads, optimizers
from keras_sphereface.models import FaceRecognizer
from keras_sphereface.optimizers import (
    ReplicaLossScaleOptimizer,
    ReplicaOptimizer,
)
from keras_sphereface.training import (
    HeadConfig,
    OptimizerConfig,
    TrainConfig,
    build_optimizer,
)

ROOT = Path(__file__).parents[2]
OPEN = """
import json, sys
import keras, keras_sphereface
import numpy as np

images = np.load(sys.argv[1])
opened = {}
for path in sys.argv[2:]:
    model = keras.saving.load_model(path)
    opened[path] = [
        np.float64(keras.ops.convert_to_numpy(value)).ravel().tolist()
        for value in (model(images), *model.optimizer.variables)
    ]
print(json.dumps(opened))
"""
# Every value of a setting that changes which classes are saved.
CASES = {
    **{f"head {name}": {"head": HeadConfig(name)} for name in heads.names()},
    **{
        f"optimizer {name}": {
            "optimizer": OptimizerConfig(
                name=name, warmup_epochs=0.0, ema_momentum=0.9
            )
        }
        for name in optimizers.names()
    },
    **{
        f"schedule {name}": {"optimizer": OptimizerConfig(schedule=name)}
        for name in ("cosine", "polynomial", "constant")
    },
    "schedule multi_step": {
        "optimizer": OptimizerConfig(schedule="multi_step", milestones=(1,))
    },
    **{
        f"precision {name}": {"precision": name}
        for name in ("mixed_float16", "mixed_bfloat16")
    },
    "accumulation": {"optimizer": OptimizerConfig(accumulation_steps=2)},
    "accumulation in float16": {
        "precision": "mixed_float16",
        "optimizer": OptimizerConfig(
            accumulation_steps=2, ema_momentum=0.9, global_clipnorm=1.0
        ),
    },
    "chunked classes": {"head": HeadConfig("cosface", {"class_chunk": 2})},
    "sampled classes": {"head": HeadConfig("cosface", {"sample_rate": 0.5})},
    "replicas": {"optimizer": OptimizerConfig(accumulation_steps=2)},
    "replicas in float16": {"precision": "mixed_float16"},
}
# As under a strategy, which only a process with several devices has.
OF_REPLICAS = {
    "replicas": ReplicaOptimizer,
    "replicas in float16": lambda optimizer: ReplicaLossScaleOptimizer(
        ReplicaOptimizer(optimizer)
    ),
}


def make_recognizer(config, of_replicas):
    """As `train` makes it, around one small layer."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        images = keras.Input((2, 2, 3))
        flat = keras.layers.Flatten()(images)
        embedder = keras.Model(images, keras.layers.Dense(8)(flat))
        head = heads.get(config.head.name, 4, **config.head.arguments)
        recognizer = FaceRecognizer(embedder, head)
    finally:
        keras.config.set_dtype_policy(policy)
    recognizer.compile(of_replicas(build_optimizer(config.optimizer, 3, 2)))
    return recognizer


def opened(*paths):
    """What a fresh process finds in files that were saved."""
    result = subprocess.run(
        [sys.executable, "-c", OPEN, *paths],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.slow
def test_every_kind_of_recognizer_opens_as_it_was_saved(tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (3, 2, 2, 3), dtype="uint8")
    np.save(tmp_path / "images.npy", images)
    expected = {}
    for case, settings in CASES.items():
        recognizer = make_recognizer(
            TrainConfig(**settings), OF_REPLICAS.get(case, lambda each: each)
        )
        recognizer.optimizer.build(recognizer.trainable_variables)
        for variable in recognizer.optimizer.variables:
            if variable.ndim:
                variable.assign(random.normal(size=variable.shape))
        path = str(tmp_path / f"{case}.keras")
        recognizer.save(path)
        expected[path] = [
            np.float64(keras.ops.convert_to_numpy(value)).ravel()
            for value in (recognizer(images), *recognizer.optimizer.variables)
        ]
    found = opened(str(tmp_path / "images.npy"), *expected)
    for path, values in expected.items():
        for own, value in zip(found[path], values, strict=True):
            np.testing.assert_array_equal(own, value, err_msg=path)
