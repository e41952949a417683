import dataclasses

import pytest

from keras_sphereface.contract.strict_json import check_keys, read_strictly


@dataclasses.dataclass
class Point:
    x: int
    y: int


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "a key appears twice"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ("[-Infinity]", "-Infinity is not a JSON number"),
        ("{", "Expecting"),
    ],
)
def test_what_others_let_pass_is_an_error(text, message):
    with pytest.raises(ValueError, match=message):
        read_strictly(text)


def test_other_json_is_read():
    assert read_strictly(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}


def test_keys_are_those_of_the_dataclass():
    fields = dataclasses.fields(Point)
    check_keys("It", {"x": 1, "y": 2}, fields)
    check_keys("It", {"x": 1}, fields, optional={"y"})
    with pytest.raises(ValueError, match=r"missing \['y'\], unknown \['z'\]"):
        check_keys("It", {"x": 1, "z": 2}, fields)
    with pytest.raises(ValueError, match="It must be a JSON object"):
        check_keys("It", [1], fields)
