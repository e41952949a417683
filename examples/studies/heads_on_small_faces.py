r"""Heads with their margins on a few thousand real faces.

Command: python tools/compare_heads.py \
    --config=examples/studies/heads_on_small_faces.py \
    --data_dir=FOLDER --pairs=PAIRS.txt --pairs_root=FOLDER --processes=2
Time: 130 to 170 s per run and thread of a CPU, half an hour for all on two
    idle cores.
Result: 4,453 images of 206 people of LFW, 3,000 pairs of others, ten-fold
    accuracy over three seeds in %, with Student's 95 % interval:

    head                   accuracy              minus NormFace
    NormFace               73.3 [69.2, 77.4]
    CosFace                73.4 [70.9, 76.0]     +0.1 [ -5.7, +5.9]
    ArcFace                73.0 [72.6, 73.4]     -0.3 [ -4.5, +3.9]
    SphereFace-R v0 hard   67.5 [60.3, 74.6]     -5.8 [-10.4, -1.3]
    SphereFace-R v1 hard   67.5 [60.3, 74.6]     -5.8 [-10.4, -1.3]
    SphereFace-R v2 hard   73.9 [71.8, 76.0]     +0.6 [ -3.9, +5.1]
    SphereFace-R v2 none   72.9 [71.5, 74.4]     -0.4 [ -3.5, +2.7]
    SphereFace-R v2 soft   73.1 [71.9, 74.2]     -0.2 [ -5.4, +5.0]

    So few people and pairs tell no margin from none; only v0 and v1, at a scale
    of 60, which is for 10,572 people, are clearly worse (v1 at 30: 74.8, one
    seed). v0 and v1 are the same wherever `margin * theta` is below pi.
Setting: one budget for all, crops of 112x112 at 64x64, each head with its
    defaults; a scale of "auto" is 30 for 206 identities. The baseline has no
    margin, so the table says what each margin adds.
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
                {"name": "cosface"},
                {"name": "arcface"},
                {
                    "name": "spherefacer",
                    "variant": ["v0", "v1", "v2"],
                    "normalization": "hard",
                },
                {
                    "name": "spherefacer",
                    "variant": "v2",
                    "normalization": ["none", "soft"],
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
