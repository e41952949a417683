"""What is in a training set, and what is wrong with it."""

from keras_sphereface.inspection.far_images import far_images
from keras_sphereface.inspection.image_facts import ImageFacts, gather_facts
from keras_sphereface.inspection.inspection_page import (
    faults_of,
    write_inspection,
)
from keras_sphereface.inspection.labeled_images import LabeledImages
from keras_sphereface.inspection.set_inspection import inspect_faces
from keras_sphereface.inspection.similar_identities import (
    identity_embeddings,
    similar_identities,
)

__all__ = [
    "ImageFacts",
    "LabeledImages",
    "far_images",
    "faults_of",
    "gather_facts",
    "identity_embeddings",
    "inspect_faces",
    "similar_identities",
    "write_inspection",
]
