import numpy as np
import pytest

from keras_sphereface.edge.image_batches import embed_in_batches, to_input_dtype


def test_float_pixels_are_rounded_and_clipped_for_a_uint8_graph():
    pixels = np.float32([-3, 0.4, 0.6, 254.4, 254.6, 255.4, 300])
    found = to_input_dtype(pixels, np.uint8)
    assert found.dtype == np.uint8
    assert found.tolist() == [0, 0, 1, 254, 255, 255, 255]


def test_bytes_become_floats_of_the_same_value():
    pixels = np.arange(256, dtype=np.uint8)
    found = to_input_dtype(pixels, np.float32)
    assert found.dtype == np.float32
    assert found.tolist() == list(range(256))
    assert to_input_dtype(pixels, np.uint8) is pixels


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 8])
def test_every_image_is_embedded_once_in_batches_of_one_size(batch_size):
    images = np.arange(5 * 12).reshape(5, 2, 2, 3)
    sizes = []

    def run(batch):
        sizes.append(len(batch))
        return np.stack([batch[:, 0, 0, 0], batch[:, 1, 1, 2]], axis=1)

    found = embed_in_batches(run, images, batch_size, 2)
    assert found.dtype == np.float32
    assert found.tolist() == [[12 * n, 12 * n + 11] for n in range(5)]
    assert sizes == [batch_size] * -(-5 // batch_size)
