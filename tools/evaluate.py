r"""Measures how well a model verifies faces it never saw.

    python tools/evaluate.py --model=face.tflite \
        --pairs=pairs.txt --pairs_root=lfw --workdir=report
    python tools/evaluate.py --compare before.keras after.keras \
        --pairs=pairs.txt --pairs_root=lfw --workdir=report

Pairs are in any format of `PairSet.from_file`: LFW's and its relatives', lists
of paths, tables, the folder of CFP, or a `.bin` of InsightFace; the last needs
no --pairs_root:

    python tools/evaluate.py --model=face.tflite --pairs=agedb_30.bin

A model is a .keras file, a SavedModel folder, a .tflite or an .onnx file. Those
of others do not say what pixels they take; state it:

    python tools/evaluate.py --compare face.tflite peer.onnx \
        --pairs=agedb_30.bin --color_order=RGB --pixel_mean=127.5 \
        --pixel_scale=127.5

112x112 crops are cut to 112x96 for a network that takes these; see --fit.
Writes `report.json`, whose operating points `tools/export_tflite.py --report=`
puts into an artifact, and `report.html`, a page in one file, and prints the
tables. 3,000 pairs of 1,000 faces take about a minute on two cores.
`--attributes=` is a CSV whose first column names people or images: the table is
then shown by group.
"""

import os
from pathlib import Path

import model_flags
from absl import app, flags

import keras_sphereface as ks

_MODEL = flags.DEFINE_string("model", None, "The model to measure.")
_COMPARE = flags.DEFINE_bool(
    "compare", False, "Measure the models named after the flags, two or more."
)
_PAIRS = flags.DEFINE_string(
    "pairs", None, "pairs.txt, .bin, .csv or another file, or CFP's folder."
)
_PAIRS_ROOT = flags.DEFINE_string(
    "pairs_root", None, "Folder of the images in --pairs; a .bin has its own."
)
_WORKDIR = flags.DEFINE_string("workdir", "evaluation", "Folder to write to.")
_ATTRIBUTES = flags.DEFINE_string("attributes", None, "CSV of attributes.")
_FARS = flags.DEFINE_list(
    "fars", ["1e-1", "1e-2", "1e-3", "1e-4", "1e-5", "1e-6"], "FARs to report."
)
_FLIP = flags.DEFINE_bool("flip", False, "Add the mirror image's embedding.")
_PROTOCOL = flags.DEFINE_enum(
    "protocol",
    "midpoints",
    ["midpoints", "insightface"],
    "Candidates for the ten-fold thresholds.",
)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 64, "Images at a time.")
_RESAMPLES = flags.DEFINE_integer(
    "resamples", 1000, "Draws of people behind an interval."
)
flags.mark_flag_as_required("pairs")


def main(arguments):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    models = _models(arguments[1:])
    pairs = ks.evaluation.PairSet.from_file(_PAIRS.value, _PAIRS_ROOT.value)
    attributes = _ATTRIBUTES.value and ks.evaluation.read_attributes(
        _ATTRIBUTES.value, pairs
    )
    embedders = model_flags.open_models([*models.values()])
    full_reports = {
        name: ks.evaluation.full_report(
            embed,
            pairs,
            attributes=attributes,
            fars=[float(far) for far in _FARS.value],
            flip=_FLIP.value,
            batch_size=_BATCH_SIZE.value,
            name=name if len(models) > 1 else Path(_PAIRS.value).name,
            protocol=_PROTOCOL.value,
            resamples=_RESAMPLES.value,
            progress=True,
        )
        for name, embed in zip(models, embedders, strict=True)
    }
    written = ks.reports.write_full_reports(
        _WORKDIR.value, full_reports, resamples=_RESAMPLES.value
    )
    print(written)


def _models(compared):
    """Paths by a name that tells them apart."""
    if _COMPARE.value:
        if _MODEL.value or len(compared) < 2:
            raise app.UsageError(
                "--compare takes two models or more, and no --model: "
                "--compare A B"
            )
    elif not _MODEL.value or compared:
        raise app.UsageError("name one model with --model, or --compare A B")
    paths = compared if _COMPARE.value else [_MODEL.value]
    names = [Path(path).name for path in paths]
    if len(set(names)) < len(names):
        names = paths
    if len(set(names)) < len(names):
        raise app.UsageError(f"a model is named twice: {paths}")
    return dict(zip(names, paths, strict=True))


if __name__ == "__main__":
    app.run(main)
