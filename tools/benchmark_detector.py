r"""Measures face detectors on photographs in which the faces are known.

    python tools/benchmark_detector.py --faces=faces/test --mtcnn \
        --detector=face_detection_short_range.tflite,face_landmark.tflite \
        --detector=yunet.onnx --recognizer=face_int8.tflite

Aligned crops of 112x112 are turned by up to --degrees, scaled and shifted onto
larger canvases, alone, and with a passer-by at the edge. Per detector, a
Markdown row says how often the face is found; in which share of the faces both
eyes lie within 3 pixels of where they belong, at 112x112; how often the right
one of two faces is chosen; and the time per photograph on one thread, without
decoding. Where the eyes belong is told by MTCNN, the mean of four looks at the
untouched crop (with --mtcnn), and, in a column of its own, by the template that
the crop was once aligned to, which is only as good as that alignment was.

With --recognizer, `FaceVerifier.verify` of two JPEG photographs of each of
--sizes is timed in a process without TensorFlow, decoding, detector and
recognizer included, on one thread, with the memory that the process takes.
"""

import functools
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from absl import app, flags, logging
from made_photographs import CROP, make_photograph
from PIL import Image

import keras_sphereface as ks

_FACES = flags.DEFINE_string("faces", None, "Folder of aligned crops, 112x112.")
_DETECTOR = flags.DEFINE_multi_string(
    "detector",
    [],
    "Model file of a FaceDetector, or two, with a comma: face_landmark.tflite "
    "second. Repeat for more.",
)
_MTCNN = flags.DEFINE_bool("mtcnn", False, "Whether MTCNN is measured too.")
_COUNT = flags.DEFINE_integer("count", 400, "Photographs of one face.")
_DEGREES = flags.DEFINE_float("degrees", 30, "The most that a face is turned.")
_SEED = flags.DEFINE_integer("seed", 0, "Of the photographs.")
_RECOGNIZER = flags.DEFINE_string(
    "recognizer", None, "Exported file, to time `verify` with."
)
_SIZES = flags.DEFINE_list(
    "sizes", ["640x480", "1280x960", "2560x1920"], "Photographs to time."
)
_RUNS = flags.DEFINE_integer("runs", 50, "Of each timing.")
flags.mark_flags_as_required(["faces"])

EYES = ks.contract.FIVE_POINT_TEMPLATE[:2].astype(np.float64)
LIMIT = 3.0  # pixels of the crop
_HERE = pathlib.Path(__file__).parent
_HEADER = (
    "| detector | found | eyes within 3 px | of the template | right of two | "
    "ms, median | mean |"
)


def eye_error(landmarks, reference):
    """How far an alignment puts the eyes from where another puts them.

    Args:
        landmarks: `[5, 2]`, in pixels of the original crop.
        reference: `[5, 2]`, in the same pixels.

    Returns:
        Float, pixels at 112x112, of the eye that is farther away.
    """
    template = ks.contract.FIVE_POINT_TEMPLATE
    ours, theirs = (
        ks.contract.similarity_transform(points, template)
        for points in (landmarks, reference)
    )
    # Where the eyes of the other alignment's crop are in the original.
    origin = np.linalg.solve(theirs[:, :2], EYES.T - theirs[:, 2:])
    found = ours[:, :2] @ origin + ours[:, 2:]
    return float(np.hypot(*(found - EYES.T)).max())


def reference_points(crop, detect):
    """Five points of an untouched crop: the mean of four looks at it.

    Args:
        crop: uint8, `[112, 112, 3]`.
        detect: function from an image to a list of `DetectedFace`.

    Returns:
        `[5, 2]`, or `None` if no look shows a face.
    """
    found = []
    for scale in (1.5, 2.2):
        side = round(CROP * scale)
        border = side // 5
        for mirrored in (False, True):
            pixels = crop[:, ::-1] if mirrored else crop
            image = Image.new("RGB", (side + 2 * border,) * 2, (110,) * 3)
            large = Image.fromarray(pixels).resize(
                (side, side), Image.Resampling.BILINEAR
            )
            image.paste(large, (border, border))
            faces = detect(np.asarray(image))
            if not faces:
                continue
            face = max(faces, key=lambda face: face.box[2])
            points = (face.landmarks + 0.5 - border) * CROP / side - 0.5
            if mirrored:
                points = (points * [-1, 1] + [CROP - 1, 0])[[1, 0, 2, 4, 3]]
            found.append(points)
    return np.mean(found, axis=0) if found else None


def is_of(face, placed):
    """Whether a found face is the one that was placed there."""
    if face is None:
        return False
    middle = placed.to_crop(face.landmarks).mean(0)
    away = middle - ks.contract.FIVE_POINT_TEMPLATE.mean(0)
    return bool(np.hypot(*away) < CROP / 4)


