"""The client and the settings for a server, without the server.

TensorFlow Serving is a program of its own, which tests cannot install. A
server of the standard library answers as its REST documentation says, with the
signature of an exported folder.
"""

import base64
import contextlib
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_sphereface.export import export_saved_model

FOLDER = pathlib.Path(__file__).parents[2] / "examples" / "serving"


@contextlib.contextmanager
def serving(folder):
    """A server on loopback: its URL, and the paths that it was asked for."""
    signatures = tf.saved_model.load(str(folder)).signatures
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            contents = [
                base64.b64decode(one["b64"], validate=True)
                for one in body["inputs"]["image_bytes"]
            ]
            found = signatures[body["signature_name"]](
                image_bytes=tf.constant(contents)
            )
            outputs = {
                "embeddings": found["embeddings"].numpy().tolist(),
                "errors": [e.decode() for e in found["errors"].numpy()],
            }
            answer = json.dumps({"outputs": outputs}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.mark.slow
def test_the_client_compares_crops(tmp_path):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    flat = keras.layers.Flatten()(inputs)
    embedder = keras.Model(inputs, keras.layers.Dense(5, use_bias=False)(flat))
    export_saved_model(embedder, tmp_path / "face_model", version=7)
    faces = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), np.uint8)
    for name, face in zip("ab", faces, strict=True):
        Image.fromarray(face).save(tmp_path / f"{name}.png")
    (tmp_path / "c.png").write_bytes(b"no image")
    with serving(tmp_path / "face_model" / "7") as (url, asked):
        done = subprocess.run(
            [
                *(sys.executable, FOLDER / "client.py", f"--url={url}"),
                *(f"--image={tmp_path / name}.png" for name in "abc"),
                "--version=7",
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "no_proxy": "127.0.0.1"},
        )
    assert done.returncode == 0, done.stderr
    assert asked == ["/v1/models/face_model/versions/7:predict"]
    a, b = np.asarray(embedder(faces), np.float64)
    cosine = sum(a * b) / np.sqrt(sum(a * a) * sum(b * b))
    lines = [line.split("/")[-1] for line in done.stdout.splitlines()]
    assert lines[0] == "a.png: 1.0000"
    assert float(lines[1].removeprefix("b.png: ")) == pytest.approx(
        cosine, abs=1e-4
    )
    assert lines[2] == "c.png: must be a JPEG or PNG crop, and is neither"


def test_the_batching_file_has_the_fields_of_batching_parameters():
    text = (FOLDER / "batching.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = {}
    for line in lines:
        name, value = re.fullmatch(r"(\w+) \{ value: (\d+) \}", line).groups()
        found[name] = int(value)
    # Of batching_parameters in TensorFlow Serving's session bundle.
    assert set(found) == {
        "max_batch_size",
        "batch_timeout_micros",
        "num_batch_threads",
        "max_enqueued_batches",
    }
    assert min(found.values()) > 0
