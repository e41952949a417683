import numpy as np

from keras_sphereface.interop.family import (
    Pair,
    conv_pairs,
    count_modules,
    fold_bias,
)


def test_a_convolution_has_the_parts_that_it_is_given():
    assert conv_pairs("stem", "conv1") == [Pair("stem", "conv1", "conv")]
    assert conv_pairs("stem", "c", "b", "p") == [
        Pair("stem", "c", "conv"),
        Pair("stem_bn", "b", "bn"),
        Pair("stem_act", "p", "prelu"),
    ]
    assert conv_pairs("stem", "c", prelu="p")[1:] == [
        Pair("stem_act", "p", "prelu")
    ]


def test_modules_are_counted_up_to_the_first_that_is_missing():
    names = ["a.0.w", "a.1.w", "a.3.w", "b.2.w", "a.2.w.more", "xa.2.w"]
    assert count_modules(dict.fromkeys(names), "a.{}.w") == 2
    assert count_modules({}, "a.{}.w") == 0


def test_dots_in_a_pattern_are_dots():
    assert count_modules({"axbx0xw": 0}, "a.b.{}.w") == 0


def test_numbers_count_and_not_their_order_as_text():
    state = {f"a.{number}.w": 0 for number in reversed(range(12))}
    assert count_modules(state, "a.{}.w") == 12


def test_a_bias_moves_into_the_mean_behind_it():
    state = {
        "fc.bias": np.float32([1, -2]),
        "bn.running_mean": np.float32([5, 5]),
        "other": np.float32([0]),
    }
    fold_bias(state, "fc", "bn")
    assert set(state) == {"bn.running_mean", "other"}
    # x + 1 - 5 is x - 4, and x - 2 - 5 is x - 7.
    np.testing.assert_array_equal(state["bn.running_mean"], [4, 7])


def test_without_a_bias_the_mean_stays():
    mean = np.float32([5, 5])
    state = {"bn.running_mean": mean}
    fold_bias(state, "fc", "bn")
    assert state["bn.running_mean"] is mean
