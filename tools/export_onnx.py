r"""Exports a trained embedder as an ONNX file.

    python tools/export_onnx.py --model=embedder.keras \
        --output=face.onnx --report=report.json

The file carries its thresholds, from the report of the training run, and
appears complete or not at all. Beside it comes the parity card,
`face.onnx.parity.md` and `.json`: how close it is to Keras.
"""

import export_flags
from absl import app, flags

import keras_sphereface as ks

_OPSET = flags.DEFINE_integer("opset", 17, "13 to 18.")


def main(_):
    export_flags.run(ks.export.export_onnx, opset=_OPSET.value)


if __name__ == "__main__":
    app.run(main)
