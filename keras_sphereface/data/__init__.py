"""Labeled face images, and the batches to train on them."""

from keras_sphereface.data.adaface_augmentation import AdaFaceAugmentation
from keras_sphereface.data.alignment_check import (
    AlignmentCheck,
    check_alignment,
)
from keras_sphereface.data.augmentation import random_flip
from keras_sphereface.data.decoding import decode_image
from keras_sphereface.data.encoded_faces import EncodedFaces
from keras_sphereface.data.image_folder import ImageFolder
from keras_sphereface.data.keras_augmentation import KerasAugmentation
from keras_sphereface.data.left_out_list import (
    LeftOutImage,
    read_left_out,
    write_left_out,
)
from keras_sphereface.data.open_faces import open_faces
from keras_sphereface.data.pipeline import training_dataset
from keras_sphereface.data.random_choice import RandomChoice
from keras_sphereface.data.record_dataset import RecordDataset
from keras_sphereface.data.registry import names, register
from keras_sphereface.data.resized_faces import ResizedFaces, resize_images
from keras_sphereface.data.sampling import (
    BalancedSampling,
    IdentitySampling,
    ImageSampling,
)
from keras_sphereface.data.selected_faces import SelectedFaces
from keras_sphereface.data.shard_manifest import DamagedShardError
from keras_sphereface.data.synthetic import SyntheticFaces
from keras_sphereface.data.tfrecord_folder import TFRecordFolder
from keras_sphereface.data.tfrecord_writer import write_tfrecords

__all__ = [
    "AdaFaceAugmentation",
    "AlignmentCheck",
    "BalancedSampling",
    "DamagedShardError",
    "EncodedFaces",
    "IdentitySampling",
    "ImageFolder",
    "ImageSampling",
    "KerasAugmentation",
    "LeftOutImage",
    "RandomChoice",
    "RecordDataset",
    "ResizedFaces",
    "SelectedFaces",
    "SyntheticFaces",
    "TFRecordFolder",
    "check_alignment",
    "decode_image",
    "names",
    "open_faces",
    "random_flip",
    "read_left_out",
    "register",
    "resize_images",
    "training_dataset",
    "write_left_out",
    "write_tfrecords",
]
