"""A small folder of faces, and its shards."""

import pytest
from record_files import IMAGES, LABELS

from keras_sphereface.data import ImageFolder, write_tfrecords


@pytest.fixture
def source(tmp_path):
    for seed, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        path = tmp_path / "faces" / f"person {label}" / f"{seed}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)
    return ImageFolder(tmp_path / "faces", image_size=(16, 12))


@pytest.fixture
def shards(tmp_path, source):
    write_tfrecords(source, tmp_path / "out", images_per_shard=4)
    return tmp_path / "out"
