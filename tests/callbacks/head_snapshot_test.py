"""A head of three centers on a circle, seen through known faces."""

import keras
import numpy as np
import pytest

from keras_sphereface import heads
from keras_sphereface.callbacks.head_snapshot import take_snapshot


def circle(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)]).astype("float32")


@pytest.fixture
def head():
    """Centers at 0, 90 and 180 degrees, one of them long."""
    head = heads.get("cosface", 3, margin=0.25, scale=8.0)
    head.build((None, 2))
    head.centers.assign(circle(0, 90, 180) * np.float32([1, 5, 1]))
    return head


# At 20 and 100 degrees, 2 and 3 long, of the classes 0 and 2.
FACES = (circle(20, 100) * np.float32([2, 3])).T
LABELS = [0, 2]


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_angles_and_norms_are_those_on_the_circle(head, batch_size):
    found = take_snapshot(head, FACES, LABELS, batch_size=batch_size, epoch=3)
    np.testing.assert_allclose(found.target_angles, [20, 80], atol=1e-3)
    np.testing.assert_allclose(found.nearest_angles, [70, 10], atol=1e-3)
    np.testing.assert_allclose(found.norms, [2, 3], rtol=1e-6)
    # cos 20 - 0.25 is above cos 70; cos 80 - 0.25 is below cos 10.
    assert found.past_margin == 0.5
    assert found.margin_effect == pytest.approx(0.25, abs=1e-6)
    assert found.logit_scale == 8
    assert found.largest_component == pytest.approx(2.954423)  # 3 sin 100
    assert found.epoch == 3


def test_parts_of_a_set_give_the_gradient_of_the_whole(head):
    whole, parts = (
        take_snapshot(head, FACES[[0, 1, 0]], [0, 2, 1], batch_size=n, epoch=1)
        for n in (3, 2)
    )
    assert whole.center_gradients.shape == (3,)
    assert (whole.center_gradients > 0).all()
    np.testing.assert_allclose(
        parts.center_gradients, whole.center_gradients, rtol=1e-5
    )
    # A center five times as long turns a fifth as far.
    head.centers.assign(circle(0, 90, 180))
    again = take_snapshot(
        head, FACES[[0, 1, 0]], [0, 2, 1], batch_size=3, epoch=1
    )
    np.testing.assert_allclose(
        again.center_gradients,
        whole.center_gradients * [1, 5, 1],
        rtol=1e-4,
    )


def test_embeddings_that_are_not_finite_show(head):
    faces = FACES.copy()
    faces[1, 0] = np.nan
    found = take_snapshot(head, faces, LABELS, batch_size=2, epoch=1)
    assert np.isnan(found.largest_component)


def test_one_class_has_no_other_center():
    keras.utils.set_random_seed(0)
    head = heads.get("normface", 1)
    head.build((None, 2))
    found = take_snapshot(head, FACES, [0, 0], batch_size=2, epoch=1)
    assert np.isfinite(found.nearest_angles).all()
