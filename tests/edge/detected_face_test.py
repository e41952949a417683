import numpy as np
import pytest

from keras_sphereface.edge.detected_face import (
    RULES,
    DetectedFace,
    choose_face,
    prominence,
)

PROMINENT, LARGEST, MIDDLE, SUREST = RULES


def face(x, y, width, height, score=0.5):
    return DetectedFace(
        np.array([x, y, width, height]), np.zeros((5, 2)), score
    )


# In a picture of 100 rows and 200 columns, whose middle is (100, 50).
FACES = {
    LARGEST: face(0, 0, 50, 50),
    MIDDLE: face(90, 40, 10, 10),  # its middle is (95, 45)
    SUREST: face(40, 90, 20, 20, score=0.9),  # (50, 100)
    # A fifth of the diagonal is 44.7: 42 / (1 + (21 / 44.7)^2) = 34.4; the
    # largest has 50 / (1 + (79.1 / 44.7)^2) = 12.1.
    PROMINENT: face(100, 29, 42, 42),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_decides(rule):
    assert choose_face([*FACES.values()], (100, 200), rule) is FACES[rule]


def test_the_middle_is_that_of_columns_and_rows():
    # Its middle would be that of a picture of 200 rows and 100 columns.
    other = face(45, 95, 10, 10)
    faces = [other, FACES[MIDDLE]]
    assert choose_face(faces, (100, 200), MIDDLE) is FACES[MIDDLE]
    assert choose_face(faces, (200, 100), MIDDLE) is other


@pytest.mark.parametrize("rule", RULES)
def test_of_equal_faces_the_first_is_taken(rule):
    twins = [face(1, 2, 3, 4), face(1, 2, 3, 4)]
    assert choose_face(twins, (10, 10), rule) is twins[0]


@pytest.mark.parametrize("rule", RULES)
def test_without_faces_there_is_none(rule):
    assert choose_face([], (10, 10), rule) is None


def test_a_wrong_rule_lists_the_right_ones():
    with pytest.raises(ValueError, match=r"`rule` must be one of.*largest"):
        choose_face([], (10, 10), "first")


def test_without_a_rule_size_and_place_decide():
    assert choose_face([*FACES.values()], (100, 200)) is FACES[PROMINENT]


def test_a_face_a_fifth_of_the_diagonal_off_counts_as_half_as_large():
    # A picture of 300 rows and 400 columns has a diagonal of 500.
    assert prominence(face(180, 130, 40, 40), (300, 400)) == pytest.approx(40)
    assert prominence(face(280, 130, 40, 40), (300, 400)) == pytest.approx(20)
    assert prominence(face(180, 30, 40, 40), (300, 400)) == pytest.approx(20)
    assert prominence(face(380, 130, 10, 40), (300, 400)) < 10


def test_neither_a_passer_by_nor_a_face_in_the_background_is_meant():
    meant = face(240, 150, 120, 140)
    passer_by = face(540, 100, 160, 200)  # nearer to the camera
    background = face(310, 230, 20, 20)  # right in the middle
    for faces in ([meant, passer_by, background], [background, meant]):
        assert choose_face(faces, (480, 640)) is meant
