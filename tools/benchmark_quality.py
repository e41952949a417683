r"""Measures what refusing poor faces is worth.

    python tools/benchmark_quality.py --model=face.tflite --faces=faces/test \
        --plot=quality.png

Copies of aligned crops are blurred, shrunk, shaken, darkened, brightened, made
flat or noisy, and covered from below, each at three strengths. The first table
says how many of each `contract.QualityLimits` refuses: its defaults, and limits
measured on the faces of half the people, which the others are judged by.

The second is a curve of error against share refused. Probes are untouched
crops and spoiled copies, as many of each; every one is compared with an
untouched crop of the same person and with one of somebody else. The threshold
is the one that accepts 1 % of impostors among untouched crops. Limits are drawn
closer and closer, and what is left after refusing is rejected wrongly (FNMR)
and accepted wrongly (FMR) so often.
"""

import numpy as np
import quality_curve
from absl import app, flags, logging

import keras_sphereface as ks

_MODEL = flags.DEFINE_string("model", None, "Exported file.")
_FACES = flags.DEFINE_string(
    "faces", None, "Aligned crops, one folder per identity."
)
_PROBES = flags.DEFINE_integer("probes", 200, "Copies of each kind.")
_SEED = flags.DEFINE_integer("seed", 0, "Of the choices and the noise.")
_PLOT = flags.DEFINE_string("plot", None, "Picture of the curve to write.")
_JSON = flags.DEFINE_string("json", None, "File to write all numbers to.")
flags.mark_flags_as_required(["model", "faces"])


def main(_):
    verifier = ks.edge.FaceVerifier(_MODEL.value)
    size = (verifier.manifest.input.height, verifier.manifest.input.width)
    crops, people = quality_curve.read_faces(_FACES.value, size)
    logging.info("%d crops of %d people", len(crops), len(set(people)))
    random = np.random.default_rng(_SEED.value)
    report = quality_curve.measure(
        verifier, crops, people, _PROBES.value, random
    )
    print(quality_curve.tables(report))
    if _JSON.value:
        ks.files.write_json(_JSON.value, report)
    if _PLOT.value:
        quality_curve.plot(report, _PLOT.value)


if __name__ == "__main__":
    app.run(main)
