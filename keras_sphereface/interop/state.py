"""A checkpoint as a dict of arrays, whatever wrote it."""

import pathlib

from keras_sphereface.files.pickle_values import Call
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


def read_state(path):
    """Weights of a checkpoint by name, read without PyTorch.

    Nothing in the file is run: of its pickle only dicts, lists, plain values
    and tensors are understood, any other object is refused. Files that are
    damaged, compressed where they should not be, or ask for more than 4 GiB
    are refused. A zip file (`.pth`, `.npz`) has checksums, which are compared;
    older PyTorch files and `.safetensors` have none, so that a flipped bit in
    a weight is a different weight.

    Names of nested dicts are joined by dots. The `state_dict` of a Lightning
    checkpoint is taken out; optimizers, schedulers and callbacks are left
    out.

    Args:
        path: str or path of a `.safetensors` or `.npz` file, or of a PyTorch
            file (`.pth`, `.pt`, `.ckpt`, `.bin`; zip or legacy), which is
            known by its first bytes.

    Returns:
        Dict of str to `np.ndarray`, in the file's order; bfloat16 as float32.

    Example:

    ```python
    state = ks.interop.read_state("backbone.pth")
    state["conv1.weight"].shape  # (64, 3, 3, 3)
    ```
    """
    path = pathlib.Path(path)
    with path.open("rb") as file:
        try:
            return _read(path, file)
        except Exception as error:
            # Damaged bytes may break any step in any way.
            said = (
                error
                if isinstance(error, WeightsFileError)
                else "it is damaged "
                f"({type(error).__name__}: {str(error)[:200]})"
            )
            raise WeightsFileError(
                "`path` must be a whole PyTorch, .safetensors or .npz file of "
                f"tensors. Received: path={str(path)!r}, of which {said}"
            ) from error


def _read(path, file):
    if path.suffix == ".safetensors":
        return read_safetensors(file)
    if path.suffix == ".npz":
        return read_npz(file)
    start = file.read(4)
    file.seek(0)
    is_zip = start == b"PK\x03\x04"
    value, to_array = (read_torch_zip if is_zip else read_torch_legacy)(file)
    if isinstance(value, dict) and isinstance(value.get("state_dict"), dict):
        value = value["state_dict"]
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
