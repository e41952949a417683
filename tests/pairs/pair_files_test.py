import pytest

from keras_sphereface.pairs import PairSet, has_own_images


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="file of pairs"):
        PairSet.from_file(tmp_path / "none.txt")
    (tmp_path / "pairs.txt").write_text("1\n")
    with pytest.raises(ValueError, match="`root` must be the folder"):
        PairSet.from_file(tmp_path / "pairs.txt")
    with pytest.raises(FileNotFoundError, match="Pair_list_F"):
        PairSet.from_file(tmp_path)
    assert has_own_images("lfw.bin")
    assert not has_own_images("pairs.txt")
