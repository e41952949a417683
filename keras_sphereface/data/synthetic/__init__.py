"""Drawn faces of people who do not exist."""

from keras_sphereface.data.synthetic.synthetic_faces import SyntheticFaces

__all__ = ["SyntheticFaces"]
