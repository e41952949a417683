"""Public face networks in PyTorch, restated with the names of their weights.

Only what the names, shapes and arithmetic of each project need; with random
weights, statistics and slopes, since zeros and ones hide mistakes.
"""

import numpy as np
import torch
from torch import nn


def images(height=32, width=32, count=4):
    """Random pixels, uint8."""
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (count, height, width, 3), "uint8")


def torch_embeddings(network, pixels, color_order="RGB", pixel_scale=127.5):
    """What the network makes of pixels that its project scales."""
    if color_order == "BGR":
        pixels = pixels[..., ::-1]
    scaled = (pixels.astype("float64") - 127.5) / pixel_scale
    batch = torch.tensor(scaled.transpose(0, 3, 1, 2).copy()).float()
    with torch.no_grad():
        return network(batch).numpy()


def relative_difference(embeddings, expected):
    """Largest difference over the largest expected value."""
    return np.abs(embeddings - expected).max() / np.abs(expected).max()


def randomized(network, seed=0):
    """The network with random weights, in evaluation mode."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        for name, tensor in [
            *module.named_parameters(recurse=False),
            *module.named_buffers(recurse=False),
        ]:
            if not tensor.is_floating_point():
                continue
            values = torch.rand(tensor.shape, generator=generator)
            if tensor.ndim > 1:  # kernels: variance 1 / fan-in
                values = (values - 0.5) * (12 / tensor[0].numel()) ** 0.5
            elif name in ("running_var", "weight"):
                values = 0.5 + values
            else:
                values = values - 0.5
            if isinstance(module, nn.PReLU):
                values = values - 0.5
            tensor.data.copy_(values)
    return network.eval()


# OpenSphere.


class SFNetUnit(nn.Module):
    def __init__(self, inputs, filters, strides, batch_norm, before, residual):
        super().__init__()
        self.before, self.residual = before, residual
        self.conv1 = nn.Conv2d(
            inputs, filters, 3, strides, 1, bias=not batch_norm
        )
        self.bn1 = nn.BatchNorm2d(filters) if batch_norm else nn.Identity()
        if residual:
            self.conv2 = nn.Conv2d(
                filters, filters, 3, 1, 1, bias=not batch_norm
            )
            self.bn2 = nn.BatchNorm2d(filters) if batch_norm else nn.Identity()

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        if not self.residual:
            return y
        y = self.bn2(self.conv2(y))
        return x + torch.relu(y) if self.before else torch.relu(x + y)


class SFNet(nn.Module):
    def __init__(self, blocks, places, dim, batch_norm=True, before=False):
        super().__init__()
        inputs = 3
        for stage, filters in enumerate((64, 128, 256, 512)):
            units = [SFNetUnit(inputs, filters, 2, batch_norm, before, False)]
            units += [
                SFNetUnit(filters, filters, 1, batch_norm, before, True)
                for _ in range(blocks[stage])
            ]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*units))
            inputs = filters
        self.fc = nn.Linear(512 * places, dim)
        self.features = nn.BatchNorm1d(dim) if batch_norm else nn.Identity()

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.features(self.fc(x.flatten(1)))


# InsightFace and OpenSphere.


class IResNetUnit(nn.Module):
    def __init__(self, inputs, filters, strides):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.prelu = nn.PReLU(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, strides, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(filters)
        self.downsample = None
        if strides > 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, filters, 1, strides, bias=False),
                nn.BatchNorm2d(filters),
            )

    def forward(self, x):
        y = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        y = self.bn3(self.conv2(y))
        return y + (x if self.downsample is None else self.downsample(x))


class IResNet(nn.Module):
    def __init__(self, units, places, dim, width=64):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.prelu = nn.PReLU(width)
        inputs = width
        for stage, count in enumerate(units):
            filters = width * 2**stage
            setattr(
                self,
                f"layer{stage + 1}",
                nn.Sequential(
                    IResNetUnit(inputs, filters, 2),
                    *(
                        IResNetUnit(filters, filters, 1)
                        for _ in range(count - 1)
                    ),
                ),
            )
            inputs = filters
        self.bn2 = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs * places, dim)
        self.features = nn.BatchNorm1d(dim)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.features(self.fc(self.bn2(x).flatten(1)))


# AdaFace.


class IRUnit(nn.Module):
    def __init__(self, inputs, filters, strides):
        super().__init__()
        self.shortcut_layer = (
            nn.MaxPool2d(1, strides)
            if inputs == filters
            else nn.Sequential(
                nn.Conv2d(inputs, filters, 1, strides, bias=False),
                nn.BatchNorm2d(filters),
            )
        )
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, filters, 3, 1, 1, bias=False),
            nn.BatchNorm2d(filters),
            nn.PReLU(filters),
            nn.Conv2d(filters, filters, 3, strides, 1, bias=False),
            nn.BatchNorm2d(filters),
        )

    def forward(self, x):
        return self.res_layer(x) + self.shortcut_layer(x)


class IR(nn.Module):
    """Returns embeddings before AdaFace divides them by their norm."""

    def __init__(self, units, places, dim, width=64):
        super().__init__()
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, width, 3, 1, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.PReLU(width),
        )
        body, inputs = [], width
        for stage, count in enumerate(units):
            for unit in range(count):
                body.append(IRUnit(inputs, width * 2**stage, 1 + (unit == 0)))
                inputs = width * 2**stage
        self.body = nn.Sequential(*body)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.Dropout(0.4),
            nn.Flatten(),
            nn.Linear(inputs * places, dim),
            nn.BatchNorm1d(dim, affine=False),
        )

    def forward(self, x):
        return self.output_layer(self.body(self.input_layer(x)))


# MobileFaceNet of InsightFace: everything is called `layers`.


class Layers(nn.Module):
    def __init__(self, *modules, residual=False):
        super().__init__()
        self.layers = nn.Sequential(*modules)
        self.residual = residual

    def forward(self, x):
        y = self.layers(x)
        return x + y if self.residual else y


def conv_modules(inputs, filters, kernel=1, strides=1, groups=1, act=True):
    padding = kernel // 2 if kernel == 3 else 0
    modules = [
        nn.Conv2d(
            inputs, filters, kernel, strides, padding, groups=groups, bias=False
        ),
        nn.BatchNorm2d(filters),
    ]
    return [*modules, nn.PReLU(filters)] if act else modules


def layers_bottleneck(inputs, filters, hidden, strides):
    return Layers(
        Layers(*conv_modules(inputs, hidden)),
        Layers(*conv_modules(hidden, hidden, 3, strides, hidden)),
        Layers(*conv_modules(hidden, filters, act=False)),
        residual=strides == 1,
    )


class InsightFaceMobileFaceNet(nn.Module):
    def __init__(self, dim, blocks=(1, 4, 6, 2), scale=2, kernel=7):
        super().__init__()
        narrow, wide = 64 * scale, 128 * scale

        def repeat(count, filters, hidden):
            return Layers(
                *(
                    layers_bottleneck(filters, filters, hidden, 1)
                    for _ in range(count)
                )
            )

        self.layers = nn.ModuleList(
            [
                Layers(*conv_modules(3, narrow, 3, 2)),
                Layers(*conv_modules(narrow, narrow, 3, 1, 64))
                if blocks[0] == 1
                else repeat(blocks[0], narrow, 128),
                layers_bottleneck(narrow, narrow, 128, 2),
                repeat(blocks[1], narrow, 128),
                layers_bottleneck(narrow, wide, 256, 2),
                repeat(blocks[2], wide, 256),
                layers_bottleneck(wide, wide, 512, 2),
                repeat(blocks[3], wide, 256),
            ]
        )
        self.conv_sep = Layers(*conv_modules(wide, 512))
        self.features = Layers(
            Layers(*conv_modules(512, 512, kernel, 1, 512, act=False)),
            nn.Flatten(),
            nn.Linear(512, dim, bias=False),
            nn.BatchNorm1d(dim),
        )

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.features(self.conv_sep(x))


class InsightFaceFlatMobileFaceNet(InsightFaceMobileFaceNet):
    """As `w600k_mbf.onnx`: it ends in a 1x1 convolution and a dense layer."""

    def __init__(self, dim, places=49):
        super().__init__(dim)
        self.embed_conv = Layers(*conv_modules(512, 64))
        self.fc = nn.Linear(64 * places, dim)
        self.features = nn.BatchNorm1d(dim)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        x = self.embed_conv(self.conv_sep(x))
        return self.features(self.fc(x.flatten(1)))


# MobileFaceNet of the paper, as two projects name it.

PAPER = [
    *([(2, 64, 2)] + [(2, 64, 1)] * 4),
    (4, 128, 2),
    *[(2, 128, 1)] * 6,
    (4, 128, 2),
    *[(2, 128, 1)] * 2,
]


class ConvBnPrelu(nn.Module):
    def __init__(self, inputs, filters, *args, act=True):
        super().__init__()
        modules = conv_modules(inputs, filters, *args, act=act)
        self.conv, self.bn = modules[:2]
        if act:
            self.prelu = modules[2]

    def forward(self, x):
        x = self.bn(self.conv(x))
        return self.prelu(x) if hasattr(self, "prelu") else x


class XiaoccerBottleneck(nn.Module):
    def __init__(self, inputs, filters, expansion, strides):
        super().__init__()
        hidden = inputs * expansion
        self.is_residual = strides == 1 and inputs == filters
        self.conv = nn.Sequential(
            *conv_modules(inputs, hidden),
            *conv_modules(hidden, hidden, 3, strides, hidden),
            *conv_modules(hidden, filters, act=False),
        )

    def forward(self, x):
        y = self.conv(x)
        return x + y if self.is_residual else y


class XiaoccerMobileFaceNet(nn.Module):
    def __init__(self, dim=128, kernel=(7, 6)):
        super().__init__()
        self.conv1 = ConvBnPrelu(3, 64, 3, 2)
        self.dw_conv1 = ConvBnPrelu(64, 64, 3, 1, 64)
        blocks, inputs = [], 64
        for expansion, filters, strides in PAPER:
            blocks.append(
                XiaoccerBottleneck(inputs, filters, expansion, strides)
            )
            inputs = filters
        self.blocks = nn.Sequential(*blocks)
        self.conv2 = ConvBnPrelu(128, 512)
        self.linear7 = ConvBnPrelu(512, 512, kernel, 1, 512, act=False)
        self.linear1 = ConvBnPrelu(512, dim, act=False)

    def forward(self, x):
        x = self.blocks(self.dw_conv1(self.conv1(x)))
        return self.linear1(self.linear7(self.conv2(x))).flatten(1)


class TreB1eNBottleneck(nn.Module):
    def __init__(self, inputs, filters, hidden, strides):
        super().__init__()
        self.conv = ConvBnPrelu(inputs, hidden)
        self.conv_dw = ConvBnPrelu(hidden, hidden, 3, strides, hidden)
        self.project = ConvBnPrelu(hidden, filters, act=False)
        self.is_residual = strides == 1

    def forward(self, x):
        y = self.project(self.conv_dw(self.conv(x)))
        return x + y if self.is_residual else y


class Model(nn.Module):
    def __init__(self, *modules):
        super().__init__()
        self.model = nn.Sequential(*modules)

    def forward(self, x):
        return self.model(x)


class TreB1eNMobileFaceNet(nn.Module):
    """Returns embeddings before they are divided by their norm."""

    def __init__(self, dim=512, kernel=7):
        super().__init__()

        def repeat(count, filters, hidden):
            return Model(
                *(
                    TreB1eNBottleneck(filters, filters, hidden, 1)
                    for _ in range(count)
                )
            )

        self.conv1 = ConvBnPrelu(3, 64, 3, 2)
        self.conv2_dw = ConvBnPrelu(64, 64, 3, 1, 64)
        self.conv_23 = TreB1eNBottleneck(64, 64, 128, 2)
        self.conv_3 = repeat(4, 64, 128)
        self.conv_34 = TreB1eNBottleneck(64, 128, 256, 2)
        self.conv_4 = repeat(6, 128, 256)
        self.conv_45 = TreB1eNBottleneck(128, 128, 512, 2)
        self.conv_5 = repeat(2, 128, 256)
        self.conv_6_sep = ConvBnPrelu(128, 512)
        self.conv_6_dw = ConvBnPrelu(512, 512, kernel, 1, 512, act=False)
        self.linear = nn.Linear(512, dim, bias=False)
        self.bn = nn.BatchNorm1d(dim)

    def forward(self, x):
        for layer in (self.conv1, self.conv2_dw, self.conv_23, self.conv_3):
            x = layer(x)
        for layer in (self.conv_34, self.conv_4, self.conv_45, self.conv_5):
            x = layer(x)
        x = self.conv_6_dw(self.conv_6_sep(x)).flatten(1)
        return self.bn(self.linear(x))
