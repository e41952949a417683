"""The page of a head, from snapshots written by hand."""

import numpy as np
import pytest
from PIL import Image

from keras_sphereface import heads
from keras_sphereface.callbacks.head_page import plot_head_page
from keras_sphereface.callbacks.head_snapshot import HeadSnapshot

matplotlib = pytest.importorskip("matplotlib")
HEAD = heads.get("cosface", 1234, margin=0.35)


def snapshot(epoch, norm=10.0):
    random = np.random.default_rng(epoch)
    return HeadSnapshot(
        epoch=epoch,
        target_angles=random.uniform(20, 60, 50),
        nearest_angles=random.uniform(60, 90, 50),
        norms=np.full(50, norm),
        past_margin=0.1 * epoch,
        center_gradients=np.array([0.3, 0.4]),
        margin_effect=0.35,
        logit_scale=64.0,
        largest_component=3.0,
    )


def draw(path, snapshots, warnings=()):
    with matplotlib.rc_context({"svg.fonttype": "none"}):  # text stays text
        return plot_head_page(snapshots, HEAD, dict(warnings), path)


def test_the_page_says_what_was_measured(tmp_path):
    path = draw(tmp_path / "a.svg", [snapshot(1), snapshot(4)])
    text = path.read_text("utf-8")
    for words in (
        "CosFaceHead",
        "margin 0.35",
        "1,234 classes",
        "50 faces",
        "after epoch 4",
        "dashed: epoch 1",
        "40 %",  # past the margin, at last
        ">0.5<",  # the norm of (0.3, 0.4)
        "No warnings.",
    ):
        assert words in text, words


def test_warnings_stand_at_the_foot(tmp_path):
    path = draw(tmp_path / "a.svg", [snapshot(1)], {"scale": "Too small."})
    text = path.read_text("utf-8")
    assert "Warning: Too small." in text
    assert "No warnings." not in text


def test_a_page_takes_the_place_of_an_older_one(tmp_path):
    (tmp_path / "a.png").write_bytes(b"older")
    path = draw(tmp_path / "a.png", [snapshot(1), snapshot(2, norm=1e4)])
    with Image.open(path) as page:
        assert page.size == (1650, 1110)
    assert list(tmp_path.iterdir()) == [path]


def test_the_ending_must_be_that_of_a_picture(tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in.*a\.txt"):
        draw(tmp_path / "a.txt", [snapshot(1)])
    assert not list(tmp_path.iterdir())


def test_a_missing_matplotlib_says_what_to_install(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"keras-sphereface\[plots\]"):
        draw(tmp_path / "a.png", [snapshot(1)])
