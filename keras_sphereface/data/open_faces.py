"""Telling the formats of training sets apart."""

import os

from keras_sphereface.data.image_folder import ImageFolder
from keras_sphereface.data.record_dataset import RecordDataset
from keras_sphereface.data.shard_manifest import MANIFEST_NAME, PARTIAL_NAME
from keras_sphereface.data.tfrecord_folder import TFRecordFolder


def open_faces(folder, *, image_size=None, check_images=True, identities=None):
    """Opens a training set in any of the formats of this package.

    A folder with `train.rec`, or a `.rec` file, is a `RecordDataset`; one with
    `manifest.json` a `TFRecordFolder`; any other an `ImageFolder`.

    Args:
        folder: path.
        image_size: `(height, width)` every image must have. Defaults to
            `None`: as the set says, or else `(112, 112)`.
        check_images: bool, whether every image is decoded, or every shard
            compared with its checksum, before training. Defaults to `True`.
        identities: list of str, what the labels mean, as an earlier run saved
            it. Another meaning is an error; an `ImageFolder` numbers its
            folders by it. Defaults to `None`.

    Returns:
        `RecordDataset`, `TFRecordFolder` or `ImageFolder`.
    """
    name = os.fspath(folder) if isinstance(folder, (str, os.PathLike)) else ""
    size = {} if image_size is None else {"image_size": image_size}

    def holds(file):
        return os.path.isfile(os.path.join(name, file))

    if name.endswith(".rec") or (name and holds("train.rec")):
        faces = RecordDataset(folder, check_images=check_images, **size)
    elif name and (holds(MANIFEST_NAME) or holds(PARTIAL_NAME)):
        faces = TFRecordFolder(folder, check_shards=check_images)
        if image_size is not None and tuple(image_size) != faces.image_size:
            raise ValueError(
                "`image_size` must be that of the shards, "
                f"{faces.image_size}. Received: image_size={image_size}"
            )
    else:
        return ImageFolder(
            folder, check_images=check_images, identities=identities, **size
        )
    if identities is not None and list(identities) != faces.identities:
        raise ValueError(
            "`identities` must be those of the set, or its labels would mean "
            f"others. Received: {len(list(identities))} identities for the "
            f"{faces.num_classes} of {name}"
        )
    return faces
