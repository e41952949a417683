r"""Which margins and learning rates train, with and without detachment.

Command: python tools/compare_heads.py \
    --config=examples/studies/stability_on_small_faces.py \
    --data_dir=FOLDER --pairs=PAIRS.txt --pairs_root=FOLDER --processes=2
Time: 31 s per run, 37 minutes for all 72 on two cores.
Result: ten-fold accuracy in % on 3,000 pairs, mean of three seeds, at learning
    rates of 0.1 and 0.4 (4,453 images of 206 people of LFW):

    margin   detach    v0            v1            v2
    1.4      True      62.6, 61.7    62.6, 61.7    68.3, 68.9
    1.4      False     70.7, 67.5    70.0, 67.9    70.1, 69.5
    3        True      61.6, 63.5    61.6, 63.5    69.7, 69.3
    3        False     65.5, 64.6    52.0, 52.3    64.6, 63.1

    v1 at a margin of 3 collapses without detachment with every seed: the mean
    angle to the own center is 155 to 164 degrees. With detachment nothing
    collapses; v0 and v1 then learn slowly, 5 points and more behind. v2 trains
    at every setting, and with detachment hardly sees margin or rate.
Setting: SphereFace-R with hard normalization, a common and a large margin, a
    common and a large learning rate; crops of 112x112 at 64x64, two epochs,
    which tell what trains from what does not.
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
            epochs=2,
        )
    )
