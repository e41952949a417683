"""Files: complete or not at all, sealed, and read without running them."""

from keras_sphereface.files.atomic import new_file, new_folder, write_json
from keras_sphereface.files.checksum import (
    NO_CHECKSUM,
    folder_checksum,
    is_sealed,
    seal,
)

__all__ = [
    "NO_CHECKSUM",
    "folder_checksum",
    "is_sealed",
    "new_file",
    "new_folder",
    "seal",
    "write_json",
]
