"""Many crops on one picture, to see at a glance whether they are aligned."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from keras_sphereface.contract import list_images, read_image, template_for
from keras_sphereface.files import new_stream

_COLUMNS, _MAX_CROPS = 10, 80
_GREEN = (0, 220, 90)


def write_contact_sheet(path, crops, size=(112, 112)) -> None:
    """Writes some of the crops, with lines through the template's eyes.

    The crops are spread evenly over the list. Where they are aligned, the eyes
    of all of them lie on the line.

    Args:
        path: path of the PNG file.
        crops: aligned crops, in any form of `contract.list_images`; nothing
            is written for an empty list.
        size: `(height, width)` of the crops. Defaults to `(112, 112)`.
    """
    if isinstance(crops, list) and not crops:
        return
    crops = list_images("crops", crops)
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
        sheet.paste(Image.fromarray(read_image(crop)), (x, y))
        level = y + float(left[1] + right[1]) / 2
        draw.line([x, level, x + width, level], fill=_GREEN)
        for point in (left, right):
            middle = x + float(point[0])
            draw.line([middle, level - 5, middle, level + 5], fill=_GREEN)
    with new_stream(Path(path)) as stream:
        sheet.save(stream, "PNG")
