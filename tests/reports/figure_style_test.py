import pytest

pytest.importorskip("matplotlib")

from keras_sphereface.reports.figure_style import (
    new_figure,
    percent_axis,
    plain_text,
    style_axes,
)


def test_a_figure_has_its_size_and_axes_their_title():
    figure = new_figure((3.0, 2.0))
    assert figure.get_size_inches().tolist() == [3.0, 2.0]
    axes = figure.add_subplot()
    style_axes(axes, "Angles")
    assert axes.get_title(loc="left") == "Angles"
    assert not axes.spines["top"].get_visible()


def test_shares_are_labeled_in_percent():
    axes = new_figure((3.0, 2.0)).add_subplot()
    percent_axis(axes.yaxis)
    assert axes.yaxis.get_major_formatter()(0.125, 0) == "12.5 %"
    assert axes.yaxis.get_minor_formatter()(0.125, 0) == ""


@pytest.mark.parametrize(
    ("name", "text"), [("a$b", r"a\$b"), ("_hidden", " _hidden"), ("a", "a")]
)
def test_names_are_no_formulas_and_not_hidden(name, text):
    assert plain_text(name) == text
