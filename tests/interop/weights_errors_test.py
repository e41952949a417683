import pytest

from keras_sphereface.interop.weights_errors import (
    WeightsFileError,
    WeightsMismatchError,
)


def test_a_mismatch_ends_with_its_report():
    error = WeightsMismatchError("All must fit.", "stem  missing")
    assert str(error) == "All must fit.\nstem  missing"
    assert error.report == "stem  missing"


def test_without_a_report_there_is_the_message_alone():
    error = WeightsMismatchError("All must fit.")
    assert str(error) == "All must fit."
    assert error.report is None


@pytest.mark.parametrize("error", [WeightsFileError, WeightsMismatchError])
def test_who_catches_wrong_values_catches_these(error):
    with pytest.raises(ValueError, match="why"):
        raise error("why")
