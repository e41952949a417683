"""From a mirror on loopback; processes of their own ask at once."""

import hashlib
import io
import logging
import os
import pathlib
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from file_server import serving

import keras_sphereface as ks
from keras_sphereface.downloads import cached_file

ROOT = pathlib.Path(__file__).parents[2]
CONTENT = np.random.default_rng(1).bytes(200_000)
PATH = "/example.org/v1/net.bin"


def public(content=CONTENT, url=f"https:/{PATH}", **more):
    return ks.downloads.PublicFile(
        "detector",
        url=url,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        license="for tests only",
        source="https://example.org",
        **more,
    )


@pytest.fixture
def known(monkeypatch):
    """Lets a name be known, for one test."""

    def know(file):
        monkeypatch.setattr(cached_file, "get", {"net": file}.__getitem__)

    know(public())
    return know


@pytest.fixture
def server(known, monkeypatch, tmp_path):
    with serving({PATH: CONTENT}) as server:
        monkeypatch.setenv("KSF_MIRROR", server.url)
        monkeypatch.setenv("KSF_HOME", str(tmp_path / "home"))
        yield server


def test_is_fetched_once_and_works_offline_afterwards(server, tmp_path):
    path = ks.pretrained_file("net")
    assert path == tmp_path / "home" / "net" / "net.bin"
    assert path.read_bytes() == CONTENT
    server.status = 503
    assert ks.pretrained_file("net") == path
    assert server.requests == [(PATH, 0)]
    assert [each.name for each in path.parent.iterdir()] == ["net.bin"]


def test_the_license_is_said_once(server, caplog):
    with caplog.at_level(logging.WARNING):
        ks.pretrained_file("net")
        ks.pretrained_file("net")
    assert caplog.text.count("license: for tests only") == 1


def test_a_file_that_was_damaged_since_is_fetched_again(server):
    path = ks.pretrained_file("net")
    path.write_bytes(CONTENT[:-1] + b"?")
    assert ks.pretrained_file("net").read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_another_file_is_refused_and_how_to_go_on_is_said(server, tmp_path):
    server.files[PATH] = CONTENT[::-1]
    with pytest.raises(ks.downloads.DownloadError, match="SHA-256") as error:
        ks.pretrained_file("net")
    assert "copy net.bin of https://example.org to" in str(error.value)
    assert not list((tmp_path / "home" / "net").iterdir())


def test_a_process_that_was_killed_left_something_to_go_on_from(
    server, tmp_path
):
    server.cut_after, server.cuts, server.status = 50_000, 1, None
    ks.pretrained_file("net").unlink()
    digest = hashlib.sha256(CONTENT).hexdigest()
    partial = tmp_path / "home" / "net" / f".{digest[:16]}.partial"
    partial.write_bytes(CONTENT[:70_000])
    assert ks.pretrained_file("net").read_bytes() == CONTENT
    assert server.requests[-1] == (PATH, 70_000)


def wheel(content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("net/model.onnx", content)
    return stream.getvalue()


def test_a_member_of_a_wheel_is_kept_and_the_wheel_is_not(server, known):
    archive = wheel(CONTENT)
    path = "/example.org/net-1.0.0-py3-none-any.whl"
    server.files[path] = archive
    member = {
        "member": "net/model.onnx",
        "member_size": len(CONTENT),
        "member_sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    known(public(archive, f"https:/{path}", **member))
    file = ks.pretrained_file("net")
    assert file.name == "model.onnx"
    assert file.read_bytes() == CONTENT
    assert [each.name for each in file.parent.iterdir()] == ["model.onnx"]
    known(
        public(
            archive, f"https:/{path}", **{**member, "member_sha256": "0" * 64}
        )
    )
    file.unlink()
    with pytest.raises(
        ks.downloads.DownloadError, match=r"model\.onnx in http"
    ):
        ks.pretrained_file("net")
    assert not file.exists()


def test_a_cache_that_cannot_be_written_names_the_variable(
    server, monkeypatch, tmp_path
):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("KSF_HOME", str(tmp_path / "file"))
    with pytest.raises(ks.downloads.DownloadError, match="KSF_HOME names"):
        ks.pretrained_file("net")
    assert not server.requests


def test_a_read_only_cache_is_enough_for_what_is_in_it(server, tmp_path):
    path = ks.pretrained_file("net")
    folder = path.parent
    folder.chmod(0o555)
    before = folder.stat().st_mtime_ns
    try:
        assert ks.pretrained_file("net") == path
    finally:
        folder.chmod(0o755)
    # Who may write anyway, as root, did not.
    assert folder.stat().st_mtime_ns == before


def test_the_mirror_must_be_an_address(server, monkeypatch):
    monkeypatch.setenv("KSF_MIRROR", "ftp://example.org")
    with pytest.raises(ValueError, match="KSF_MIRROR must begin with"):
        ks.pretrained_file("net")


def test_without_a_mirror_the_registered_address_is_asked(server, monkeypatch):
    monkeypatch.delenv("KSF_MIRROR")
    asked = []
    monkeypatch.setattr(
        cached_file,
        "download",
        lambda url, path, **_: asked.append(url) or path.write_bytes(CONTENT),
    )
    ks.pretrained_file("net")
    assert asked == [f"https:/{PATH}"]


def test_the_home_is_in_the_users_cache_unless_it_is_set(monkeypatch):
    monkeypatch.delenv("KSF_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    home = ks.downloads.home_folder()
    assert home == pathlib.Path("/somewhere/keras_sphereface")
    monkeypatch.setenv("KSF_HOME", "~/faces")
    assert ks.downloads.home_folder() == pathlib.Path.home() / "faces"


ASKS = """
import keras_sphereface as ks, sys
ks.downloads.register("net", ks.downloads.PublicFile(
    "detector", url={url!r}, size={size}, sha256={sha256!r},
    license="for tests only", source="https://example.org"))
print(ks.pretrained_file("net").stat().st_size)
assert not {{"keras", "tensorflow"}} & set(sys.modules)
"""


def test_processes_that_ask_at_once_fetch_it_once(server, tmp_path):
    file = public()
    program = ASKS.format(url=file.url, size=file.size, sha256=file.sha256)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 3
    assert outputs == [f"{len(CONTENT)}\n"] * 3
    assert server.requests == [(PATH, 0)]
    folder = tmp_path / "home" / "net"
    assert [each.name for each in folder.iterdir()] == ["net.bin"]
