r"""Measures the thresholds of an exported model on pairs of your own.

    python tools/set_threshold.py --model=face.tflite \
        --pairs=pairs.csv --pairs_root=faces

A threshold holds for faces like those it was measured on. This embeds the pairs
with the file itself, a .tflite, an .onnx or, where TensorFlow is installed, a
SavedModel folder, puts the new thresholds, their intervals, the calibration and
the distribution of the scores into it, and seals it again. The model stays as
it is to the last bit, and so do galleries of it. Without --pairs it says what
is in the file.

Beside the rates of --fars stands the strictest one that the pairs measure
steadily, with 30 pairs of different people above it; it is what everybody who
does not choose a rate then works at. 300 pairs of different people are the
least for that, 30,000 give a false accept rate of 0.1 %.
"""

import dataclasses
from pathlib import Path

from absl import app, flags, logging

import keras_sphereface as ks

_MODEL = flags.DEFINE_string("model", None, "The exported file or folder.")
_PAIRS = flags.DEFINE_string(
    "pairs", None, "pairs.txt, .bin, .csv or another file of pairs."
)
_PAIRS_ROOT = flags.DEFINE_string(
    "pairs_root", None, "Folder of the images in --pairs; a .bin has its own."
)
_FARS = flags.DEFINE_list(
    "fars", None, "False accept rates; those of the file if not set."
)
_NAME = flags.DEFINE_string(
    "name", None, "What the pairs are called in the file; their file's name."
)
_KEY_FILE = flags.DEFINE_string(
    "key_file", None, "File of the secret that the model was sealed with."
)
flags.mark_flag_as_required("model")


def main(_):
    key = _KEY_FILE.value and Path(_KEY_FILE.value).read_bytes()
    manifest = ks.edge.read_manifest(_MODEL.value, key)
    if _PAIRS.value is not None:
        manifest = measured(manifest, key)
        ks.edge.replace_manifest(_MODEL.value, manifest, key=key)
    logging.info("%s\n%s", _MODEL.value, table(manifest))


def measured(manifest, key):
    """The manifest with what the file's own scores of the pairs say."""
    pairs = ks.evaluation.PairSet.from_file(_PAIRS.value, _PAIRS_ROOT.value)
    points = manifest.operating_points
    flip = any(point.flip for point in points)
    fars = [float(far) for far in _FARS.value or ()]
    found = ks.evaluation.measure_thresholds(
        scores=ks.evaluation.score_pairs(
            embedder(key), pairs, flip=flip, face_input=manifest.input
        ),
        is_same=pairs.is_same,
        people=pairs.pair_people,
        fars=fars or [point.far for point in points] or None,
        name=_NAME.value or pairs.title,
        flip=flip,
    )
    for note in found.notes:
        logging.info("%s", note)
    if not found.operating_points:
        raise app.UsageError("the pairs are too few for any of the --fars")
    return dataclasses.replace(
        manifest,
        operating_points=found.operating_points,
        calibration=found.calibration,
        histogram=found.histogram,
        model_checksum=manifest.model_checksum or manifest.checksum,
    )


def embedder(key):
    """What embeds the pairs: the file, as a device runs it."""
    if Path(_MODEL.value).is_dir():
        return ks.export.open_embedder(_MODEL.value, key=key)
    return ks.edge.FaceVerifier(_MODEL.value, flip=False, key=key).embed


def table(manifest):
    """The operating points, and which of them decides."""
    points = sorted(manifest.operating_points, key=lambda point: point.far)
    if not points:
        return "It has no operating points."
    chosen = manifest.operating_point()
    lines = []
    for point in points:
        interval = ""
        if point.far_interval is not None:
            low, high = point.far_interval
            interval = f" [{low:.2g}, {high:.2g}]"
        tar = "" if point.tar is None else f", TAR {point.tar:.2%}"
        steady = "steady" if point.is_steady else "UNSTEADY"
        default = ", the default" if point is chosen else ""
        lines.append(
            f"FAR {point.far:g}{interval}: score >= {point.threshold:.4f}"
            f"{tar}, on {point.data}, {steady}{default}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    app.run(main)
