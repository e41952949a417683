import pytest

from keras_sphereface.contract import OperatingPoint


def test_defaults_leave_open_what_was_not_measured():
    point = OperatingPoint(far=0.01, threshold=0.25)
    assert (point.tar, point.impostor_pairs, point.genuine_pairs) == (
        None,
        None,
        None,
    )
    assert point.data is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"far": 0}, "`far`.*far=0"),
        ({"far": 1.01}, "`far`.*far=1.01"),
        ({"far": float("nan")}, "`far`.*nan"),
        ({"far": True}, "`far`.*True"),
        ({"threshold": float("inf")}, "`threshold`.*inf"),
        ({"threshold": float("nan")}, "`threshold`.*nan"),
        ({"threshold": 1.5}, "`threshold`.*1.5"),
        ({"threshold": "0.5"}, "`threshold`.*'0.5'"),
        ({"tar": 1.5}, "`tar`.*1.5"),
        ({"impostor_pairs": 0}, "`impostor_pairs`.*0"),
        ({"impostor_pairs": 1e4}, "`impostor_pairs`.*10000.0"),
        ({"impostor_pairs": 99}, "1 / impostor_pairs.*impostor_pairs=99"),
        ({"genuine_pairs": -1}, "`genuine_pairs`.*-1"),
        ({"data": 5}, "`data`.*5"),
        ({"flip": 1}, "`flip`.*1"),
    ],
)
def test_refuses_values_a_device_could_not_use(change, message):
    with pytest.raises(ValueError, match=message):
        OperatingPoint(**{"far": 0.01, "threshold": 0.25, **change})


def test_one_accepted_impostor_is_enough_to_measure():
    # 1 / pairs is the rate of exactly one; a product would round some away.
    for pairs in range(1, 300):
        OperatingPoint(1 / pairs, 0.5, impostor_pairs=pairs)
        with pytest.raises(ValueError, match="impostor_pairs"):
            OperatingPoint(0.999 / pairs, 0.5, impostor_pairs=pairs)
