"""The flags that `export_savedmodel.py`, `_tflite.py` and `_onnx.py` share."""

import os

from absl import flags, logging

import keras_sphereface as ks

_MODEL = flags.DEFINE_string(
    "model", None, "Trained embedder or recognizer, a .keras file."
)
OUTPUT = flags.DEFINE_string("output", None, "What to write.")
_REPORT = flags.DEFINE_string(
    "report", None, "report.json of the run, for the thresholds."
)
_FACES = flags.DEFINE_string(
    "faces", None, "Folder of aligned faces to compare with Keras on."
)
_PAIRS = flags.DEFINE_string(
    "pairs",
    None,
    "pairs.txt, .bin, .csv or another file of pairs, to compare accuracy on.",
)
_PAIRS_ROOT = flags.DEFINE_string(
    "pairs_root", None, "Folder of the images in --pairs; a .bin has its own."
)
_FORCE = flags.DEFINE_bool(
    "force", False, "Write an artifact that the comparison refuses, too."
)
flags.mark_flags_as_required(["model", "output"])


def run(export, **arguments):
    """Exports by the shared flags and writes the parity card.

    Args:
        export: one of the functions of `ks.export`.
        **arguments: its own arguments.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if _PAIRS.value is None and _PAIRS_ROOT.value is not None:
        raise flags.IllegalFlagValueError("--pairs_root needs --pairs.")
    report = export(
        ks.export.load_embedder(_MODEL.value),
        OUTPUT.value,
        operating_points=_REPORT.value
        and ks.export.read_operating_points(_REPORT.value),
        faces=_FACES.value,
        pairs=_PAIRS.value
        and ks.evaluation.PairSet.from_file(_PAIRS.value, _PAIRS_ROOT.value),
        force=_FORCE.value,
        **arguments,
    )
    report.write()
    logging.info("%s", report)
