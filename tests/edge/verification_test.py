import dataclasses

import pytest

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


def test_a_verification_cannot_be_changed():
    verification = Verification(0.1, 0.5, False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        verification.same = True
