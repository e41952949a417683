import json

import pytest
from study_runs import failed_run, make_run, toy_summary

from keras_sphereface.evaluation import summarize_study


def test_rows_hold_what_was_worked_by_hand():
    summary = toy_summary()
    base, arcface, *_ = summary.rows()
    assert summary.header[2:6] == (
        "ten-fold accuracy",
        "95 %",
        "minus the baseline",
        "95 %",
    )
    # 0.70 and 0.71: 0.705 +- 12.706 * 0.00707 / sqrt(2)
    assert base[:5] == (
        "normface",
        "0.1",
        "70.50 %",
        "[64.15, 76.85]",
        "baseline",
    )
    assert arcface[:3] == ("arcface margin=0.3 detach=True", "0.1", "76.00 %")
    # 0.05 and 0.06: +5.5 points, +- 12.706 * 0.5
    assert arcface[4:7] == ("+5.50", "[-0.85, +11.85]", "not clear")
    assert arcface[7:] == ("2 trained", "42°", "20", "60")


def test_a_clear_difference_says_which_is_better():
    runs = [make_run("a", s, accuracy=0.7 + 0.001 * s) for s in range(3)]
    runs += [make_run("b", s, accuracy=0.74 + 0.001 * s) for s in range(3)]
    for baseline, verdict, points in (
        ("a", "better", "+4.00"),
        ("b", "worse", "-4.00"),
    ):
        summary = summarize_study(runs, baseline=baseline)
        row = next(r for r in summary.rows() if r[0] != baseline)
        assert row[4] == points
        assert row[6] == verdict


def test_the_best_of_a_kind_is_over_margins_rates_and_detachment():
    summary = toy_summary()
    outcomes = {
        (arm.label, arm.learning_rate): arm.outcome_text for arm in summary.arms
    }
    # The best, 76 %, is of margin 0.3 at the lower rate.
    assert outcomes == {
        ("normface", 0.1): "2 trained",
        ("arcface margin=0.3 detach=True", 0.1): "2 trained",
        ("arcface margin=0.3 detach=True", 0.4): "2 trained",
        ("arcface margin=0.5 detach=True", 0.1): "2 degraded",
        ("arcface margin=0.5 detach=False", 0.1): "1 diverged, 1 collapsed",
    }


def test_arms_of_another_rate_than_the_baseline_have_no_difference():
    summary = toy_summary()
    other = next(arm for arm in summary.arms if arm.learning_rate == 0.4)
    assert other.difference is None


def test_one_seed_has_no_interval_and_says_so():
    summary = summarize_study(
        [make_run("a"), make_run("b", accuracy=0.8)], baseline="a"
    )
    assert summary.rows()[1][3:7] == ("", "+5.00", "", "one seed")


def test_a_table_without_a_baseline_has_no_differences():
    summary = summarize_study([make_run("a"), failed_run("b")])
    assert "minus the baseline" not in summary.header
    assert all(len(row) == len(summary.header) for row in summary.rows())
    lines = str(summary).splitlines()
    assert lines[0] == summary.data == make_run().data
    assert lines[-1].split()[:3] == ["b", "0.1", "50.00"]
    assert "1 diverged" in lines[-1]


def test_a_summary_is_json():
    content = json.loads(json.dumps(toy_summary().to_dict(), allow_nan=False))
    assert content["baseline"] == "normface"
    assert content["arms"][0]["accuracies"] == [0.7, 0.71]
    assert content["arms"][0]["difference"] is None
    assert content["arms"][1]["difference"]["mean"] == pytest.approx(0.055)
    assert content["arms"][-1]["outcomes"] == ["diverged", "collapsed"]


def two_arcfaces():
    return [
        make_run("arcface", arguments={"margin": margin})
        for margin in (0.3, 0.5)
    ]


@pytest.mark.parametrize("baseline", ["arcface", "cosface"])
def test_a_baseline_that_is_not_one_head_is_an_error(baseline):
    with pytest.raises(ValueError, match=rf"margin=0\.3.*'{baseline}'"):
        summarize_study(two_arcfaces(), baseline=baseline)
    label = "arcface margin=0.5"
    assert summarize_study(two_arcfaces(), baseline=label).baseline == label


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([], "at least one"),
        ([make_run(), make_run("b", data="others")], "runs of .*others"),
        (
            [make_run(), make_run()],
            r"one run per head.*arcface, 0\.1, .*\[0, 0\]",
        ),
    ],
)
def test_runs_that_do_not_belong_together_are_an_error(runs, message):
    with pytest.raises(ValueError, match=message):
        summarize_study(runs)
