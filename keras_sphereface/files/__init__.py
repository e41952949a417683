"""Files and folders that appear complete or not at all."""

from keras_sphereface.files.atomic import new_file, new_folder, write_json

__all__ = ["new_file", "new_folder", "write_json"]
