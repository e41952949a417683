"""Runs on every format, with what a config can ask of the data."""

import io
import json
import pickle

import numpy as np
import pytest
from PIL import Image
from record_files import write_records

from keras_sphereface.data import (
    SyntheticFaces,
    open_faces,
    write_tfrecords,
)
from keras_sphereface.training import (
    DataConfig,
    EmbedderConfig,
    TrainConfig,
    VerificationConfig,
    load_faces,
    train,
)

SIZE = (32, 32)


def jpeg(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """The same faces as records and TFRecords, and a .bin of others."""
    folder = tmp_path_factory.mktemp("sets")
    images, labels = SyntheticFaces(6, 5, image_size=SIZE).load()
    write_records(
        folder / "rec", [jpeg(i) for i in images], labels.tolist(), size=SIZE
    )
    write_tfrecords(open_faces(folder / "rec"), folder / "tfrecords")
    unseen = SyntheticFaces(20, 2, first_identity=6, image_size=SIZE)
    faces = [[jpeg(unseen.draw(n, i)) for i in (0, 1)] for n in range(20)]
    pairs, is_same = [], []
    for number in range(20):
        pairs += faces[number]
        pairs += [faces[number][0], faces[number - 1][1]]
        is_same += [True, False]
    (folder / "unseen.bin").write_bytes(pickle.dumps((pairs, is_same), 2))
    return folder


def config_of(folder, **data):
    return TrainConfig(
        data=DataConfig(folder=str(folder), image_size=SIZE, **data),
        embedder=EmbedderConfig("mobilefacenet_small", embedding_dim=16),
        epochs=1,
        batch_size=8,
    )


@pytest.mark.slow
def test_a_run_on_records_is_verified_on_a_bin_file(sets, tmp_path):
    data = {
        "pairs": str(sets / "unseen.bin"),
        "augmentation": ("adaface",),
        "sampling": "identity",
        "cache": False,
    }
    config = config_of(sets / "rec", **data)
    config = TrainConfig(
        **{
            **{f: getattr(config, f) for f in config.__dataclass_fields__},
            "verification": VerificationConfig(every_epochs=1),
        }
    )
    result = train(config, tmp_path, progress=False)
    assert result.report["data"]["num_images"] == 30
    assert 0 < result.after.accuracy <= 1
    assert "verification_accuracy" in result.history[0]
    identities = json.loads((tmp_path / "identities.json").read_text())
    assert identities == ["0", "1", "2", "3", "4", "5"]


def test_records_and_tfrecords_are_one_set(sets):
    found = [
        load_faces(DataConfig(folder=str(sets / name), image_size=SIZE))
        for name in ("rec", "tfrecords")
    ]
    for faces in found:
        assert faces.num_classes == 6
        assert faces.num_images == 30
        assert faces.identities == ["0", "1", "2", "3", "4", "5"]
    np.testing.assert_array_equal(found[0].labels, found[1].labels)
    assert list(found[0].source) == list(found[1].source)


def test_identities_of_an_earlier_run_number_the_labels(sets, tmp_path):
    path = tmp_path / "identities.json"
    path.write_text(json.dumps(["b", "a"]))
    for name in ("a", "b"):
        (tmp_path / "faces" / name).mkdir(parents=True)
        image = Image.new("RGB", SIZE)
        image.save(tmp_path / "faces" / name / "1.png")
    config = DataConfig(
        folder=str(tmp_path / "faces"),
        image_size=SIZE,
        identities=str(path),
    )
    faces = load_faces(config)
    assert faces.identities == ["b", "a"]
    assert faces.labels.tolist() == [1, 0]
    path.write_text("{}")
    with pytest.raises(ValueError, match="JSON list of names"):
        load_faces(config)
