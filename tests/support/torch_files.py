"""PyTorch files put together by hand, opcode by opcode, without PyTorch."""

import io
import struct
import zipfile

STOP = b"."


def name(module, attribute):
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def text(value):
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def integer(value):
    length = value.bit_length() // 8 + 1
    return (
        b"\x8a"
        + bytes([length])
        + value.to_bytes(length, "little", signed=True)
    )


def collection(*parts):
    return b"(" + b"".join(parts) + b"t"


def call(function, *arguments):
    return function + collection(*arguments) + b"R"


def dictionary(items):
    return (
        b"}("
        + b"".join(text(key) + value for key, value in items.items())
        + b"u"
    )


def tensor(key, shape, strides, *, count, offset=0, storage="FloatStorage"):
    reference = collection(
        text("storage"),
        name("torch", storage),
        text(key),
        text("cpu"),
        integer(count),
    )
    return call(
        name("torch._utils", "_rebuild_tensor_v2"),
        reference + b"Q",
        integer(offset),
        collection(*map(integer, shape)),
        collection(*map(integer, strides)),
        b"\x89",
        call(name("collections", "OrderedDict")),
    )


def array_tensor(key, array):
    strides = [stride // array.itemsize for stride in array.strides]
    return tensor(key, array.shape, strides, count=array.size)


def zip_file(pickled, storages, compression=zipfile.ZIP_STORED):
    """Bytes of a file of PyTorch 1.6 or later."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + pickled + STOP)
        archive.writestr("archive/byteorder", b"little")
        for key, data in storages.items():
            archive.writestr(f"archive/data/{key}", data)
        archive.writestr("archive/version", b"3\n")
    return stream.getvalue()


def legacy_file(pickled, storages, counts=None):
    """Bytes of a file from before PyTorch 1.6."""
    keys = b"](" + b"".join(map(text, storages)) + b"e"
    system = dictionary({"little_endian": b"\x88"})
    pickles = [integer(0x1950A86A20F9469CFC6C), integer(1001), system]
    pickles += [pickled, keys]
    data = b"".join(b"\x80\x02" + part + STOP for part in pickles)
    for key, storage in storages.items():
        count = len(storage) // 4 if counts is None else counts[key]
        data += struct.pack("<q", count) + storage
    return data
