"""What all figures of a report have in common."""

# Okabe and Ito's colors: told apart by color-blind readers too.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
QUIET = "#9A9A9A"


def new_figure(size):
    """An empty figure.

    Args:
        size: `(width, height)` in inches.

    Returns:
        matplotlib `Figure`.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "Plots need matplotlib: pip install 'keras-sphereface[plots]'"
        ) from error
    # A Figure of its own, without pyplot: no window, no global state.
    return Figure(figsize=size, layout="constrained")


def style_axes(axes, title: str) -> None:
    """Gives axes their title, a quiet grid and no frame.

    Args:
        axes: matplotlib `Axes`.
        title: str.
    """
    axes.set_title(title, loc="left", fontweight="bold", pad=12)
    axes.grid(which="major", color="#E3E3E3", lw=0.8)
    axes.tick_params(which="both", length=0, pad=6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_axisbelow(True)


def percent_axis(axis) -> None:
    """Labels an axis of shares in percent.

    Args:
        axis: matplotlib `Axis`.
    """
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
    axis.set_minor_formatter(NullFormatter())


def plain_text(name: str) -> str:
    """A name as it is: no formula in dollars, not hidden by an underscore.

    Args:
        name: str.

    Returns:
        str.
    """
    name = name.replace("$", r"\$")
    return f" {name}" if name.startswith("_") else name
