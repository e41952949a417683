"""Warnings of snapshots written by hand."""

import math
import re

import numpy as np
import pytest

from keras_sphereface import heads
from keras_sphereface.callbacks.head_snapshot import HeadSnapshot
from keras_sphereface.callbacks.head_warnings import (
    follows_norms,
    head_warnings,
    logit_scale,
)


def snapshot(epoch=1, norm=10.0, **changes):
    fine = HeadSnapshot(
        epoch=epoch,
        target_angles=np.array([40.0]),
        nearest_angles=np.array([80.0]),
        norms=np.array([norm]),
        past_margin=0.5,
        center_gradients=np.array([0.1]),
        margin_effect=0.3,
        logit_scale=64.0,
        largest_component=3.0,
    )
    return fine._replace(**changes)


HEAD = heads.get("cosface", 1000, margin=0.35, scale=64.0)


def warnings_of(*snapshots, head=HEAD, **kwargs):
    return head_warnings(head, list(snapshots), **kwargs)


def test_a_head_that_learns_has_none():
    assert warnings_of(snapshot()) == {}


def test_a_margin_without_effect_is_named_with_its_value():
    found = warnings_of(snapshot(margin_effect=1e-7))
    assert list(found) == ["margin"]
    assert "margin = 0.35" in found["margin"]


def test_a_head_without_a_margin_needs_none():
    head = heads.get("normface", 1000)
    assert warnings_of(snapshot(margin_effect=0.0), head=head) == {}


@pytest.mark.parametrize(
    ("num_classes", "needed"),
    # Of n classes the right one has 0.9 at s (1 + 1 / (n - 1)) = log 9 (n - 1).
    [(2, 2), (1000, 10), (100_000, 14)],
)
def test_a_scale_too_small_says_how_much_is_needed(num_classes, needed):
    head = heads.get("cosface", num_classes)
    spread = num_classes / (num_classes - 1)
    assert math.ceil(math.log(9 * (num_classes - 1)) / spread) == needed
    found = warnings_of(snapshot(logit_scale=needed - 1), head=head)
    assert list(found) == ["scale"]
    *_, last_sentence = found["scale"].split(". ")
    assert re.findall(r"\d+", last_sentence) == [str(needed)]
    assert warnings_of(snapshot(logit_scale=needed), head=head) == {}


def test_binary_losses_and_single_classes_have_another_bound():
    small = snapshot(logit_scale=0.1)
    assert warnings_of(small, head=heads.get("sphereface2", 1000)) == {}
    assert warnings_of(small, head=heads.get("cosface", 1)) == {}


def test_norms_collapse_against_most_of_the_run():
    run = [snapshot(norm=norm) for norm in (90, 10, 11, 9)]
    found = warnings_of(*run, snapshot(norm=0.9))  # the usual is 10.5
    assert list(found) == ["norms"]
    assert "0.9" in found["norms"]
    assert warnings_of(*run, snapshot(norm=1.1)) == {}


def test_embeddings_that_turn_away_are_named_where_they_do_not_come_back():
    def degrees(angle):
        return snapshot(target_angles=np.array([70.0, angle, 170.0]))

    found = warnings_of(degrees(97.0), degrees(104.0))
    assert list(found) == ["angles"]
    assert "is 104 degrees, where random ones have 90" in found["angles"]
    assert warnings_of(degrees(104.0)) == {}
    assert warnings_of(degrees(104.0), degrees(102.9)) == {}
    assert list(warnings_of(degrees(90.0), degrees(93.0))) == ["angles"]
    assert warnings_of(degrees(97.0), degrees(98.9)) == {}
    assert warnings_of(degrees(88.0), degrees(91.9)) == {}


def test_the_remedy_is_that_of_the_head():
    run = [snapshot(norm=10)] * 3 + [snapshot(norm=0.5)]
    kwargs = {"normalization": "soft", "detach": "cosine"}
    head = heads.get("spherefacer", 1000, **kwargs)
    assert "take detach=True" in warnings_of(*run, head=head)["norms"]
    kwargs["normalization"] = "hard"
    head = heads.get("spherefacer", 1000, **kwargs)
    assert "weight decay" in warnings_of(*run, head=head)["norms"]
    away = [snapshot(target_angles=np.array([120.0]))] * 2
    head = heads.get("arcface", 1000, detach=False)
    assert "take detach=True" in warnings_of(*away, head=head)["angles"]
    head = heads.get("normface", 1000)
    assert "detach" not in warnings_of(*away, head=head)["angles"]


def test_the_scale_of_a_head_may_follow_the_norm():
    none = heads.get("spherefacer", 10, normalization="none")
    assert logit_scale(none, 3.0) == 3.0
    assert logit_scale(HEAD, 3.0) == 64.0
    assert follows_norms(none)
    assert not follows_norms(HEAD)


def test_in_the_first_epochs_norms_may_be_anything_but_zero():
    assert warnings_of(snapshot(norm=90), snapshot(norm=0.5)) == {}
    assert list(warnings_of(snapshot(norm=1e-4))) == ["norms"]


def test_embeddings_near_the_end_of_float16_are_named_there_only():
    large = snapshot(largest_component=20_000.0)
    assert warnings_of(large) == {}
    found = warnings_of(large, uses_float16=True)
    assert list(found) == ["numbers"]
    assert "20,000" in found["numbers"]
    usual = snapshot(largest_component=16_000.0)
    assert warnings_of(usual, uses_float16=True) == {}


def test_embeddings_that_are_not_finite_are_named_always():
    found = warnings_of(snapshot(largest_component=math.nan))
    assert "not finite" in found["numbers"]
