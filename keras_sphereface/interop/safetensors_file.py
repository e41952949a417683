"""The `.safetensors` format: a JSON header and plain numbers."""

import json

import numpy as np

from keras_sphereface.interop.limits import (
    MAX_ENTRIES,
    MAX_HEADER_BYTES,
    BoundedFile,
    ByteBudget,
)
from keras_sphereface.interop.weights_errors import WeightsFileError

_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|?",
}


def read_safetensors(file):
    """Arrays of a `.safetensors` file.

    Args:
        file: binary file, seekable.

    Returns:
        Dict of str to `np.ndarray`.

    Reference:
        - [Format](https://github.com/huggingface/safetensors#format)
    """
    bounded = BoundedFile(file, ByteBudget().limit)
    length = int.from_bytes(bounded.read(8), "little")
    if length > MAX_HEADER_BYTES:
        raise WeightsFileError("the header is too large, above 4 MiB")
    header = json.loads(bounded.read(length))
    header.pop("__metadata__", None)
    if len(header) > MAX_ENTRIES:
        raise WeightsFileError("the file has too many entries")
    start = file.tell()
    arrays, expected = {}, 0
    # Byte ranges follow one another, so none is read twice.
    for name, entry in sorted(
        header.items(), key=lambda item: item[1]["data_offsets"]
    ):
        begin, end = entry["data_offsets"]
        shape = entry["shape"]
        if (
            begin != expected
            or len(shape) > 8
            or not all(type(n) is int and 0 <= n < 2**40 for n in shape)
        ):
            raise WeightsFileError(f"{name[:60]} has an impossible place")
        dtype = np.dtype(_DTYPES[entry["dtype"]])
        count = int(np.prod(shape, dtype=object))
        if end - begin != count * dtype.itemsize:
            raise WeightsFileError(f"{name[:60]} has another size than said")
        file.seek(start + begin)
        # A copy, which may be written to.
        array = np.frombuffer(bounded.read(end - begin), dtype).copy()
        array = array.reshape(shape)
        if entry["dtype"] == "BF16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        arrays[name] = array
        expected = end
    if file.read(1):
        raise WeightsFileError("it goes on behind its last array")
    return arrays
