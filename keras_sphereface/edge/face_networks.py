"""Networks that find faces, told apart by the layout of their tensors."""

import os
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.contract.face_input import PIXEL_MEAN, PIXEL_SCALE
from keras_sphereface.edge.artifact_file import ArtifactFile, ModelFileError
from keras_sphereface.edge.blazeface import (
    NUM_VALUES,
    anchor_centers,
    decode_blazeface,
    five_of_six_points,
)
from keras_sphereface.edge.box_suppression import Boxes
from keras_sphereface.edge.litert_network import LiteRTNetwork
from keras_sphereface.edge.onnx_network import OnnxNetwork
from keras_sphereface.edge.yunet import PARTS, STRIDES, decode_yunet

_MAX_SIZE = 1024  # pixels; the largest input of a detector
_FREE_SIZE = 320  # where a file leaves the size of its input free
Network = LiteRTNetwork | OnnxNetwork
_OPENERS: dict[str, Callable[[ArtifactFile, int | None], Network]] = {
    ".tflite": LiteRTNetwork,
    ".onnx": OnnxNetwork,
}


class FaceNetwork(Protocol):
    """A network that finds the faces in a square of pixels.

    Attributes:
        size: int, height and width of the square.
        smallest: float, the least side of a face's box, as a share of the
            square, at which it finds nearly all.
    """

    @property
    def size(self) -> int: ...

    @property
    def smallest(self) -> float: ...

    def find(self, pixels: np.ndarray, min_score: float) -> Boxes:
        """Boxes, each with five points, in pixels of the square.

        Args:
            pixels: uint8, `[size, size, 3]`, RGB.
            min_score: float in `(0, 1)`.

        Returns:
            `Boxes`, several per face, in no order.
        """


def open_network(
    name: str, path: str | os.PathLike, threads: int | None
) -> Network:
    """Loads a file of one input and float32 tensors.

    Args:
        name: str, what an error calls the argument.
        path: path of a `.tflite` or `.onnx` file.
        threads: int, at least 1, or `None` for the runtime's own choice.

    Returns:
        `LiteRTNetwork` or `OnnxNetwork`.
    """
    if threads is not None:
        threads = check_integer("threads", threads, at_least=1)
    if not isinstance(path, str | os.PathLike):
        raise ValueError(
            f"`{name}` must be the path of a .tflite or .onnx file. "
            f"Received: {name}={path!r}"
        )
    artifact = ArtifactFile.read(path)
    opener = _OPENERS.get(artifact.suffix)
    if opener is None:
        raise ValueError(
            f"`{name}` must end in one of {sorted(_OPENERS)}. "
            f"Received: {name}={artifact.name!r}"
        )
    return opener(artifact, threads)


def open_face_network(
    path: str | os.PathLike, threads: int | None
) -> FaceNetwork:
    """Loads a detector.

    Args:
        path: path of a `.tflite` file of the BlazeFace kind, or an `.onnx`
            file of YuNet.
        threads: int, at least 1, or `None` for the runtime's own choice.

    Returns:
        `FaceNetwork`.

    Raises:
        ModelFileError: the file is damaged, or of another kind.
    """
    network = open_network("model_path", path, threads)
    for kind in (BlazeFaceNetwork, YunetNetwork):
        found = kind.of(network)
        if found is not None:
            return found
    raise ModelFileError(
        "`model_path` must be a face detector: a network of the BlazeFace "
        "kind from [1, 128, 128, 3] to [1, 896, 16] and [1, 896, 1] or from "
        "[1, 192, 192, 3] to [1, 2304, 16] and [1, 2304, 1], or YuNet from "
        "[1, 3, size, size] to cls, obj, bbox and kps of strides 8, 16 and "
        f"32, of float32. Received: inputs {network.inputs}, outputs "
        f"{network.outputs} in {os.fspath(path)!r}"
    )


