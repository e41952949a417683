"""Files of which a piece is missing or wrong."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]
# In a process of its own: a runtime could take the tests down with it.
PROGRAM = """
import collections, json, pathlib, random, sys
import numpy as np
from keras_sphereface.edge import FaceVerifier

path, kind = pathlib.Path(sys.argv[1]), sys.argv[2]
content = path.read_bytes()
images = np.load(sys.argv[3])
expected = FaceVerifier(path, threads=1).embed(images)
choose = random.Random(0)
outcomes = collections.Counter()
for number in range(150):
    damaged = bytearray(content)
    if kind == "cut off":
        del damaged[number * len(content) // 150 :]
    else:
        # The tables lie at both ends; half of the bits are of the weights.
        end = choose.choice([0, len(content) - 800])
        byte = end + choose.randrange(800)
        if number % 2:
            byte = choose.randrange(len(content))
        damaged[byte] ^= 1 << choose.randrange(8)
    path.write_bytes(damaged)
    try:
        verifier = FaceVerifier(path, threads=1)
    except ValueError as error:
        outcomes["named" if path.name in str(error) else repr(error)] += 1
        continue
    try:
        same = np.array_equal(verifier.embed(images), expected)
    except ValueError:  # embeddings of zeros or NaN
        same = False
    outcomes["same" if same else "different"] += 1
print(json.dumps(outcomes))
"""


@pytest.fixture
def outcomes(exported, tmp_path):
    """How often opening what kind of damage ends how."""

    def outcomes(kind):
        path = tmp_path / "face.tflite"
        path.write_bytes(exported.path.read_bytes())
        np.save(tmp_path / "images.npy", exported.images)
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                PROGRAM,
                path,
                kind,
                tmp_path / "images.npy",
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return outcomes


def test_a_file_that_was_cut_off_is_an_error_that_names_it(outcomes):
    assert outcomes("cut off") == {"named": 150}


def test_a_flipped_bit_is_an_error_that_names_it(outcomes):
    assert outcomes("flipped") == {"named": 150}
