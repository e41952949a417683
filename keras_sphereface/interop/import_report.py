"""Which weight of a model came from where."""

from dataclasses import dataclass
from typing import NamedTuple

_SHOWN_ROWS = 40


class WeightRow(NamedTuple):
    """One weight of the model, or one of the file that has no place in it.

    Attributes:
        weight: str, `"layer/variable"` of the model, or `""`.
        shape: tuple, in the model, or `None`.
        source: str, name in the file, or `""`.
        source_shape: tuple, in the file, or `None`.
        status: `"matched"`, `"missing"` (not in the file), `"shape"`, or
            `"unexpected"` (not in the model).
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
    """

    family: str
    prefix: str
    rows: tuple

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
