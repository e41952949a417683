"""Heads with an `EmbeddingBank`, and what `fit` makes of them."""

import keras
import numpy as np
from head_cases import EMBEDDING_DIM, NUM_CLASSES, make_batch
from keras import ops

from keras_sphereface.models import FaceRecognizer

# These have not come yet.
EMPTY_CLASSES = (3, 6)


def unit_rows(matrix):
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def stored_rows():
    """One unit vector per class, zeros where a class has not come."""
    random = np.random.default_rng(11)
    rows = random.normal(size=(NUM_CLASSES, EMBEDDING_DIM))
    rows[0] = make_batch()[0][0] + 0.5 * rows[0]
    rows = unit_rows(rows).astype("float32")
    rows[list(EMPTY_CLASSES)] = 0
    return rows


def stored_labels():
    labels = np.arange(NUM_CLASSES, dtype="int32")
    labels[list(EMPTY_CLASSES)] = -1
    return labels


def build(head_class, is_filled=True, **kwargs):
    """A head of the batch of `head_cases`, with one embedding per class."""
    head = head_class(NUM_CLASSES, **kwargs)
    head.build((None, EMBEDDING_DIM))
    head.centers.assign(make_batch()[1])
    if is_filled:
        head.bank.embeddings.assign(stored_rows())
        head.bank.labels.assign(stored_labels())
    return head


def numerical_gradients(mean_loss, arrays, step=1e-6):
    """Central differences of `mean_loss(*arrays)` in float64."""
    arrays = [np.array(array, "float64") for array in arrays]
    gradients = []
    for array in arrays:
        gradient = np.zeros_like(array)
        for index in np.ndindex(array.shape):
            kept, sides = array[index], []
            for side in (step, -step):
                array[index] = kept + side
                sides.append(mean_loss(*arrays))
            array[index] = kept
            gradient[index] = (sides[0] - sides[1]) / (2 * step)
        gradients.append(gradient)
    return gradients


def make_faces(num_classes=NUM_CLASSES, count=36):
    random = np.random.default_rng(0)
    y = random.integers(0, num_classes, count).astype("int32")
    x = random.normal(size=(num_classes, 5))[y]
    x = x + 0.1 * random.normal(size=(count, 5))
    return x.astype("float32"), y


def make_recognizer(head, **compile_arguments):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    embedder = keras.Model(inputs, keras.layers.Dense(EMBEDDING_DIM)(inputs))
    recognizer = FaceRecognizer(embedder, head)
    recognizer.compile(keras.optimizers.SGD(0.01), **compile_arguments)
    return recognizer


def bank_of(model):
    return [
        ops.convert_to_numpy(weight)
        for weight in (model.head.bank.embeddings, model.head.bank.labels)
    ]
