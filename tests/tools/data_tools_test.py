"""The command lines about data, as a user types them."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import pytest
from record_files import encoded, write_records

from keras_sphereface.data import RecordDataset, TFRecordFolder, read_left_out
from keras_sphereface.heads import SubCenterArcFaceHead
from keras_sphereface.models import FaceRecognizer

ROOT = pathlib.Path(__file__).parents[2]
LABELS = [0, 0, 0, 1, 1, 1, 2, 2, 2]
IMAGES = [encoded(seed, size=(32, 32)) for seed in range(9)]


def run(tool, *arguments, folder="tools"):
    result = subprocess.run(
        [sys.executable, ROOT / folder / f"{tool}.py", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return result.returncode, result.stdout + result.stderr


@pytest.mark.slow
def test_records_become_tfrecords_and_are_inspected(tmp_path):
    folder = write_records(tmp_path / "rec", IMAGES, LABELS, size=(32, 32))
    code, text = run(
        "make_tfrecords",
        f"--source={folder}",
        f"--out={tmp_path / 'out'}",
        "--images_per_shard=4",
    )
    assert code == 0, text
    assert "9 images of 3 identities in 3 shards" in text
    assert list(TFRecordFolder(tmp_path / "out")) == list(RecordDataset(folder))
    code, text = run(
        "inspect_dataset",
        f"--data_dir={tmp_path / 'out'}",
        f"--test_dir={folder}",
        f"--workdir={tmp_path / 'inspection'}",
    )
    assert code == 0, text
    assert "Test images that are in training: 9." in text
    report = json.loads(
        (tmp_path / "inspection" / "inspection.json").read_text()
    )
    assert report["counts"]["images"] == 9
    assert (tmp_path / "inspection" / "inspection.html").is_file()


@pytest.mark.slow
def test_images_far_from_their_class_are_listed_and_left_out(tmp_path):
    folder = write_records(tmp_path / "rec", IMAGES, LABELS, size=(32, 32))
    keras.utils.set_random_seed(2)
    inputs = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    embedder = keras.Model(inputs, keras.layers.Dense(4)(pooled))
    head = SubCenterArcFaceHead(3)
    FaceRecognizer(embedder, head).save(tmp_path / "recognizer.keras")
    (tmp_path / "identities.json").write_text('["0", "1", "2"]')
    arguments = [f"--data_dir={folder}", f"--workdir={tmp_path / 'out'}"]
    # Untrained: they are 20 to 81 degrees from their centers.
    code, text = run(
        "inspect_dataset",
        *arguments,
        f"--recognizer={tmp_path / 'recognizer.keras'}",
        "--largest_angle=35",
    )
    assert code == 0, text
    left_out = tmp_path / "out" / "left_out.csv"
    far = read_left_out(left_out)
    assert len(far) == 5
    report = json.loads((tmp_path / "out" / "inspection.json").read_text())
    assert report["far_images"]["count"] == len(far)
    code, text = run("inspect_dataset", *arguments, f"--leave_out={left_out}")
    assert code == 0, text
    report = json.loads((tmp_path / "out" / "inspection.json").read_text())
    assert report["counts"]["readable"] == 9 - len(far)


@pytest.mark.slow
@pytest.mark.release
def test_input_is_benchmarked(tmp_path):
    for seed, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        image = encoded(seed, size=(112, 112))
        path = tmp_path / str(label) / f"{seed}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(image)
    code, text = run(
        "benchmark_input",
        f"--data_dir={tmp_path}",
        "--batch_size=4",
        "--batches=2",
        "--turns=2",
    )
    assert code == 0, text
    for name in ("train.rec", "TFRecords", "folder", "PIL", "decode_jpeg"):
        assert name in text


@pytest.mark.slow
def test_the_example_of_keras_cv_says_what_it_needs():
    code, text = run("keras_cv_augmentation", folder="examples")
    if code:
        assert "pip install keras-cv" in text
    else:
        assert "black pixels" in text
