r"""Says whether two faces show one person, or measures that on many pairs.

    python tools/verify_edge.py --model=face.tflite \
        --image_a=anna_1.png --image_b=anna_2.png
    python tools/verify_edge.py --model=face.tflite \
        --pairs=pairs.txt --pairs_root=lfw --json=verified.json

Runs what a device runs: the TFLite or ONNX file alone, without TensorFlow. The
images must have the size the file was exported for, 112x112 unless said
otherwise.

With pairs, in any format of `PairSet.from_file`, it shows how many of them the
file's own threshold decides correctly, the report of `tools/evaluate.py`, and
the milliseconds per face: percentiles over all images, one at a time, without
reading them.
"""

import time

import numpy as np
from absl import app, flags, logging

import keras_sphereface as ks

_MODEL = flags.DEFINE_string(
    "model", None, "A .tflite or .onnx file of tools/export_*.py."
)
_IMAGE_A = flags.DEFINE_string("image_a", None, "Aligned face image.")
_IMAGE_B = flags.DEFINE_string("image_b", None, "Aligned face image.")
_PAIRS = flags.DEFINE_string(
    "pairs", None, "pairs.txt, .bin, .csv or another file of pairs."
)
_PAIRS_ROOT = flags.DEFINE_string(
    "pairs_root", None, "Folder of the images in --pairs; a .bin has its own."
)
_FAR = flags.DEFINE_float(
    "far",
    None,
    "False accept rate, one of the file's; its lowest steady one if not set.",
)
_THRESHOLD = flags.DEFINE_float(
    "threshold", None, "Cosine similarity to use instead of the file's."
)
_THREADS = flags.DEFINE_integer(
    "threads", None, "Threads per image; the runtime's choice if not set."
)
_JSON = flags.DEFINE_string("json", None, "File for the numbers of --pairs.")
flags.mark_flags_as_required(["model"])

_PERCENTILES = (50, 90, 95, 99)


def main(_):
    two = _IMAGE_A.value is not None and _IMAGE_B.value is not None
    many = _PAIRS.value is not None and (
        _PAIRS_ROOT.value is not None or ks.pairs.has_own_images(_PAIRS.value)
    )
    if two == many:
        raise app.UsageError(
            "give --image_a and --image_b, or --pairs, with --pairs_root where "
            "its images are in a folder"
        )
    verifier = ks.edge.FaceVerifier(
        _MODEL.value, far=_FAR.value, threads=_THREADS.value
    )
    if two:
        verification = verifier.verify(
            _IMAGE_A.value, _IMAGE_B.value, threshold=_THRESHOLD.value
        )
        logging.info("%s", verification)
    else:
        verify_pairs(verifier)


def verify_pairs(verifier):
    """Scores all pairs, and prints and writes what comes of it."""
    pairs = ks.evaluation.PairSet.from_file(_PAIRS.value, _PAIRS_ROOT.value)
    milliseconds = []

    def embed(images):
        embeddings = []
        for image in images:
            started = time.perf_counter()
            embeddings.append(verifier.embed(image))
            milliseconds.append((time.perf_counter() - started) * 1000)
        return np.concatenate(embeddings)

    verifier.warm_up()
    scores = ks.evaluation.score_pairs(
        embed, pairs, face_input=verifier.manifest.input
    )
    report = ks.evaluation.verify_scores(
        scores=scores,
        is_same=pairs.is_same,
        folds=pairs.folds,
        people=pairs.pair_people,
        flip=verifier.flip,
        name=_PAIRS.value,
    )
    decisions = decide(verifier, scores, pairs.is_same)
    latency = {
        f"p{percentile}": float(np.percentile(milliseconds, percentile))
        for percentile in _PERCENTILES
    }
    print(report)
    if decisions:
        print(
            f"at the threshold {decisions['threshold']:.4f}: "
            f"{decisions['accuracy']:.2%} of the decisions are right; accepts "
            f"{decisions['tar']:.2%} of the same and {decisions['far']:.2%} of "
            "different people"
        )
        if _THRESHOLD.value is None:
            print(describe(verifier.operating_point))
    print(
        "milliseconds per face: "
        + ", ".join(f"{name} {value:.2f}" for name, value in latency.items())
    )
    if _JSON.value:
        ks.files.write_json(
            _JSON.value,
            {
                "model": _MODEL.value,
                "quantization": verifier.manifest.quantization,
                "threads": _THREADS.value,
                "flip": verifier.flip,
                "images": len(pairs.images),
                "milliseconds": latency,
                "decisions": decisions,
                "report": report.to_dict(),
            },
        )


def describe(point):
    """What the threshold of the file rests on."""
    interval = ""
    if point.far_interval is not None:
        low, high = point.far_interval
        interval = f" [{low:.2g}, {high:.2g}]"
    rests = (
        "it is not known on how many pairs of different people"
        if point.impostor_pairs is None
        else f"on {point.impostors_above} of {point.impostor_pairs:,} pairs of "
        "different people"
    )
    return (
        f"the file says FAR {point.far:g}{interval} on {point.data}, "
        f"{'steady' if point.is_steady else 'UNSTEADY'}: it rests {rests}"
    )


def decide(verifier, scores, is_same):
    """How the one threshold of the device does; `None` if there is none."""
    threshold, point = _THRESHOLD.value, verifier.operating_point
    if threshold is None and point is None:
        return None
    if threshold is None:
        threshold = point.threshold
    accepted = scores >= threshold
    return {
        "threshold": threshold,
        "accuracy": float(np.mean(accepted == is_same)),
        "tar": float(np.mean(accepted[is_same])),
        "far": float(np.mean(accepted[~is_same])),
    }


if __name__ == "__main__":
    app.run(main)
