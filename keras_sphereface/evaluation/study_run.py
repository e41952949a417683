"""What one training run of a study measured."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

# Width of the bins of the histograms of angles, from 0 to 180 degrees.
ANGLE_STEP = 4


@dataclass(frozen=True, kw_only=True)
class StudyRun:
    """One training run of a study, small enough to keep.

    What a run that failed could not measure has its default.

    Args:
        head: str, name of the head.
        arguments: dict, what the study gives the head beside the number of
            classes.
        learning_rate: float.
        seed: int.
        data: str, what was trained on and what was verified. Defaults to `""`.
        num_pairs: int, pairs verified. Defaults to `0`.
        history: list of dicts, the logs of each epoch.
        accuracy: float in `[0, 1]`, ten-fold accuracy of the trained embedder.
            Defaults to `None`.
        untrained_accuracy: float in `[0, 1]`, the same before training.
            Defaults to `None`.
        target_angles: list of int, training faces by the angle to their own
            center, in bins of `ANGLE_STEP` degrees. Defaults to none.
        nearest_angles: list of int, the same of the nearest other center.
            Defaults to none.
        target_angle: float, mean angle to the own center in degrees. Defaults
            to `None`.
        norm: float, median norm of the embeddings. Defaults to `None`.
        failure: str, `"diverged"` where the loss or an embedding is not
            finite, `"collapsed"` where an embedding is all zeros, `""`
            otherwise.
        seconds: float, time of the run.
    """

    head: str
    arguments: dict[str, Any]
    learning_rate: float
    seed: int
    data: str = ""
    num_pairs: int = 0
    history: list[dict[str, float]]
    accuracy: float | None = None
    untrained_accuracy: float | None = None
    target_angles: list[int] = field(default_factory=list)
    nearest_angles: list[int] = field(default_factory=list)
    target_angle: float | None = None
    norm: float | None = None
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