class BlazeFaceNetwork:
    """MediaPipe's face detectors.

    Args:
        network: `LiteRTNetwork` or `OnnxNetwork`.
        size: int, height and width of its input.
        regressors: str, its output of boxes and points.
        logits: str, its output of scores.
        anchors: float32, `[num_anchors, 2]`.

    Reference:
        - [Bazarevsky et al., 2019](https://arxiv.org/abs/1907.05047)
    """

    def __init__(
        self,
        network: Network,
        size: int,
        regressors: str,
        logits: str,
        anchors: np.ndarray,
    ) -> None:
        self.size = size
        self._network, self._anchors = network, anchors
        self._regressors, self._logits = regressors, logits
        # Measured: the finer grid of the full range sees faces of 19 pixels,
        # the coarser ones of the short range of 20, in larger inputs.
        self.smallest = 19 / 192 if size > 128 else 20 / 128

    @classmethod
    def of(cls, network: Network) -> "BlazeFaceNetwork | None":
        """The network as a detector, or `None` if it has other tensors."""
        shapes = list(network.inputs.values())
        by_values = {shape[-1]: name for name, shape in network.outputs.items()}
        if (
            len(shapes) != 1
            or len(shapes[0]) != 4
            or len(network.outputs) != 2
            or set(by_values) != {NUM_VALUES, 1}
            or not network.is_float
        ):
            return None
        regressors, logits = by_values[NUM_VALUES], by_values[1]
        size, num_anchors = shapes[0][1], network.outputs[logits][1]
        if not (_is_size(size) and isinstance(num_anchors, int)):
            return None
        anchors = anchor_centers(size, num_anchors)
        if (
            anchors is None
            or shapes[0] != (1, size, size, 3)
            or network.outputs[logits] != (1, num_anchors, 1)
            or network.outputs[regressors] != (1, num_anchors, NUM_VALUES)
        ):
            return None
        return cls(network, size, regressors, logits, anchors)

    def find(self, pixels: np.ndarray, min_score: float) -> Boxes:
        """See `FaceNetwork`."""
        scaled = (pixels.astype(np.float32) - PIXEL_MEAN) / PIXEL_SCALE
        outputs = self._network.run(scaled[None])
        regressors = outputs[self._regressors][0]
        logits = outputs[self._logits][0, :, 0]
        found = decode_blazeface(regressors, logits, self._anchors, min_score)
        return found._replace(points=five_of_six_points(found.points))


class YunetNetwork:
    """OpenCV's YuNet.

    Args:
        network: `LiteRTNetwork` or `OnnxNetwork`.
        size: int, height and width of its input, a multiple of 32.
    """

    smallest = 0.05

    def __init__(self, network: Network, size: int) -> None:
        self.size = size
        self._network = network

    @classmethod
    def of(cls, network: Network) -> "YunetNetwork | None":
        """The network as a detector, or `None` if it has other tensors."""
        shapes = list(network.inputs.values())
        names = {f"{part}_{stride}" for part in PARTS for stride in STRIDES}
        if (
            len(shapes) != 1
            or set(network.outputs) != names
            or not network.is_float
            or len(shapes[0]) != 4
            or shapes[0][1] != 3
        ):
            return None
        height, width = shapes[0][2:]
        if not isinstance(height, int) and not isinstance(width, int):
            height = width = _FREE_SIZE
        if not _is_size(height) or height != width or height % 32:
            return None
        return cls(network, height)

    def find(self, pixels: np.ndarray, min_score: float) -> Boxes:
        """See `FaceNetwork`."""
        blue_first = pixels[..., ::-1].transpose(2, 0, 1).astype(np.float32)
        outputs = self._network.run(np.ascontiguousarray(blue_first)[None])
        self._check(outputs)
        return decode_yunet(outputs, self.size, min_score)

    def _check(self, outputs: Mapping[str, np.ndarray]) -> None:
        for part, values in PARTS.items():
            for stride in STRIDES:
                cells = (self.size // stride) ** 2
                shape = outputs[f"{part}_{stride}"].shape
                if shape != (1, cells, values):
                    raise ModelFileError(
                        f"The output {part}_{stride} of YuNet must be "
                        f"{[1, cells, values]} for an input of {self.size} "
                        f"pixels. Received: shape {list(shape)}"
                    )


def _is_size(size: int | str | None) -> bool:
    return isinstance(size, int) and 0 < size <= _MAX_SIZE
