import os
import pathlib
import subprocess
import sys

import keras
import pytest
from multiply_adds import count_multiply_adds

from keras_sphereface.export import export_litert
from keras_sphereface.models import build_embedding_model

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.slow
def test_row_is_as_large_as_the_model_and_its_file(tmp_path):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("artifacts are written on the TensorFlow backend")
    run = subprocess.run(
        [
            sys.executable,
            ROOT / "tools" / "model_summary.py",
            "--backbones=mobilefacenet_small",
            "--image_size=32",
            "--embedding_dim=256",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    cells = run.stdout.splitlines()[-1].strip("| ").split(" | ")
    embedder = build_embedding_model(
        "mobilefacenet_small", 256, image_size=(32, 32)
    )
    assert cells[0] == "`mobilefacenet_small`"
    assert cells[1] == f"{embedder.count_params() / 1e6:.2f} M"
    assert cells[2] == f"{count_multiply_adds(embedder) / 1e6:,.0f} M"
    path = tmp_path / "face.tflite"
    export_litert(embedder, path, signatures=("embed",))
    size = path.stat().st_size / 1e6
    # The graph and the manifest come on top of the weights; the cell is
    # rounded to 0.1.
    assert abs(float(cells[4].removesuffix(" MB")) - size) < 0.15
