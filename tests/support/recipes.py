"""What `tests/contributing_test.py` writes into the files of each recipe."""

# Recipe: the new name, and what goes into each file of its list.
RECIPES = {
    "Add a head": (
        "li_arcface",
        {
            "keras_sphereface/ops/margins.py": '''

def li_arcface_margin(cos_theta, *, margin):
    """Value of Li-ArcFace, `(pi - 2 (theta + m)) / pi`."""
    return (math.pi - 2.0 * (angle(cos_theta) + margin)) / math.pi
''',
            "keras_sphereface/heads/<name>_head.py": '''
import keras

from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops.margins import Margin, li_arcface_margin


@register("li_arcface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class LiArcFaceHead(MarginHead):
    """Li-ArcFace: a logit that falls with the angle in a straight line."""

    margin = Hyperparameter("is an angle, so it", at_least=0.0)
    scale = Hyperparameter(above=0.0)

    def __init__(self, num_classes, margin=0.4, scale=64.0, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale

    def class_margin(self, norms, training):
        return Margin(
            target=lambda cos: li_arcface_margin(cos, margin=self.margin),
            others=lambda cos: li_arcface_margin(cos, margin=0.0),
        )
''',
            "tests/heads/<name>_head_test.py": """
import math

import numpy as np

from keras_sphereface import heads


def test_matches_angles_worked_by_hand():
    # Embeddings at 60 and 90 degrees of the axes; 0.3 pi of margin.
    head = heads.get("li_arcface", 2, margin=0.3 * math.pi, scale=10.0)
    head.build((None, 2))
    head.centers.assign([[1.0, 0.0], [0.0, 1.0]])
    x = np.float32([[math.cos(math.pi / 3), math.sin(math.pi / 3)], [0, 3]])
    logits = np.asarray(head(x, np.int32([0, 0])))
    # 10 (1 - 2/3 - 0.6), 10 (1 - 1/3), 10 (1 - 1 - 0.6); the last angle is
    # clipped at 0.0045.
    expected = [[-8 / 3, 20 / 3], [-6.0, 10.0]]
    np.testing.assert_allclose(logits, expected, atol=0.03)
""",
        },
    ),
    "Add a loss": (
        "li_arcface",
        {
            "keras_sphereface/losses/margin_losses.py": '''
from keras_sphereface.heads import LiArcFaceHead


@keras.saving.register_keras_serializable(package="keras_sphereface")
class LiArcFaceLoss(HeadLoss):
    """Li-ArcFace on plain cosines; arguments of `heads.LiArcFaceHead`."""

    head_class = LiArcFaceHead
    default_name = "li_arcface_loss"
''',
        },
    ),
    "Add a backbone": (
        "patches",
        {
            "keras_sphereface/backbones/<name>.py": '''
"""A backbone of one convolution."""

import keras

from keras_sphereface.backbones.registry import register


@register("patches", neck="gdconv")
def patches(input_shape=(112, 112, 3), *, batch_norm=True, name="patches"):
    """Patches of 16x16 pixels."""
    images = keras.Input(input_shape)
    x = keras.layers.Conv2D(8, 16, 16, use_bias=not batch_norm)(images)
    return keras.Model(images, x, name=name)
''',
            "tests/backbones/<name>_test.py": """
from keras_sphereface import backbones


def test_has_a_kernel_and_no_bias():
    # 16 * 16 * 3 * 8
    assert backbones.patches((32, 32, 3)).count_params() == 6144
""",
        },
    ),
    "Add a data format": (
        "npz",
        {
            "keras_sphereface/data/<name>_faces.py": '''
"""Encoded images in one file of NumPy."""

import numpy as np
import tensorflow as tf

from keras_sphereface.data.encoded_faces import EncodedFaces
from keras_sphereface.data.registry import register


@register("npz", holds=lambda path: path.endswith(".npz"))
class NpzFaces(EncodedFaces):
    """`images`, byte strings, and `labels` of a `.npz` file."""

    def __init__(self, path, *, image_size=(112, 112), check_images=True):
        super().__init__(image_size)
        content = np.load(path)
        self._images = [image.tobytes() for image in content["images"]]
        self.labels = content["labels"].astype("int32")
        self.identities = [str(one) for one in range(self.labels.max() + 1)]

    def read_bytes(self, position):
        return self._images[position]

    def bytes_reader(self):
        images = tf.constant(self._images)
        return lambda position: tf.gather(images, position)

    def name_of(self, position):
        return f"image {position}"
''',
            "keras_sphereface/data/__init__.py": """
from keras_sphereface.data.npz_faces import NpzFaces

__all__ += ["NpzFaces"]
""",
            "tests/data/<name>_faces_test.py": """
import io
import os
import tempfile

import numpy as np
from PIL import Image

from keras_sphereface import data


def test_a_batch_has_the_pixels_of_the_file():
    pixels = np.full((16, 16, 3), 200, "uint8")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    image = np.frombuffer(file.getvalue(), "uint8")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "faces.npz")
        np.savez(path, images=[image, image], labels=[1, 0])
        faces = data.open_faces(path, image_size=(16, 16))
    assert type(faces) is data.NpzFaces and faces.num_classes == 2
    batch, labels = next(iter(data.training_dataset(faces, batch_size=2)))
    np.testing.assert_array_equal(batch.numpy(), [pixels, pixels])
    assert sorted(labels.numpy()) == [0, 1]
""",
        },
    ),
    "Add a pair format": (
        "lines",
        {
            "keras_sphereface/pairs/<name>_format.py": '''
"""Pairs as lines of two paths and a digit."""

from pathlib import Path

import numpy as np

from keras_sphereface.pairs.registry import register


@register(".lines", has_images=True)
def read_lines(path, root):
    """The arguments of `PairSet` from lines such as `a.png b.png 1`."""
    rows = [line.split() for line in Path(path).read_text().splitlines()]
    folder = Path(path).parent if root is None else Path(root)
    return {
        "images": [folder / name for row in rows for name in row[:2]],
        "index_a": np.arange(0, 2 * len(rows), 2),
        "index_b": np.arange(1, 2 * len(rows), 2),
        "is_same": np.array([row[2] == "1" for row in rows]),
        "folds": np.arange(len(rows)) % 2,
    }
''',
            "tests/pairs/<name>_format_test.py": """
import tempfile
from pathlib import Path

from keras_sphereface.pairs import PairSet, has_own_images


def test_a_line_is_a_pair():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.lines"
        path.write_text("a.png b.png 1\\nc.png d.png 0\\n")
        pairs = PairSet.from_file(path)
        assert pairs.images[3] == Path(folder) / "d.png"
    assert pairs.is_same.tolist() == [True, False] and has_own_images(path)
""",
        },
    ),
    "Add a network family": (
        "patches",
        {
            "keras_sphereface/interop/<name>_family.py": '''
"""Networks of one convolution."""

import keras

from keras_sphereface.interop.family import Family, NetworkPlan, Pair
from keras_sphereface.interop.registry import register


def _build(input_shape):
    images = keras.Input(input_shape)
    x = keras.layers.Conv2D(4, 16, 16, name="stem")(images)
    return keras.Model(images, x)


PATCHES = register(
    Family(
        name="patches",
        signature=("cut.weight", "to_embedding.weight"),
        pairs=lambda _: [
            Pair("stem", "cut", "conv"),
            Pair("neck_dense", "to_embedding", "dense"),
        ],
        plan=lambda state: NetworkPlan(
            _build, len(state["to_embedding.weight"]), "average", False, None
        ),
    )
)
''',
            "tests/interop/<name>_family_test.py": """
import os
import tempfile

import numpy as np

from keras_sphereface import interop


def test_an_embedder_has_the_weights_of_the_file():
    state = {
        "cut.weight": np.full((4, 3, 16, 16), 0.5, "float32"),
        "cut.bias": np.full(4, 0.25, "float32"),
        "to_embedding.weight": np.eye(4, dtype="float32")[:2],
        "to_embedding.bias": np.float32([0, 1]),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.npz")
        np.savez(path, **state)
        embedder, report = interop.import_embedder(path, image_size=(16, 16))
    assert report.family == "patches"
    # White is 1: 768 * 0.5 + 0.25.
    white = np.full((1, 16, 16, 3), 255, "uint8")
    np.testing.assert_allclose(embedder(white), [[384.25, 385.25]], rtol=1e-5)
""",
        },
    ),
}
