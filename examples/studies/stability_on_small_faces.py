r"""Which margins and learning rates train, with and without detachment.

Command: python tools/compare_heads.py \
    --config=examples/studies/stability_on_small_faces.py \
    --data_dir=FOLDER --pairs=PAIRS.txt --pairs_root=FOLDER --processes=2
Time and result: not measured.
Setting: SphereFace-R with hard normalization, a common and a large margin, a
    common and a large learning rate; crops of 112x112 at 64x64.
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
                {
                    "name": "spherefacer",
                    "variant": ["v0", "v1", "v2"],
                    "margin": [1.4, 3.0],
                    "scale": 30.0,
                    "detach": [True, False],
                },
            ),
            learning_rates=(0.1, 0.4),
            seeds=(0, 1, 2),
            data=DataConfig(
                folder="faces",
                pairs="pairs.txt",
                pairs_root="lfw",
                image_size=(64, 64),
                stored_size=(112, 112),
                check_images=False,  # every run reads all of them anyway
            ),
            embedder=EmbedderConfig("mobilefacenet_small", embedding_dim=256),
            epochs=3,
        )
    )