def measure(find_one, alone, pairs, references):
    """The numbers of one detector.

    Args:
        find_one: function from an image to a `DetectedFace` or `None`.
        alone: list of `Photograph` of one face.
        pairs: list of `Photograph` of two.
        references: list of `[5, 2]` or `None`, of the faces of `alone`.

    Returns:
        Dict of str to float; faces that are not found count as far away.
    """
    errors, template_errors, seconds, found = [], [], [], 0
    template = ks.contract.FIVE_POINT_TEMPLATE
    for photograph, reference in zip(alone, references, strict=True):
        started = time.perf_counter()
        face = find_one(photograph.image)
        seconds.append(time.perf_counter() - started)
        [placed] = photograph.faces
        hit = is_of(face, placed)
        found += hit
        points = placed.to_crop(face.landmarks) if hit else None
        if reference is not None:
            errors.append(eye_error(points, reference) if hit else np.inf)
        template_errors.append(eye_error(points, template) if hit else np.inf)
    right = [is_of(find_one(pair.image), pair.faces[0]) for pair in pairs]
    return {
        "found": found / len(alone),
        "eyes": float(np.mean(np.array(errors) <= LIMIT)) if errors else None,
        "template": float(np.mean(np.array(template_errors) <= LIMIT)),
        "right": float(np.mean(right)),
        "median_ms": float(np.median(seconds)) * 1e3,
        "mean_ms": float(np.mean(seconds)) * 1e3,
    }


def row_of(name, numbers):
    """A Markdown row."""

    def percent(key):
        value = numbers[key]
        return "-" if value is None else f"{100 * value:.1f} %"

    return (
        f"| {name} | {percent('found')} | {percent('eyes')} | "
        f"{percent('template')} | {percent('right')} | "
        f"{numbers['median_ms']:.1f} | {numbers['mean_ms']:.1f} |"
    )


def time_verification(detector, size, recognizer, paths, runs):
    """Numbers of `verify` on two photographs, from a process of its own."""
    rng = np.random.default_rng(0)
    width, height = map(int, size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        photographs = []
        for number, path in enumerate(paths[:2]):
            made = make_photograph(
                rng, [path], (height, width), scales=(1.99, 2.01)
            )
            file = io.BytesIO()
            Image.fromarray(made.image).save(file, "JPEG", quality=90)
            photographs.append(os.path.join(folder, f"{number}.jpg"))
            pathlib.Path(photographs[-1]).write_bytes(file.getvalue())
        case = {
            "detector": detector.split(","),
            "recognizer": recognizer,
            "photographs": photographs,
            "runs": runs,
        }
        finished = subprocess.run(
            [
                sys.executable,
                _HERE / "time_detector_case.py",
                json.dumps(case),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    return json.loads(finished.stdout)


def _log_accuracy(paths, rng):
    detectors = {
        name: ks.edge.FaceDetector(*name.split(","), threads=1).find_one
        for name in _DETECTOR.value
    }
    references = [None] * len(paths)
    if _MTCNN.value:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        mtcnn = ks.alignment.MtcnnDetector()
        detectors["MTCNN"] = functools.partial(_choose, mtcnn)
        logging.info("looking for the eyes of %d crops", len(paths))
        references = [
            reference_points(ks.contract.read_image(path), mtcnn)
            for path in paths
        ]
    degrees = _DEGREES.value
    alone = [make_photograph(rng, [path], degrees=degrees) for path in paths]
    others = np.roll(paths, len(paths) // 2)
    pairs = [
        make_photograph(rng, [path, str(other)], degrees=degrees)
        for path, other in zip(paths[::2], others[::2], strict=True)
    ]
    logging.info("%s", _HEADER)
    logging.info("|%s", " --- |" * (_HEADER.count("|") - 1))
    for name, find_one in detectors.items():
        numbers = measure(find_one, alone, pairs, references)
        label = " + ".join(map(os.path.basename, name.split(",")))
        logging.info("%s", row_of(label, numbers))


def _choose(detect, image):
    return ks.edge.choose_face(detect(image), image.shape[:2])


def main(_):
    rng = np.random.default_rng(_SEED.value)
    faces = sorted(map(str, pathlib.Path(_FACES.value).rglob("*.jpg")))
    count = min(_COUNT.value, len(faces))
    chosen = rng.choice(len(faces), count, replace=False)
    paths = [faces[place] for place in chosen]
    _log_accuracy(paths, rng)
    if _RECOGNIZER.value:
        logging.info(
            "| detector | photographs | verify, ms (10 to 90 %) | "
            "of the processor | memory, MB |"
        )
        logging.info("| --- | --- | --- | --- | --- |")
        for detector in _DETECTOR.value:
            label = " + ".join(map(os.path.basename, detector.split(",")))
            for size in _SIZES.value:
                found = time_verification(
                    detector, size, _RECOGNIZER.value, paths, _RUNS.value
                )
                logging.info(
                    "| %s | %s | %.1f (%.1f to %.1f) | %.1f | %.0f |",
                    label,
                    size,
                    np.median(found["milliseconds"]),
                    *np.percentile(found["milliseconds"], [10, 90]),
                    np.median(found["of_processor"]),
                    found["peak_mb"],
                )


if __name__ == "__main__":
    app.run(main)
