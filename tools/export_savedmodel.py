r"""Exports a trained embedder as a TensorFlow SavedModel.

    python tools/export_savedmodel.py --model=embedder.keras \
        --output=face_model --report=report.json

The folder loads with `tf.saved_model.load`, without this package, and appears
complete or not at all. `manifest.json` in it says what images the model wants
and, from the report of the training run, its thresholds.
"""

import os

from absl import app, flags, logging

import keras_sphereface as ks

_MODEL = flags.DEFINE_string(
    "model", None, "Trained embedder or recognizer, a .keras file."
)
_OUTPUT = flags.DEFINE_string("output", None, "Folder to write.")
_REPORT = flags.DEFINE_string(
    "report", None, "report.json of the run, for the thresholds."
)
flags.mark_flags_as_required(["model", "output"])


def main(_):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    exported = ks.export.export_saved_model(
        ks.export.load_embedder(_MODEL.value),
        _OUTPUT.value,
        operating_points=_REPORT.value
        and ks.export.read_operating_points(_REPORT.value),
    )
    logging.info("%s", exported)


if __name__ == "__main__":
    app.run(main)
