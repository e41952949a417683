"""What one training run of a study measured."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

# Width of the bins of the histograms of angles, from 0 to 180 degrees.
ANGLE_STEP = 4


@dataclass(frozen=True)
class StudyRun:
    """One training run of a study, small enough to keep.

    Args:
        head: str, name of the head.
        arguments: dict, what the study gives the head beside the number of
            classes.
        learning_rate: float.
        seed: int.
        data: str, what was trained on and what was verified; `""` where the
            run failed.
        num_pairs: int, pairs verified; 0 where the run failed.
        history: list of dicts, the logs of each epoch.
        accuracy: float in `[0, 1]`, ten-fold accuracy of the trained embedder;
            `None` where the run failed.
        untrained_accuracy: float in `[0, 1]`, the same before training; `None`
            where the run failed.
        target_angles: list of int, training faces by the angle to their own
            center, in bins of `ANGLE_STEP` degrees; empty where the run
            failed.
        nearest_angles: list of int, the same of the nearest other center.
        target_angle: float, mean angle to the own center in degrees; `None`
            where the run failed.
        norm: float, median norm of the embeddings; `None` where the run
            failed.
        failure: str, `"diverged"` where the loss or an embedding is not
            finite, `"collapsed"` where an embedding is all zeros, `""`
            otherwise.
        seconds: float, time of the run.
    """

    head: str
    arguments: dict[str, Any]
    learning_rate: float
    seed: int
    data: str
    num_pairs: int
    history: list[dict[str, float]]
    accuracy: float | None
    untrained_accuracy: float | None
    target_angles: list[int]
    nearest_angles: list[int]
    target_angle: float | None
    norm: float | None
    failure: str
    seconds: float

    @property
    def label(self) -> str:
        """The head and its arguments as text."""
        return head_label(self.head, self.arguments)

    @property
    def worth(self) -> float:
        """The accuracy; that of a coin, 0.5, where the run failed."""
        return 0.5 if self.accuracy is None else self.accuracy

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "StudyRun":
        """Rebuilds what `to_dict` wrote; a missing or unknown key is an error.

        Args:
            content: dict.

        Returns:
            `StudyRun`.
        """
        expected = {field.name for field in fields(cls)}
        if set(content) != expected:
            raise ValueError(
                "A run must have the keys of `StudyRun`. Received: "
                f"missing {sorted(expected - set(content))}, "
                f"unknown {sorted(set(content) - expected)}"
            )
        return cls(**content)


def head_label(head: str, arguments: Mapping[str, Any]) -> str:
    """A head and its arguments as text, `arcface margin=0.5 detach=True`.

    Args:
        head: str.
        arguments: dict.

    Returns:
        str.
    """
    return " ".join(
        [head, *(f"{name}={_text(value)}" for name, value in arguments.items())]
    )


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):  # A serialized object, such as a schedule.
        return str(value.get("class_name", dict(value)))
    return str(value)
