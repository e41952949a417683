r"""IResNet-50 on CASIA-WebFace with the head of SphereFace-R.

Command: python examples/train_casia.py \
    --config=examples/configs/casia_iresnet50.py \
    --data_dir=casia --pairs=pairs.txt --pairs_root=lfw
    CASIA-WebFace has 490,623 images of 10,572 identities. Crops are 112x112.
Time: not measured; no GPU was at hand.
Result: not measured.
Setting: network, learning rate, momentum, weight decay and batch of
    InsightFace's arcface_torch for its ResNet-50, with steps instead of its
    polynomial decay; head as in casia_sfnet20.py.
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
                image_size=(112, 112),
            ),
            embedder=EmbedderConfig("iresnet50", embedding_dim=512),
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
