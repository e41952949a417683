r"""A few thousand real faces without a GPU.

Command: python examples/train_casia.py \
    --config=examples/configs/small_faces.py \
    --data_dir=FOLDER --pairs=PAIRS.txt --pairs_root=FOLDER
Time: about nine minutes on two CPU cores for 4,453 faces of 206 people.
Result: on 3,000 pairs of 60 other people, ten-fold accuracy from 54 to 77 %
    (one run). More epochs overfit a set of this size.
"""

from keras_sphereface.training import (
    EmbedderConfig,
    HeadConfig,
    TrainConfig,
    editable,
)


def get_config():
    return editable(
        TrainConfig(
            embedder=EmbedderConfig("mobilefacenet_small", embedding_dim=256),
            head=HeadConfig("spherefacer", {"scale": 30.0}),
            epochs=16,
        )
    )
