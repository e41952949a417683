import pytest

from keras_sphereface.files import FolderInUseError
from keras_sphereface.files.unfinished import unfinished_beside
from keras_sphereface.training.workdir import checkpoint_folder, open_workdir


def test_it_is_made_for_one_process_at_a_time(tmp_path):
    with open_workdir(tmp_path / "a" / "b") as workdir:
        assert workdir.is_dir()
        with pytest.raises(FolderInUseError), open_workdir(workdir):
            pass
        # Workers that write nothing read beside the one that does.
        with open_workdir(workdir, writes_files=False) as same:
            assert same == workdir


@pytest.mark.parametrize("writes_files", [True, False])
def test_it_loses_what_killed_runs_left(tmp_path, writes_files):
    left = [
        unfinished_beside(tmp_path / "recognizer.keras"),
        unfinished_beside(checkpoint_folder(tmp_path) / "step-000000002.npz"),
    ]
    for path in left:
        path.write_text("half")
    (tmp_path / "report.json").write_text("whole")
    with open_workdir(tmp_path, writes_files) as workdir:
        assert (workdir / "report.json").is_file()
        assert [path.exists() for path in left] == [not writes_files] * 2
