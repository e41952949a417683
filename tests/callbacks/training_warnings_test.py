"""Sentences about courses written by hand."""

import math

import pytest

from keras_sphereface import heads
from keras_sphereface.callbacks.training_means import TrainingMeans
from keras_sphereface.callbacks.training_warnings import (
    course_warnings,
    epoch_warnings,
    loss_warning,
)

ARCFACE = heads.get("arcface", 206)
DIFFERENTIATED = heads.get("arcface", 206, detach=False)
PLAIN = heads.get("spherefacer", 206, normalization="none", margin=1.4)
OPENSPHERE = heads.get(
    "spherefacer", 206, normalization="none", margin=1.4, detach="cosine"
)
HEALTHY = {
    "loss": (43.0, 40.0, 36.0, 31.0),
    "accuracy": (0.006, 0.02, 0.06, 0.12),
    "target_angle": (89.6, 88.0, 85.0, 81.0),
    "embedding_norm": (16.0, 12.0, 11.0, 12.0),
    "past_margin": (0.0, 0.0, 0.001, 0.01),
}


def course(step=100, **changes):
    """Four looks, `step` steps apart; those of a healthy run but for some."""
    columns = {**HEALTHY, **changes}
    return [
        TrainingMeans(
            epoch=index + 1,
            step=step * (index + 1),
            **{name: values[index] for name, values in columns.items()},
        )
        for index in range(4)
    ]


def while_it_happens(head, looks):
    return [course_warnings(head, looks[: end + 1]) for end in range(4)]


def kinds(found):
    return [sorted(each) for each in found]


@pytest.mark.parametrize("head", [ARCFACE, DIFFERENTIATED, PLAIN, OPENSPHERE])
def test_a_run_that_learns_has_none(head):
    assert kinds(while_it_happens(head, course())) == [[], [], [], []]


def test_embeddings_that_turn_away_are_named_once_they_do():
    looks = course(
        target_angle=(89.0, 91.9, 94.0, 121.4), loss=(43.0, 37.0, 30.0, 24.0)
    )
    found = while_it_happens(DIFFERENTIATED, looks)
    assert kinds(found) == [[], [], ["angles"], ["angles"]]
    text = found[-1]["angles"]
    assert "is 121 degrees, where random ones have 90" in text
    assert "while the loss falls from 43 to 24" in text
    assert "take detach=True" in text
    detached = course_warnings(ARCFACE, looks)["angles"]
    assert "take a smaller margin, scale or learning rate." in detached
    assert "detach" not in detached


def test_a_loss_that_rises_is_not_said_to_fall():
    looks = course(
        target_angle=(91.0, 99.0, 108.0, 108.0), loss=(43.0, 44.0, 45.0, 46.0)
    )
    text = course_warnings(ARCFACE, looks)["angles"]
    assert "90, and does not fall: take" in text


def test_angles_that_start_high_and_fall_are_healthy():
    looks = course(target_angle=(131.0, 120.0, 111.0, 102.0))
    assert kinds(while_it_happens(ARCFACE, looks)) == [[], [], [], []]


def test_norms_that_vanish_are_named_where_logits_follow_them():
    looks = course(embedding_norm=(16.0, 3.0, 0.9, 0.24))
    found = while_it_happens(OPENSPHERE, looks)
    assert kinds(found) == [[], [], ["norms"], ["norms"]]
    assert "their mean is 0.24, and was 16 before" in found[-1]["norms"]
    assert "take detach=True, or a margin that grows" in found[-1]["norms"]
    found = while_it_happens(PLAIN, looks)
    assert kinds(found) == [[], [], ["norms"], ["norms"]]
    assert "learning rate or weight decay" in found[-1]["norms"]
    # The scale of ArcFace is its own.
    assert kinds(while_it_happens(ARCFACE, looks)) == [[], [], [], []]
    nothing = course(embedding_norm=(16.0, 3.0, 0.9, 9e-4))
    assert list(course_warnings(ARCFACE, nothing)) == ["norms"]


@pytest.mark.parametrize(
    "norms",
    [
        (16.0, 3.0, 1.1, 1.3),  # a dip
        (0.3, 0.4, 0.6, 0.9),  # a small start
        (0.3, 0.29, 0.28, 0.27),  # hardly moves
        (300.0, 20.0, 6.0, 5.0),  # raw pixels, then what the head wants
    ],
)
def test_norms_that_do_not_vanish_are_not(norms):
    looks = course(embedding_norm=norms)
    assert kinds(while_it_happens(PLAIN, looks)) == [[], [], [], []]


def test_classes_that_meet_are_named_while_they_do():
    met = {
        "target_angle": (88.9, 70.0, 55.0, 31.0),
        "accuracy": (0.008, 0.009, 0.008, 0.015),
    }
    *quiet, third, last = while_it_happens(ARCFACE, course(**met))
    assert quiet == [{}, {}]
    assert list(third) == list(last) == ["one_way"]
    assert "55 degrees to their own center, and 0.8 %" in third["one_way"]
    assert "31 degrees to their own center, and 1.5 %" in last["one_way"]
    # Near to the right center, and nearer than to others.
    apart = {**met, "accuracy": (0.008, 0.03, 0.1, 0.6)}
    assert while_it_happens(ARCFACE, course(**apart)) == [{}] * 4


