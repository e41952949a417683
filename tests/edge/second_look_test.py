"""Looking once more, with a detector of drawn dots."""

import numpy as np
import pytest
from drawn_heads import DotNetwork, draw_heads, head

from keras_sphereface.edge import DetectedFace
from keras_sphereface.edge.box_suppression import Boxes
from keras_sphereface.edge.second_look import SecondLook

POINTS = head(300, 200, 150, 15)
IMAGE = draw_heads((400, 600), [POINTS])


def face(landmarks):
    return DetectedFace(np.array([225, 125, 150, 150]), landmarks, 0.7)


def test_points_that_were_about_right_become_right():
    look = SecondLook(DotNetwork(), None, 1)(IMAGE)
    rough = POINTS + np.random.default_rng(0).normal(0, 4, (5, 2))
    found = look(face(rough))
    assert np.abs(found.landmarks - POINTS).max() <= 1.0
    assert (found.score, found.box.tolist()) == (0.7, [225, 125, 150, 150])


def test_where_there_is_no_face_there_is_none():
    look = SecondLook(DotNetwork(), None, 1)
    assert look(np.zeros_like(IMAGE))(face(POINTS)) is None


def test_another_face_is_not_taken():
    look = SecondLook(DotNetwork(), None, 1)(IMAGE)
    assert look(face(POINTS + np.array([80, 0]))) is None


def test_points_that_are_none_of_a_face_are_none():
    look = SecondLook(DotNetwork(), None, 1)(IMAGE)
    assert look(face(np.full((5, 2), 300.0))) is None


def test_the_nearest_of_several_is_taken():
    class Two(DotNetwork):
        def find(self, pixels, min_score):
            one = super().find(pixels, min_score)
            if not len(one.scores):
                return one
            away = np.array([[0.0], [60.0]])
            return Boxes(
                one.corners + away,
                one.points + away[..., None] / 6,
                np.array([0.5, 0.9]),
            )

    found = SecondLook(Two(), None, 1)(IMAGE)(face(POINTS))
    assert np.abs(found.landmarks - POINTS).max() <= 1.0


def test_a_wrong_second_file_is_named():
    with pytest.raises(FileNotFoundError, match="there_is_none"):
        SecondLook(DotNetwork(), "there_is_none.tflite", 1)
