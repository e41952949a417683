import math

import keras
import numpy as np
import pytest

from keras_sphereface import heads
from keras_sphereface.heads.class_scale import class_scale
from keras_sphereface.losses import ArcFaceLoss, MarginLoss


@pytest.mark.parametrize(
    ("num_classes", "scale"),
    [(50, 22.0), (206, 30.0), (10_572, 52.2), (85_742, 64.0), (1, 3.9)],
)
def test_the_scale_goes_by_the_number_of_classes(num_classes, scale):
    assert class_scale(num_classes) == pytest.approx(scale, abs=0.05)
    head = heads.ArcFaceHead(num_classes)
    assert head.scale == pytest.approx(scale, abs=0.05)


def test_a_head_whose_batch_competes_takes_a_quarter_of_it():
    assert heads.GCEHead(85_742).scale == pytest.approx(16.0, abs=0.05)
    assert heads.GCEHead(206).scale == pytest.approx(7.5, abs=0.05)


def test_it_is_the_default_where_64_was_published():
    by_default = {
        name
        for name in heads.names()
        if heads.defaults(name).get("scale") == "auto"
    }
    assert by_default >= {
        "adaface",
        "arcface",
        "combined_margin",
        "cosface",
        "curricularface",
        "elastic_arcface",
        "elastic_cosface",
        "magface",
        "subcenter_arcface",
        "uniface",
    }
    assert not by_default & {"normface", "sphereface", "spherefacer"}


def test_a_config_keeps_the_word_and_a_number_stays_a_number():
    config = heads.CosFaceHead(206).get_config()
    assert config["scale"] == "auto"
    more = heads.CosFaceHead.from_config({**config, "num_classes": 85_742})
    more.build((None, 4))
    assert more.scale == 64.0
    more.scale = "auto"
    assert more.scale == 64.0
    assert heads.CosFaceHead(206, scale=64).scale == 64.0


@pytest.mark.parametrize("num_classes", [7, 300])
def test_a_loss_goes_by_the_number_of_cosines(num_classes):
    cosines = np.random.default_rng(0).uniform(-1, 1, (4, num_classes))
    labels = np.int32([0, 3, 6, 1])
    scale = 64.0 * math.log(num_classes) / math.log(85_742)
    expected = float(ArcFaceLoss(scale=scale)(labels, cosines))
    for loss in (ArcFaceLoss(), MarginLoss(heads.ArcFaceHead(2))):
        assert float(loss(labels, cosines)) == pytest.approx(expected, 1e-6)
        copy = keras.losses.deserialize(keras.losses.serialize(loss))
        assert float(copy(labels, cosines)) == pytest.approx(expected, 1e-6)


def test_another_word_is_named():
    with pytest.raises(ValueError, match=r'number above 0 or "auto".*=.Auto'):
        heads.ArcFaceHead(5, scale="Auto")
    with pytest.raises(ValueError, match=r"`scale` must be .*above 0.*=0"):
        heads.ArcFaceHead(5, scale=0)
    with pytest.raises(ValueError, match=r"`scale` must be a.*'auto'"):
        heads.SphereFace2Head(5, scale="auto")
