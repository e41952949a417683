"""The README's table names every head and loss, with its defaults."""

import pathlib
import re

import pytest

from keras_sphereface import heads, losses

README = (pathlib.Path(__file__).parents[2] / "README.md").read_text("utf-8")
ROWS = {
    name: row
    for row in re.findall(r"^\| `.*\|$", README, re.MULTILINE)
    for name in re.findall(r"`(\w+)`", row.split("|")[1])
}


@pytest.mark.parametrize("name", heads.names())
def test_every_head_has_a_row_with_its_defaults(name):
    values = ROWS[name].split("|")[3]
    config = heads.get(name, 10).get_config()
    for setting, value in re.findall(r"(\w+) ([\d.]+)", values):
        if setting in config:
            assert config[setting] == float(value), f"{name}: {setting}"
    has_loss = "yes" in ROWS[name].split("|")[4]
    loss = type(heads.get(name, 10)).__name__.removesuffix("Head") + "Loss"
    assert has_loss == hasattr(losses, loss)


def test_every_loss_without_centers_has_a_row():
    without_centers = {
        name
        for name in losses.__all__
        if issubclass(getattr(losses, name), losses.BatchLoss)
    } - {"BatchLoss"}
    assert without_centers | {"ContrastiveLoss"} <= set(ROWS)
