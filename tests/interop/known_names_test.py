import pytest

from keras_sphereface.interop import WeightsFileError
from keras_sphereface.interop.known_names import check_known


@pytest.mark.parametrize(
    "path",
    [
        "torch._utils _rebuild_tensor_v2",
        "torch FloatStorage",
        "numpy._core.multiarray scalar",
        "pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint",
    ],
)
def test_what_checkpoints_hold_is_known(path):
    check_known(*path.split())


@pytest.mark.parametrize(
    "path",
    [
        "os system",
        "builtins eval",
        "builtins getattr",
        "torch load",
        "torch._utils _rebuild_tensor_v2.__globals__",
        "torch.storage _load_from_bytes",
        "numpy load",
        "numpy._core.multiarray fromfile",
        "lightningx Trainer",
        "collections OrderedDict.__class__",
    ],
)
def test_anything_else_is_refused_by_name(path):
    module, name = path.split()
    with pytest.raises(WeightsFileError, match=r"could run code") as error:
        check_known(module, name)
    assert f"{module}.{name}"[:60] in str(error.value)
