import pytest

from keras_sphereface.training import CheckpointError
from keras_sphereface.training.identities import (
    keep_identities,
    read_identities,
)


def test_names_are_kept_in_the_order_of_their_labels(tmp_path):
    keep_identities(tmp_path, ["b", "a", "王"], is_resumed=False)
    path = tmp_path / "identities.json"
    assert read_identities(path) == ["b", "a", "王"]


def test_a_run_that_goes_on_must_mean_the_same_by_its_labels(tmp_path):
    keep_identities(tmp_path, ["a", "b"], is_resumed=False)
    keep_identities(tmp_path, ["a", "b"], is_resumed=True)
    with pytest.raises(CheckpointError, match="2 identities then, 2 now"):
        keep_identities(tmp_path, ["b", "a"], is_resumed=True)
    assert read_identities(tmp_path / "identities.json") == ["a", "b"]


def test_a_new_run_and_one_without_a_file_write_theirs(tmp_path):
    for is_resumed, names in ((True, ["a"]), (False, ["b"])):
        keep_identities(tmp_path, names, is_resumed=is_resumed)
        assert read_identities(tmp_path / "identities.json") == names


@pytest.mark.parametrize("text", ["[", "", "{}", "[]", "[1]", '["a", null]'])
def test_what_is_no_list_of_names_is_an_error(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=r"JSON list of names.*x\.json"):
        read_identities(tmp_path / "x.json")
