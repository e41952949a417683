"""How much of an ONNX file is numbers, before anything is made of the rest."""

from keras_sphereface.files import protobuf_fields
from keras_sphereface.interop.weights_errors import WeightsFileError

# Field numbers of onnx.proto.
_GRAPH = 7  # of ModelProto
_NODE, _INITIALIZER = 1, 5  # of GraphProto
_ATTRIBUTE, _TENSOR = 5, 5  # of NodeProto, of AttributeProto
_NUMBERS = {4, 9}  # of TensorProto: float_data and raw_data
# A message of two bytes becomes an object of hundreds, and takes time. Nodes
# of public networks take half a megabyte, with notes of PyTorch one and a half.
MAX_STRUCTURE_BYTES = 4 << 20
MAX_WALKED_BYTES = 1 << 20
# Where the numbers lie.
_PATHS = (
    (_GRAPH, _INITIALIZER),
    (_GRAPH, _NODE, _ATTRIBUTE, _TENSOR),
)


def check_structure(content):
    """Raises where nodes and names take more than 4 MiB.

    Args:
        content: bytes of an ONNX file, whole or damaged.
    """
    numbers = walked = 0
    todo = [(memoryview(content), path) for path in _PATHS]
    while todo:
        message, path = todo.pop()
        walked += len(message)
        for number, part in protobuf_fields(message):
            walked -= len(part)
            if path and number == path[0]:
                todo.append((part, path[1:]))
            elif not path and number in _NUMBERS:
                numbers += len(part)
        _check(walked, MAX_WALKED_BYTES)
    _check(len(content) - numbers, MAX_STRUCTURE_BYTES)


def _check(num_bytes, most):
    if num_bytes > most:
        raise WeightsFileError(f"more than {most} of its bytes are not weights")
