"""Which heads look at one class at a time, and what the others are told."""

import pytest

from keras_sphereface import heads
from keras_sphereface.heads.class_losses import (
    check_class_arguments,
    looks_at_one_class_at_a_time,
)


class Elementwise(heads.MarginHead):
    def elementwise_margin(self, norms=None, training=False):
        return heads.ElementwiseMargin()


class WholeRows(Elementwise):
    def margined(self, cos_theta, labels):
        return cos_theta


class ElementwiseAgain(WholeRows):
    def elementwise_margin(self, norms=None, training=False):
        return heads.ElementwiseMargin()


class OwnLogits(Elementwise):
    def to_logits(self, values, norms):
        return values


class OwnLosses(ElementwiseAgain):
    def sample_losses(self, outputs):
        return super().sample_losses(outputs)


class OnlyAName(Elementwise):
    scale = 3.0


@pytest.mark.parametrize(
    ("head_class", "expected"),
    [
        (heads.MarginHead, False),
        (Elementwise, True),
        (OnlyAName, True),
        (WholeRows, False),
        (ElementwiseAgain, True),
        (OwnLogits, False),
        (OwnLosses, False),
        (heads.CurricularFaceHead, False),
        (heads.SphereFaceRHead, True),
    ],
)
def test_what_is_overridden_last_decides(head_class, expected):
    assert looks_at_one_class_at_a_time(head_class) is expected
    for arguments in ((4, 1, 1), ("auto", 1, 1), (None, 0.5, 1)):
        if expected:
            check_class_arguments(head_class, *arguments)
        else:
            with pytest.raises(ValueError, match="looks at all classes"):
                check_class_arguments(head_class, *arguments)
    check_class_arguments(head_class, None, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 1), "`class_chunk` must be None, 'auto' or a positive"),
        ((None, 0, 1), r"`sample_rate` must be in \(0, 1\]"),
        ((None, float("nan"), 1), r"`sample_rate` must be in \(0, 1\]"),
        ((None, 1.01, 1), r"`sample_rate` must be in \(0, 1\]"),
        ((4, 1, 2), "`sub_centers` must be 1 .* class_chunk=4"),
        ((None, 0.5, 2), r"`sub_centers` must be 1 .* sample_rate=0\.5"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_class_arguments(Elementwise, *arguments)
