import types

import numpy as np
import pytest

from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.engines import open_engine, warm_up
from keras_sphereface.edge.litert_engine import LiteRTEngine


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True])
def test_wrong_threads_are_refused(exported, threads):
    with pytest.raises(ValueError, match=r"`threads` must be an integer"):
        open_engine(ArtifactFile.read(exported.path), threads)


def test_the_suffix_chooses_the_runtime(exported):
    engine = open_engine(ArtifactFile.read(exported.path))
    assert type(engine) is LiteRTEngine


def test_warming_up_embeds_a_gray_image():
    seen = []
    warm_up(types.SimpleNamespace(input_shape=(4, 5, 3), embed=seen.append))
    [images] = seen
    assert images.shape == (1, 4, 5, 3)
    assert images.dtype == np.uint8
    assert 0 < images.min() == images.max() < 255
