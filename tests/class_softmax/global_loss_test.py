"""Logits of a batch that compete, worked by hand."""

import math

import numpy as np
import pytest
from keras import ops

from keras_sphereface.class_softmax import GlobalLoss, SoftmaxLoss


def tensor(values, dtype="float32"):
    return ops.convert_to_tensor(np.array(values, dtype))


def losses(*arguments, **settings):
    found = GlobalLoss(**settings).from_sums(*map(tensor, arguments))
    return ops.convert_to_numpy(found).tolist()


def test_every_sample_competes_with_the_others_of_all():
    # The other classes of both samples come to 1 + 3, and the true ones count
    # 1/2 and 1/4 from above, 3/4 in all.
    targets, others = np.log([2.0, 4.0]), np.log([1.0, 3.0])
    expected = [
        (math.log(1 + 4 / 2) + math.log(1 + 1 * 0.75)) / 2,
        (math.log(1 + 4 / 4) + math.log(1 + 3 * 0.75)) / 2,
    ]
    assert losses(targets, others) == pytest.approx(expected, rel=1e-6)
    doubled = [2 * value for value in expected]
    assert losses(targets, others, weight=2.0) == pytest.approx(doubled)


def test_alone_it_is_the_cross_entropy():
    logits = tensor([[0.3, -1.0, 2.0]])
    labels = tensor([2], "int32")
    own, other = (
        ops.convert_to_numpy(loss.from_logits(logits, labels))
        for loss in (GlobalLoss(), SoftmaxLoss())
    )
    np.testing.assert_allclose(own, other, rtol=1e-6)


def test_one_class_has_nothing_to_compete_with():
    logits = tensor([[5.0], [-5.0]])
    labels = tensor([0, 0], "int32")
    found = GlobalLoss().from_logits(logits, labels)
    np.testing.assert_array_equal(ops.convert_to_numpy(found), 0.0)


def test_soft_labels_are_refused():
    with pytest.raises(ValueError, match=r"class indices.*shape \(1, 2\)"):
        GlobalLoss().from_soft_labels(tensor([[0, 1]]), tensor([[0.5, 0.5]]))
