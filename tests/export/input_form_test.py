import numpy as np
import pytest

from keras_sphereface.export.input_form import resolve_input
from keras_sphereface.export.stated_input import StatedInput

MOST = {"color_order": "BGR", "pixel_mean": 127.5, "pixel_scale": 128}


class Graph:
    """Of a file, what it says of its input."""

    name, notes = "peer.onnx", ()

    def __init__(self, shape, dtype="float32", quantization=None, pixels=False):
        self.input_shape = shape
        self.input_dtype = np.dtype(dtype)
        self.quantization = quantization
        self.takes_pixels = pixels


IMAGES = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3), np.uint8)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
@pytest.mark.parametrize("color_order", ["RGB", "BGR"])
@pytest.mark.parametrize("mean", [127.5, (1, 2, 3)])
def test_pixels_go_where_a_loop_puts_them(layout, color_order, mean):
    shape = [None, 4, 5, 3] if layout == "NHWC" else [None, 3, 4, 5]
    form = resolve_input(
        Graph(shape), StatedInput(layout, color_order, mean, (2, 4, 8))
    )
    found = form.prepare(IMAGES)
    means = [mean] * 3 if mean == 127.5 else mean
    for n, row, column, channel in np.ndindex(*IMAGES.shape):
        place = channel if color_order == "RGB" else 2 - channel
        pixel = float(IMAGES[n, row, column, channel])
        value = (pixel - means[place]) / (2, 4, 8)[place]
        index = (
            (n, row, column, place)
            if layout == "NHWC"
            else (n, place, row, column)
        )
        assert found[index] == pytest.approx(value, abs=1e-5)
    assert found.dtype == np.float32
    assert form.size == (4, 5)


def test_a_quantized_input_gets_its_steps():
    # Steps of 1/64 around zero point -3, rounded and clipped to int8.
    graph = Graph([1, 4, 5, 3], "int8", (1 / 64, -3))
    form = resolve_input(graph, StatedInput(None, "RGB", 0, 64))
    found = form.prepare(IMAGES)
    assert found.dtype == np.int8
    expected = np.clip(IMAGES.astype(int) - 3, -128, 127)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("dtype", "quantization", "mean", "scale"),
    [
        ("uint8", (1.0, 0), 0, 1),
        ("int8", (1.0, -128), 0, 1),
        ("int8", (2 / 255, 0), 127.5, 127.5),
        ("uint8", (2 / 256, 128), 127.5, 127.5),  # trained by / 128
        ("int8", (1 / 255, -128), 0, 255),
        ("uint8", None, 0, 1),
    ],
)
def test_a_usual_range_tells_the_scaling(dtype, quantization, mean, scale):
    graph = Graph([1, 112, 96, 3], dtype, quantization)
    form = resolve_input(graph, StatedInput(color_order="RGB"))
    assert (form.pixel_mean, form.pixel_scale) == (mean, scale)
    by = "by its type" if quantization is None else "by its range"
    sentence = form.sentence("peer.tflite")
    assert by in sentence
    assert "112x96, NHWC (by its shape), RGB (stated)" in sentence


def test_a_graph_of_pixels_takes_what_ours_take():
    form = resolve_input(
        Graph([None, None, None, 3], pixels=True), StatedInput()
    )
    assert form.size is None
    assert "any size, NHWC (by its shape), RGB (as ours)" in form.sentence("a")
    np.testing.assert_array_equal(form.prepare(IMAGES), IMAGES)


@pytest.mark.parametrize(
    ("graph", "stated", "message"),
    [
        (Graph([1, 3, 112, 112]), {}, r"State `pixel_mean`.*3, 112, 112"),
        (Graph([1, 3, 8, 8]), {"color_order": "RGB"}, "stated {'color_order"),
        (Graph([1, 3, 8, 8]), {**MOST, "color_order": None}, "`color_order`"),
        (Graph([1, 3, 8, 8]), {"pixel_mean": 1}, "stated together"),
        (Graph([1, 3, 8, 3]), MOST, "`input_layout`"),
        (Graph([1, 4, 8, 4]), MOST, r"`input_layout`.*\[1, 4, 8, 4\]"),
        (Graph([1, 3, 8, 8]), {**MOST, "input_layout": "NHWC"}, "on axis 3"),
        (Graph([1, 512]), MOST, r"four axes.*\[1, 512\]"),
        (Graph([1, 8, 8, 3], "uint8"), MOST, "uint8 pixels as they are"),
        (Graph([1, 8, 8, 3], "int32"), MOST, "uint8 pixels as they are"),
        (
            Graph([1, 8, 8, 3], "int8", (0.3, 0)),
            {"color_order": "RGB"},
            "State `pixel_mean`",
        ),
    ],
)
def test_what_cannot_be_known_must_be_stated(graph, stated, message):
    with pytest.raises(ValueError, match=rf"(?s){message}"):
        resolve_input(graph, StatedInput(**stated))
