import numpy as np
import pytest
from PIL import Image

from keras_sphereface.alignment.contact_sheet import write_contact_sheet


def write_crops(folder, count, size=(16, 12)):
    """Crops of one gray each: 0, 1, 2, ..."""
    paths = []
    for gray in range(count):
        paths.append(folder / f"{gray}.png")
        Image.new("L", size[::-1], gray).save(paths[-1])
    return paths


def tiles_of(path, size=(16, 12)):
    """The gray in the corner of every tile."""
    sheet = np.array(Image.open(path))
    return sheet[:: size[0], :: size[1], 0]


@pytest.mark.parametrize(
    ("count", "rows", "columns"),
    [(1, 1, 1), (3, 1, 3), (10, 1, 10), (23, 3, 10)],
)
def test_crops_stand_in_rows_of_ten(tmp_path, count, rows, columns):
    crops = write_crops(tmp_path, count)
    write_contact_sheet(tmp_path / "sheet.png", crops, (16, 12))
    tiles = tiles_of(tmp_path / "sheet.png")
    assert tiles.shape == (rows, columns)
    assert tiles.ravel()[:count].tolist() == list(range(count))


def test_of_many_crops_eighty_are_shown_from_first_to_last(tmp_path):
    crops = write_crops(tmp_path, 200)
    write_contact_sheet(tmp_path / "sheet.png", iter(crops), (16, 12))
    tiles = tiles_of(tmp_path / "sheet.png").ravel().tolist()
    assert len(tiles) == 80
    assert (tiles[0], tiles[-1]) == (0, 199)
    assert set(np.diff(tiles)) == {2, 3}  # every 199 / 79 = 2.5th


def test_a_line_goes_through_the_eyes_of_the_template(tmp_path):
    crops = write_crops(tmp_path, 1, (112, 112))
    write_contact_sheet(tmp_path / "sheet.png", crops)
    sheet = np.array(Image.open(tmp_path / "sheet.png"))
    rows, columns = np.nonzero(sheet[..., 1] > 100)
    # The eyes of the template are at (38.3, 51.7) and (73.5, 51.5).
    assert set(columns[np.isin(rows, [51, 52])]) == set(range(112))
    assert set(columns[rows < 50]) <= {38, 39, 73, 74}


def test_without_crops_nothing_is_written(tmp_path):
    write_contact_sheet(tmp_path / "sheet.png", [])
    assert not list(tmp_path.iterdir())
