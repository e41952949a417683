import io
import tarfile
import zipfile

import pytest

from keras_sphereface.downloads.archive_member import read_member
from keras_sphereface.downloads.download_error import DownloadError


@pytest.fixture(params=["zip", "tgz"])
def archive(request, tmp_path):
    path = tmp_path / "archive"
    if request.param == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("package/net.onnx", b"1234")
    else:
        with tarfile.open(path, "w:gz") as archive:
            info = tarfile.TarInfo("package/net.onnx")
            info.size = 4
            archive.addfile(info, io.BytesIO(b"1234"))
            link = tarfile.TarInfo("package/folder")
            link.type = tarfile.DIRTYPE
            archive.addfile(link)
    return path


def test_reads_one_file(archive):
    assert read_member(archive, "package/net.onnx", 4) == b"1234"


@pytest.mark.parametrize(("size", "received"), [(3, "more"), (5, "4")])
def test_another_size_is_refused(archive, size, received):
    with pytest.raises(DownloadError, match=f"Received: {received}"):
        read_member(archive, "package/net.onnx", size)


@pytest.mark.parametrize("name", ["net.onnx", "package/folder"])
def test_what_is_no_file_in_it_is_named(archive, name):
    with pytest.raises(DownloadError, match=f"archive must hold {name}"):
        read_member(archive, name, 4)


def test_what_is_no_archive_is_refused(tmp_path):
    (tmp_path / "archive").write_bytes(b"1234")
    with pytest.raises(DownloadError, match="must hold net"):
        read_member(tmp_path / "archive", "net", 4)
