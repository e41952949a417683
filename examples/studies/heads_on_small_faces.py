r"""Heads with their margins on a few thousand real faces.

Command: python tools/compare_heads.py \
    --config=examples/studies/heads_on_small_faces.py \
    --data_dir=FOLDER --pairs=PAIRS.txt --pairs_root=FOLDER --processes=2
Time and result: not measured.
Setting: one budget for all, crops of 112x112 at 64x64, scales of 30, which
    belong to a few hundred identities. The baseline has no margin, so the table
    says what each margin adds.
"""

from keras_sphereface.training import (
    DataConfig,
    EmbedderConfig,
    HeadStudy,
    editable,
)


def get_config():
    return editable(
        HeadStudy(
            heads=(
                {"name": "normface"},
                {"name": "cosface", "scale": 30.0},
                {"name": "arcface", "scale": 30.0},
                {
                    "name": "spherefacer",
                    "variant": ["v0", "v1", "v2"],
                    "normalization": "hard",
                    "scale": 30.0,
                },
                {
                    "name": "spherefacer",
                    "variant": "v2",
                    "normalization": ["none", "soft"],
                    "scale": 30.0,
                },
            ),
            seeds=(0, 1, 2),
            baseline="normface",
            data=DataConfig(
                folder="faces",
                pairs="pairs.txt",
                pairs_root="lfw",
                image_size=(64, 64),
                stored_size=(112, 112),
                check_images=False,  # every run reads all of them anyway
            ),
            embedder=EmbedderConfig("mobilefacenet_small", embedding_dim=256),
            epochs=8,
        )
    )
