"""A file that grows piece by piece, by whole pieces only."""

import os
import weakref


class GrowingFile:
    """A file at whose end pieces are added, each whole or not at all.

    Nothing waits in memory: what was added is there for whoever reads the
    file, also if the process is killed. A piece that the disk did not take is
    cut off again, so that the file ends with the last whole one.

    Args:
        path: str or path; made if it is missing.

    Example:

    ```python
    with GrowingFile("log.csv") as log:
        log.append(b"a.jpg,aligned\\n")
    ```
    """

    def __init__(self, path):
        self._path = os.fspath(path)
        mode = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._file = os.open(path, mode, 0o666)
        self.close = weakref.finalize(self, os.close, self._file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def append(self, content):
        """Adds a piece.

        Args:
            content: bytes, or another buffer.

        Raises:
            OSError: the disk is full or failed; the error has the name.
        """
        size = os.fstat(self._file).st_size
        rest = memoryview(content).cast("B")
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            os.ftruncate(self._file, size)
            raise self._with_name(error) from error

    def truncate(self, size):
        """Cuts the file off.

        Args:
            size: int, bytes that are left.
        """
        os.ftruncate(self._file, size)

    def bring_to_disk(self):
        """Waits until everything is on the disk.

        Raises:
            OSError: the disk is full or failed; the error has the name.
        """
        try:
            os.fsync(self._file)
        except OSError as error:
            raise self._with_name(error) from error

    def _with_name(self, error):
        return OSError(error.errno, error.strerror, self._path)
