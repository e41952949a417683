"""`.npz` files, with their sizes checked before memory is taken."""

import io
import zipfile

import numpy as np

from keras_sphereface.interop.limits import MAX_ENTRIES, ByteBudget
from keras_sphereface.interop.weights_errors import WeightsFileError

# Trained weights compress to nine tenths; a file of zeros to a thousandth.
_GROWTH = 16
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_npz(file):
    """Arrays of an `.npz` file, which may be compressed.

    `np.load` reserves what a header asks for, and a compressed file of
    kilobytes may ask for terabytes. Here it may unfold to 16 times its size,
    and 16 MiB.

    Args:
        file: binary file, seekable.

    Returns:
        Dict of str to `np.ndarray`.
    """
    budget = ByteBudget.of_file(file, _GROWTH)
    arrays = {}
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        if len(infos) > MAX_ENTRIES:
            raise WeightsFileError("the archive has too many entries")
        for info in infos:
            # What NumPy writes; others may take gigabytes to decompress.
            if info.compress_type not in _COMPRESSIONS:
                raise WeightsFileError(
                    f"the entry {info.filename[-60:]} is compressed in a way "
                    "that NumPy does not"
                )
            budget.spend(info.file_size)
            with archive.open(info) as entry:
                data = entry.read(info.file_size + 1)
            name = info.filename.removesuffix(".npy")
            arrays[name] = _array(name, data)
    return arrays


def _array(name, data):
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, is_fortran, dtype = read_header(stream)
    if dtype.hasobject or dtype.kind not in "fiub":
        raise WeightsFileError(f"{name[:60]} does not hold plain numbers")
    count = int(np.prod([int(n) for n in shape], dtype=object))
    if min(shape, default=0) < 0 or (
        count * dtype.itemsize != len(data) - stream.tell()
    ):
        raise WeightsFileError(f"{name[:60]} has another size than said")
    # A copy, which may be written to.
    array = np.frombuffer(data, dtype, offset=stream.tell()).copy()
    return array.reshape(shape, order="F" if is_fortran else "C")
