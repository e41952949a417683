"""Class centers of public heads."""

import numpy as np
from keras import ops

from keras_sphereface.contract.arguments import check_choice, check_integer
from keras_sphereface.interop.state import read_state
from keras_sphereface.interop.weights_errors import WeightsMismatchError

# Ends of names of class centers, and which axis is the classes.
_NAMES = {
    "head.w": "CD",  # OpenSphere, new
    "w": "DC",  # OpenSphere, old: a file of the head alone
    "head.kernel": "DC",  # AdaFace
    "kernel": "DC",  # AdaFace, InsightFace_Pytorch: the head alone
    "state_dict_softmax_fc.weight": "CD",  # InsightFace
    "head.weight": "CD",
    "weight": "CD",  # InsightFace: the head alone
    "tensor": "CD",  # InsightFace's softmax_weight files
}
LAYOUTS = ("CD", "DC")


def read_centers(path, *, embedding_dim=None, layout=None):
    """Class centers of a public checkpoint, one per column.

    InsightFace and newer OpenSphere keep one row per class, `[C, D]`; older
    OpenSphere and AdaFace keep one column per class, `[D, C]`.

    Args:
        path: str or path of a file for `read_state`, or a list of them in the
            order of their classes: InsightFace saves the part of each GPU in
            a file of its own.
        embedding_dim: int; checks the layout, and finds it where the name does
            not tell. Defaults to `None`.
        layout: `"CD"` or `"DC"`, the file's, with C the classes; `None` goes
            by the name and `embedding_dim`. Defaults to `None`.

    Returns:
        float32 array, `(embedding_dim, num_classes)`.

    Raises:
        WeightsMismatchError: a class has a center that is not finite or has no
            direction, or the file has none.

    Example:

    ```python
    centers = ks.interop.read_centers("checkpoint_gpu_0.pt")
    ```
    """
    check_choice("layout", layout, (None, *LAYOUTS))
    if embedding_dim is not None:
        embedding_dim = check_integer(
            "embedding_dim", embedding_dim, at_least=1
        )
    paths = path if isinstance(path, list | tuple) else [path]
    parts = [_one_file(each, embedding_dim, layout) for each in paths]
    if len({part.shape[0] for part in parts}) != 1:
        raise WeightsMismatchError(
            "`path` must be files of one head. Received: centers of shapes "
            f"{[part.shape for part in parts]}"
        )
    centers = np.concatenate(parts, axis=1)
    _check_directions(centers)
    return centers


def load_centers(head, path, *, layout=None):
    """Puts the class centers of a public checkpoint into a head.

    Training then continues with the identities of the checkpoint. All centers
    are loaded or none.

    Args:
        head: a head of `ks.heads`, with one center per class; it is built if it
            is not yet.
        path: as for `read_centers`.
        layout: as for `read_centers`.
    """
    built_dim = head.centers.shape[0] if head.built else None
    centers = read_centers(path, embedding_dim=built_dim, layout=layout)
    wanted = (built_dim or centers.shape[0], head.num_classes)
    if head.sub_centers != 1 or centers.shape != wanted:
        raise WeightsMismatchError(
            "The file must hold one center for each class of `head`, which "
            f"has (embedding_dim, num_classes)={wanted} and "
            f"{head.sub_centers} centers per class. Received: centers of shape "
            f"{centers.shape}"
        )
    if not head.built:
        head.build((None, centers.shape[0]))
    head.centers.assign(ops.convert_to_tensor(centers))


def _check_directions(centers):
    is_finite = np.isfinite(centers).all(axis=0)
    is_wrong = ~is_finite | ~centers.any(axis=0)
    count = int(is_wrong.sum())
    if count:
        first = int(is_wrong.argmax())
        kind = "zeros" if is_finite[first] else "NaN or infinity"
        more = f" and {count - 1} more" if count > 1 else ""
        raise WeightsMismatchError(
            "Every class must have a center of finite numbers that are not all "
            f"0. Received: {kind} in that of class {first}{more}, of "
            f"{centers.shape[1]} classes"
        )


def _one_file(path, embedding_dim, layout):
    array, usual_layout = _find(read_state(path), path)
    rows, columns = array.shape
    if layout is None and embedding_dim in array.shape and rows != columns:
        layout = "DC" if rows == embedding_dim else "CD"
    # A square tells nothing, nor does an unknown size: the name does.
    layout = layout or usual_layout
    return array if layout == "DC" else np.ascontiguousarray(array.T)


def _find(state, path):
    for end, layout in _NAMES.items():
        matches = [
            array
            for name, array in state.items()
            if array.ndim == 2
            and (name == end or ("." in end and name.endswith(f".{end}")))
        ]
        if len(matches) == 1:
            return np.asarray(matches[0], "float32"), layout
    shapes = {name: array.shape for name, array in state.items()}
    raise WeightsMismatchError(
        f"`path` must hold class centers called one of {list(_NAMES)}. "
        f"Received: path={str(path)!r} with {str(shapes)[:500]}"
    )
