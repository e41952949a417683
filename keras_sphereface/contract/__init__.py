"""What training, evaluation and the device must agree on."""

from keras_sphereface.contract.alignment import (
    FIVE_POINT_TEMPLATE,
    align_face,
    similarity_transform,
    template_for,
)
from keras_sphereface.contract.centered_fit import fit_crops
from keras_sphereface.contract.face_input import (
    IMAGE_SIZE,
    PIXEL_MEAN,
    PIXEL_SCALE,
    FaceInput,
)
from keras_sphereface.contract.face_quality import (
    FaceQuality,
    QualityLimits,
    measure_quality,
)
from keras_sphereface.contract.first_images import check_first_images
from keras_sphereface.contract.image_sources import (
    StoredImages,
    is_stored,
    list_images,
    read_images,
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
from keras_sphereface.contract.operating_point import (
    STEADY_PAIRS,
    OperatingPoint,
    default_operating_point,
)
from keras_sphereface.contract.score_calibration import Calibration
from keras_sphereface.contract.score_histogram import ScoreHistogram
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
    "STEADY_PAIRS",
    "VERIFY_SIGNATURE",
    "Calibration",
    "EmbeddingError",
    "FaceInput",
    "FaceQuality",
    "ImageError",
    "Manifest",
    "ManifestError",
    "OperatingPoint",
    "QualityLimits",
    "ScoreHistogram",
    "StoredImages",
    "align_face",
    "check_first_images",
    "cosine_similarity",
    "default_operating_point",
    "fit_crops",
    "flip_fusion",
    "folder_checksum",
    "is_sealed",
    "is_stored",
    "list_images",
    "measure_quality",
    "read_image",
    "read_images",
    "seal",
    "similarity_transform",
    "template_for",
    "to_numpy",
    "unit_embeddings",
]
