"""Reading an ONNX file's properties without the packages onnx or protobuf."""

from keras_sphereface.files import protobuf_fields

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
