"""Labelled face images, and the batches to train on them."""

from keras_sphereface.data.augmentation import random_flip
from keras_sphereface.data.decoding import decode_image
from keras_sphereface.data.image_folder import ImageFolder
from keras_sphereface.data.pipeline import training_dataset
from keras_sphereface.data.record_dataset import RecordDataset
from keras_sphereface.data.synthetic_faces import SyntheticFaces

__all__ = [
    "ImageFolder",
    "RecordDataset",
    "SyntheticFaces",
    "decode_image",
    "random_flip",
    "training_dataset",
]
