"""Writes `.rec` files as the description of the format says, for tests."""

import io
import struct

import numpy as np
from PIL import Image

MAGIC = struct.pack("<I", 0xCED7230A)


def encoded(seed=0, kind="JPEG", size=(16, 12)):
    """The bytes of a small picture, unlike those of another seed."""
    colors = np.random.default_rng(seed).integers(0, 256, (4, 3, 3), np.uint8)
    picture = Image.fromarray(colors).resize(size[::-1])
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


# Ten pictures of three people.
LABELS = [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]
IMAGES = [encoded(seed) for seed in range(len(LABELS))]


def payload(image, label, key=0, key2=0):
    """Header and image: a number, or several as an array of labels."""
    if np.ndim(label) == 0:
        return struct.pack("<IfQQ", 0, label, key, key2) + image
    labels = np.asarray(label, "<f4").tobytes()
    return struct.pack("<IfQQ", len(label), 0.0, key, key2) + labels + image


def frame(kind, content):
    head = MAGIC + struct.pack("<I", kind << 29 | len(content))
    return head + content + bytes(-len(content) % 4)


def frames(content):
    """One frame, or several where the magic stands aligned in the content."""
    parts, start = [], 0
    for place in range(0, len(content) - 3, 4):
        if content[place : place + 4] == MAGIC:
            parts.append(content[start:place])
            start = place + 4
    parts.append(content[start:])
    if len(parts) == 1:
        return frame(0, content)
    kinds = [1, *[2] * (len(parts) - 2), 3]
    return b"".join(map(frame, kinds, parts))


def write_records(folder, images, labels, *, ranges=True, size=(16, 12)):
    """Writes train.rec, train.idx and property as InsightFace's tools do.

    `labels` must be sorted with `ranges`, which writes record 0 and a record an
    identity.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = [np.ravel(label)[0] for label in labels]
    payloads = [payload(i, one) for i, one in zip(images, labels, strict=True)]
    if ranges:
        names = sorted(set(first))
        end = len(images) + 1
        keys = np.arange(1, end)
        payloads.insert(0, payload(b"", [end, end + len(names)]))
        for name in names:
            own = keys[np.array(first) == name]
            payloads.append(payload(b"", [own[0], own[-1] + 1]))
    place, lines = 0, []
    with open(folder / "train.rec", "wb") as file:
        for key, content in enumerate(payloads):
            lines.append(f"{key}\t{place}\n")
            place += file.write(frames(content))
    (folder / "train.idx").write_text("".join(lines))
    classes = int(max(first)) + 1
    (folder / "property").write_text(f"{classes},{size[0]},{size[1]}")
    return folder


def _write(folder, name, records):
    """Writes records and their index, `(key, payload)` in this order."""
    folder.mkdir(parents=True, exist_ok=True)
    place, lines = 0, []
    with open(folder / f"{name}.rec", "wb") as file:
        for key, content in records:
            lines.append(f"{key}\t{place}\n")
            place += file.write(frames(content))
    (folder / f"{name}.idx").write_text("".join(lines))
    return folder


def write_as_rec_builder(folder, images, labels, *, size=(16, 12)):
    """What InsightFace's `RecBuilder` writes: the record of all others last."""
    records = [
        (key, payload(image, label, key))
        for key, (image, label) in enumerate(
            zip(images, labels, strict=True), 1
        )
    ]
    first = len(records) + 1
    key = first
    for label in sorted(set(labels)):
        own = [k for k, one in enumerate(labels, 1) if one == label]
        records.append((key, payload(b"", [own[0], own[-1] + 1], key)))
        key += 1
    records.append((0, payload(b"", [first, key], 0, 1)))
    text = f"{max(labels) + 1},{size[0]},{size[1]}\n"
    _write(folder, "train", records)
    (folder / "property").write_text(text)
    return folder


def write_as_im2rec(folder, images, labels, *, name="train", seed=0):
    """What MXNet's `im2rec` writes of a shuffled list: no record of others."""
    order = np.random.default_rng(seed).permutation(len(images))
    records = [
        (key, payload(images[key], float(labels[key]), int(key)))
        for key in order
    ]
    return _write(folder, name, records)


def write_images(folder, names):
    """Pictures of noise under the names; the folder."""
    for seed, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(seed))
    return folder
