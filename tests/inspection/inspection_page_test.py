"""A report of a small set, written by hand, as words and as a page."""

import copy
import json

import pytest

from keras_sphereface.inspection import faults_of, write_inspection

FINE = {
    "counts": {
        "images": 1200,
        "readable": 1200,
        "identities": 2,
        "images_per_identity": {
            "least": 600,
            "median": 600,
            "mean": 600.0,
            "most": 600,
            "histogram": {"1": 0, "512 or more": 2},
        },
        "identities_with_fewer_than_3": 0,
    },
    "images": {
        "sizes": {"112x112": 1200},
        "different_sizes": 1,
        "mean_rgb": [140.5, 110.0, 99.0],
        "deviation_rgb": [60.0, 55.0, 50.0],
        "share_gray": 0.125,
        "share_dark": 0.0,
        "share_bright": 0.0,
        "share_flat": 0.0,
        "brightness_histogram": [0, 1200],
    },
    "unreadable": {"count": 0, "images": {}},
    "duplicates": {
        "superfluous_images": 0,
        "identities_that_share_images": [],
        "of_several_identities": [],
        "of_one_identity": [],
    },
    "alignment": {"faults": []},
}


def report_with(**changes):
    """The report with other numbers, `part__name=value`."""
    report = copy.deepcopy(FINE)
    for path, value in changes.items():
        part, name = path.split("__")
        report.setdefault(part, {})[name] = value
    return report


def test_a_set_without_faults_has_none(tmp_path):
    assert faults_of(FINE) == []
    text = write_inspection(tmp_path, FINE).read_text("utf-8")
    assert "Nothing was found to be wrong" in text
    assert "1,200 readable images of 2 identities" in text
    assert "12.50 %" in text  # gray
    assert "Unreadable" not in text
    assert json.loads((tmp_path / "inspection.json").read_text()) == FINE


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"unreadable__count": 1234}, "cannot be read: 1,234."),
        ({"duplicates__superfluous_images": 2}, "there again: 2."),
        ({"counts__identities_with_fewer_than_3": 1}, "fewer than 3"),
        ({"test_overlap__shared_images": 3}, "in training: 3."),
        ({"similar_identities__count": 4}, "one person: 4."),
        ({"images__different_sizes": 5}, "Sizes of images: 5."),
        ({"alignment__faults": ["eyes too high"]}, "eyes too high."),
    ],
)
def test_a_fault_is_one_sentence(changes, fault):
    (found,) = faults_of(report_with(**changes))
    assert fault in found


def test_names_are_text_and_the_first_thirty_are_shown(tmp_path):
    images = {f"<{number:02d}>.png": "cut short" for number in range(40)}
    report = report_with(unreadable__count=40, unreadable__images=images)
    text = write_inspection(tmp_path, report).read_text("utf-8")
    assert "&lt;29&gt;.png" in text
    assert "&lt;30&gt;.png" not in text
    assert "The first 30 of 40" in text


def test_what_was_not_judged_is_said(tmp_path):
    report = {**FINE, "alignment": None}
    text = write_inspection(tmp_path, report).read_text("utf-8")
    assert "Alignment was not judged" in text
    assert faults_of(report) == []
