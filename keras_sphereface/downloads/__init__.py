"""Public files by name: registered, fetched once, verified every time."""

from keras_sphereface.downloads.cached_file import (
    home_folder,
    pretrained_file,
)
from keras_sphereface.downloads.download_error import DownloadError
from keras_sphereface.downloads.public_file import PublicFile
from keras_sphereface.downloads.registry import get, names, register
from keras_sphereface.downloads.resumed_download import download

__all__ = [
    "DownloadError",
    "PublicFile",
    "download",
    "get",
    "home_folder",
    "names",
    "pretrained_file",
    "register",
]
