import numpy as np
import pytest
from PIL import Image

from keras_sphereface.reports import plot_sphere
from keras_sphereface.reports.sphere_plot import _caption


def make_panel(dim):
    random = np.random.default_rng(0)
    centers = random.normal(size=(dim, 4))
    labels = random.integers(0, 4, 50)
    embeddings = centers.T[labels] + 0.2 * random.normal(size=(50, dim))
    return 5 * embeddings, labels, centers


@pytest.mark.parametrize("dim", [2, 3])
def test_draws_a_panel_for_each_head(tmp_path, dim):
    panels = {name: make_panel(dim) for name in ("a", "b", "c", "d", "e")}
    path = plot_sphere(panels, tmp_path / "sphere.png", title="Five heads")
    with Image.open(path) as picture:
        assert picture.size == (2240, 1392)  # two rows of four
        pixels = np.asarray(picture.convert("RGB"), "int32")
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    assert (spread > 60).mean() > 0.002  # colors


def test_caption_is_measured_on_the_circle():
    half = np.radians([0, 10, 80])
    embeddings = np.stack([np.cos(half), np.sin(half)], axis=1)
    centers = np.array([[1.0, 0.0], [0.0, 1.0]])
    # 0, 10 and 10 degrees from the own center.
    assert _caption(embeddings, np.array([0, 0, 1]), centers) == (
        "7° to the own center, centers 90° apart"
    )


@pytest.mark.parametrize(
    ("panels", "name", "message"),
    [
        ({}, "a.png", r"`panels` must have at least one"),
        ({"a": make_panel(4)}, "a.png", r"dim 2 or 3.*\(50, 4\)"),
        ({"a": make_panel(2)}, "a.gif", r"`path` must end in \.png"),
    ],
)
def test_wrong_use_is_named(tmp_path, panels, name, message):
    with pytest.raises(ValueError, match=message):
        plot_sphere(panels, tmp_path / name)
