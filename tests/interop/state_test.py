"""Files that are whole are read; hostile and damaged ones are refused."""

import io
import json
import os
import pickle
import struct
import sys
import zipfile

import numpy as np
import pytest
import torch_files as files

from keras_sphereface.interop import WeightsFileError, limits, read_state

ARRAYS = {
    "conv.weight": np.arange(24, dtype="float32").reshape(2, 3, 2, 2),
    "bn.running_mean": np.float32([1.5, -2.0]),
}
RAN = []
WATCHED = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "exec")


# A hook cannot be taken off, and outlives the names of this module when the
# process ends, so it keeps what it needs.
def _note(event, _, ran=RAN, watched=WATCHED):
    if event in watched:
        ran.append(event)


sys.addaudithook(_note)


@pytest.fixture(scope="module", autouse=True)
def modules_are_loaded(tmp_path_factory):
    # A module that loads is an "exec", too.
    for name, data in whole_files().items():
        path = tmp_path_factory.mktemp("warm") / name
        path.write_bytes(data)
        read_state(path)


@pytest.fixture(autouse=True)
def nothing_runs(modules_are_loaded):
    RAN.clear()
    yield
    assert not RAN


def tensors():
    return {
        name: files.array_tensor(str(number), array)
        for number, (name, array) in enumerate(ARRAYS.items())
    }


def storages():
    return {
        str(number): array.tobytes()
        for number, array in enumerate(ARRAYS.values())
    }


def safetensors_file(header=None, data=None):
    if header is None:
        header, end = {"__metadata__": {"format": "pt"}}, 0
        for name, array in ARRAYS.items():
            header[name] = {
                "dtype": "F32",
                "shape": array.shape,
                "data_offsets": [end, end + array.nbytes],
            }
            end += array.nbytes
    if data is None:
        data = b"".join(array.tobytes() for array in ARRAYS.values())
    encoded = json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded + data


def npz_file(arrays=ARRAYS, save=np.savez):
    stream = io.BytesIO()
    save(stream, **arrays)
    return stream.getvalue()


def whole_files():
    pickled = files.dictionary(tensors())
    return {
        "zip.pth": files.zip_file(pickled, storages()),
        "legacy.pth": files.legacy_file(pickled, storages()),
        "file.safetensors": safetensors_file(),
        "file.npz": npz_file(),
        "compressed.npz": npz_file(save=np.savez_compressed),
    }


def refuse(tmp_path, data, match=None, name="file.pth"):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(WeightsFileError, match=match):
        read_state(path)


