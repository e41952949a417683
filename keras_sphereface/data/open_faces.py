"""Telling the formats of training sets apart."""

import os

from keras_sphereface.data.encoded_faces import EncodedFaces
from keras_sphereface.data.image_folder import ImageFolder
from keras_sphereface.data.registry import opener_of
from keras_sphereface.data.selected_faces import SelectedFaces


def open_faces(
    folder,
    *,
    format=None,
    image_size=None,
    check_images=True,
    identities=None,
    leave_out=None,
):
    """Opens a training set in any of the formats of this package, or of yours.

    A folder with `train.rec`, or a `.rec` file, is a `RecordDataset`; one with
    `manifest.json` a `TFRecordFolder`; one that a registered format holds is of
    that; any other an `ImageFolder`.

    Args:
        folder: path.
        format: str, one of `names()`, or `"module:name"` of an opener as
            `register` takes it. Defaults to `None`: told by what is there.
        image_size: `(height, width)` every image must have. Defaults to
            `None`: as the set says, or else `(112, 112)`.
        check_images: bool, whether every image is decoded, or every shard
            compared with its checksum, before training. Defaults to `True`.
        identities: list of str, what the labels mean, as an earlier run saved
            it. Another meaning is an error; an `ImageFolder` numbers its
            folders by it. Defaults to `None`.
        leave_out: path of a CSV of images to leave out, as
            tools/inspect_dataset.py writes it, or what else `SelectedFaces`
            takes. Defaults to `None`, none.

    Returns:
        `RecordDataset`, `TFRecordFolder`, `ImageFolder`, or another
        `EncodedFaces`; a `SelectedFaces` of it with `leave_out`.
    """
    faces = _open_all(folder, format, image_size, check_images, identities)
    return faces if leave_out is None else SelectedFaces(faces, leave_out)


def _open_all(folder, format, image_size, check_images, identities):
    name = os.fspath(folder) if isinstance(folder, (str, os.PathLike)) else ""
    opener = opener_of(name, format)
    settings = {"check_images": check_images}
    if image_size is not None:
        settings["image_size"] = image_size
    if opener is ImageFolder:
        return ImageFolder(folder, identities=identities, **settings)
    faces = opener(folder, **settings)
    if not isinstance(faces, EncodedFaces):
        raise ValueError(
            "A data format must open a set as EncodedFaces. "
            f"Received: format={format!r}, which opens {faces!r}"
        )
    if identities is not None and list(identities) != faces.identities:
        raise ValueError(
            "`identities` must be those of the set, or its labels would mean "
            f"others. Received: {len(list(identities))} identities for the "
            f"{faces.num_classes} of {name}"
        )
    return faces
