"""Files: complete or not at all, sealed, and read without running them."""

from keras_sphereface.files.atomic import (
    new_file,
    new_folder,
    new_stream,
    write_json,
)
from keras_sphereface.files.checksum import (
    NO_CHECKSUM,
    folder_checksum,
    is_sealed,
    new_digest,
    seal,
    unseal,
)
from keras_sphereface.files.folder_lock import FolderInUseError, lock_folder
from keras_sphereface.files.growing_file import GrowingFile
from keras_sphereface.files.protobuf_fields import (
    protobuf_field,
    protobuf_fields,
    protobuf_pieces,
)
from keras_sphereface.files.trailing_checksum import (
    CHECKSUM_BYTES,
    has_trailing_checksum,
    write_trailing_checksum,
)
from keras_sphereface.files.unfinished import remove_unfinished

__all__ = [
    "CHECKSUM_BYTES",
    "NO_CHECKSUM",
    "FolderInUseError",
    "GrowingFile",
    "folder_checksum",
    "has_trailing_checksum",
    "is_sealed",
    "lock_folder",
    "new_digest",
    "new_file",
    "new_folder",
    "new_stream",
    "protobuf_field",
    "protobuf_fields",
    "protobuf_pieces",
    "remove_unfinished",
    "seal",
    "unseal",
    "write_json",
    "write_trailing_checksum",
]
