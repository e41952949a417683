"""Telling the formats of verification pairs apart."""

from pathlib import Path

from keras_sphereface.pairs.bin_format import read_bin_pairs
from keras_sphereface.pairs.cfp_format import read_cfp_pairs
from keras_sphereface.pairs.csv_format import read_csv_pairs
from keras_sphereface.pairs.lfw_format import read_lfw_pairs


def read_pairs(path, root=None) -> dict:
    """Reads verification pairs in any of the formats of the field.

    Args:
        path: a `.bin` file of InsightFace, a `.csv` file, the folder of CFP,
            or a text file in the format of LFW's `pairs.txt`.
        root: folder of the images that a text or CSV file names. A `.bin`
            file has its images in it. Defaults to `None`.

    Returns:
        Dict, the arguments of `PairSet`.
    """
    path = Path(path)
    if path.is_dir():
        return read_cfp_pairs(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"`path` must be a file of pairs or CFP's folder. Received: {path}"
        )
    if path.suffix == ".bin":
        return read_bin_pairs(path)
    if path.suffix == ".csv":
        return read_csv_pairs(path, root)
    if root is None:
        raise ValueError(
            "`root` must be the folder of the images that a pairs file names. "
            f"Received: root=None for {path}"
        )
    return read_lfw_pairs(path, root)


def has_own_images(path) -> bool:
    """Whether a file of pairs needs no folder of images beside it.

    Args:
        path: path of the file or folder.

    Returns:
        bool.
    """
    return Path(path).suffix in (".bin", ".csv") or Path(path).is_dir()
