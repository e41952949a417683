"""A checkpoint as a dict of arrays, whatever wrote it."""

import pathlib

from keras_sphereface.contract.arguments import check_choice
from keras_sphereface.files.pickle_values import Call
from keras_sphereface.interop.ema import EMA_NAMES, split_ema
from keras_sphereface.interop.hdf5_file import SIGNATURE
from keras_sphereface.interop.keras_file import read_keras_h5, read_keras_zip
from keras_sphereface.interop.limits import MAX_ENTRIES
from keras_sphereface.interop.npz_file import read_npz
from keras_sphereface.interop.safetensors_file import read_safetensors
from keras_sphereface.interop.torch_file import (
    read_torch_legacy,
    read_torch_zip,
)
from keras_sphereface.interop.weights_errors import WeightsFileError

_MAX_DEPTH = 8
# State of training, whose tensors are not weights.
_TRAINING_STATE = {
    *("amp", "callbacks", "hyper_parameters", "loops", "lr_schedulers"),
    *("optimizer", "optimizer_states", "optimizers", "scaler", "scheduler"),
    *("state_lr_scheduler", "state_optimizer"),
}


def read_state(path, *, ema=None):
    """Weights of a checkpoint by name, read without PyTorch.

    Nothing in the file is run: of its pickle only dicts, lists, plain values
    and tensors are understood, any other object is refused. Files that are
    damaged, compressed where they should not be, or ask for more than 4 GiB or
    more than a small multiple of their size are refused. A zip file (`.pth`,
    `.npz`, `.keras`) has checksums, which are compared; older PyTorch files,
    `.safetensors` and `.h5` have none, so that a flipped bit in a weight is a
    different weight.

    Names of nested dicts are joined by dots. The `state_dict` of a Lightning
    checkpoint is taken out; optimizers, schedulers and callbacks are left
    out.

    A Keras file gives its weights as `"layer.weight"`, and what its layers do
    beside: `epsilon` and `strides`, and empty arrays named after activations.

    Args:
        path: str or path of a `.safetensors`, `.npz` or `.keras` file, or of
            an HDF5 file of Keras (`.h5`) or a PyTorch file (`.pth`, `.pt`,
            `.ckpt`, `.bin`; zip or legacy), which are known by their first
            bytes.
        ema: `True` for the moving averages of the weights alone, `False` for
            the weights without them; names such as `state_dict_ema` and
            `model_ema` tell which are which. `None` is what the file calls its
            `state_dict`, or else all of them. Defaults to `None`.

    Returns:
        Dict of str to `np.ndarray`, in the file's order; bfloat16 as float32.
        It is empty where the file has none of those asked for.

    Example:

    ```python
    state = ks.interop.read_state("backbone.pth")
    state["conv1.weight"].shape  # (64, 3, 3, 3)
    ```
    """
    check_choice("ema", ema, (None, True, False))
    if ema is None:
        return _read_file(path, with_ema=False)
    return read_both(path)[ema]


def read_both(path):
    """Weights of a checkpoint, and their moving averages.

    Args:
        path: as for `read_state`.

    Returns:
        `(raw, ema)`, dicts as of `read_state`, of which one may be empty.
    """
    return split_ema(_read_file(path, with_ema=True))


def _read_file(path, with_ema):
    path = pathlib.Path(path)
    with path.open("rb") as file:
        try:
            return _read(path, file, with_ema)
        except Exception as error:
            # Damaged bytes may break any step in any way.
            said = (
                error
                if isinstance(error, WeightsFileError)
                else "it is damaged "
                f"({type(error).__name__}: {str(error)[:200]})"
            )
            raise WeightsFileError(
                "`path` must be a whole PyTorch, Keras, .safetensors or .npz "
                f"file of tensors. Received: path={str(path)!r}, of which "
                f"{said}"
            ) from error


def _read(path, file, with_ema):
    if path.suffix == ".safetensors":
        return read_safetensors(file)
    if path.suffix == ".npz":
        return read_npz(file)
    if path.suffix == ".keras":
        return read_keras_zip(file)
    start = file.read(8)
    file.seek(0)
    if start == SIGNATURE:
        return read_keras_h5(file)
    is_zip = start[:4] == b"PK\x03\x04"
    value, to_array = (read_torch_zip if is_zip else read_torch_legacy)(file)
    if isinstance(value, dict) and isinstance(value.get("state_dict"), dict):
        averages = {
            name: value[name]
            for name in sorted(EMA_NAMES)
            if with_ema and isinstance(value.get(name), dict)
        }
        value = {**value["state_dict"], **averages}
    state = dict(_arrays(value, to_array))
    if not state:
        raise WeightsFileError("nothing is a tensor")
    return state


def _arrays(value, to_array):
    """Names and arrays of nested dicts, depth first."""
    seen = set()
    todo = [("tensor" if isinstance(value, Call) else "", value, 0)]
    count = 0
    while todo:
        name, item, depth = todo.pop()
        if isinstance(item, dict):
            # The same dict in two places may stand for billions of names.
            if id(item) in seen or depth > _MAX_DEPTH:
                raise WeightsFileError("its dicts are nested in each other")
            seen.add(id(item))
            todo.extend(
                (f"{name}.{key}" if name else key, child, depth + 1)
                for key, child in reversed(item.items())
                if isinstance(key, str) and key not in _TRAINING_STATE
            )
        elif isinstance(item, Call):
            array = to_array(item)
            if array is not None:
                count += 1
                if count > MAX_ENTRIES:
                    raise WeightsFileError("it has too many tensors")
                yield name, array