@pytest.mark.parametrize("name", whole_files())
def test_every_format_gives_its_arrays(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(whole_files()[name])
    state = read_state(path)
    assert list(state) == list(ARRAYS)
    for key, array in ARRAYS.items():
        np.testing.assert_array_equal(state[key], array)
        assert state[key].dtype == array.dtype


@pytest.mark.parametrize("make", [files.zip_file, files.legacy_file])
def test_training_state_around_the_weights_is_left_out(make, tmp_path):
    callback = files.name("pytorch_lightning.callbacks", "ModelCheckpoint")
    pickled = files.dictionary(
        {
            "epoch": files.integer(3),
            "callbacks": b"}(" + callback + files.dictionary({}) + b"u",
            "optimizer_states": b"](" + files.dictionary(tensors()) + b"e",
            "state_dict": files.dictionary(tensors()),
        }
    )
    path = tmp_path / "last.ckpt"
    path.write_bytes(make(pickled, storages()))
    assert list(read_state(path)) == list(ARRAYS)


def test_nested_dicts_are_joined_by_dots_and_optimizers_left_out(tmp_path):
    inner = {"backbone": files.dictionary(tensors())}
    outer = {
        "model": files.dictionary(inner),
        "optimizer": files.dictionary(tensors()),
    }
    path = tmp_path / "checkpoint.pth"
    path.write_bytes(files.zip_file(files.dictionary(outer), storages()))
    names = [f"model.backbone.{name}" for name in ARRAYS]
    assert list(read_state(path)) == names


def test_views_halves_and_bfloat16_become_plain_arrays(tmp_path):
    halves = np.float16([1, 2, 3, 4])
    brain = np.uint16([0x3F80, 0xC000])  # 1 and -2
    pickled = files.dictionary(
        {
            # Columns of a 3x4 storage, from its second row on.
            "view": files.tensor("0", (2, 2), (4, 2), count=12, offset=4),
            "half": files.tensor(
                "1", (2, 2), (1, 2), count=4, storage="HalfStorage"
            ),
            "brain": files.tensor(
                "2", (2,), (1,), count=2, storage="BFloat16Storage"
            ),
            "scalar": files.tensor("0", (), (), count=12, offset=7),
        }
    )
    data = np.arange(12, dtype="<f4").tobytes()
    path = tmp_path / "views.pth"
    path.write_bytes(
        files.zip_file(
            pickled, {"0": data, "1": halves.tobytes(), "2": brain.tobytes()}
        )
    )
    state = read_state(path)
    np.testing.assert_array_equal(state["view"], [[4, 6], [8, 10]])
    np.testing.assert_array_equal(state["half"], [[1, 3], [2, 4]])
    np.testing.assert_array_equal(state["brain"], np.float32([1, -2]))
    assert state["scalar"] == 7


# Refused for what they hold.

TOUCH = files.text("touch ran-by-the-file")
HOSTILE = {
    "os.system": files.call(files.name("os", "system"), TOUCH),
    "posix.system": files.call(files.name("posix", "system"), TOUCH),
    "builtins.eval": files.call(
        files.name("builtins", "eval"), files.text("RAN.append('eval')")
    ),
    "builtins.exec": files.call(
        files.name("__builtin__", "exec"), files.text("RAN.append('exec')")
    ),
    "builtins.getattr": files.call(
        files.name("builtins", "getattr"),
        files.name("collections", "OrderedDict"),
        files.text("__class__"),
    ),
    "subprocess.Popen": files.call(files.name("subprocess", "Popen"), TOUCH),
    "torch.hub.load": files.call(files.name("torch.hub", "load"), TOUCH),
    "torch.storage._load_from_bytes": files.call(
        files.name("torch.storage", "_load_from_bytes"), TOUCH
    ),
    "stack global": files.text("os") + files.text("system") + b"\x93",
    "dotted name": files.text("torch") + files.text("os.system") + b"\x93",
    "instance": b"(" + TOUCH + b"ios\nsystem\n",
    "object": b"(" + files.name("os", "system") + TOUCH + b"o",
    "extension": b"\x82\x01",
    "call of text": TOUCH + files.collection(TOUCH) + b"R",
    "call of a call": files.call(
        files.call(files.name("collections", "OrderedDict")), TOUCH
    ),
    "state of a function": files.name("torch._utils", "_rebuild_tensor_v2")
    + files.dictionary({"__code__": TOUCH})
    + b"b",
}


@pytest.mark.parametrize("make", [files.zip_file, files.legacy_file])
@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_tensor_is_refused_and_not_run(
    kind, make, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    hostile = HOSTILE[kind]
    inside_a_tensor = files.call(
        files.name("torch._utils", "_rebuild_parameter"),
        files.call(files.name("torch._utils", "_rebuild_tensor_v2"), hostile),
    )
    for value in (hostile, inside_a_tensor):
        pickled = files.dictionary({**tensors(), "more": value})
        refuse(tmp_path, make(pickled, storages()))
    assert not (tmp_path / "ran-by-the-file").exists()


class Exploit:
    def __reduce__(self):
        return os.system, ("touch ran-by-the-file",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_pickles_that_run_commands_are_refused(
    protocol, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps({"state_dict": Exploit()}, protocol)
    refuse(tmp_path, data)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a/data.pkl", data)
    refuse(tmp_path, stream.getvalue())
    assert not (tmp_path / "ran-by-the-file").exists()


def test_object_arrays_of_numpy_are_refused(tmp_path):
    arrays = {"weight": np.array([Exploit()], dtype=object)}
    refuse(tmp_path, npz_file(arrays), "plain numbers", "file.npz")


# Refused for what they ask for.


@pytest.mark.parametrize(
    ("shape", "strides", "count", "offset"),
    [
        ((2**40,), (1,), 24, 0),
        ((2**33, 2**33), (0, 0), 24, 0),  # one number, many times
        ((5, 5), (0, 0), 24, 0),  # larger than what is stored
        ((24,), (1,), 24, 1),
        ((24,), (1,), 24, 2**70),
        ((2, 2), (23, 1), 24, 0),
        ((-2,), (1,), 24, 0),
        ((2,), (-1,), 24, 1),
        ((2,), (1,), 2**62, 0),
        ((2,), (1,), -2, 0),
        ((2,), (1,), 25, 0),
        ((2, 2), (1,), 24, 0),
        ((1,) * 60, (1,) * 60, 24, 0),
    ],
)
@pytest.mark.parametrize("make", [files.zip_file, files.legacy_file])
def test_impossible_shapes_are_refused(
    make, shape, strides, count, offset, tmp_path
):
    value = files.tensor("0", shape, strides, count=count, offset=offset)
    data = make(files.dictionary({"weight": value}), {"0": b"\0" * 96})
    refuse(tmp_path, data)


@pytest.mark.parametrize("count", [-1, 2**62, 25, 2**31])
def test_impossible_storages_of_old_files_are_refused(count, tmp_path):
    value = files.tensor("0", (2,), (1,), count=24)
    data = files.legacy_file(
        files.dictionary({"weight": value}), {"0": b"\0" * 96}, {"0": count}
    )
    refuse(tmp_path, data)


@pytest.mark.parametrize(
    "opcodes",
    [
        b"\x8d" + struct.pack("<Q", 2**62),  # text of that length
        b"\x8e" + struct.pack("<Q", 2**40),  # bytes
        b"\x8b" + struct.pack("<i", 2**31 - 1),  # number
        b"I" + b"9" * 5000 + b"\n",
        b"(" * 100_000 + b"t" * 100_000,  # nested tuples
        b"}" + b"(" * 100_000 + b"t" * 100_000 + b"Ns",  # as a key
        b"]" * 100_000 + b"a" * 99_999,
        b"}q\x00" + files.text("loop") + b"h\x00s",  # a dict in itself
        b"N" * 2_100_000,
    ],
)
def test_pickles_that_only_take_memory_are_refused(opcodes, tmp_path):
    refuse(tmp_path, files.zip_file(opcodes, {}))


def test_names_that_double_at_every_level_are_refused(tmp_path):
    # 2^60 names of one tensor.
    opcodes = files.array_tensor("0", ARRAYS["bn.running_mean"])
    for level in range(60):
        memo = bytes([level])
        opcodes += b"q" + memo + b"0}(" + files.text("a") + b"h" + memo
        opcodes += files.text("b") + b"h" + memo + b"u"
    refuse(tmp_path, files.zip_file(opcodes, {"0": b"\0" * 8}), "nested")


def test_compressed_files_of_pytorch_are_refused(tmp_path):
    data = files.zip_file(
        files.dictionary({"weight": files.tensor("0", (9,), (1,), count=9)}),
        {"0": b"\0" * 36},
        zipfile.ZIP_DEFLATED,
    )
    refuse(tmp_path, data, "compressed")


def test_bombs_of_numpy_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ARRAY_BYTES", 1 << 20)
    bomb = npz_file({"weight": np.zeros(1 << 20)}, np.savez_compressed)
    assert len(bomb) < 1 << 14
    refuse(tmp_path, bomb, "more than", "file.npz")


def test_memory_is_in_proportion_to_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "FREE_BYTES", 0)
    # 16 of NumPy's for each byte; a thousandth is a bomb.
    bomb = npz_file({"weight": np.zeros(1 << 17)}, np.savez_compressed)
    refuse(tmp_path, bomb, "more than", "file.npz")
    # Many tensors of one storage, and many entries in one place.
    storage = {"0": bytes(4000)}
    tensor = files.tensor("0", (1000,), (1,), count=1000)
    pickled = files.dictionary({f"w{n}": tensor for n in range(200)})
    refuse(tmp_path, files.zip_file(pickled, storage), "more than")
    data = files.zip_file(
        files.dictionary(
            {
                f"w{n}": files.tensor(str(n), (9,), (1,), count=9999)
                for n in range(99)
            }
        ),
        {str(n): b"" if n else bytes(39996) for n in range(99)},
    )
    refuse(tmp_path, data)


def test_a_large_header_of_safetensors_is_not_parsed(tmp_path):
    header = b'{"a":' + b"[" * (5 << 20)
    data = struct.pack("<Q", len(header)) + header
    refuse(tmp_path, data, "above 4 MiB", "file.safetensors")


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "O", "shape": [1], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": "2", "data_offsets": [0, 8]},
        {"shape": [2], "data_offsets": [0, 8]},
        [],
    ],
)
def test_headers_of_safetensors_that_are_none_are_refused(entry, tmp_path):
    data = safetensors_file({"weight": entry}, b"\0" * 16)
    refuse(tmp_path, data, name="file.safetensors")


# Damaged.


@pytest.mark.parametrize("name", whole_files())
def test_files_that_end_early_are_refused(name, tmp_path):
    data = whole_files()[name]
    step = max(1, len(data) // 150)
    for length in (*range(0, len(data), step), len(data) - 1):
        refuse(tmp_path, data[:length], name=name)


@pytest.mark.parametrize("name", whole_files())
def test_flipped_bits_never_do_more_than_change_a_number(name, tmp_path):
    data = whole_files()[name]
    generator = np.random.default_rng(0)
    path = tmp_path / name
    refused = 0
    places = generator.integers(0, 8 * len(data), 600)
    for place in places:
        damaged = bytearray(data)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            state = read_state(path)
        except WeightsFileError:
            refused += 1
            continue
        if not name.endswith(("npz", "zip.pth")):
            continue
        # A zip file has checksums: what is read is what was written.
        for key in set(state) & set(ARRAYS):
            np.testing.assert_array_equal(state[key], ARRAYS[key])
    assert refused > len(places) / 4


def test_a_file_that_is_not_there_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_state(tmp_path / "no.pth")
