import dataclasses

import pytest

from keras_sphereface.contract import OperatingPoint
from keras_sphereface.edge import Verification


def test_a_verification_reads_as_a_sentence():
    same = Verification(0.71234, 0.5, True, 0.001, "LFW")
    assert str(same) == (
        "same person: score 0.7123 is at least the threshold 0.5000, "
        "FAR 0.001 on LFW"
    )
    different = Verification(0.1, 0.5, False)
    assert str(different) == (
        "different people: score 0.1000 is below the threshold 0.5000"
    )


def test_the_rate_is_shown_with_its_interval():
    point = OperatingPoint(
        0.02, 0.5, impostor_pairs=1500, far_interval=(0.0135, 0.0284)
    )
    found = Verification(0.7, 0.5, True, 0.02, "LFW", point, 0.98765)
    assert str(found) == (
        "same person: score 0.7000 is at least the threshold 0.5000, "
        "FAR 0.02 [0.013, 0.028] on LFW; probability 0.988 at even odds"
    )
    assert found.is_steady
    assert found.far_interval == (0.0135, 0.0284)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (1000, "it rests on 20 of 1,000 pairs of different people"),
        (None, "on how many pairs of different people it rests is not known"),
    ],
)
def test_too_few_pairs_are_said_plainly(pairs, words):
    point = OperatingPoint(0.02, 0.5, impostor_pairs=pairs)
    found = Verification(0.7, 0.5, True, 0.02, point=point)
    assert str(found).endswith(
        f"; this threshold is UNSTEADY: {words}, and 30 would make it steady"
    )
    assert found.is_steady is False


def test_a_verification_cannot_be_changed():
    verification = Verification(0.1, 0.5, False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        verification.same = True
