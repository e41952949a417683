"""The heads that `tests/heads/family_test.py` holds to the whole list."""

import numpy as np

from keras_sphereface import heads

# Name of the head, its hyperparameters, statistics to start from.
CASES = {
    "adaface": ("adaface", {"margin": 0.4, "momentum": 0.2}),
    "arcface": ("arcface", {"margin": 0.5}),
    "combined_margin": (
        "combined_margin",
        {"angle_factor": 1.2, "angle_margin": 0.3, "cosine_margin": 0.2},
    ),
    "cosface": ("cosface", {"margin": 0.35}),
    "curricularface": ("curricularface", {"margin": 0.5, "momentum": 0.3}),
    "magface": (
        "magface",
        {"lower_norm": 4.0, "upper_norm": 12.0, "norm_penalty_weight": 9.0},
    ),
    "normface": ("normface", {}),
    "sphereface": ("sphereface", {"margin": 1.7}),
    "sphereface2_a": ("sphereface2", {"variant": "A", "margin": 0.5}),
    "sphereface2_c": ("sphereface2", {"variant": "C", "margin": 0.4}),
    "sphereface2_m": ("sphereface2", {"variant": "M", "margin": 1.7}),
    "sphereface_plus": ("sphereface_plus", {"energy_weight": 0.8}),
    "subcenter_arcface": ("subcenter_arcface", {"sub_centers": 3}),
    "uniface": ("uniface", {"margin": 0.4, "negative_weight": 0.7}),
}
# These have no oracle as a row formula: the first has a file of its own, the
# others draw.
OTHERS = {
    "spherefacer": ("spherefacer", {"normalization": "soft"}),
    "elastic_arcface": ("elastic_arcface", {"deviation": 0.1}),
    "elastic_cosface": ("elastic_cosface", {"deviation": 0.1}),
    "elastic_plus": (
        "elastic_arcface",
        {"deviation": 0.1, "plus": True, "detach": False},
    ),
}
_NAMED = {name for name, _ in [*CASES.values(), *OTHERS.values()]}
# A head without a case is held to the list with its defaults.
OTHERS |= {name: (name, {}) for name in heads.names() if name not in _NAMED}
ALL = {**CASES, **OTHERS}
NUM_CLASSES, EMBEDDING_DIM = 9, 7


def make_batch():
    """Six samples: one near its center, one nearly opposite to it."""
    random = np.random.default_rng(0)
    centers = random.normal(size=(EMBEDDING_DIM, NUM_CLASSES))
    embeddings = 3 * random.normal(size=(6, EMBEDDING_DIM))
    labels = np.array([0, 1, 8, 3, 3, 0], "int32")
    nudge = 0.25 * random.normal(size=(2, EMBEDDING_DIM))
    embeddings[0] = 6 * (centers[:, 0] + nudge[0])
    embeddings[1] = -2 * (centers[:, 1] + nudge[1])
    return embeddings.astype("float32"), centers.astype("float32"), labels


def detaching(case, detach):
    """The argument `detach`, for a case whose head has it."""
    return {"detach": detach} if "detach" in heads.defaults(case[0]) else {}


def make_head(case, num_classes=NUM_CLASSES, **kwargs):
    """A built head of a case, with a scale of 16 unless it has its own."""
    name, arguments = case
    head = heads.get(
        name, num_classes, **{"scale": 16.0, **arguments, **kwargs}
    )
    head.build((None, EMBEDDING_DIM))
    return head
