import base64
import io

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.reports.thumbnails import data_uri, jpeg_data_uri


def decode(uri):
    kind, content = uri.split(";base64,")
    return kind, Image.open(io.BytesIO(base64.b64decode(content)))


@pytest.mark.parametrize(
    ("shape", "size"),
    [((112, 112), (96, 96)), ((48, 24), (48, 96)), ((400, 1), (1, 96))],
)
def test_a_thumbnail_has_the_height_and_keeps_the_shape(shape, size):
    face = np.empty((*shape, 3), np.uint8)
    face[:] = (200, 40, 90)
    kind, image = decode(jpeg_data_uri(face))
    assert kind == "data:image/jpeg"
    assert image.size == size
    # JPEG moves a plain color by a few steps at most.
    np.testing.assert_allclose(image.getpixel((0, 48)), (200, 40, 90), atol=4)


def test_bytes_become_text_and_back():
    uri = data_uri("image/svg+xml", b"<svg/>")
    assert uri == "data:image/svg+xml;base64,PHN2Zy8+"
