import numpy as np
import pytest

from keras_sphereface.training import CheckpointError
from keras_sphereface.training.checkpoints import Checkpoint, Checkpoints

ARRAYS = {"a/0": np.arange(3000.0).reshape(30, 100), "b": np.int64(7)}


def filled(folder, steps, keep=2):
    checkpoints = Checkpoints(folder / "kept", keep=keep)
    for step in steps:
        checkpoints.save(Checkpoint(step, ARRAYS, {"best": step / 10}))
    return checkpoints


def test_the_newest_comes_back_as_it_was(tmp_path):
    checkpoint = filled(tmp_path, [3, 9, 12]).newest()
    assert checkpoint.step == 12
    assert checkpoint.notes == {"best": 1.2}
    assert checkpoint.arrays.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(checkpoint.arrays[name], value)


def test_only_the_newest_are_kept(tmp_path):
    assert filled(tmp_path, [1, 2, 3, 4], keep=3).steps() == [2, 3, 4]


def test_those_that_were_passed_over_go_with_the_next(tmp_path):
    checkpoints = filled(tmp_path, [2, 4, 6])
    truncate(path_of(checkpoints, 6))
    checkpoints.save(Checkpoint(5, ARRAYS, {}))
    assert checkpoints.steps() == [4, 5]


def test_without_checkpoints_there_is_none(tmp_path):
    checkpoints = filled(tmp_path, [])
    assert checkpoints.newest() is None
    checkpoints.remove()


def path_of(checkpoints, step):
    return checkpoints.folder / f"step-{step:09d}.npz"


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)


def rename_a_type(path):
    """Of an array's elements, in its header."""
    content = path.read_bytes()
    assert content.count(b"'<f8'") == 1
    path.write_bytes(content.replace(b"'<f8'", b"'<i8'"))


def add_a_byte(path):
    path.write_bytes(path.read_bytes() + b"0")


def hide(path):
    path.unlink()
    path.mkdir()


def truncate(path):
    path.write_bytes(path.read_bytes()[:100])


def empty(path):
    path.write_bytes(b"")


def rename(path):
    path.write_bytes(path.with_name("step-000000001.npz").read_bytes())


DAMAGES = [
    flip_a_byte,
    rename_a_type,
    add_a_byte,
    truncate,
    empty,
    hide,
    rename,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_falls_back_with_a_warning(tmp_path, damage):
    checkpoints = filled(tmp_path, [1, 2])
    damage(path_of(checkpoints, 2))
    with pytest.warns(UserWarning, match="step-000000002.*going back"):
        assert checkpoints.newest().step == 1


def test_if_all_are_damaged_it_is_an_error(tmp_path):
    checkpoints = filled(tmp_path, [1, 2])
    for step in (1, 2):
        truncate(path_of(checkpoints, step))
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(CheckpointError, match="none of the checkpoints"),
    ):
        checkpoints.newest()


def test_no_changed_byte_is_taken_for_whole(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    arrays = {"a": np.arange(6, dtype="float32"), "b": np.int64(7)}
    for step in (1, 2):
        checkpoints.save(Checkpoint(step, arrays, {"best": step / 10}))
    path = tmp_path / "step-000000002.npz"
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for mutation in range(2000):
        content = bytearray(whole)
        # Every byte once, then again with other values.
        place = mutation % len(whole)
        content[place] ^= random.integers(1, 256)
        path.write_bytes(content)
        with pytest.warns(UserWarning, match="step-000000002"):
            found = checkpoints.newest()
        assert found.step == 1, place
    assert mutation > len(whole)


def test_a_checkpoint_is_a_plain_npz(tmp_path):
    checkpoints = filled(tmp_path, [1])
    with np.load(path_of(checkpoints, 1)) as file:
        np.testing.assert_array_equal(file["a/0"], ARRAYS["a/0"])


def test_nothing_is_unpickled(tmp_path):
    class Hostile:
        def __reduce__(self):
            return (open, (tmp_path / "ran", "w"))

    checkpoints = filled(tmp_path, [])
    arrays = {"a": np.array([Hostile()], dtype=object)}
    checkpoints.save(Checkpoint(1, arrays, {}))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        checkpoints.newest()
    assert not (tmp_path / "ran").exists()


def test_removing_leaves_what_is_not_a_checkpoint(tmp_path):
    checkpoints = filled(tmp_path, [1, 2])
    (checkpoints.folder / "mine.txt").write_text("stays")
    checkpoints.remove()
    assert [p.name for p in checkpoints.folder.iterdir()] == ["mine.txt"]
    (checkpoints.folder / "mine.txt").unlink()
    checkpoints.remove()
    assert not checkpoints.folder.exists()
