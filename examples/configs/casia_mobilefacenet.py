r"""MobileFaceNet on CASIA-WebFace with the head of SphereFace-R.

Command: python examples/train_casia.py \
    --config=examples/configs/casia_mobilefacenet.py \
    --data_dir=casia --pairs=pairs.txt --pairs_root=lfw
    CASIA-WebFace has 490,623 images of 10,572 identities. Crops are 112x112.
Time: not measured; no GPU was at hand.
Result: not measured. The paper's MobileFaceNet trained on this set with ArcFace
    has 99.28 % on LFW (arXiv 1804.07573).
Setting: batch, learning rate and its drops (after 36,000, 52,000 and 58,000 of
    60,000 updates) of that paper; its weight decay is 4e-5, ten times that in
    the embedding layers, here 5e-5 everywhere; head of OpenSphere's
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
            ),
            embedder=EmbedderConfig("mobilefacenet", embedding_dim=128),
            head=HeadConfig("spherefacer", {"margin": 1.4, "scale": 60.0}),
            optimizer=OptimizerConfig(
                weight_decay=5e-5,
                schedule="multi_step",
                milestones=(37.5, 54.0, 60.5),
            ),
            verification=VerificationConfig(every_epochs=2),
            epochs=63,
            batch_size=512,
            precision="mixed_float16",
            strategy="mirrored",
        )
    )
