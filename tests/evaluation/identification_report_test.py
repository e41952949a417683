import json

import numpy as np
import pytest

from keras_sphereface.evaluation import identify, rate_interval


def on_circle(degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


# Gallery people at 0, 90 and 200 degrees, and two strangers among the probes.
HAND = {
    "gallery": on_circle([0, 90, 200]),
    "gallery_people": ["ann", "bob", "cid"],
    # ann at 10: rank 1, 10 off. ann at 60: bob is nearer, rank 2.
    # bob at 100: rank 1. cid at 260: 60 off, rank 1.
    # eve at 20: 20 from ann. fay at 310: 50 from ann.
    "probes": on_circle([10, 60, 100, 260, 20, 310]),
    "probe_people": ["ann", "ann", "bob", "cid", "eve", "fay"],
}


def test_ranks_and_curve_match_a_case_worked_by_hand():
    report = identify(**HAND, ranks=(1, 2, 5))
    assert report.rank_rates == {1: 0.75, 2: 1.0, 5: 1.0}
    np.testing.assert_array_equal(report.cmc, [0.75, 1.0])
    assert report.rank_intervals[1] == rate_interval(3, 4)
    assert (report.num_gallery, report.num_mated) == (3, 4)
    assert report.num_non_mated == 2


@pytest.mark.parametrize(
    ("fpir", "tpir", "degrees"),
    [
        # eve may pass: of all nearer than fay's 50 she is the farthest, at 20.
        # Of the found, ann and bob pass at 10 off, cid's 60 is too far.
        (0.5, 0.5, 20),
        # All may pass, and the threshold is the farthest stranger's.
        (1.0, 0.5, 50),
    ],
)
def test_open_set_rates_match_a_case_worked_by_hand(fpir, tpir, degrees):
    report = identify(**HAND, fpirs=(fpir,))
    assert report.tpir_at_fpir == {fpir: tpir}
    assert report.tpir_intervals == {fpir: rate_interval(2, 4)}
    assert report.thresholds[fpir] == pytest.approx(
        np.cos(np.radians(degrees)), abs=1e-6
    )


def naive_tpir(ranks, own, strangers, fpir):
    """The best of all thresholds that let few enough strangers through."""
    tried = [2.0, *own, *strangers]
    return max(
        sum((r == 1) and (s >= t) for r, s in zip(ranks, own, strict=True))
        / len(own)
        for t in tried
        if sum(s >= t for s in strangers) / len(strangers) <= fpir
    )


def test_open_set_rates_equal_trying_every_threshold():
    rng = np.random.default_rng(0)
    gallery = rng.normal(size=(60, 8))
    people = np.arange(100)
    faces = np.concatenate([gallery, rng.normal(size=(40, 8))])
    probes = faces + 0.5 * rng.normal(size=faces.shape)
    fpirs = (0.025, 0.1, 0.33, 0.5, 1.0)
    report = identify(
        gallery, people[:60], probes, people, fpirs=fpirs, ranks=(1,)
    )
    scores = probes @ gallery.T
    scores /= np.linalg.norm(probes, axis=1)[:, None]
    scores /= np.linalg.norm(gallery, axis=1)
    own = scores[np.arange(60), np.arange(60)]
    ranks = (scores[:60] >= own[:, None]).sum(axis=1)
    strangers = scores[60:].max(axis=1)
    for fpir in fpirs:
        assert report.tpir_at_fpir[fpir] == naive_tpir(
            ranks, own, strangers, fpir
        )
        passed = strangers >= report.thresholds[fpir] - 1e-6
        assert passed.mean() <= fpir
    assert report.rank_rates[1] == np.mean(ranks == 1)


def test_a_rate_too_few_strangers_can_measure_is_left_out_and_noted():
    report = identify(**HAND, fpirs=(0.5, 0.1), name="tiny")
    assert list(report.tpir_at_fpir) == [0.5]
    assert report.notes == (
        "FPIR=1e-1 was not measured: it needs 10 probes of people who are not "
        "in the gallery, and there are 2.",
    )
    table = str(report)
    assert table.startswith("tiny (3 people in the gallery, 4 probes of them")
    assert "TPIR@FPIR=5e-1" in table
    assert report.notes[0] in table


def test_without_strangers_only_ranks_are_measured():
    closed = {**HAND, "probes": HAND["probes"][:4]}
    closed["probe_people"] = HAND["probe_people"][:4]
    report = identify(**closed)
    assert report.tpir_at_fpir == {}
    assert len(report.notes) == 2


def test_the_report_goes_through_json():
    content = identify(**HAND, fpirs=(0.5,)).to_dict()
    content = json.loads(json.dumps(content, allow_nan=False))
    assert content["rank_rates"] == {"1": 0.75, "5": 1.0, "10": 1.0}
    assert content["tpir_at_fpir"] == {"0.5": 0.5}
    assert content["cmc"] == [0.75, 1.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ranks": (0,)}, "`ranks`.*0"),
        ({"ranks": (1.0,)}, "`ranks`.*1.0"),
        ({"fpirs": (0,)}, r"\(0, 1\]"),
        ({"probe_people": ["x"] * 6}, "6 probes, none of them"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        identify(**{**HAND, **change})
