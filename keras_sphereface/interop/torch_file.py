"""PyTorch checkpoints, zip and legacy, without PyTorch."""

import contextlib
import io
import struct
import zipfile

import numpy as np

from keras_sphereface.files.pickle_values import Call, Name, Reference
from keras_sphereface.interop.limits import (
    MAX_ENTRIES,
    MAX_PICKLE_BYTES,
    BoundedFile,
    ByteBudget,
)
from keras_sphereface.interop.torch_pickle import read_torch_pickle
from keras_sphereface.interop.weights_errors import WeightsFileError

# Tensors may share a storage; half precision becomes twice as large.
_GROWTH = 4
# First value of a file before PyTorch 1.6.
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
    "UntypedStorage": "u1",
}
_DTYPES = {
    "float64": "f8",
    "double": "f8",
    "float32": "f4",
    "float": "f4",
    "float16": "f2",
    "half": "f2",
    "bfloat16": "bfloat16",
    "int64": "i8",
    "int32": "i4",
    "int16": "i2",
    "int8": "i1",
    "uint8": "u1",
    "bool": "?",
}


def read_torch_zip(file):
    """The values of a file of PyTorch 1.6 or later.

    Args:
        file: binary file, seekable.

    Returns:
        `(value, to_array)`: what was saved, of dicts, lists, plain values and
        `Call`s, and a function that makes an array of a `Call` which is a
        tensor, and `None` of one which is not.
    """
    # Left open, as the file is: opened again for each tensor, its directory
    # would be read again, too.
    archive = zipfile.ZipFile(file)
    entries = {info.filename: info for info in archive.infolist()}
    if len(entries) > MAX_ENTRIES:
        raise WeightsFileError("the archive has too many entries")
    roots = [
        name[: -len("data.pkl")]
        for name in entries
        if name == "data.pkl" or name.endswith("/data.pkl")
    ]
    if len(roots) != 1:
        raise WeightsFileError("it is a zip file, but not one of PyTorch")
    (root,) = roots
    if f"{root}constants.pkl" in entries:
        raise WeightsFileError(
            "it is a TorchScript program; save its `state_dict()`"
        )
    order = "<"
    if f"{root}byteorder" in entries:
        text = _entry(archive, entries[f"{root}byteorder"], 16)
        order = {b"little": "<", b"big": ">"}[text.strip()]
    pickled = _entry(archive, entries[f"{root}data.pkl"], MAX_PICKLE_BYTES)
    # Entries of a hostile archive may all lie in one place.
    budget = ByteBudget.of_file(file, 1)

    def read_storage(key, num_bytes):
        budget.spend(num_bytes)
        info = entries[f"{root}data/{key}"]
        data = _entry(archive, info, num_bytes)
        if len(data) != num_bytes:
            raise WeightsFileError(f"storage {key} has another size than said")
        return data

    value = read_torch_pickle(io.BytesIO(pickled))
    arrays = ByteBudget.of_file(file, _GROWTH)
    return value, _Tensors(read_storage, order, arrays)


def read_torch_legacy(file):
    """The values of a file from before PyTorch 1.6.

    Args:
        file: binary file, seekable.

    Returns:
        As `read_torch_zip`.
    """
    if read_torch_pickle(file) != LEGACY_MAGIC:
        raise WeightsFileError("it is a pickle, but not one of PyTorch")
    if read_torch_pickle(file) != _LEGACY_PROTOCOL:
        raise WeightsFileError("it is of an unknown version of PyTorch")
    system = read_torch_pickle(file)
    order = "<" if system["little_endian"] is True else ">"
    value = read_torch_pickle(file)
    keys = read_torch_pickle(file)
    declared = dict(_declared_storages(value))
    bounded = BoundedFile(file, ByteBudget().limit)
    places = {}
    for key in keys:
        (count,) = struct.unpack(f"{order}q", bounded.read(8))
        num_bytes = count * declared[key]
        if not 0 <= num_bytes <= ByteBudget().limit:
            raise WeightsFileError(f"storage {key[:40]} is too large")
        places[key] = (file.tell(), num_bytes)
        bounded.skip(num_bytes)
    budget = ByteBudget()

    def read_storage(key, num_bytes):
        budget.spend(num_bytes)
        start, available = places[key]
        if num_bytes > available:
            raise WeightsFileError(f"storage {key[:40]} is shorter than said")
        file.seek(start)
        return BoundedFile(file, num_bytes).read(num_bytes)

    arrays = ByteBudget.of_file(file, _GROWTH)
    return value, _Tensors(read_storage, order, arrays)


