"""Runs a program on one device or two, each time in a process of its own.

TensorFlow makes logical devices once per process, and a process should make one
MirroredStrategy. The program gets `strategy` from here and prints JSON.
"""

import json
import os
import subprocess
import sys

import keras
import pytest

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tf.distribute"
)

PREAMBLE = """
import json, sys
import keras, numpy as np, tensorflow as tf
import keras_sphereface as ks

replicas, arguments = int(sys.argv[1]), sys.argv[2:]
device = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    device, [tf.config.LogicalDeviceConfiguration()] * 2
)
strategy = (
    tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    if replicas == 2
    else tf.distribute.get_strategy()
)
"""


def run_replicas(replicas, program, *arguments):
    """The JSON that a program prints last, on that many replicas."""
    command = [sys.executable, "-c", PREAMBLE + program, str(replicas)]
    result = subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        # The program may import what stands beside this file.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])
