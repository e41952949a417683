import os
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image
from public_states import sfnet4_state

import keras_sphereface as ks

ROOT = pathlib.Path(__file__).parents[2]


def run(*flags):
    result = subprocess.run(
        [sys.executable, ROOT / "examples" / "fine_tune.py", *flags],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stderr


@pytest.mark.slow
def test_a_public_network_learns_new_people(tmp_path):
    embedder = ks.build_embedding_model(
        "sfnet4", embedding_dim=8, image_size=(32, 32)
    )
    weights = tmp_path / "network.npz"
    np.savez(weights, **sfnet4_state(embedder))
    ks.interop.load_weights(embedder, weights)
    faces = ks.data.SyntheticFaces(4, 6, image_size=(32, 32))
    for number, (image, label) in enumerate(zip(*faces.load(), strict=True)):
        path = tmp_path / "faces" / f"person_{label}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    output = tmp_path / "tuned.keras"
    said = run(
        f"--weights={weights}",
        f"--data_dir={tmp_path / 'faces'}",
        "--head_epochs=1",
        "--epochs=1",
        f"--output={output}",
    )
    assert len(re.findall(r"[01]\.\d+ of new images are right", said)) == 3
    tuned = keras.saving.load_model(output)
    moved = {
        weight.path: np.abs(np.array(weight) - np.array(public)).max() > 0
        for weight, public in zip(tuned.weights, embedder.weights, strict=True)
    }
    kernels = [name for name in moved if name.endswith("kernel")]
    statistics = [name for name in moved if "moving" in name or "beta" in name]
    assert all(moved[name] for name in kernels)
    assert not any(moved[name] for name in statistics)
