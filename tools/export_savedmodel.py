r"""Exports a trained embedder as a TensorFlow SavedModel.

    python tools/export_savedmodel.py --model=embedder.keras \
        --output=face_model --report=report.json

The folder loads with `tf.saved_model.load`, without this package, and appears
complete or not at all. `manifest.json` in it says what images the model wants
and, from the report of the training run, its thresholds. Beside it comes the
parity card, `face_model.parity.md` and `.json`: how close it is to Keras.
"""

import export_flags
from absl import app

import keras_sphereface as ks


def main(_):
    export_flags.run(ks.export.export_saved_model)


if __name__ == "__main__":
    app.run(main)
