"""Identities alike, on a circle."""

import io
import types

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.inspection import similar_identities
from keras_sphereface.inspection.similar_identities import identity_embeddings


def units(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def test_pairs_above_the_threshold_are_listed_once_the_most_alike_first():
    # Apart by 30, 40, 70 and 90, 120, 160 degrees.
    found = similar_identities(units(0, 40, 70, 160), threshold=0.5)
    assert [pair[:2] for pair in found] == [(1, 2), (0, 1)]
    assert [pair[2] for pair in found] == pytest.approx(
        [np.sqrt(3) / 2, 0.766044]  # cosines of 30 and 40 degrees
    )


def test_another_set_is_compared_place_by_place():
    found = similar_identities(units(0, 90), units(90, 10), threshold=0.9)
    assert [pair[:2] for pair in found] == [(1, 0), (0, 1)]
    assert found[1][2] == pytest.approx(0.984808)  # 10 degrees


def test_no_more_than_the_limit_are_listed():
    found = similar_identities(units(0, 1, 3, 6), threshold=0.5, limit=2)
    assert [pair[:2] for pair in found] == [(0, 1), (1, 2)]


def png(level):
    file = io.BytesIO()
    Image.new("RGB", (2, 2), (level, level, level)).save(file, "PNG")
    return file.getvalue()


def test_the_first_images_of_each_identity_are_averaged_by_direction():
    # An image of level `n` points to `n` degrees and is `n + 1` long.
    levels = [0, 90, 60, 200, 0]
    faces = types.SimpleNamespace(
        labels=np.array([0, 2, 0, 0, 2]),
        num_classes=3,
        read_bytes=lambda position: png(levels[position]),
    )

    def embed(images):
        assert len(images) <= 3
        level = images[:, 0, 0, 0].astype(float)
        return units(*level) * (level + 1)[:, None]

    found = identity_embeddings(
        faces, embed, images_per_identity=2, batch_size=3
    )
    # The first two of 0, at 0 and 60; none of 1; 90 and 0 of 2.
    expected = units(30, 0, 45)
    expected[1] = 0
    np.testing.assert_allclose(found, expected, atol=1e-6)
