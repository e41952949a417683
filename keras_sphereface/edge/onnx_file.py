"""Reading an ONNX file's properties without the packages onnx or protobuf."""

from keras_sphereface.files import (
    protobuf_field,
    protobuf_fields,
    protobuf_pieces,
)

_MODEL_PROPERTIES = 14  # ModelProto.metadata_props in onnx.proto
_KEY, _VALUE = 1, 2  # of StringStringEntryProto


def read_model_property(content: bytes, name: str) -> bytes | None:
    """One of the `metadata_props` of an ONNX file.

    Args:
        content: bytes of an ONNX file, whole or damaged.
        name: str, the property's key.

    Returns:
        The value's bytes, or `None` if there is no such key.

    Raises:
        ValueError: the file is not a protobuf message, or ends too early.
    """
    for number, entry in protobuf_fields(memoryview(content)):
        if number == _MODEL_PROPERTIES:
            item = dict(protobuf_fields(entry))
            if bytes(item.get(_KEY, b"")) == name.encode():
                return bytes(item.get(_VALUE, b""))
    return None


def replace_model_property(content: bytes, name: str, value: bytes) -> bytes:
    """The file with another value of one of its `metadata_props`.

    Args:
        content: bytes of an ONNX file.
        name: str, the property's key.
        value: bytes, UTF-8.

    Returns:
        Bytes of an ONNX file.

    Raises:
        ValueError: there is no such key, or the file is damaged.
    """
    kept = []
    for number, entry, piece in protobuf_pieces(memoryview(content)):
        is_it = (
            number == _MODEL_PROPERTIES
            and entry is not None
            and dict(protobuf_fields(entry)).get(_KEY) == name.encode()
        )
        if not is_it:
            kept.append(piece)
    new = protobuf_field(
        _MODEL_PROPERTIES,
        protobuf_field(_KEY, name.encode()) + protobuf_field(_VALUE, value),
    )
    found = b"".join([*kept, new])
    if sum(map(len, kept)) == len(content):
        raise ValueError(f"there is no {name}")
    return found
