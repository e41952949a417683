"""Which weight of a model came from where."""

from dataclasses import dataclass
from typing import Any, NamedTuple

_SHOWN_ROWS = 40


class WeightRow(NamedTuple):
    """One weight of the model, or one of the file that has no place in it.

    Attributes:
        weight: str, `"layer/variable"` of the model, or `""`.
        shape: tuple, in the model, or `None`.
        source: str, name in the file, or `""`.
        source_shape: tuple, in the file, or `None`.
        status: `"matched"`, `"missing"` (not in the file), `"shape"`,
            `"not finite"` (NaN or infinity in the file), or `"unexpected"`
            (not in the model).
    """

    weight: str
    shape: tuple
    source: str
    source_shape: tuple
    status: str


@dataclass(frozen=True)
class ImportReport:
    """What an import matched; as a str, a table of what it did not.

    Args:
        family: str.
        prefix: str, before the names in the file.
        rows: tuple of `WeightRow`.
        color_order: `"RGB"` or `"BGR"`, what the network is taken to be
            trained on. Defaults to `None`, not said.
        pixel_mean: float, or three in the order of `color_order`: it is taken
            to be trained on `(pixel - pixel_mean) / pixel_scale`. Defaults to
            `None`.
        pixel_scale: as `pixel_mean`. Defaults to `None`.
        weights: str, which of the weights in the file were taken. Defaults to
            `""`, there are no others.
    """

    family: str
    prefix: str
    rows: tuple
    color_order: Any = None
    pixel_mean: Any = None
    pixel_scale: Any = None
    weights: str = ""

    @property
    def matched(self):
        """Number of weights that match."""
        return sum(row.status == "matched" for row in self.rows)

    @property
    def mismatches(self):
        """The rows that do not match."""
        return [row for row in self.rows if row.status != "matched"]

    def __str__(self):
        lines = [
            f"{self.family}, prefix {self.prefix!r}: {self.matched} of "
            f"{len(self.rows)} weights match"
        ]
        if self.color_order is not None:
            lines.append(
                f"taken to be trained on {self.color_order} pixels, (pixel - "
                f"{_written(self.pixel_mean)}) / {_written(self.pixel_scale)}"
            )
        if self.weights:
            lines.append(f"weights: {self.weights}")
        if self.mismatches:
            lines.append("| weight | shape | in the file | shape | status |")
            lines.append("|---|---|---|---|---|")
        for row in self.mismatches[:_SHOWN_ROWS]:
            cells = ["" if cell is None else str(cell) for cell in row]
            lines.append(f"| {' | '.join(cells)} |")
        hidden = len(self.mismatches) - _SHOWN_ROWS
        if hidden > 0:
            lines.append(f"and {hidden} more")
        return "\n".join(lines)


def _written(numbers):
    if isinstance(numbers, tuple):
        return f"({', '.join(f'{number:g}' for number in numbers)})"
    return f"{numbers:g}"
