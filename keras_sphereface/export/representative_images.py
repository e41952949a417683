"""The images that int8 ranges are taken from, or that Keras is compared on."""

import numpy as np

from keras_sphereface.contract import (
    FaceInput,
    StoredImages,
    is_stored,
    list_images,
    read_images,
)
from keras_sphereface.contract.image_sources import Images

STORED_IMAGES = 256


def read_calibration(
    calibration: Images | None, face_input: FaceInput
) -> np.ndarray:
    """Brings calibration images of any form into one array.

    Args:
        calibration: as `images` of `gather_images`, faces that vary.
        face_input: `contract.FaceInput` they must fit.

    Returns:
        uint8 or float32 array, `[num_images, height, width, 3]`.
    """
    if calibration is None:
        raise ValueError(
            "Integer quantization needs `calibration` images, about 100 faces "
            "like those the device will see. Received: calibration=None"
        )
    images = gather_images(calibration, face_input, "calibration")
    if images.min() == images.max():
        raise ValueError(
            "`calibration` must be faces, for int8 ranges are taken from them. "
            f"Received: only pixels of value {images.min()}"
        )
    return images


def gather_images(
    images: Images, face_input: FaceInput, name: str
) -> np.ndarray:
    """Brings images of any form into one array.

    Args:
        images: as `contract.list_images` takes them, pixels in `[0, 255]`. Of
            more than 256 in a folder or a data set, 256 evenly spaced are
            read.
        face_input: `contract.FaceInput` they must fit.
        name: str, the name of the argument they came in.

    Returns:
        uint8 or float32 array, `[num_images, height, width, 3]`, in the order
        given.
    """
    sources = list_images(name, images)
    if is_stored(images) and len(sources) > STORED_IMAGES:
        index = np.arange(STORED_IMAGES) * len(sources) // STORED_IMAGES
        if isinstance(sources, StoredImages):
            sources = sources.take(index)
        elif isinstance(sources, np.ndarray):
            sources = sources[index]
        else:
            sources = [sources[place] for place in index.tolist()]
    return read_images(name, sources, face_input)
