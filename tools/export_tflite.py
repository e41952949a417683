r"""Exports a trained embedder as a TFLite file for phones.

    python tools/export_tflite.py --model=embedder.keras \
        --output=face.tflite --report=report.json
    python tools/export_tflite.py --model=embedder.keras \
        --output=face_int8.tflite --quantization=int8 \
        --calibration=faces/train --report=report.json \
        --pairs=pairs.txt --pairs_root=faces/test

The file carries its thresholds, from the report of the training run, and
appears complete or not at all. `tools/verify_edge.py` compares two faces with
it. Beside it comes the parity card, `face.tflite.parity.md` and `.json`: how
close it is to Keras and, for an int8 file, which tensors lose most.
"""

import export_flags
from absl import app, flags

import keras_sphereface as ks

_QUANTIZATION = flags.DEFINE_string(
    "quantization", "float32", "float32, float16, dynamic, int8 or int16x8."
)
_CALIBRATION = flags.DEFINE_string(
    "calibration", None, "For int8 and int16x8, a folder of aligned faces."
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", None, "A fixed number of images at a time; any if not set."
)
_OUTPUT_DTYPE = flags.DEFINE_string(
    "output_dtype", "float32", "float32, or int8 for an int8 file."
)


def main(_):
    export_flags.run(
        ks.export.export_litert,
        quantization=_QUANTIZATION.value,
        calibration=_CALIBRATION.value,
        batch_size=_BATCH_SIZE.value,
        output_dtype=_OUTPUT_DTYPE.value,
    )


if __name__ == "__main__":
    app.run(main)
