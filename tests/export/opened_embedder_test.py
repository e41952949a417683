import numpy as np
import pytest

from keras_sphereface.export import OpenedEmbedder

IMAGES = np.arange(2 * 6 * 8 * 3, dtype=np.uint8).reshape(2, 6, 8, 3)


def embed(images):
    return images.reshape(len(images), -1).astype("float32")


def test_images_that_fit_are_embedded_as_they_are():
    opened = OpenedEmbedder(embed, "a", size=(6, 8), notes=("stated",))
    np.testing.assert_array_equal(opened(IMAGES), embed(IMAGES))
    assert opened.notes == ("stated",)
    free = OpenedEmbedder(embed, "a", size=None, fit="both")
    np.testing.assert_array_equal(free(IMAGES), embed(IMAGES))


def test_others_are_cut_and_it_says_so_once():
    opened = OpenedEmbedder(embed, "peer.onnx", size=(6, 4), fit="width")
    for _ in range(2):
        np.testing.assert_array_equal(opened(IMAGES), embed(IMAGES[:, :, 2:6]))
    (note,) = opened.notes
    assert "6x8" in note
    assert "the 6x4 of peer.onnx" in note


def test_without_fit_they_are_an_error():
    opened = OpenedEmbedder(embed, "peer.onnx", size=(6, 4))
    with pytest.raises(ValueError, match=r"must be 6x4.*6x8 for 'peer\.onnx'"):
        opened(IMAGES)
    with pytest.raises(ValueError, match="`fit`"):
        OpenedEmbedder(embed, "a", size=None, fit="scale")
