"""Networks with the tensors of MediaPipe's and OpenCV's, and nothing in them.

What they call a face is a bright spot: the score of a cell is how bright it is,
and each box stands around its own cell.
"""

import numpy as np

# Of every box, in pixels of the network's input.
BOX = 40.0
# From the middle of a box: eyes, nose, middle of the mouth, ears.
SIX_POINTS = np.array(
    [[-8, -8], [8, -8], [0, 2], [0, 10], [-16, -6], [16, -6]], np.float32
)
FIVE_POINTS = np.array(
    [[-8, -8], [8, -8], [0, 2], [-6, 10], [6, 10]], np.float32
)
LAYOUTS = {128: ((8, 2), (16, 6)), 192: ((4, 1),)}


def convert(function, shape):
    """Bytes of a TFLite file."""
    import tensorflow as tf

    signature = tf.TensorSpec(shape, tf.float32)
    concrete = tf.function(function).get_concrete_function(signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    return converter.convert()


def blazeface(size=128, layout=None, num_values=16):
    """Bytes of a `.tflite` file of the BlazeFace kind."""
    import tensorflow as tf

    values = np.concatenate([[0, 0, BOX, BOX], SIX_POINTS.ravel()])
    values = np.resize(values, num_values).astype(np.float32)

    def network(images):
        gray = tf.reduce_mean(images, -1, keepdims=True)
        logits = []
        for stride, count in layout or LAYOUTS[size]:
            cells = tf.nn.avg_pool2d(gray, stride, stride, "SAME")
            cells = tf.repeat(tf.reshape(cells, [1, -1, 1]), count, axis=1)
            logits.append(10 * cells)
        logits = tf.concat(logits, 1)
        # Something of the input must reach every output.
        return logits * 0 + values, logits

    return convert(network, [1, size, size, 3])


def landmark_network(size=192, points=None, logit=10.0):
    """Bytes of a `.tflite` file like `face_landmark.tflite`.

    Args:
        points: `[468, 3]`, the answer to every image; zeros if `None`.
    """
    import tensorflow as tf

    points = np.zeros((468, 3)) if points is None else points
    answer = np.float32(points).reshape(1, 1, 1, -1)

    def network(images):
        nothing = 0 * tf.reduce_mean(images)
        score = nothing + np.full((1, 1, 1, 1), logit, np.float32)
        return answer + nothing, score

    return convert(network, [1, size, size, 3])


def yunet(size=320, free=False):
    """Bytes of an `.onnx` file with YuNet's tensors; pixels in `[0, 255]`."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, outputs, constants = [], [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    constant("axes", np.array([1], np.int64))
    constant("scale", np.float32(1 / 255))
    constant("zero", np.float32(0))
    nodes.append(helper.make_node("ReduceMean", ["input", "axes"], ["gray"]))
    nodes.append(helper.make_node("Mul", ["gray", "scale"], ["bright"]))
    for stride in (8, 16, 32):
        pooled, column = f"pooled_{stride}", f"column_{stride}"
        nodes.append(
            helper.make_node(
                "AveragePool",
                ["bright"],
                [pooled],
                kernel_shape=[stride, stride],
                strides=[stride, stride],
            )
        )
        shape = constant(f"shape_{stride}", np.array([1, -1, 1], np.int64))
        nodes.append(helper.make_node("Reshape", [pooled, shape], [column]))
        nodes.append(helper.make_node("Mul", [column, "zero"], [f"0_{stride}"]))
        answers = {
            "cls": None,
            "obj": None,
            # The middle of a cell, and the logarithm of the size in cells.
            "bbox": [0.5, 0.5, *[np.log(BOX / stride)] * 2],
            "kps": (FIVE_POINTS / stride + 0.5).ravel(),
        }
        for part, values in answers.items():
            name = f"{part}_{stride}"
            if values is None:
                nodes.append(helper.make_node("Identity", [column], [name]))
            else:
                values = np.float32(values)
                value = constant(f"value_{name}", values[None, None])
                nodes.append(
                    helper.make_node("Add", [f"0_{stride}", value], [name])
                )
            width = 1 if values is None else len(values)
            cells = None if free else (size // stride) ** 2
            outputs.append(
                helper.make_tensor_value_info(
                    name, TensorProto.FLOAT, [1, cells, width]
                )
            )
    sides = ["height", "width"] if free else [size, size]
    image = helper.make_tensor_value_info(
        "input", TensorProto.FLOAT, [1, 3, *sides]
    )
    graph = helper.make_graph(nodes, "yunet", [image], outputs, constants)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8
    )
    return model.SerializeToString()


def spots(size, middles, sigma):
    """Black pixels with bright spots.

    Args:
        size: `(height, width)`.
        middles: list of `(x, y)`.
        sigma: float, pixels.
    """
    y, x = np.mgrid[: size[0], : size[1]]
    light = sum(
        np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * sigma**2))
        for a, b in middles
    )
    gray = np.clip(255 * light, 0, 255).astype(np.uint8)
    return np.repeat(gray[..., None], 3, -1)
