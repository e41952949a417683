"""Arrays in a file that is whole, to the last bit, or refused."""

import zipfile

import numpy as np

from keras_sphereface.files import (
    CHECKSUM_BYTES,
    has_trailing_checksum,
    new_file,
    write_trailing_checksum,
)


class CheckpointError(ValueError):
    """A checkpoint that cannot be read or belongs to another run."""


def write_arrays(path, arrays):
    """Writes an `.npz` file that ends with its checksum.

    That is its comment, the last bytes of a zip file, so that NumPy reads it
    as any other.

    Args:
        path: str or path.
        arrays: dict of arrays by name.
    """
    with new_file(path) as temporary:
        np.savez(temporary, **arrays)
        with zipfile.ZipFile(temporary, "a") as file:
            file.comment = b"0" * CHECKSUM_BYTES
        write_trailing_checksum(temporary)


def read_arrays(path):
    """Reads what `write_arrays` wrote.

    The checksum of the whole file is compared before anything else is read,
    and nothing is unpickled.

    Args:
        path: str or path.

    Returns:
        Dict of arrays by name.

    Raises:
        CheckpointError: the file is damaged, or cannot be read.
    """
    try:
        with open(path, "rb") as opened:
            if not has_trailing_checksum(opened):
                raise CheckpointError(f"damaged checkpoint {path}")
            file = np.load(opened, allow_pickle=False)
            return {name: file[name] for name in file.files}
    except OSError as error:
        raise CheckpointError(
            f"unreadable checkpoint {path} ({error.strerror})"
        ) from error
