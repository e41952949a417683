"""What training, evaluation and the device must agree on."""

from keras_sphereface.contract.alignment import (
    FIVE_POINT_TEMPLATE,
    align_face,
    similarity_transform,
    template_for,
)
from keras_sphereface.contract.face_input import (
    IMAGE_SIZE,
    PIXEL_MEAN,
    PIXEL_SCALE,
    FaceInput,
)
from keras_sphereface.contract.images import ImageError, read_image
from keras_sphereface.contract.manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    MANIFEST_NAME,
    QUANTIZATIONS,
    SIGNATURE,
    VERIFY_SIGNATURE,
    Manifest,
    ManifestError,
)
from keras_sphereface.contract.operating_point import OperatingPoint
from keras_sphereface.contract.similarity import (
    EmbeddingError,
    cosine_similarity,
    flip_fusion,
    to_numpy,
    unit_embeddings,
)
from keras_sphereface.files import NO_CHECKSUM, folder_checksum, is_sealed, seal

__all__ = [
    "FIVE_POINT_TEMPLATE",
    "FORMAT_VERSION",
    "IMAGE_SIZE",
    "MANIFEST_FILE",
    "MANIFEST_NAME",
    "NO_CHECKSUM",
    "PIXEL_MEAN",
    "PIXEL_SCALE",
    "QUANTIZATIONS",
    "SIGNATURE",
    "VERIFY_SIGNATURE",
    "EmbeddingError",
    "FaceInput",
    "ImageError",
    "Manifest",
    "ManifestError",
    "OperatingPoint",
    "align_face",
    "cosine_similarity",
    "flip_fusion",
    "folder_checksum",
    "is_sealed",
    "read_image",
    "seal",
    "similarity_transform",
    "template_for",
    "to_numpy",
    "unit_embeddings",
]