def _entry(archive, info, limit):
    # PyTorch stores entries as they are; a compressed one may be a bomb.
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > limit:
        raise WeightsFileError(
            f"the entry {info.filename[-60:]} is compressed or too large"
        )
    with archive.open(info) as entry:
        # To the end, where `zipfile` compares the checksum.
        return entry.read(info.file_size + 1)


def _declared_storages(value):
    """Key and bytes per element of every storage in the value."""
    seen, todo = set(), [value]
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, list | tuple):
            todo.extend(item)
        elif isinstance(item, Call):
            todo.append(item.arguments)
        elif isinstance(item, Reference):
            key, kind, _ = _storage(item)
            yield key, _item_size(kind)


def _storage(reference):
    tag, storage, key, _, count, *view = reference.key
    if (
        tag != "storage"
        or not isinstance(storage, Name)
        or storage.name not in _STORAGES
        or not isinstance(key, str)
        or not isinstance(count, int)
        or count < 0
        or any(part is not None for part in view)
    ):
        raise WeightsFileError("it refers to a storage of an unknown kind")
    return key, _STORAGES[storage.name], count


def _item_size(kind):
    return 2 if kind == "bfloat16" else np.dtype(kind).itemsize


class _Tensors:
    """Arrays of the tensors in a file.

    Args:
        read_storage: function of `(key, num_bytes)`, the bytes of a storage.
        order: `"<"` or `">"`, the order of bytes.
        budget: `ByteBudget` of all arrays.
    """

    def __init__(self, read_storage, order, budget):
        self._read_storage = read_storage
        self._order = order
        self._storages = {}
        self._budget = budget

    def __call__(self, value):
        while isinstance(value, Call) and str(value.function) in (
            "torch._utils._rebuild_parameter",
            "torch._utils._rebuild_parameter_with_state",
        ):
            value = value.arguments[0]
        if not isinstance(value, Call) or not str(value.function).startswith(
            "torch._utils._rebuild_tensor"
        ):
            return None
        storage, offset, shape, strides, *rest = value.arguments
        key, kind, count = _storage(storage)
        num_bytes = count * _item_size(kind)
        if str(value.function).endswith("_v3"):
            kind = _DTYPES[rest[2].name]
        self._check(offset, shape, strides)
        if key not in self._storages:
            self._storages[key] = self._read_storage(key, num_bytes)
        item_size = _item_size(kind)
        size = int(np.prod([int(n) for n in shape], dtype=object)) * item_size
        if size > num_bytes:
            raise WeightsFileError("a tensor is larger than its storage")
        self._budget.spend(size)
        dtype = np.dtype("u2" if kind == "bfloat16" else kind)
        # NumPy compares shape and strides with the buffer.
        view = np.ndarray(
            shape,
            dtype.newbyteorder(self._order),
            buffer=self._storages[key],
            offset=offset * item_size,
            strides=[stride * item_size for stride in strides],
        )
        array = np.array(view, dtype)
        if kind == "bfloat16":
            return (array.astype(np.uint32) << 16).view(np.float32)
        return array

    def _check(self, offset, shape, strides):
        with contextlib.suppress(TypeError):
            numbers = [offset, *shape, *strides]
            if (
                all(type(n) is int and 0 <= n < 2**40 for n in numbers)
                and len(shape) == len(strides) <= 8
            ):
                return
        raise WeightsFileError("a tensor has an impossible shape")
