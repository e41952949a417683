"""Small pictures inside a web page."""

import base64
import io

from PIL import Image

from keras_sphereface.contract import read_image
from keras_sphereface.contract.images import ImageSource


def jpeg_data_uri(image: ImageSource, height: int = 96) -> str:
    """An image as text that a web page can show without any file.

    Args:
        image: as `contract.read_image` takes it.
        height: int, at least 1, of the thumbnail in pixels. Defaults to `96`.

    Returns:
        str, `data:image/jpeg;base64,...`.
    """
    picture = Image.fromarray(read_image(image))
    width = max(round(picture.width * height / picture.height), 1)
    file = io.BytesIO()
    picture.resize((width, height), Image.Resampling.LANCZOS).save(
        file, format="JPEG", quality=85
    )
    return data_uri("image/jpeg", file.getvalue())


def data_uri(kind: str, content: bytes) -> str:
    """Bytes as text that a web page can show without any file.

    Args:
        kind: str, such as `"image/svg+xml"`.
        content: bytes.

    Returns:
        str.
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
