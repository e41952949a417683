r"""Aligns photographs to crops of 112x112 or 112x96.

    python tools/align_faces.py --source=photographs --out=faces
    python tools/align_faces.py --source=photographs --out=faces --width=96 \
        --detector=yunet --model=face_detection_yunet_2023mar.onnx --workers=4
    python tools/align_faces.py --source=photographs --out=faces \
        --detector=edge --model=face_detection_full_range_sparse.tflite \
        --landmarks=face_landmark.tflite
    python tools/align_faces.py --source=photographs --out=faces \
        --detector=csv --model=landmarks.csv

Of several faces in a photograph, --rule says which one is taken. The result for
each photograph, with its landmarks, is in `alignment.csv`; `contact_sheet.png`
shows some of the crops with a line where the eyes should be. If stopped, the
same command resumes it.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags, logging

import keras_sphereface as ks

_SOURCE = flags.DEFINE_string("source", None, "Folder of photographs.")
_OUT = flags.DEFINE_string("out", None, "Folder to write.")
_DETECTOR = flags.DEFINE_enum(
    "detector",
    "mtcnn",
    ["mtcnn", "yunet", "edge", "csv"],
    "mtcnn has its weights inside; the others need --model. edge is "
    "`ks.edge.FaceDetector`, without TensorFlow and OpenCV.",
)
_MODEL = flags.DEFINE_string(
    "model", None, "YuNet's .onnx, BlazeFace's .tflite (edge), or the CSV."
)
_LANDMARKS = flags.DEFINE_string(
    "landmarks", None, "face_landmark.tflite, for steadier points of edge."
)
_RULE = flags.DEFINE_enum(
    "rule",
    "center_and_size",
    ["center_and_size", "largest", "center", "best_score"],
    "Which of several faces is taken.",
)
_HEIGHT = flags.DEFINE_integer("height", 112, "Height of the crops.")
_WIDTH = flags.DEFINE_integer("width", 112, "Width of the crops; 112 or 96.")
_MIN_SCORE = flags.DEFINE_float("min_score", 0.0, "Faces below do not count.")
_QUALITY = flags.DEFINE_integer("quality", 95, "Of the JPEGs; 0 writes PNG.")
_WORKERS = flags.DEFINE_integer("workers", 1, "Processes.")
flags.mark_flags_as_required(["source", "out"])


def main(_):
    counts = ks.alignment.align_folder(
        _SOURCE.value,
        _OUT.value,
        detector=_DETECTOR.value,
        model_path=_MODEL.value,
        landmarks_path=_LANDMARKS.value,
        rule=_RULE.value,
        size=(_HEIGHT.value, _WIDTH.value),
        min_score=_MIN_SCORE.value,
        quality=_QUALITY.value,
        workers=_WORKERS.value,
        progress=True,
    )
    for status, count in sorted(counts.items()):
        logging.info("%s: %d", status, count)
    logging.info("crops, alignment.csv, contact_sheet.png: %s", _OUT.value)


if __name__ == "__main__":
    app.run(main)
