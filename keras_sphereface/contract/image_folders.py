"""The image files in a folder and its sub-folders."""

import os
import warnings
from pathlib import Path

from keras_sphereface.contract.image_policy import (
    READ_KINDS,
    has_image_name,
    why_left_out,
)


def find_images(name: str, folder: Path) -> list[Path]:
    """The image files in a folder, in the order of their paths.

    A file is an image by its name or its content, see `image_policy`; hidden
    ones do not count. One warning counts the others and says what they are.

    Args:
        name: str, what an error calls the argument.
        folder: path of a folder.

    Returns:
        List of paths, at least one.

    Raises:
        ValueError: there is no image.
    """
    found, left_out = [], {}
    for file in sorted(folder.rglob("*")):
        # A file of a hidden name may be half written.
        if file.name.startswith("."):
            continue
        if has_image_name(file):
            found.append(file)
        elif not file.is_dir():
            reason = why_left_out(file) if file.is_file() else "not a file"
            if reason:
                left_out[file.relative_to(folder)] = reason
            else:
                found.append(file)
    others = say_left_out(left_out)
    if not found:
        raise ValueError(
            f"`{name}` must be a folder with images ({READ_KINDS}); open a "
            "data set of another format with `data.open_faces`. "
            f"Received: {name}={os.fspath(folder)!r}{others and f': {others}'}"
        )
    if left_out:
        total = len(found) + len(left_out)
        warnings.warn(
            f"{len(left_out)} of {total} files in {folder} are left out: "
            f"{others}.",
            stacklevel=5,
        )
    return found


def say_left_out(reasons: dict) -> str:
    """A few of the files left out, with the reasons.

    Args:
        reasons: dict, path of a file to why it is left out.

    Returns:
        str, `""` for none.
    """
    few = [f"{path} ({why})" for path, why in list(reasons.items())[:3]]
    more = len(reasons) - len(few)
    return ", ".join(few) + (f" and {more} more" if more > 0 else "")
