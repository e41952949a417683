"""How much a file from elsewhere may ask for."""

import os

from keras_sphereface.interop.weights_errors import WeightsFileError

# The largest public face networks are IResNet-200 and ViT-Large, 1.3 GB.
MAX_ARRAY_BYTES = 4 << 30
# What a file may unfold to beyond a multiple of its own size.
FREE_BYTES = 16 << 20
# Names, shapes and training state; tensors lie outside the pickle. A step
# takes microseconds, and a tensor forty steps.
MAX_PICKLE_BYTES = 64 << 20
MAX_PICKLE_STEPS = 500_000
# JSON takes twenty times its size in memory.
MAX_HEADER_BYTES = 4 << 20
MAX_ENTRIES = 100_000


class ByteBudget:
    """Counts what a file unfolds to, and stops it at a limit.

    Args:
        limit: int, bytes. `None` is `MAX_ARRAY_BYTES`. Defaults to `None`.
    """

    def __init__(self, limit=None):
        self.limit = MAX_ARRAY_BYTES if limit is None else limit
        self.spent = 0

    @classmethod
    def of_file(cls, file, growth):
        """The budget of a file, in proportion to its size.

        Args:
            file: binary file, seekable.
            growth: int, bytes that each of the file's may unfold to. 16 MiB
                are free.

        Returns:
            `ByteBudget`.
        """
        place = file.tell()
        size = file.seek(0, os.SEEK_END)
        file.seek(place)
        return cls(min(MAX_ARRAY_BYTES, FREE_BYTES + growth * size))

    def spend(self, num_bytes):
        """Raises `WeightsFileError` once the sum is above the limit."""
        self.spent += num_bytes
        if self.spent > self.limit:
            raise WeightsFileError(
                f"the file asks for more than {self.limit} bytes of arrays"
            )


class BoundedFile:
    """A file that never reads past its end or a limit, nor allocates for it.

    `file.read(2**60)` of a hostile length would reserve memory first.

    Args:
        file: binary file, seekable.
        limit: int, bytes that may be read in all.
    """

    def __init__(self, file, limit):
        self._file = file
        start = file.tell()
        self._end = min(file.seek(0, os.SEEK_END), start + limit)
        file.seek(start)

    def read(self, size):
        """`size` bytes; `WeightsFileError` where there are not as many."""
        if size < 0 or size > self._end - self._file.tell():
            raise WeightsFileError(
                "the file ends early, or is larger than may be"
            )
        return self._file.read(size)

    def skip(self, size):
        """Goes on without reading."""
        if size > self._end - self._file.tell():
            raise WeightsFileError("the file ends early")
        self._file.seek(size, os.SEEK_CUR)

    def readline(self):
        """Bytes up to the next newline, at most 4096."""
        return self._file.readline(min(4096, self._end - self._file.tell()))

    def tell(self):
        """Position in the file."""
        return self._file.tell()
