r"""Converts a training set to TFRecord shards.

    python tools/make_tfrecords.py --source=faces --out=faces_tfrecords
    python tools/make_tfrecords.py --source=faces_webface_112x112 --out=casia

The source is a folder with one sub-folder per identity, or one with
InsightFace's train.rec. The images are copied as they are. If killed, the same
command resumes it; damaged shards are written again. Any training takes the
result as its --data_dir.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags, logging
from tqdm import tqdm

import keras_sphereface as ks

_SOURCE = flags.DEFINE_string("source", None, "Folder, or .rec file.")
_OUT = flags.DEFINE_string("out", None, "Folder to write.")
_IMAGES_PER_SHARD = flags.DEFINE_integer(
    "images_per_shard", 32_768, "Images per shard."
)
_CHECK = flags.DEFINE_bool(
    "check", True, "Decode every image first, and leave out broken ones."
)
_HEIGHT = flags.DEFINE_integer("height", 0, "Height of the images; 0 is 112.")
_WIDTH = flags.DEFINE_integer("width", 0, "Width of the images; 0 is 112.")
flags.mark_flags_as_required(["source", "out"])


def main(_):
    size = (_HEIGHT.value or 112, _WIDTH.value or 112)
    faces = ks.data.open_faces(
        _SOURCE.value,
        image_size=size if _HEIGHT.value or _WIDTH.value else None,
        check_images=_CHECK.value,
    )
    with tqdm(total=len(faces), unit="img") as bar:
        manifest = ks.data.write_tfrecords(
            faces,
            _OUT.value,
            images_per_shard=_IMAGES_PER_SHARD.value,
            progress=lambda done: bar.update(done - bar.n),
        )
    logging.info(
        "%d images of %d identities in %d shards: %s",
        manifest["num_images"],
        len(manifest["identities"]),
        len(manifest["shards"]),
        _OUT.value,
    )


if __name__ == "__main__":
    app.run(main)
