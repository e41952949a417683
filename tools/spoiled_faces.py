"""Copies of aligned crops that are worse than they were."""

import numpy as np
from PIL import Image, ImageFilter


def _filtered(crop, radius):
    image = Image.fromarray(crop).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, np.float64)


def _shrunk(crop, size):
    image = Image.fromarray(crop)
    small = image.resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(small.resize(image.size, Image.Resampling.BICUBIC))


def _shaken(crop, pixels):
    moved = [np.roll(crop, step, axis=1) for step in range(pixels)]
    return np.roll(np.mean(moved, axis=0), -(pixels // 2), axis=1)


def _covered(crop, share):
    covered = crop.astype(np.float64)
    covered[round(len(crop) * (1 - share)) :] = crop.mean(axis=(0, 1))
    return covered


# What is done, from a uint8 crop and a strength to pixels; and how strongly.
SPOILED = {
    "blurred": (lambda crop, by, _: _filtered(crop, by), (1.5, 3, 5)),
    "shrunk": (lambda crop, by, _: _shrunk(crop, by), (32, 20, 12)),
    "shaken": (lambda crop, by, _: _shaken(crop, by), (7, 13, 21)),
    "dark": (
        lambda crop, by, noise: crop * by + 3 * noise,
        (0.3, 0.12, 0.05),
    ),
    "bright": (
        lambda crop, by, _: crop * by + 60 * (by - 1),
        (1.8, 2.6, 3.5),
    ),
    "flat": (
        lambda crop, by, _: (crop - crop.mean()) * by + crop.mean(),
        (0.4, 0.2, 0.08),
    ),
    "noisy": (lambda crop, by, noise: crop + by * noise, (20, 40, 70)),
    "covered": (lambda crop, by, _: _covered(crop, by), (0.3, 0.45, 0.6)),
}


def spoil(crop, kind, strength, random):
    """A worse copy of a uint8 crop."""
    change, _ = SPOILED[kind]
    changed = change(crop, strength, random.normal(size=crop.shape))
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)
