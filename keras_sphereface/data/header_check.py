"""What the headers of a set's images say, without decoding one."""

import numpy as np

from keras_sphereface.contract.image_policy import kind_of
from keras_sphereface.data.decoding import FAST_KINDS, UnreadableImageError
from keras_sphereface.data.thread_map import map_in_threads

_SAMPLE = 64


def check_headers(faces):
    """The images that should not be decoded: what is wrong with their headers.

    Every image is read, and sets `faces.has_rare_kinds` if it is of one.

    Args:
        faces: `EncodedFaces`.

    Returns:
        Dict from the name of an image to the reason.
    """
    faces.has_rare_kinds = False

    def faults_of(positions):
        return [_fault_of(faces, one) for one in positions]

    found = map_in_threads(faults_of, range(len(faces)))
    return {faces.name_of(at): why for at, why in enumerate(found) if why}


def sample_has_rare_kinds(faces):
    """Whether one of a few images is neither JPEG nor PNG.

    Args:
        faces: `EncodedFaces`.

    Returns:
        bool; `True` where one of them cannot be read.
    """
    count = min(len(faces), _SAMPLE)
    chosen = np.linspace(0, len(faces) - 1, count, dtype=int)
    try:
        kinds = {kind_of(faces.read_bytes(int(one))) for one in chosen}
    except OSError:
        return True
    return not kinds <= set(FAST_KINDS)


def _fault_of(faces, position):
    try:
        _, header = faces.read_encoded(position)
    except UnreadableImageError as error:
        return error.reason
    if (header.height, header.width) != faces.image_size:
        return f"{header.height}x{header.width} pixels"
    return ""
