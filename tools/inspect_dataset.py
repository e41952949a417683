r"""Shows what is in a training set, and what is wrong with it.

    python tools/inspect_dataset.py --data_dir=faces --workdir=inspection
    python tools/inspect_dataset.py --data_dir=casia --test_dir=lfw \
        --model=face.tflite --workdir=inspection

Counts, images per identity, unreadable images, duplicates, identities that
share images, sizes, colors, alignment; with --test_dir, pictures that are in
both; with --model, identities that look like one person.
Writes `inspection.json` and `inspection.html`, a page in one file.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

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
_WORKDIR = flags.DEFINE_string("workdir", "inspection", "Where to write.")
flags.mark_flag_as_required("data_dir")


def main(_):
    faces = ks.data.open_faces(_DATA_DIR.value, check_images=False)
    test = _TEST_DIR.value and ks.data.open_faces(
        _TEST_DIR.value, check_images=False
    )
    embed = _MODEL.value and ks.export.open_embedder(_MODEL.value)
    total = len(faces) + (len(test) if test else 0)
    with tqdm(total=total, unit="img") as bar:
        report = ks.inspection.inspect_faces(
            faces,
            test=test or None,
            embed=embed or None,
            threshold=_THRESHOLD.value,
            advance=bar.update,
        )
    page = ks.inspection.write_inspection(
        _WORKDIR.value, report, faces, title=_DATA_DIR.value
    )
    for fault in ks.inspection.faults_of(report):
        logging.warning("%s", fault)
    logging.info("written: %s", page)


if __name__ == "__main__":
    app.run(main)
