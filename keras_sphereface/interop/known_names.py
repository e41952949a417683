"""What the pickle of a checkpoint may speak of."""

from keras_sphereface.interop.weights_errors import WeightsFileError

# Of these only names are kept: nothing is imported, called or made an
# attribute of. Others have no place beside tensors.
_KNOWN_NAMES = {
    "_codecs": {"encode"},
    "argparse": {"Namespace"},
    "builtins": {"bytearray", "bytes", "complex", "frozenset", "set"},
    "__builtin__": {"bytearray", "bytes", "complex", "frozenset", "set"},
    "collections": {"OrderedDict", "defaultdict", "Counter"},
    "numpy": {"dtype", "ndarray"},
    "pathlib": {"Path", "PosixPath", "PurePath", "PurePosixPath"},
    "torch": {
        *("Size", "device", "bool", "double", "float", "half", "bfloat16"),
        *("float16", "float32", "float64", "int8", "int16", "int32", "int64"),
        *("uint8", "BFloat16Storage", "BoolStorage", "ByteStorage"),
        *("CharStorage", "DoubleStorage", "FloatStorage", "HalfStorage"),
        *("IntStorage", "LongStorage", "ShortStorage"),
    },
    "torch.storage": {"UntypedStorage"},
    "torch._utils": {
        "_rebuild_parameter",
        "_rebuild_parameter_with_state",
        "_rebuild_tensor",
        "_rebuild_tensor_v2",
        "_rebuild_tensor_v3",
    },
}
# Training state around the tensors, such as the callbacks of Lightning.
_KNOWN_MODULES = (
    "lightning",
    "lightning_fabric",
    "lightning_utilities",
    "omegaconf",
    "pytorch_lightning",
)
_NUMPY_SCALARS = ("numpy._core.multiarray", "numpy.core.multiarray")


def check_known(module, name):
    """Raises `WeightsFileError` for a name that has no place in a checkpoint.

    Args:
        module: str.
        name: str, of something in it.
    """
    is_known = (
        name in _KNOWN_NAMES.get(module, ())
        or (module in _NUMPY_SCALARS and name in ("scalar", "_reconstruct"))
        or module.split(".")[0] in _KNOWN_MODULES
    )
    if not is_known:
        raise WeightsFileError(
            f"it holds the Python object {module[:60]}.{name[:60]}, not "
            "tensors alone, and could run code. Save `model.state_dict()` "
            "where you trust the file"
        )
