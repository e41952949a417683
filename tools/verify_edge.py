r"""Tells whether two aligned face images show one person.

    python tools/verify_edge.py --model=face.tflite \
        --image_a=anna_1.png --image_b=anna_2.png

Runs what a device runs: the TFLite file alone, without TensorFlow. The images
must have the size the file was exported for, 112x112 unless said otherwise.
"""

from absl import app, flags, logging

import keras_sphereface as ks

_MODEL = flags.DEFINE_string(
    "model", None, "A .tflite file of tools/export_tflite.py."
)
_IMAGE_A = flags.DEFINE_string("image_a", None, "Aligned face image.")
_IMAGE_B = flags.DEFINE_string("image_b", None, "Aligned face image.")
_FAR = flags.DEFINE_float(
    "far", None, "False accept rate, one of the file's; its lowest if not set."
)
_THRESHOLD = flags.DEFINE_float(
    "threshold", None, "Cosine similarity to use instead of the file's."
)
flags.mark_flags_as_required(["model", "image_a", "image_b"])


def main(_):
    verifier = ks.edge.FaceVerifier(_MODEL.value, far=_FAR.value)
    verification = verifier.verify(
        _IMAGE_A.value, _IMAGE_B.value, threshold=_THRESHOLD.value
    )
    logging.info("%s", verification)


if __name__ == "__main__":
    app.run(main)
