"""Which operations of a TFLite file the fast kernels of XNNPACK take."""

import os
from collections import Counter
from dataclasses import dataclass
from typing import Any

from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.litert_engine import load_interpreter

_DELEGATE = "DELEGATE"


@dataclass(frozen=True)
class DelegateReport:
    """How much of a graph runs in the XNNPACK delegate.

    Args:
        operations: int, in the graph.
        delegated: int, of those in the delegate.
        partitions: int, parts the delegate has; at each border it hands over
            to the interpreter.
        outside: dict, name of an operation to how many of it are left to the
            interpreter.
    """

    operations: int
    delegated: int
    partitions: int
    outside: dict[str, int]

    @property
    def share(self) -> float:
        """Of the operations, in `[0, 1]`."""
        return self.delegated / self.operations

    def __str__(self) -> str:
        text = (
            f"{self.delegated} of {self.operations} operations in "
            f"{self.partitions} partitions of XNNPACK"
        )
        if self.outside:
            left = ", ".join(f"{n} {name}" for name, n in self.outside.items())
            text += f"; outside: {left}"
        return text


def examine_delegate(path: str | os.PathLike) -> DelegateReport:
    """Finds out what of a file's first graph runs in XNNPACK.

    Args:
        path: str or path of a `.tflite` file, whoever made it.

    Returns:
        `DelegateReport`.
    """
    return describe_delegate(load_interpreter(ArtifactFile.read(path), None))


def describe_delegate(interpreter: Any) -> DelegateReport:
    """The same for an interpreter that has allocated its tensors.

    The runtime lists the nodes of the graph and, after them, one node for
    each partition with the tensors that go in and come out. A partition's
    nodes are those between: all that its outputs are made of, as far back as
    its inputs.

    Args:
        interpreter: `ai_edge_litert.interpreter.Interpreter`.

    Returns:
        `DelegateReport`.
    """
    nodes = interpreter._get_ops_details()
    partitions = [node for node in nodes if node["op_name"] == _DELEGATE]
    nodes = [node for node in nodes if node["op_name"] != _DELEGATE]
    makers = {tensor: node for node in nodes for tensor in node["outputs"]}
    delegated = set()
    for partition in partitions:
        inputs, tensors = set(partition["inputs"]), list(partition["outputs"])
        while tensors:
            tensor = tensors.pop()
            maker = makers.get(tensor)
            if tensor in inputs or maker is None:
                continue
            if maker["index"] not in delegated:
                delegated.add(maker["index"])
                tensors.extend(maker["inputs"])
    outside = Counter(
        node["op_name"] for node in nodes if node["index"] not in delegated
    )
    return DelegateReport(
        operations=len(nodes),
        delegated=len(delegated),
        partitions=len(partitions),
        outside=dict(outside.most_common()),
    )
