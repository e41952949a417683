"""Plain-text tables for a terminal or a log."""

from collections.abc import Iterable, Sequence


def text_table(
    header: str | Sequence[str], rows: Iterable[Sequence[str]]
) -> str:
    """Aligns rows: the first column to the left, all others to the right.

    Args:
        header: list of str, one per column, or a str, a title over the table.
        rows: list of rows, each a list of str.

    Returns:
        str, a line of dashes under the header, no trailing spaces.
    """
    cells = [list(row) for row in rows]
    if not isinstance(header, str):
        cells.insert(0, list(header))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(
                zip(line, widths, strict=True)
            )
        ).rstrip()
        for line in cells
    ]
    if isinstance(header, str):
        lines.insert(0, header)
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def percent(share: float) -> str:
    """`0.7553` as `75.53 %`."""
    return f"{100 * share:.2f} %"


def interval_text(interval: tuple[float, float]) -> str:
    """`(0.7012, 0.8)` as `[70.12, 80.00]`, in percent."""
    low, high = interval
    return f"[{100 * low:.2f}, {100 * high:.2f}]"


def far_text(far: float) -> str:
    """A false accept rate as people write it: `1e-2`, `2.5e-3`."""
    mantissa, exponent = f"{far:e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"
