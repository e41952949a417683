"""Moving averages beside the weights: which are taken, and that it is said."""

import numpy as np
import pytest
import torch_files as files
from public_states import mobilefacenet_state

import keras_sphereface as ks
from keras_sphereface.interop import read_state
from keras_sphereface.interop.ema import split_ema

RAW, AVERAGE = np.float32([1, 2]), np.float32([3, 4])


def checkpoint(path, entries):
    """A PyTorch file of dicts, one level deep or two."""
    storages, values = {}, {}
    for name, array in entries.items():
        *outer, inner = name.split("/")
        key = str(len(storages))
        storages[key] = array.tobytes()
        tensor = files.array_tensor(key, array)
        if outer:
            values.setdefault(outer[0], {})[inner] = tensor
        else:
            values[inner] = tensor
    pickled = files.dictionary(
        {
            name: files.dictionary(value) if isinstance(value, dict) else value
            for name, value in values.items()
        }
    )
    path.write_bytes(files.zip_file(pickled, storages))
    return path


def test_names_tell_which_are_averages():
    names = ["conv.w", "model_ema.conv.w", "x.state_dict_ema.conv.w", "emax.w"]
    raw, ema = split_ema(dict.fromkeys(names, RAW))
    assert list(raw) == ["conv.w", "emax.w"]
    assert list(ema) == ["model_ema.conv.w", "x.state_dict_ema.conv.w"]


@pytest.mark.parametrize("inside", ["state_dict", "model"])
def test_each_is_read_alone(inside, tmp_path):
    entries = {f"{inside}/w": RAW, "state_dict_ema/w": AVERAGE}
    path = checkpoint(tmp_path / "c.pth", entries)
    prefix = "" if inside == "state_dict" else "model."
    (raw,) = read_state(path, ema=False).items()
    (average,) = read_state(path, ema=True).items()
    assert raw[0] == f"{prefix}w"
    assert average[0] == "state_dict_ema.w"
    np.testing.assert_array_equal(raw[1], RAW)
    np.testing.assert_array_equal(average[1], AVERAGE)
    # As it was: of a `state_dict` nothing else, of others all.
    as_ever = read_state(path)
    assert len(as_ever) == (1 if inside == "state_dict" else 2)
    with pytest.raises(ValueError, match="`ema` must be"):
        read_state(path, ema="yes")


@pytest.fixture(scope="module")
def embedder():
    return ks.build_embedding_model(
        "mobilefacenet", embedding_dim=8, image_size=(16, 16)
    )


def beta(embedder):
    return np.asarray(embedder.get_layer("neck_dense_bn").beta)


def test_load_weights_takes_the_raw_ones_unless_told_and_says_so(
    embedder, tmp_path
):
    state = mobilefacenet_state(embedder)
    shifted = {name: array + np.float32(1) for name, array in state.items()}
    last = "bn.bias" if "bn.bias" in state else None
    name = last or [n for n in state if n.endswith("bias")][-1]
    both = {
        **{f"model.{key}": array for key, array in state.items()},
        **{f"model_ema.{key}": array for key, array in shifted.items()},
    }
    path = tmp_path / "both.npz"
    np.savez(path, **both)
    report = ks.interop.load_weights(embedder, path)
    np.testing.assert_array_equal(beta(embedder), state[name])
    assert "weights: as training left them; `ema=True`" in str(report)
    report = ks.interop.load_weights(embedder, path, ema=True)
    np.testing.assert_array_equal(beta(embedder), shifted[name])
    assert "weights: the moving average, of two" in str(report)
    # The only ones there are need no argument, but are named.
    np.savez(path, **{f"ema.{key}": array for key, array in shifted.items()})
    report = ks.interop.load_weights(embedder, path)
    assert "moving average, the only ones" in str(report)
    np.savez(path, **state)
    report = ks.interop.load_weights(embedder, path)
    assert "weights:" not in str(report)
    with pytest.raises(
        ks.interop.WeightsMismatchError, match=r"`ema` must be False.*both"
    ):
        ks.interop.load_weights(embedder, path, ema=True)
