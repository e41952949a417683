r"""Exports a trained embedder as a TFLite file for phones.

    python tools/export_tflite.py --model=embedder.keras \
        --output=face.tflite --report=report.json
    python tools/export_tflite.py --model=embedder.keras \
        --output=face_int8.tflite --quantization=int8 \
        --calibration=faces/train --report=report.json

The file carries its thresholds, from the report of the training run, and
appears complete or not at all. `tools/verify_edge.py` compares two faces with
it.
"""

import os

from absl import app, flags, logging

import keras_sphereface as ks

_MODEL = flags.DEFINE_string(
    "model", None, "Trained embedder or recognizer, a .keras file."
)
_OUTPUT = flags.DEFINE_string("output", None, "The .tflite file to write.")
_QUANTIZATION = flags.DEFINE_string(
    "quantization", "float32", "float32, float16, dynamic or int8."
)
_CALIBRATION = flags.DEFINE_string(
    "calibration", None, "For int8, a folder of aligned faces."
)
_REPORT = flags.DEFINE_string(
    "report", None, "report.json of the run, for the thresholds."
)
flags.mark_flags_as_required(["model", "output"])


def main(_):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    exported = ks.export.export_litert(
        ks.export.load_embedder(_MODEL.value),
        _OUTPUT.value,
        quantization=_QUANTIZATION.value,
        calibration=_CALIBRATION.value,
        operating_points=_REPORT.value
        and ks.export.read_operating_points(_REPORT.value),
    )
    logging.info("%s", exported)


if __name__ == "__main__":
    app.run(main)
