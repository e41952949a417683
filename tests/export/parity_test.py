import keras
import numpy as np
import pytest

from keras_sphereface.contract import FaceInput
from keras_sphereface.export import ExportError
from keras_sphereface.export.parity import (
    check_parity,
    expected_embeddings,
    probe_images,
    score_error,
    typical_scale,
)

AXES = np.eye(2, dtype=np.float32)


def test_probes_are_pixels_of_the_right_size_and_always_the_same():
    probes = probe_images(FaceInput(height=64, width=48))
    assert probes.shape == (4, 64, 48, 3)
    assert probes.dtype == np.float32
    assert probes.min() >= 0
    assert probes.max() <= 255
    again = probe_images(FaceInput(height=64, width=48))
    np.testing.assert_array_equal(probes, again)
    assert len(np.unique(probes, axis=0)) == 4


def test_equal_models_have_no_score_error_whatever_the_norm():
    assert score_error(7 * AXES, AXES) == 0


def test_score_error_is_the_largest_change_of_a_hand_computed_score():
    # The second embedding is turned by 60 degrees: its own score falls from 1
    # to cos 60, and its score with the first rises from 0 to sin 60.
    turned = [[1, 0], [np.sin(np.pi / 3), np.cos(np.pi / 3)]]
    assert score_error(AXES, turned) == pytest.approx(np.sqrt(3) / 2)


def test_embeddings_that_are_not_unit_length_count_as_an_error():
    assert score_error(AXES, 1.5 * AXES) == pytest.approx(0.5)


def test_parity_returns_the_error_it_found():
    almost = [[1, 0], [0.00005, 1]]
    assert check_parity(AXES, almost, "float32") == pytest.approx(5e-5)


@pytest.mark.parametrize("wrong", [[[1, 0], [0.001, 1]], [[1, 0], [np.nan, 1]]])
def test_a_float32_artifact_with_other_scores_is_an_error(wrong):
    with pytest.raises(ExportError, match=r"float32 artifact.*not written"):
        check_parity(AXES, wrong, "float32")


def test_the_typical_scale_brings_the_median_norm_to_one():
    embeddings = [[3, 4], [0, 10], [1e9, 0]]
    assert typical_scale(embeddings) == pytest.approx(1 / 10)


@pytest.mark.parametrize(
    ("weight", "fault"), [(0, "all zeros"), (np.nan, "NaN or infinity")]
)
def test_an_embedder_without_directions_is_an_error(weight, fault):
    embedder = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(
                4, kernel_initializer=keras.initializers.Constant(weight)
            ),
        ]
    )
    probes = probe_images(FaceInput(height=8, width=8))
    with pytest.raises(ExportError, match=rf"not exported.*{fault}"):
        expected_embeddings(embedder, probes)
