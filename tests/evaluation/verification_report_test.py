import json

import pytest

from keras_sphereface.contract import OperatingPoint
from keras_sphereface.evaluation import VerificationReport, compare_reports


def make_report(**change):
    return VerificationReport(
        **{
            "accuracy": 0.75533,
            "accuracy_std": 0.0202,
            "auc": 0.83,
            "equal_error": 0.245,
            "tar_at_far": {0.1: 0.5, 0.001: 0.0533},
            "operating_points": (),
            "num_pairs": 3000,
            "name": "faces",
            **change,
        }
    )


def test_the_table_is_aligned_and_in_percent():
    assert str(make_report()) == (
        "faces (3,000 pairs)\n"
        "----------------------------------\n"
        "ten-fold accuracy  75.53 %  ± 2.02\n"
        "equal error rate   24.50 %\n"
        "area under curve   83.00 %\n"
        "TAR@FAR=1e-1       50.00 %\n"
        "TAR@FAR=1e-3        5.33 %"
    )


def test_reports_stand_side_by_side_with_gaps_where_nothing_was_measured():
    before = make_report(accuracy=0.5, tar_at_far={0.1: 0.02}, notes=("Few.",))
    table = compare_reports({"before": before, "after": make_report()})
    lines = table.splitlines()
    assert lines[0].split() == [
        "ten-fold",
        "accuracy",
        "TAR@FAR=1e-1",
        "TAR@FAR=1e-3",
        "EER",
        "AUC",
        "pairs",
    ]
    assert set(lines[1]) == {"-"}
    assert lines[2].split()[:8] == [
        *("before", "50.00", "%", "±", "2.02"),
        *("2.00", "%", "-"),
    ]
    assert lines[3].split()[-5:] == ["24.50", "%", "83.00", "%", "3,000"]
    assert len({len(line) for line in lines[:4]}) == 1
    assert lines[4] == "before: Few."
    with pytest.raises(ValueError, match="at least one report"):
        compare_reports({})


def test_the_table_shows_intervals_thresholds_and_people():
    report = make_report(
        tar_at_far={0.1: 0.5},
        tar_intervals={0.1: (0.4012, 0.6)},
        equal_error_interval=(0.2, 0.3),
        auc_interval=(0.8, 0.85),
        operating_points=(OperatingPoint(0.1, 0.25),),
        num_people=60,
        notes=("FAR=1e-6 was not measured.",),
    )
    assert str(report) == (
        "faces (3,000 pairs, 60 people)\n"
        "-----------------------------------------------------------\n"
        "ten-fold accuracy  75.53 %                           ± 2.02\n"
        "equal error rate   24.50 %  [20.00, 30.00]\n"
        "area under curve   83.00 %  [80.00, 85.00]\n"
        "TAR@FAR=1e-1       50.00 %  [40.12, 60.00]  score >= 0.2500\n"
        "FAR=1e-6 was not measured."
    )


def test_without_folds_there_is_no_accuracy():
    report = make_report(accuracy=None, accuracy_std=None)
    assert "accuracy" not in str(report)
    assert compare_reports({"a": report}).splitlines()[2].split()[1] == "-"
    content = json.loads(json.dumps(report.to_dict()))
    assert content["accuracy"] is content["auc_interval"] is None
