"""Facts about pictures whose pixels are known."""

import io

import numpy as np
from PIL import Image

from keras_sphereface.inspection.image_facts import gather_facts


class Pictures(list):
    """Encoded images by position."""

    def read_bytes(self, position):
        content = self[position]
        if isinstance(content, Exception):
            raise content
        return content


def encode(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(np.array(pixels, np.uint8)).save(file, "PNG", **options)
    return file.getvalue()


TWO_COLORS = [[[10, 20, 30], [30, 60, 90]]] * 3  # 3 rows of 2


def test_means_deviations_and_sizes_are_those_of_the_pixels():
    facts = gather_facts(Pictures([encode(TWO_COLORS)]))
    assert facts.sizes.tolist() == [[3, 2]]
    np.testing.assert_allclose(facts.means, [[20, 40, 60]])
    np.testing.assert_allclose(facts.deviations, [[10, 20, 30]])


def test_digests_are_of_the_pixels_and_their_shape():
    turned = np.reshape(TWO_COLORS, (2, 3, 3))
    facts = gather_facts(
        Pictures(
            [
                encode(TWO_COLORS),
                encode(TWO_COLORS, compress_level=0),
                encode(turned),
            ]
        )
    )
    first, again, other = facts.digests
    assert first == again
    assert first != other
    assert len(first) == 32


def test_a_picture_is_gray_where_channels_are_nearly_equal():
    pixels = np.full((20, 20, 3), 100)
    nearly, colored = pixels.copy(), pixels.copy()
    nearly[..., 1] += 4  # what JPEG leaves
    colored[..., 1] += 5
    speck = pixels.copy()
    speck[0, :3] = [255, 0, 0]  # 3 of 400 pixels are less than 1 %
    facts = gather_facts(Pictures(map(encode, [nearly, colored, speck])))
    assert facts.is_gray.tolist() == [True, False, True]


def test_what_cannot_be_read_is_told_by_its_position():
    pictures = [
        encode(TWO_COLORS),
        b"no picture",
        OSError(5, "Input/output error"),
    ]
    facts = gather_facts(Pictures(pictures))
    assert list(facts.unreadable) == [1, 2]
    assert facts.unreadable[2] == "Input/output error"
    assert facts.sizes[1:].tolist() == [[0, 0], [0, 0]]
    assert facts.digests[1] == b""


def test_progress_is_told_in_parts_and_order_is_kept():
    pictures = Pictures(
        encode(np.full((1, 1, 3), position)) for position in range(130)
    )
    seen = []
    facts = gather_facts(pictures, seen.append)
    assert seen == [64, 64, 2]
    assert facts.means[:, 0].tolist() == list(range(130))
