"""Which format a path holds, and what its labels mean."""

from pathlib import Path

import pytest
from record_files import IMAGES, LABELS, write_records

from keras_sphereface.data import (
    ImageFolder,
    RecordDataset,
    TFRecordFolder,
    open_faces,
)


def test_open_faces_tells_the_formats_apart(tmp_path, source, shards):
    rec = write_records(tmp_path / "rec", IMAGES, LABELS)
    size = {"image_size": (16, 12)}
    assert isinstance(open_faces(rec), RecordDataset)
    assert isinstance(open_faces(str(rec / "train.rec")), RecordDataset)
    assert isinstance(open_faces(shards), TFRecordFolder)
    assert isinstance(open_faces(source.folder, **size), ImageFolder)
    with pytest.raises(ValueError, match="`image_size` must be that of the"):
        open_faces(shards, image_size=(112, 112))
    with pytest.raises(ValueError, match="`identities` must be those"):
        open_faces(rec, identities=["a", "b", "c"])
    with pytest.raises(ValueError, match="`folder` must"):
        open_faces(Path(tmp_path) / "nowhere")


def test_saved_identities_keep_the_meaning_of_labels(source):
    names = ["a new one", "person 2", "person 1", "person 0"]
    faces = open_faces(source.folder, image_size=(16, 12), identities=names)
    assert faces.identities == names
    assert faces.num_classes == 4
    assert sorted(set(faces.labels.tolist())) == [1, 2, 3]
    assert [names[label] for _, label in faces] == [
        f"person {label}" for label in LABELS
    ]
    with pytest.raises(ValueError, match="must name every sub-folder"):
        ImageFolder(source.folder, image_size=(16, 12), identities=names[:2])
    with pytest.raises(ValueError, match="each one once"):
        ImageFolder(source.folder, identities=names * 2)
