"""Networks of few units, of which a step compiles soon."""

from unittest import mock

from keras_sphereface.backbones import ghostfacenet, iresnet


def short_iresnet(input_shape, **kwargs):
    """IResNet with one unit in each stage."""
    return iresnet((1, 1, 1, 1), input_shape, **kwargs)


def short_ghostfacenet(input_shape, **kwargs):
    """GhostFaceNetV2 with one block of each kind: plain, attention, gate."""
    blocks = ghostfacenet.GHOST_BLOCKS[:4]
    with mock.patch.object(ghostfacenet, "GHOST_BLOCKS", blocks):
        return ghostfacenet.ghostfacenet_v2(input_shape, **kwargs)