def test_a_few_steps_say_nothing():
    looks = course(12, target_angle=(91.0, 99.0, 108.0, 121.0))
    assert kinds(while_it_happens(ARCFACE, looks)) == [[], [], [], []]
    looks = course(13, target_angle=(91.0, 99.0, 108.0, 121.0))
    assert kinds(while_it_happens(ARCFACE, looks)) == [[], [], [], ["angles"]]


def test_a_model_that_reports_the_loss_alone_has_none():
    looks = [TrainingMeans(1, step, loss=2.0) for step in (100, 200)]
    assert course_warnings(ARCFACE, looks) == {}
    assert epoch_warnings(ARCFACE, looks, [0.1, 0.1]) == {}


STUCK = {
    "accuracy": (0.0049, 0.0049, 0.0052, 0.0047),
    "target_angle": (90.1, 89.9, 90.0, 89.8),
    "past_margin": (0.0, 0.0, 0.0, 0.0),
}


def test_a_head_that_learns_nothing_is_named_after_the_second_epoch():
    epochs = course(**STUCK)
    assert epoch_warnings(ARCFACE, epochs[:1], [1e-6, 1e-6]) == {}
    found = epoch_warnings(ARCFACE, epochs[:2], [1e-6, 1e-6])
    assert list(found) == ["learning"]
    assert "after epoch 2 0.49 % of embeddings" in found["learning"]
    assert "of 206 centers, as by chance, at 90 degrees" in found["learning"]
    assert "the learning rate, 1e-06," in found["learning"]


@pytest.mark.parametrize(
    "changes",
    [
        {"target_angle": (90.1, 89.5, 88.9, 88.3)},
        {"past_margin": (0.0, 0.01, 0.01, 0.01)},
        {"loss": (43.0, math.nan, math.nan, math.nan)},
        {},
    ],
)
def test_a_head_that_learns_slowly_is_not(changes):
    columns = {**STUCK, **changes} if changes else {}
    epochs = course(**columns)
    for end in (2, 3, 4):
        assert epoch_warnings(ARCFACE, epochs[:end], [0.1, 0.1]) == {}


def test_few_classes_are_by_chance_right_often():
    epochs = course(**{**STUCK, "accuracy": (0.5, 0.5, 0.66, 0.68)})
    two = heads.get("arcface", 2)
    assert list(epoch_warnings(two, epochs[:3], [0.1, 0.1])) == ["learning"]
    # Twice the odds of chance are 2 to 1.
    assert list(epoch_warnings(two, epochs, [0.1, 0.1])) == ["past_margin"]


def test_a_margin_that_none_gets_past_is_named_at_the_full_learning_rate():
    columns = {
        "accuracy": (0.05, 0.2, 0.21, 0.24),
        "target_angle": (88.0, 83.0, 82.6, 82.2),
        "past_margin": (0.0, 0.0, 0.0, 0.0),
    }
    epochs = course(**columns)
    assert epoch_warnings(ARCFACE, epochs[:2], [0.1, 0.1]) == {}
    found = epoch_warnings(ARCFACE, epochs[:3], [0.1, 0.1])
    assert list(found) == ["past_margin"]
    assert "after epoch 3 the angle" in found["past_margin"]
    assert "83 degrees, falls no more: take" in found["past_margin"]
    assert epoch_warnings(ARCFACE, epochs, [0.1, 0.1]) == {}  # more are right
    assert epoch_warnings(ARCFACE, epochs[:3], [0.1, 0.04]) == {}


def loss_text(**kwargs):
    kwargs = {"num_classes": 206, "uses_float16": False, **kwargs}
    return loss_warning(100, 200, 0.1, **kwargs)


def test_a_loss_that_is_not_finite_names_steps_and_learning_rate():
    text = loss_text()
    assert text.startswith("The loss is not finite, from a step between 101 ")
    assert "101 and 200 on: lower the learning rate, 0.1" in text
    assert "labels outside [0, 206)" in text
    assert "float16" not in text
    assert "labels outside [0, num_classes)" in loss_text(num_classes=None)
    assert "float16 ends at 65,504" in loss_text(uses_float16=True)


def test_labels_that_were_counted_are_no_guess():
    text = loss_text(faults={"wrong_labels": 3, "non_finite_losses": 6403})
    assert "3 labels so far in this epoch are outside [0, 206)" in text
    assert "learning rate" not in text
    text = loss_text(faults={"wrong_labels": 0, "non_finite_losses": 6400})
    assert "The loss of 6,400 samples so far in this epoch is not" in text
    assert "labels" not in text
