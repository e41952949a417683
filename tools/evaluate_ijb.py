r"""Measures a model on IJB-B or IJB-C, from the loose crops to the tables.

    python tools/evaluate_ijb.py --model=face.tflite --data_dir=IJBC \
        --workdir=report
    python tools/evaluate_ijb.py --embeddings=report/embeddings.npy \
        --data_dir=IJBC --workdir=mean --weighting=mean --nodetector_score

`--data_dir` is one of the two as InsightFace publishes them, with `loose_crop/`
and `meta/`. Each face is cut out by its five points, embedded with its mirror
image into `embeddings.npy`, and pooled into templates; if stopped, the same
command resumes it. Other weights need no second embedding. Writes `report.json`
and `report.html` and prints the tables: TAR at FAR of 1:1 with intervals, ranks
and TPIR at FPIR of 1:N by gallery, and the numbers of InsightFace's own rules.
The defaults are those behind its published tables: images weigh by the norm of
their embedding and by the detector's score. Exported files give unit
embeddings: then only the norm of the sum with the mirror image says something,
and without --flip it must be --weighting=mean. What a model of others takes is
stated as for `tools/evaluate.py`.
"""

import os
from pathlib import Path

import model_flags
import numpy as np
from absl import app, flags

import keras_sphereface as ks

_MODEL = flags.DEFINE_string("model", None, "The model to measure.")
_EMBEDDINGS = flags.DEFINE_string(
    "embeddings", None, "embeddings.npy of an earlier run, in place of --model."
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Folder with loose_crop/ and meta/."
)
_WORKDIR = flags.DEFINE_string("workdir", "evaluation", "Folder to write to.")
_WEIGHTING = flags.DEFINE_enum(
    "weighting", "norm", ["mean", "norm"], "What images weigh in a template."
)
_DETECTOR_SCORE = flags.DEFINE_bool(
    "detector_score", True, "Weigh by the detector's score besides."
)
_FLIP = flags.DEFINE_bool("flip", True, "Add the mirror image's embedding.")
_FARS = flags.DEFINE_list(
    "fars", ["1e-1", "1e-2", "1e-3", "1e-4", "1e-5", "1e-6"], "FARs to report."
)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 64, "Images at a time.")
_RESAMPLES = flags.DEFINE_integer(
    "resamples",
    1000,
    "Draws of people behind an interval of 1:1; a quarter of an hour for the "
    "pairs of IJB-C, none with 0.",
)
flags.mark_flag_as_required("data_dir")


def main(_):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if (_MODEL.value is None) == (_EMBEDDINGS.value is None):
        raise app.UsageError("name one of --model and --embeddings")
    ijb = ks.evaluation.read_ijb(_DATA_DIR.value)
    name, flip, notes = Path(_DATA_DIR.value).resolve().name, None, ()
    if _EMBEDDINGS.value:
        embeddings = np.load(_EMBEDDINGS.value, mmap_mode="r")
    else:
        (embed,) = model_flags.open_models([_MODEL.value])
        embeddings = ks.evaluation.embed_ijb(
            embed,
            ijb,
            Path(_WORKDIR.value) / "embeddings.npy",
            flip=_FLIP.value,
            size=embed.size or ks.contract.IMAGE_SIZE,
            batch_size=_BATCH_SIZE.value,
            progress=True,
        )
        flip, notes = _FLIP.value, embed.notes
    report = ks.evaluation.measure_ijb(
        embeddings,
        ijb,
        weighting=_WEIGHTING.value,
        detector_score=_DETECTOR_SCORE.value,
        flip=flip,
        fars=[float(far) for far in _FARS.value],
        resamples=_RESAMPLES.value,
        name=name,
        notes=notes,
        progress=True,
    )
    print(ks.reports.write_ijb_report(_WORKDIR.value, report))


if __name__ == "__main__":
    app.run(main)
