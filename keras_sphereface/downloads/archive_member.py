"""One file out of an archive that was verified."""

import tarfile
import zipfile
from pathlib import Path
from typing import IO

from keras_sphereface.downloads.download_error import DownloadError


def read_member(archive: Path, member: str, size: int) -> bytes:
    """Reads a file out of a wheel, a zip or a tgz.

    Args:
        archive: `Path`, whose first bytes say what it is.
        member: str, the file's name in it.
        size: int, bytes it has.

    Returns:
        bytes, `size` of them.

    Raises:
        DownloadError: there is no such file, or one of another size.
    """
    try:
        if zipfile.is_zipfile(archive):
            with (
                zipfile.ZipFile(archive) as zipped,
                zipped.open(member) as file,
            ):
                return _read(file, archive, member, size)
        with tarfile.open(archive, "r:gz") as tar:
            taken = tar.extractfile(member)
            if taken is None:
                raise KeyError(f"{member} is no file")
            with taken:
                return _read(taken, archive, member, size)
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise DownloadError(
            f"{archive.name} must hold {member} ({error})"
        ) from error


def _read(file: IO[bytes], archive: Path, member: str, size: int) -> bytes:
    # One byte more than it may have, however long it claims to be.
    content = file.read(size + 1)
    if len(content) != size:
        received = "more" if len(content) > size else f"{len(content):,}"
        raise DownloadError(
            f"{member} in {archive.name} must have {size:,} bytes. "
            f"Received: {received}"
        )
    return content
