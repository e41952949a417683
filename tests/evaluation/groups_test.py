import json

import numpy as np
import pytest

from keras_sphereface.evaluation import (
    PairSet,
    compare_groups,
    rate_interval,
    read_attributes,
)

# Three pairs of each sex, and one of both.
PAIRS = {
    "scores": [0.9, 0.2, 0.6, 0.8, 0.7, 0.1, 0.55],
    "is_same": [True, True, False, True, True, False, False],
    "groups": [["f", "f"]] * 3 + [["m", "m"]] * 3 + [["f", "m"]],
}


def test_groups_match_hand_counting_at_one_threshold():
    report = compare_groups(**PAIRS, threshold=0.5, attribute="sex")
    rows = {rates.group: rates for rates in report.groups}
    assert list(rows) == ["(all)", "f", "m", "(two groups)"]
    assert (rows["f"].tar, rows["f"].far) == (0.5, 1.0)
    assert (rows["m"].tar, rows["m"].far) == (1.0, 0.0)
    assert (rows["(all)"].tar, rows["(all)"].far) == (0.75, 2 / 3)
    assert rows["(two groups)"].tar is None
    assert rows["(two groups)"].far == 1.0
    assert rows["f"].tar_interval == rate_interval(1, 2)
    assert (rows["f"].genuine_pairs, rows["f"].impostor_pairs) == (2, 1)


def test_the_table_has_a_line_for_each_group():
    lines = str(compare_groups(**PAIRS, threshold=0.5, attribute="sex"))
    lines = lines.splitlines()
    assert lines[0] == "by sex, score >= 0.5000"
    assert lines[4].split()[:4] == ["f", "2", "50.00", "%"]
    assert lines[-1].split()[:4] == ["(two", "groups)", "0", "-"]
    content = compare_groups(**PAIRS, threshold=0.5).to_dict()
    assert json.loads(json.dumps(content))["groups"][1]["tar"] == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": PAIRS["groups"][:3]}, r"\(3, 2\) with 7 pairs"),
        ({"groups": [[1, 2]] * 7}, "int64"),
        ({"threshold": float("nan")}, "threshold=nan"),
        ({"scores": [0.1]}, "1 scores"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        compare_groups(**{**PAIRS, "threshold": 0.5, **change})


def make_pairs(people=("Ann", "Ann", "Bob")):
    return PairSet(
        [f"lfw/{name}/{name}_000{i}.jpg" for i, name in enumerate(people)],
        index_a=[0, 1],
        index_b=[1, 2],
        is_same=[True, False],
        folds=[0, 0],
        people=list(people),
    )


def write(folder, text):
    path = folder / "attributes.csv"
    path.write_text(text)
    return path


def test_attributes_are_read_by_person_or_by_image(tmp_path):
    path = write(tmp_path, "person,sex,age\nAnn,f,30\nBob,m,\nZoe,f,9\n")
    found = read_attributes(path, make_pairs())
    assert found["sex"].tolist() == [["f", "f"], ["f", "m"]]
    assert found["age"].tolist() == [["30", "30"], ["30", "(not known)"]]
    path = write(
        tmp_path, "image,pose\nAnn/Ann_0000.jpg,left\nlfw/Ann/Ann_0001.jpg,up\n"
    )
    found = read_attributes(path, make_pairs())
    assert found["pose"].tolist() == [["left", "up"], ["up", "(not known)"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 lines"),
        ("person,sex\n", "1 lines"),
        ("person\nAnn\n", "at least one attribute"),
        ("person,sex\nAnn\n", "line 2: must have 2 fields.*1"),
        ("person,sex\nAnn,f\nAnn,m\n", "line 3: 'Ann' appears twice"),
        ("person,sex\nZoe,f\n", "no person or image.*'Zoe'.*Ann_0000"),
    ],
)
def test_broken_attribute_files_are_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_attributes(write(tmp_path, text), make_pairs())


def test_numbers_are_people_too(tmp_path):
    images = np.zeros((3, 4, 4, 3), np.uint8)
    pairs = PairSet(
        images, [0, 1], [1, 2], [True, False], [0, 0], people=[7, 7, 8]
    )
    found = read_attributes(write(tmp_path, "id,sex\n7,f\n8,m\n"), pairs)
    assert found["sex"].tolist() == [["f", "f"], ["f", "m"]]
