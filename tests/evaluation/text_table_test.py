import pytest

from keras_sphereface.evaluation.text_table import far_text, percent, text_table


def test_aligns_names_left_and_numbers_right():
    assert text_table(["", "EER"], [["a", "1 %"], ["long", "22.5 %"]]) == (
        "         EER\n------------\na        1 %\nlong  22.5 %"
    )


def test_a_title_stands_over_the_columns():
    assert text_table("A long title", [["a", "1", ""]]) == (
        "A long title\n------------\na  1"
    )


@pytest.mark.parametrize(
    ("far", "text"),
    [(0.1, "1e-1"), (0.001, "1e-3"), (0.025, "2.5e-2"), (1, "1e0")],
)
def test_rates_are_written_as_powers_of_ten(far, text):
    assert far_text(far) == text


def test_percent_has_two_decimals():
    assert percent(0.75531) == "75.53 %"
    assert percent(1.0) == "100.00 %"
