r"""Exports a trained embedder as a TensorFlow SavedModel.

    python tools/export_savedmodel.py --model=embedder.keras \
        --output=face_model --report=report.json

The folder loads with `tf.saved_model.load`, without this package, and appears
complete or not at all. `manifest.json` in it says what images the model wants
and, from the report of the training run, its thresholds. Beside it comes the
parity card, `face_model.parity.md` and `.json`: how close it is to Keras.

With `--version=3` the SavedModel is `face_model/3`, for TensorFlow Serving; see
`examples/serving`. A version that exists is never replaced.
"""

import export_flags
from absl import app, flags

import keras_sphereface as ks

_VERSION = flags.DEFINE_integer(
    "version", None, "Write the folder of a version in --output, at least 1."
)


def main(_):
    export_flags.run(ks.export.export_saved_model, version=_VERSION.value)


if __name__ == "__main__":
    app.run(main)
