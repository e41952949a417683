"""`True` counts as one in Python; no integer argument may take it for that."""

import pathlib

import keras
import numpy as np
import pytest

import keras_sphereface as ks
from keras_sphereface.edge.engines import open_engine

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), np.uint8)
LABELS = np.arange(8) // 2
ROWS = np.random.default_rng(1).normal(size=(8, 4)).astype("float32")
SCORES = {"scores": np.linspace(0, 1, 8), "is_same": np.arange(8) % 2}
PAIRS = ks.evaluation.PairSet(
    IMAGES, [0, 2, 0, 1], [1, 3, 2, 4], [True, True, False, False], [0] * 4
)
MODEL = ks.edge.ModelIdentity("a" * 64, 4, False, "float32", "0")


def build(name):
    return lambda **arguments: ks.backbones.get(
        name, arguments.pop("input_shape", (32, 32, 3)), **arguments
    )


def embedder(**arguments):
    return ks.build_embedding_model("sfnet4", **arguments)


def search(**arguments):
    return ks.edge.Gallery(MODEL).search(ROWS, **arguments)


def identify(**arguments):
    return ks.evaluation.identify(ROWS, LABELS, ROWS, LABELS, **arguments)


def sample(**arguments):
    return ks.evaluation.PairSet.sample(IMAGES, LABELS, **arguments)


def verify(**arguments):
    return ks.evaluation.verify_scores(**SCORES, **arguments)


def reliability(**arguments):
    return ks.evaluation.reliability(
        probabilities=SCORES["scores"], is_same=SCORES["is_same"], **arguments
    )


def score(**arguments):
    return ks.evaluation.score_pairs(
        lambda x: ROWS[: len(x)], PAIRS, **arguments
    )


def bootstrap(**arguments):
    return ks.evaluation.bootstrap_intervals(**SCORES, **arguments)


def diagnose(**arguments):
    return ks.callbacks.HeadDiagnostics(IMAGES, LABELS, **arguments)


def verify_while_training(**arguments):
    return ks.callbacks.VerificationCallback(PAIRS, **arguments)


def draw(**arguments):
    return ks.data.SyntheticFaces(
        **{"num_identities": 2, "images_per_identity": 2, **arguments}
    )


def batch(**arguments):
    return ks.data.training_dataset(
        (IMAGES, LABELS), **{"batch_size": 2, **arguments}
    )


def augment(**arguments):
    return ks.data.RandomChoice([ks.data.random_flip], **arguments)


def template(**arguments):
    return ks.contract.template_for(**{"height": 112, "width": 96, **arguments})


def rate(**arguments):
    return ks.evaluation.rate_interval(
        **{"successes": 1, "trials": 2, **arguments}
    )


# These look at their integers before they look for a file or a model.
def align(**arguments):
    return ks.alignment.align_folder(
        pathlib.Path(__file__).parent, "out", detector=print, **arguments
    )


def align_one(**arguments):
    return ks.alignment.PictureAligner("photographs", print, **arguments)


def augment_with_keras(**arguments):
    return ks.data.KerasAugmentation(keras.layers.ReLU(), **arguments)


def open_file(**arguments):
    return open_engine(None, **arguments)


def export_litert(**arguments):
    return ks.export.export_litert(None, "face.tflite", **arguments)


def export_onnx(**arguments):
    return ks.export.export_onnx(None, "face.onnx", **arguments)


def read_centers(**arguments):
    return ks.interop.read_centers("head.pt", **arguments)


# What is called, and its integer arguments; a tuple is a list of integers.
CALLS = [
    (build("edgeface_xs"), "num_heads depths... channels... input_shape..."),
    (ks.backbones.iresnet, "units..."),
    (ks.backbones.sfnet, "blocks..."),
    (build("vit_tiny"), "depth"),
    (lambda channels: ks.backbones.vit(channels), "channels"),
    (build("ghostfacenet_v1"), "stem_strides"),
    (build("mobilefacenet_insightface"), "flat_filters"),
    (embedder, "embedding_dim image_size..."),
    (ks.layers.SelfAttention, "num_heads"),
    (ks.layers.CrossCovariance, "num_heads"),
    (ks.layers.FourierPositions, "num_waves"),
    (diagnose, "batch_size every_epochs"),
    (verify_while_training, "batch_size every_epochs"),
    (draw, "num_identities images_per_identity seed first_identity"),
    (draw, "image_size..."),
    (batch, "batch_size seed first_step shard..."),
    (augment, "count"),
    (ks.data.BalancedSampling, "min_images"),
    (ks.data.IdentitySampling, "images_per_identity"),
    (template, "height width"),
    (search, "k"),
    (identify, "ranks... gallery_block probe_block"),
    (sample, "pairs_per_fold num_folds"),
    (verify, "resamples"),
    (bootstrap, "resamples"),
    (score, "batch_size"),
    (reliability, "num_bins"),
    (rate, "successes trials"),
    (align, "workers quality"),
    (align_one, "size..."),
    (augment_with_keras, "num_classes"),
    (open_file, "threads"),
    (export_litert, "batch_size"),
    (export_onnx, "opset"),
    (read_centers, "embedding_dim"),
    (ks.training.EmbedderConfig, "embedding_dim"),
    (ks.training.OptimizerConfig, "accumulation_steps"),
    (ks.training.VerificationConfig, "every_epochs patience"),
    (ks.training.CheckpointConfig, "every_steps keep"),
    (ks.training.TrainConfig, "epochs batch_size cpu_devices seed"),
    (ks.training.DataConfig, "min_images images_per_identity"),
    (ks.training.DataConfig, "synthetic_identities synthetic_images"),
    (ks.training.DataConfig, "synthetic_unseen synthetic_pairs"),
]
LENGTHS = {
    "image_size": 2,
    "shard": 2,
    "input_shape": 3,
    "ranks": 1,
    "at": 1,
    "size": 2,
}


@pytest.mark.parametrize("flag", [True, np.True_], ids=["bool", "numpy"])
@pytest.mark.parametrize(
    ("function", "name"),
    [(call, name) for call, names in CALLS for name in names.split()],
)
def test_a_bool_is_no_integer(function, name, flag):
    value = flag
    if name.endswith("..."):
        name = name.removesuffix("...")
        value = (flag, *[32] * (LENGTHS.get(name, 4) - 1))
    with pytest.raises(ValueError, match=rf"`{name}`.* must be .*{name}="):
        function(**{name: value})


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [
        (embedder, "embedding_dim", np.int64(8)),
        (embedder, "image_size", np.array([32, 16])),
        (ks.layers.SelfAttention, "num_heads", np.uint8(2)),
        (ks.backbones.iresnet, "units", np.array([1, 1, 1, 1])),
        (score, "batch_size", np.int32(4)),
        (ks.training.TrainConfig, "epochs", np.int64(3)),
        (template, "height", np.int64(3)),
        (batch, "shard", np.array([0, 2])),
    ],
)
def test_an_integer_of_numpy_is_one(function, name, value):
    function(**{name: value})
