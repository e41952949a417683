import pytest

from keras_sphereface.contract import (
    OperatingPoint,
    default_operating_point,
)


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
        ({"far_interval": (0.2, 0.1)}, r"`far_interval`.*\(0.2, 0.1\)"),
        ({"far_interval": (0.1, 1.1)}, r"`far_interval`.*\[0, 1\]"),
        ({"tar_interval": 0.5}, "`tar_interval`.*0.5"),
        ({"tar_interval": (0.1, float("nan"))}, "`tar_interval`.*nan"),
        ({"tar_interval": (0.1, 0.2, 0.3)}, "`tar_interval`"),
        ({"threshold_interval": ("a", "b")}, "`threshold_interval`.*'a'"),
        ({"threshold_interval": (-2.0, 0)}, "`threshold_interval`.*-2"),
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


def test_intervals_become_tuples_as_json_has_only_lists():
    point = OperatingPoint(0.01, 0.25, tar_interval=[0.5, 0.75])
    assert point.tar_interval == (0.5, 0.75)
    assert point.far_interval is point.threshold_interval is None


@pytest.mark.parametrize(
    ("far", "pairs", "above", "steady"),
    [
        (0.02, 1500, 30, True),  # 30.000000000000004 or 29.99... in floats
        (0.01, 3000, 30, True),
        (0.01, 2999, 29, False),
        (0.001, 1500, 1, False),
        (0.1, None, None, False),  # how many is not known
    ],
)
def test_thirty_impostors_above_make_a_threshold_steady(
    far, pairs, above, steady
):
    point = OperatingPoint(far, 0.5, impostor_pairs=pairs)
    assert point.impostors_above == above
    assert point.is_steady is steady


def test_the_strictest_steady_point_is_the_default():
    points = [
        OperatingPoint(far, 0.5, impostor_pairs=3000)
        for far in (0.001, 0.1, 0.01)
    ]
    assert default_operating_point(points).far == 0.01


def test_where_none_is_steady_the_loosest_is():
    points = [
        OperatingPoint(0.01, 0.5, impostor_pairs=200),
        OperatingPoint(0.1, 0.3, impostor_pairs=200),
        OperatingPoint(0.05, 0.4),
    ]
    assert default_operating_point(points).far == 0.1
