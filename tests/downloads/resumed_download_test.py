"""Against a server on loopback that hangs up, lies and forgets."""

import hashlib

import numpy as np
import pytest
from file_server import serving

from keras_sphereface.downloads import (
    DownloadError,
    download,
    resumed_download,
)

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    with serving({"/net.ckpt": CONTENT}) as server:
        yield server


def fetch(server, path, **changed):
    expected = {"size": len(CONTENT), "sha256": SHA256, **changed}
    download(f"{server.url}/net.ckpt", path, **expected)


def test_fetches_a_file_whole(server, tmp_path):
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT
    assert server.requests == [("/net.ckpt", 0)]


def test_a_file_that_is_there_is_not_asked_for(server, tmp_path):
    (tmp_path / "net").write_bytes(CONTENT)
    fetch(server, tmp_path / "net")
    assert not server.requests


def test_a_cut_connection_is_taken_up_where_it_ended(server, tmp_path):
    server.cut_after, server.cuts = 100_000, 2
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT
    starts = [start for _, start in server.requests]
    assert starts == [0, 100_000, 200_000]


def test_a_server_that_falls_silent_is_asked_again(
    server, tmp_path, monkeypatch
):
    monkeypatch.setattr(resumed_download, "_TIMEOUT_SECONDS", 0.3)
    server.cut_after, server.cuts, server.silence = 100_000, 1, 1.0
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT
    # What came before it is kept.
    assert [start for _, start in server.requests] == [0, 100_000]


def test_what_came_before_it_was_given_up_is_kept(server, tmp_path):
    server.cut_after, server.cuts = 0, 99
    (tmp_path / "net").write_bytes(CONTENT[:5000])
    with pytest.raises(DownloadError, match="5,000 of 300,000 bytes are kept"):
        fetch(server, tmp_path / "net")
    assert len(server.requests) == 4
    server.cuts = 0
    fetch(server, tmp_path / "net")
    assert server.requests[-1] == ("/net.ckpt", 5000)
    assert (tmp_path / "net").read_bytes() == CONTENT


def test_many_cuts_do_no_harm_as_long_as_bytes_come(server, tmp_path):
    server.cut_after, server.cuts = 30_000, 9
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT


def test_a_server_without_range_starts_again(server, tmp_path):
    server.ranges = False
    (tmp_path / "net").write_bytes(b"x" * 5000)
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT


def test_bytes_of_something_else_are_thrown_away_once(server, tmp_path):
    (tmp_path / "net").write_bytes(b"x" * 5000)
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT
    assert [start for _, start in server.requests] == [5000, 0]


def test_more_bytes_than_the_file_has_are_of_another_one(server, tmp_path):
    (tmp_path / "net").write_bytes(CONTENT + b"x")
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT


def test_another_file_of_the_same_size_is_refused(server, tmp_path):
    server.files["/net.ckpt"] = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(DownloadError, match=f"must have the SHA-256 {SHA256}"):
        fetch(server, tmp_path / "net")
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_size_is_refused_before_it_is_read(server, tmp_path):
    with pytest.raises(DownloadError, match=r"299,999 bytes.*300,000 bytes"):
        fetch(server, tmp_path / "net", size=len(CONTENT) - 1)
    assert not list(tmp_path.iterdir())


def test_a_page_in_place_of_the_rest_costs_nothing_of_it(server, tmp_path):
    # As a hotel's network answers before one has signed in.
    (tmp_path / "net").write_bytes(CONTENT[:5000])
    server.ranges, server.files["/net.ckpt"] = False, b"<html>"
    with pytest.raises(DownloadError, match="Received: 6 bytes"):
        fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT[:5000]


def test_an_answer_that_does_not_end_is_stopped(server, tmp_path):
    server.says_length = False
    with pytest.raises(DownloadError, match="Received: more"):
        fetch(server, tmp_path / "net", size=1000)
    assert not list(tmp_path.iterdir())


def test_a_short_answer_without_a_length_is_a_cut(server, tmp_path):
    server.says_length, server.cut_after, server.cuts = False, 1000, 1
    fetch(server, tmp_path / "net")
    assert (tmp_path / "net").read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (503, 4)])
def test_only_what_may_pass_is_tried_again(server, tmp_path, status, tries):
    server.status = status
    with pytest.raises(DownloadError, match=f"HTTPError: HTTP Error {status}"):
        fetch(server, tmp_path / "net")
    assert len(server.requests) == tries


def test_nobody_there_is_said_at_once(tmp_path):
    with serving({}) as server:
        pass
    with pytest.raises(DownloadError, match="refused"):
        fetch(server, tmp_path / "net")


def test_a_folder_serves_as_well(tmp_path):
    (tmp_path / "there").write_bytes(CONTENT)
    path = tmp_path / "here"
    for have in (0, 1000):
        path.write_bytes(CONTENT[:have])
        url = (tmp_path / "there").as_uri()
        download(url, path, size=len(CONTENT), sha256=SHA256)
        assert path.read_bytes() == CONTENT
