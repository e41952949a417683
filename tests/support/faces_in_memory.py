"""A set of encoded images that are given, for tests."""

import numpy as np
import tensorflow as tf

from keras_sphereface.data import EncodedFaces


class FacesInMemory(EncodedFaces):
    def __init__(self, images, image_size=(16, 12)):
        super().__init__(image_size)
        self.images = images
        self.labels = np.arange(len(images), dtype=np.int32)
        self.identities = [f"person {label}" for label in self.labels]

    def read_bytes(self, position):
        content = self.images[position]
        if isinstance(content, Exception):
            raise content
        return content

    def bytes_reader(self):
        images = tf.constant(self.images)
        return lambda position: images[position]

    def name_of(self, position):
        return f"face {position}"
