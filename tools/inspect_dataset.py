r"""Shows what is in a training set, and what is wrong with it.

    python tools/inspect_dataset.py --data_dir=faces --workdir=inspection
    python tools/inspect_dataset.py --data_dir=casia --test_dir=lfw \
        --model=face.tflite --workdir=inspection
    python tools/inspect_dataset.py --data_dir=faces \
        --recognizer=run/recognizer.keras --workdir=inspection

Counts, images per identity, unreadable images, duplicates, identities that
share images, sizes, colors, alignment; with --test_dir, pictures that are in
both; with --model, identities that look like one person; with --recognizer,
images far from the dominant center of their class.
Writes `inspection.json` and `inspection.html`, a page in one file, and, with
--recognizer, `left_out.csv`, which --leave_out and `data.open_faces(folder,
leave_out=)` read.
"""

import json
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from absl import app, flags, logging
from tqdm import tqdm

import keras_sphereface as ks

_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "One folder per identity, or train.rec, or TFRecords."
)
_TEST_DIR = flags.DEFINE_string("test_dir", None, "People to be tested on.")
_MODEL = flags.DEFINE_string(
    "model", None, "A .keras, .tflite or .onnx file or a SavedModel."
)
_THRESHOLD = flags.DEFINE_float(
    "threshold", 0.7, "Cosine from which two identities are listed as similar."
)
_RECOGNIZER = flags.DEFINE_string(
    "recognizer",
    None,
    "The recognizer.keras of a run on this set whose head had sub-centers; "
    "its identities.json is read where it lies beside it.",
)
_LARGEST_ANGLE = flags.DEFINE_float(
    "largest_angle",
    75.0,
    "Degrees from the dominant center of a class that an image may have.",
)
_LEAVE_OUT = flags.DEFINE_string(
    "leave_out", None, "A left_out.csv, whose images are not looked at."
)
_WORKDIR = flags.DEFINE_string("workdir", "inspection", "Where to write.")
flags.mark_flag_as_required("data_dir")


def main(_):
    recognizer, identities = _open_recognizer(_RECOGNIZER.value)
    faces = ks.data.open_faces(
        _DATA_DIR.value,
        check_images=False,
        identities=identities,
        leave_out=_LEAVE_OUT.value,
    )
    test = _TEST_DIR.value and ks.data.open_faces(
        _TEST_DIR.value, check_images=False
    )
    embed = _MODEL.value and ks.export.open_embedder(_MODEL.value)
    total = len(faces) + (len(test) if test else 0)
    total += len(faces) if recognizer else 0
    with tqdm(total=total, unit="img") as bar:
        far = recognizer and _find_far_images(faces, recognizer, bar.update)
        report = ks.inspection.inspect_faces(
            faces,
            test=test or None,
            embed=embed or None,
            threshold=_THRESHOLD.value,
            far=far,
            advance=bar.update,
        )
    page = ks.inspection.write_inspection(
        _WORKDIR.value, report, faces, title=_DATA_DIR.value
    )
    for fault in ks.inspection.faults_of(report):
        logging.warning("%s", fault)
    logging.info("written: %s", page)


def _open_recognizer(path):
    """A recognizer and what its labels mean, or `None` and `None`."""
    if path is None:
        return None, None
    names = pathlib.Path(path).with_name("identities.json")
    identities = (
        json.loads(names.read_text("utf-8")) if names.exists() else None
    )
    return keras.saving.load_model(path, compile=False), identities


def _find_far_images(faces, recognizer, advance):
    far = ks.inspection.far_images(
        faces,
        recognizer.embedder.predict_on_batch,
        keras.ops.convert_to_numpy(recognizer.head.centers),
        largest_angle=_LARGEST_ANGLE.value,
        advance=advance,
    )
    path = pathlib.Path(_WORKDIR.value) / "left_out.csv"
    ks.data.write_left_out(path, far)
    logging.info("written: %s, %d images", path, len(far))
    return far


if __name__ == "__main__":
    app.run(main)
