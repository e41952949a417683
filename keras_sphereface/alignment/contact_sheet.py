"""Many crops on one picture, to see at a glance whether they are aligned."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from keras_sphereface.contract import template_for
from keras_sphereface.files import new_file

_COLUMNS, _MAX_CROPS = 10, 80
_GREEN = (0, 220, 90)


def write_contact_sheet(path, crops, size=(112, 112)) -> None:
    """Writes some of the crops, with lines through the template's eyes.

    The crops are spread evenly over the list. Where they are aligned, the eyes
    of all of them lie on the line.

    Args:
        path: path of the PNG file.
        crops: list of paths of aligned crops; nothing is written without any.
        size: `(height, width)` of the crops. Defaults to `(112, 112)`.
    """
    crops = list(crops)
    if not crops:
        return
    count = min(len(crops), _MAX_CROPS)
    chosen = [
        crops[i] for i in np.linspace(0, len(crops) - 1, count, dtype=int)
    ]
    height, width = size
    columns = min(_COLUMNS, count)
    rows = -(-count // columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    draw = ImageDraw.Draw(sheet)
    left, right = template_for(height, width)[:2]
    for number, crop in enumerate(chosen):
        x, y = number % columns * width, number // columns * height
        with Image.open(crop) as picture:
            sheet.paste(picture.convert("RGB"), (x, y))
        level = y + float(left[1] + right[1]) / 2
        draw.line([x, level, x + width, level], fill=_GREEN)
        for point in (left, right):
            middle = x + float(point[0])
            draw.line([middle, level - 5, middle, level + 5], fill=_GREEN)
    with new_file(Path(path)) as temporary:
        sheet.save(temporary)
