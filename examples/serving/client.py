r"""Asks a TensorFlow Serving for embeddings of encoded crops.

    python examples/serving/client.py --url=http://127.0.0.1:8501 \
        --image=ann_1.png --image=ann_2.png

prints the cosine similarity of the first image with each. Only the standard
library is needed beside absl.
"""

import base64
import json
import pathlib
import urllib.request

from absl import app, flags

_URL = flags.DEFINE_string("url", "http://127.0.0.1:8501", "The REST address.")
_MODEL = flags.DEFINE_string("model_name", "face_model", "--model_name.")
_VERSION = flags.DEFINE_integer("version", None, "A version, or the highest.")
_IMAGES = flags.DEFINE_multi_string("image", None, "JPEG or PNG of a crop.")
flags.mark_flag_as_required("image")


def request_body(contents):
    """The JSON of a request.

    Args:
        contents: list of bytes, a JPEG or PNG file each.

    Returns:
        dict.
    """
    encoded = [{"b64": base64.b64encode(one).decode()} for one in contents]
    return {
        "signature_name": "embed_encoded",
        "inputs": {"image_bytes": encoded},
    }


def ask(contents):
    """Embeddings of encoded crops.

    Args:
        contents: list of bytes, a JPEG or PNG file each.

    Returns:
        `(embeddings, errors)`, a list of floats and a str for each.
    """
    version = f"/versions/{_VERSION.value}" if _VERSION.value else ""
    request = urllib.request.Request(
        f"{_URL.value}/v1/models/{_MODEL.value}{version}:predict",
        json.dumps(request_body(contents)).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        outputs = json.load(answer)["outputs"]
    return outputs["embeddings"], outputs["errors"]


def main(_):
    paths = _IMAGES.value
    embeddings, errors = ask([pathlib.Path(p).read_bytes() for p in paths])
    for path, embedding, error in zip(paths, embeddings, errors, strict=True):
        if error or errors[0]:
            print(f"{path}: {error or 'the first image cannot be used'}")
            continue
        # Embeddings have norm 1.
        cosine = sum(
            a * b for a, b in zip(embeddings[0], embedding, strict=True)
        )
        print(f"{path}: {cosine:.4f}")


if __name__ == "__main__":
    app.run(main)
