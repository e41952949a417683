import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from public_states import mobilefacenet_state

import keras_sphereface as ks

ROOT = pathlib.Path(__file__).parents[2]


def run(*flags):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "import_weights.py", *flags],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_a_public_file_becomes_a_recognizer_to_train_on(tmp_path):
    embedder = ks.build_embedding_model(
        "mobilefacenet", embedding_dim=8, image_size=(32, 16)
    )
    centers = np.random.default_rng(0).random((5, 8), "float32")
    source = tmp_path / "last.npz"
    np.savez(
        source, **mobilefacenet_state(embedder), **{"head.weight": centers}
    )
    output = tmp_path / "recognizer.keras"
    result = run(
        f"--weights={source}",
        f"--centers={source}",
        "--head=arcface",
        f"--output={output}",
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert "xiaoccer_mobilefacenet" in result.stderr
    assert "The head has 5 classes" in result.stderr
    recognizer = keras.saving.load_model(output)
    np.testing.assert_array_equal(recognizer.head.centers, centers.T)
    ks.interop.load_weights(embedder, source)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 16, 3), "uint8")
    np.testing.assert_allclose(
        recognizer.predict(pixels, verbose=0),
        embedder.predict(pixels, verbose=0),
        rtol=1e-5,
    )


@pytest.mark.slow
def test_a_file_of_another_network_leaves_nothing(tmp_path):
    source = tmp_path / "other.npz"
    np.savez(source, weight=np.zeros((2, 3)))
    output = tmp_path / "embedder.keras"
    result = run(f"--weights={source}", f"--output={output}")
    assert result.returncode != 0
    assert "weight  (2, 3)" in result.stderr
    assert not output.exists()


@pytest.mark.slow
def test_a_name_is_looked_up_and_leaves_nothing_to_say(tmp_path):
    output = f"--output={tmp_path / 'embedder.keras'}"
    result = run("--name=mobilefacenet", output)
    assert "must be one of ['mobilefacenet_casia'" in result.stderr
    result = run("--name=mobilefacenet_casia", "--color_order=BGR", output)
    assert "--color_order is for --weights" in result.stdout + result.stderr
    result = run("--name=mobilefacenet_casia", "--weights=a.ckpt", output)
    assert result.returncode != 0
    assert not list(tmp_path.iterdir())
