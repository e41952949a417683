import math

import numpy as np
import pytest

from keras_sphereface import heads
from keras_sphereface.training.center_angles import center_angles


def naive_angle(a, b):
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    cosine = dot / (math.hypot(*a) * math.hypot(*b))
    return math.degrees(math.acos(cosine))


@pytest.mark.parametrize("name", ["arcface", "curricularface", "spherefacer"])
@pytest.mark.parametrize("batch_size", [3, 64])
def test_angles_are_those_of_a_naive_loop(name, batch_size):
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(8, 5)).astype("float32")
    labels = np.arange(8) % 4
    head = heads.get(name, 4)
    head.build((None, 5))
    found = center_angles(head, embeddings, labels, batch_size=batch_size)
    centers = np.asarray(head.centers.numpy()).T
    for row, label in enumerate(labels):
        angles = [naive_angle(embeddings[row], center) for center in centers]
        # Float32 cosines.
        assert found.target[row] == pytest.approx(angles[label], abs=0.01)
        others = [a for place, a in enumerate(angles) if place != label]
        assert found.nearest[row] == pytest.approx(min(others), abs=0.01)
        assert found.norms[row] == pytest.approx(math.hypot(*embeddings[row]))
