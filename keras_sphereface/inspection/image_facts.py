"""What one look at every image of a set tells."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from keras_sphereface.contract import ImageError, read_image
from keras_sphereface.inspection.labeled_images import inspected_images

_CHUNK = 64
_DIGEST_BYTES = 16


class ImageFacts(NamedTuple):
    """Facts about every image, one row per image; bad ones have zeros.

    Attributes:
        digests: bytes array, `[num_images]`, of the pixels: equal where two
            files show the same picture, however they are encoded.
        sizes: int32 array, `[num_images, 2]`, height and width.
        means: float32 array, `[num_images, 3]`, of R, G and B.
        deviations: float32 array, `[num_images, 3]`.
        is_gray: bool array, `[num_images]`, whether R, G and B are nearly
            equal.
        unreadable: dict of reasons by position.
    """

    digests: np.ndarray
    sizes: np.ndarray
    means: np.ndarray
    deviations: np.ndarray
    is_gray: np.ndarray
    unreadable: dict


def gather_facts(faces, advance=None) -> ImageFacts:
    """Decodes every image once, in threads.

    Args:
        faces: images of any size, in any form of `contract.list_images`.
        advance: function that is told of each further number of images done,
            or `None`. Defaults to `None`.

    Returns:
        `ImageFacts`.
    """
    faces = inspected_images("faces", faces)
    count = len(faces)
    facts = ImageFacts(
        np.zeros(count, f"S{2 * _DIGEST_BYTES}"),
        np.zeros((count, 2), np.int32),
        np.zeros((count, 3), np.float32),
        np.zeros((count, 3), np.float32),
        np.zeros(count, bool),
        {},
    )

    def look(start):
        stop = min(start + _CHUNK, count)
        return [(one, _look_at(faces, one)) for one in range(start, stop)]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for chunk in pool.map(look, range(0, count, _CHUNK)):
            for position, found in chunk:
                if isinstance(found, str):
                    facts.unreadable[position] = found
                    continue
                for column, value in zip(facts, found, strict=False):
                    column[position] = value
            if advance is not None:
                advance(len(chunk))
    return facts


def _look_at(faces, position):
    """A row of facts, or the reason why there is none."""
    try:
        pixels = read_image(faces[position])
    except ImageError as error:
        return str(error)
    except OSError as error:
        return error.strerror or str(error)
    digest = hashlib.blake2b(
        pixels.tobytes(), digest_size=_DIGEST_BYTES, salt=b"pixels"
    )
    digest.update(repr(pixels.shape).encode())
    flat = pixels.reshape(-1, 3)
    # JPEG rounds: the channels of a gray picture differ by a little.
    spread = flat.max(axis=1).astype(int) - flat.min(axis=1)
    return (
        digest.hexdigest().encode(),
        pixels.shape[:2],
        flat.mean(axis=0),
        flat.std(axis=0),
        bool(np.quantile(spread, 0.99) <= 4),
    )
