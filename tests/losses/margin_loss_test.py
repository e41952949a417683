import numpy as np
import pytest
from keras import ops

from keras_sphereface.losses import MarginLoss


class AdditiveLoss(MarginLoss):
    """A margin of a user's own: `cos_theta - 0.3` for the right class."""

    def margined(self, cos_theta, labels):
        return cos_theta - 0.3 * ops.one_hot(labels, cos_theta.shape[1])


def test_a_subclass_is_its_margin():
    cosines = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    labels = np.array([0, 1, 2, 0, 1])
    expected = []
    for row, label in zip(cosines, labels, strict=True):
        logits = [20 * (c - 0.3 * (j == label)) for j, c in enumerate(row)]
        expected.append(np.log(np.exp(logits).sum()) - logits[label])
    loss = AdditiveLoss(scale=20.0, loss_weight=2.0)
    assert float(loss(labels, cosines)) == pytest.approx(
        2 * np.mean(expected), rel=1e-5
    )


def test_a_loss_without_a_margin_says_what_to_override():
    with pytest.raises(TypeError, match="override `margined`"):
        MarginLoss(scale=20.0)(np.array([0]), np.zeros((1, 3)))
