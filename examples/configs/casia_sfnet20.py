r"""SphereFace-20 on CASIA-WebFace with the head of SphereFace-R.

Command: python examples/train_casia.py \
    --config=examples/configs/casia_sfnet20.py \
    --data_dir=casia --pairs=pairs.txt --pairs_root=lfw
    CASIA-WebFace has 490,623 images of 10,572 identities. Crops are 112x96.
Time: not measured; no GPU was at hand.
Result: not measured. The authors' five runs with the first
    SphereFace head gave 99.13 to 99.30 % on LFW (README of their code).
Setting: network, learning rate, momentum, weight decay and the numbers of
    updates (drops after 16,000 and 24,000, end after 28,000) of the SphereFace
    code, github.com/wy1iu/sphereface, at twice its batch; head of OpenSphere's
    SphereFace-R (v2, hard, margin 1.4, scale 60), github.com/ydwen/opensphere.
"""

from keras_sphereface.training import (
    DataConfig,
    EmbedderConfig,
    HeadConfig,
    OptimizerConfig,
    TrainConfig,
    VerificationConfig,
    editable,
)


def get_config():
    return editable(
        TrainConfig(
            data=DataConfig(
                folder="casia",
                pairs="pairs.txt",
                pairs_root="lfw",
                image_size=(112, 96),
            ),
            embedder=EmbedderConfig(
                "sfnet20",
                embedding_dim=512,
                batch_norm=False,
                arguments={"activation": "prelu", "activate_before_add": True},
            ),
            head=HeadConfig("spherefacer", {"margin": 1.4, "scale": 60.0}),
            optimizer=OptimizerConfig(
                schedule="multi_step",
                milestones=(17.0, 25.0),
            ),
            verification=VerificationConfig(every_epochs=2),
            epochs=30,
            batch_size=512,
            precision="mixed_bfloat16",
            strategy="mirrored",
        )
    )
