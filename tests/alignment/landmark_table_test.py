import numpy as np
import pytest

from keras_sphereface.alignment.landmark_table import COLUMNS, read_landmarks

HEADER = f"path,{','.join(COLUMNS)}"
TEN = "1,2,3,4,5,0,7,8,9,10"


def write(folder, *lines):
    path = folder / "landmarks.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def test_columns_are_x_and_y_of_five_points():
    assert COLUMNS[:4] == ("x1", "y1", "x2", "y2")
    assert len(COLUMNS) == 10


def test_a_line_is_a_face_in_the_smallest_box_around_its_points(tmp_path):
    found = read_landmarks(write(tmp_path, HEADER, f"ann/1.jpg,{TEN}"))
    ((face,),) = found.values()
    assert list(found) == ["ann/1.jpg"]
    np.testing.assert_array_equal(
        face.landmarks, [[1, 2], [3, 4], [5, 0], [7, 8], [9, 10]]
    )
    assert face.box.tolist() == [1, 0, 8, 10]  # x, y, width, height
    assert face.score == 1


def test_several_lines_are_several_faces_with_their_scores(tmp_path):
    path = write(
        tmp_path,
        f"score,{HEADER},note",
        f"0.25,a.jpg,{TEN},x",
        f"0.75,./a.jpg,{TEN},y",
    )
    found = read_landmarks(path)
    assert [face.score for face in found["a.jpg"]] == [0.25, 0.75]


def test_a_line_without_numbers_is_a_picture_without_a_face(tmp_path):
    found = read_landmarks(write(tmp_path, HEADER, "a.jpg" + "," * 10, "b.jpg"))
    assert found == {"a.jpg": [], "b.jpg": []}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["path,x1,y1"], "must name the columns path, x1.*Received: 'path, x1"),
        ([""], "must name the columns"),
        ([HEADER, f"a,{TEN}", f"b,{TEN[:-2]}x"], "line 3: .*ten numbers"),
        ([HEADER, "a,1,2"], "line 2: .*ten numbers"),
        ([HEADER, f"a,{TEN[:-2]}nan"], "line 2: .*ten numbers"),
        ([f"{HEADER},score", f"a,{TEN},high"], "line 2"),
    ],
)
def test_what_is_no_table_of_landmarks_is_named(tmp_path, lines, message):
    with pytest.raises(ValueError, match=rf"landmarks\.csv.*{message}"):
        read_landmarks(write(tmp_path, *lines))
