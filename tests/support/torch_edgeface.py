"""EdgeFace in PyTorch, restated with the names of its weights."""

import math

import torch
from torch import nn


class LowRank(nn.Module):
    def __init__(self, inputs, outputs, rank):
        super().__init__()
        self.linear1 = nn.Linear(inputs, rank, bias=False)
        self.linear2 = nn.Linear(rank, outputs)

    def forward(self, x):
        return self.linear2(self.linear1(x))


def linear(inputs, outputs, rank_ratio):
    if rank_ratio is None:
        return nn.Linear(inputs, outputs)
    rank = max(2, int(min(inputs, outputs) * rank_ratio))
    return LowRank(inputs, outputs, rank)


def over_channels(module, x):
    """A module for the last axis, on a map with channels first."""
    return module(x.movedim(1, -1)).movedim(-1, 1)


def depthwise(channels, kernel):
    return nn.Conv2d(
        channels, channels, kernel, padding=kernel // 2, groups=channels
    )


class MapNorm(nn.LayerNorm):
    def forward(self, x):
        return over_channels(super().forward, x)


class Mlp(nn.Module):
    def __init__(self, channels, ratio):
        super().__init__()
        self.fc1 = linear(channels, 4 * channels, ratio)
        self.fc2 = linear(4 * channels, channels, ratio)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.fc1(x)))


class ConvBlock(nn.Module):
    def __init__(self, channels, kernel, ratio):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.conv_dw = depthwise(channels, kernel)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.mlp = Mlp(channels, ratio)

    def forward(self, x):
        def branch(y):
            return self.gamma * self.mlp(self.norm(y))

        return x + over_channels(branch, self.conv_dw(x))


class Positions(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.token_projection = nn.Conv2d(64, channels, 1)

    def forward(self, height, width):
        codes = torch.zeros(1, 64, height, width)
        for first, length in ((0, height), (32, width)):
            turns = torch.arange(1, length + 1) / (length + 1e-6)
            for n in range(32):
                wave = torch.cos if n % 2 else torch.sin
                values = wave(2 * math.pi * turns / 10000 ** (n // 2 / 16))
                shape = (-1, 1) if first == 0 else (1, -1)
                codes[0, first + n] = values.reshape(shape)
        return self.token_projection(codes)


class Xca(nn.Module):
    def __init__(self, channels, heads, ratio):
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.qkv = linear(channels, 3 * channels, ratio)
        self.proj = linear(channels, channels, ratio)

    def forward(self, tokens):
        batch, count, channels = tokens.shape
        heads = len(self.temperature)
        q, k, v = (
            part.transpose(1, 2).reshape(batch, heads, -1, count)
            for part in self.qkv(tokens).chunk(3, dim=-1)
        )
        q, k = (x / x.norm(dim=-1, keepdim=True) for x in (q, k))
        weights = (q @ k.mT * self.temperature).softmax(-1)
        return self.proj((weights @ v).reshape(batch, channels, count).mT)


class AttentionBlock(nn.Module):
    def __init__(self, channels, scales, heads, ratio, has_positions):
        super().__init__()
        self.gamma_xca = nn.Parameter(torch.ones(channels))
        self.gamma = nn.Parameter(torch.ones(channels))
        self.scales = scales
        width = math.ceil(channels / scales)
        self.convs = nn.ModuleList(
            depthwise(width, 3) for _ in range(scales - 1)
        )
        if has_positions:
            self.pos_embd = Positions(channels)
        self.norm_xca = nn.LayerNorm(channels, eps=1e-6)
        self.xca = Xca(channels, heads, ratio)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.mlp = Mlp(channels, ratio)

    def forward(self, x):
        *parts, last = x.chunk(self.scales, dim=1)
        outputs = []
        for conv, part in zip(self.convs, parts, strict=True):
            outputs.append(conv(part + outputs[-1] if outputs else part))
        y = torch.cat([*outputs, last], dim=1)
        if hasattr(self, "pos_embd"):
            y = y + self.pos_embd(*y.shape[2:])
        tokens = y.flatten(2).mT
        tokens = tokens + self.gamma_xca * self.xca(self.norm_xca(tokens))
        tokens = self.gamma * self.mlp(self.norm(tokens))
        return x + tokens.mT.reshape(x.shape)


class Head(nn.Module):
    def __init__(self, channels, dim, ratio):
        super().__init__()
        self.norm = MapNorm(channels, eps=1e-6)
        self.fc = linear(channels, dim, ratio)

    def forward(self, x):
        return self.fc(self.norm(x.mean((2, 3), keepdim=True)).flatten(1))


class EdgeFace(nn.Module):
    """`edgenext_*` of timm without the authors' wrapper, called `model`."""

    def __init__(self, channels, depths, heads, dim, ratio):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, channels[0], 4, 4), MapNorm(channels[0], eps=1e-6)
        )
        self.stages = nn.Sequential()
        for stage, (width, depth) in enumerate(
            zip(channels, depths, strict=True)
        ):
            blocks = [
                ConvBlock(width, (3, 5, 7, 9)[stage], ratio)
                for _ in range(depth - (stage > 0))
            ]
            modules = nn.Sequential()
            if stage > 0:
                before, scales = channels[stage - 1], (2, 2, 3, 4)[stage]
                blocks.append(
                    AttentionBlock(width, scales, heads, ratio, stage == 1)
                )
                modules.downsample = nn.Sequential(
                    MapNorm(before, eps=1e-6), nn.Conv2d(before, width, 2, 2)
                )
            modules.blocks = nn.Sequential(*blocks)
            self.stages.append(modules)
        self.head = Head(channels[-1], dim, ratio)

    def forward(self, x):
        return self.head(self.stages(self.stem(x)))
