"""A small whole file of each format, and what reads it."""

import dataclasses
import hashlib
import io
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_mutations import change_entry, change_header, change_lines
from PIL import Image

import keras_sphereface as ks
from keras_sphereface.files import write_trailing_checksum
from keras_sphereface.training import (
    Checkpoint,
    CheckpointError,
    Checkpoints,
)

SIZE = (16, 12)
LABELS = [0, 0, 1, 1, 2, 2]


@dataclasses.dataclass(frozen=True)
class Format:
    """What is changed and how it is read.

    Args:
        path: str, the file that is changed, in the folder of the format.
        read: function of the folder to what is in it, which can be compared.
        error: class that its documentation names.
        write: function of the folder, which is empty.
        is_checked: bool, whether checksums leave no change unseen. Defaults
            to `False`.
        changes: functions of `(content, rng)` beside the general ones.
        seal: function of the path, which makes the checksum fit again.
            Defaults to `None`.
    """

    path: str
    read: Callable
    error: type
    write: Callable
    is_checked: bool = False
    changes: tuple = ()
    seal: Any = None


def _images():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (len(LABELS), 4, 3, 3), "uint8")
    images = []
    for number, pixels in enumerate(small):
        stream = io.BytesIO()
        image = Image.fromarray(pixels).resize(SIZE[::-1])
        image.save(stream, "PNG" if number == 3 else "JPEG", quality=95)
        images.append(stream.getvalue())
    return images


# Training sets.


def _record(header, content):
    data = header + content
    size = struct.pack("<II", 0xCED7230A, len(data))
    return size + data + bytes(-len(data) % 4)


def _write_records(folder):
    """As im2rec of MXNet writes ids, and InsightFace the records."""
    lines, content = [], b""
    for number, (image, label) in enumerate(
        zip(_images(), LABELS, strict=True)
    ):
        lines.append(f"{number}\t{len(content)}\n")
        header = struct.pack("<IfQQ", 0, label, number, 0)
        content += _record(header, image)
    (folder / "train.rec").write_bytes(content)
    (folder / "train.idx").write_text("".join(lines))
    (folder / "property").write_text("3,16,12\n")


def _write_records_alone(folder):
    _write_records(folder)
    (folder / "train.idx").unlink()


def _write_folder(folder):
    for number, (image, label) in enumerate(
        zip(_images(), LABELS, strict=True)
    ):
        path = folder / str(label) / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)


def _write_shards(folder):
    source = folder.parent / f"{folder.name} source"
    _write_folder(source)
    faces = ks.data.ImageFolder(source, image_size=SIZE)
    ks.data.write_tfrecords(faces, folder / "shards", images_per_shard=4)


def _read_faces(open_faces, *names):
    return lambda folder: [
        (bytes(image), int(label))
        for image, label in open_faces(folder.joinpath(*names))
    ]


_SETS = {
    f"{name}": Format(
        path, _read_faces(ks.data.RecordDataset), ValueError, write
    )
    for name, path, write in (
        ("rec", "train.rec", _write_records),
        ("rec without idx", "train.rec", _write_records_alone),
        ("idx", "train.idx", _write_records),
        ("property", "property", _write_records),
    )
} | {
    name: Format(
        f"shards/{path}",
        _read_faces(ks.data.TFRecordFolder, "shards"),
        ValueError,
        _write_shards,
        is_checked=True,
    )
    for name, path in (
        ("tfrecord", "faces-00000-of-00002.tfrecord"),
        ("tfrecord index", "faces-00000-of-00002.index.npy"),
        ("tfrecord manifest", "manifest.json"),
    )
}

# Pairs.


def _write_pairs(name, text):
    def write(folder):
        _write_folder(folder)
        (folder / name).write_text(text)

    return write


def _write_bin(folder):
    pairs = (_images(), [True, False, True])
    (folder / "pairs.bin").write_bytes(pickle.dumps(pairs, 4))


def _write_lfw(folder):
    for number, (image, label) in enumerate(
        zip(_images(), LABELS, strict=True)
    ):
        name = f"name_{label}"
        path = folder / name / f"{name}_{number % 2 + 1:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)
    lines = ["1\t2", "name_0\t1\t2", "name_1\t1\t2"]
    lines += ["name_0\t1\tname_1\t2", "name_1\t1\tname_2\t2"]
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")


def _read_pairs(name):
    def read(folder):
        pairs = ks.evaluation.PairSet.from_file(folder / name, folder)
        images = np.concatenate([*pairs.batches()])
        return [
            (images[a].tobytes(), images[b].tobytes(), bool(same))
            for a, b, same in zip(
                pairs.index_a, pairs.index_b, pairs.is_same, strict=True
            )
        ]

    return read


_CSV = "image_a,image_b,is_same\n0/0.jpg,0/1.jpg,1\n0/0.jpg,1/2.jpg,0\n"
_PAIRS = {
    name: Format(
        path, _read_pairs(path), ValueError, write, changes=(change_lines,)
    )
    for name, path, write in (
        ("bin", "pairs.bin", _write_bin),
        ("csv", "pairs.csv", _write_pairs("pairs.csv", _CSV)),
        ("lfw", "pairs.txt", _write_lfw),
    )
}

# Weights.


def _arrays():
    rng = np.random.default_rng(0)
    return {
        "conv.weight": rng.random((4, 3, 3, 3), "float32"),
        "bn.running_mean": rng.random(4, "float32"),
    }


def _write_safetensors(folder):
    header, end = {}, 0
    for name, array in _arrays().items():
        header[name] = {
            "dtype": "F32",
            "shape": array.shape,
            "data_offsets": [end, end := end + array.nbytes],
        }
    text = json.dumps(header).encode()
    data = b"".join(array.tobytes() for array in _arrays().values())
    (folder / "w.safetensors").write_bytes(
        struct.pack("<Q", len(text)) + text + data
    )


def _write_pth(folder):
    """As `torch.save` writes a dict of tensors, opcode by opcode."""
    import zipfile

    def text(value):
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    def numbers(values):
        return b"(" + b"".join(b"K" + bytes([v]) for v in values) + b"t"

    pickled = b"\x80\x02}q\x00("
    with zipfile.ZipFile(folder / "w.pth", "w") as archive:
        for key, (name, array) in enumerate(_arrays().items()):
            strides = [stride // 4 for stride in array.strides]
            pickled += text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n(("
            pickled += text("storage") + b"ctorch\nFloatStorage\n"
            pickled += text(str(key)) + text("cpu") + b"K" + bytes([array.size])
            pickled += b"tQK\x00" + numbers(array.shape) + numbers(strides)
            pickled += b"\x89ccollections\nOrderedDict\n)RtR"
            archive.writestr(f"archive/data/{key}", array.tobytes())
        archive.writestr("archive/data.pkl", pickled + b"u.")
        archive.writestr("archive/version", "3\n")


def _write_legacy_pth(folder):
    import zipfile

    _write_pth(folder)
    with zipfile.ZipFile(folder / "w.pth") as archive:
        pickled = archive.read("archive/data.pkl")
    parts = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    content = b"".join(pickle.dumps(part, 2) for part in parts) + pickled
    content += pickle.dumps(["0", "1"], 2)
    for array in _arrays().values():
        content += struct.pack("<q", array.size) + array.tobytes()
    (folder / "w.pth").write_bytes(content)


def _write_h5(folder):
    import h5py

    config = {"layers": [{"class_name": "Conv2D", "config": {"name": "conv"}}]}
    with h5py.File(folder / "w.h5", "w") as file:
        file.attrs["model_config"] = json.dumps({"config": config}).encode()
        for name, array in _arrays().items():
            layer, weight = name.split(".")
            file[f"model_weights/{layer}/{layer}/{weight}:0"] = array


def _write_keras(folder):
    import keras

    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    model = keras.Model(inputs, keras.layers.BatchNormalization(name="bn")(x))
    model.save(folder / "w.keras")


def _write_onnx(folder):
    """An IResNet-18 of one channel, in the order of its nodes."""
    from onnx import helper, numpy_helper, save_model

    unit = ["bn", "conv", "bn", "prelu", "conv", "bn"]
    kinds = ["conv", "bn", "prelu"]
    kinds += 4 * [*unit, "conv", "bn", *unit] + ["bn", "linear", "bn"]
    operators = {
        "conv": ("Conv", [(1, 1, 3, 3)]),
        "bn": ("BatchNormalization", 4 * [(1,)]),
        "prelu": ("PRelu", [(1,)]),
        "linear": ("Gemm", [(1, 1), (1,)]),
    }
    nodes, weights, before = [], [], "images"
    for number, kind in enumerate(kinds):
        operator, shapes = operators[kind]
        names = [f"{number}.{place}" for place in range(len(shapes))]
        weights += [
            numpy_helper.from_array(np.full(shape, 0.5, "float32"), name)
            for name, shape in zip(names, shapes, strict=True)
        ]
        nodes.append(
            helper.make_node(operator, [before, *names], [f"{number}"])
        )
        before = f"{number}"
    graph = helper.make_graph(nodes, "g", [], [], initializer=weights)
    save_model(helper.make_model(graph), folder / "w.onnx")


def _read_weights(name):
    def read(folder):
        read_file = ks.interop.read_state
        if name.endswith(".onnx"):
            read_file = ks.interop.read_onnx
        return {
            key: (array.shape, array.tobytes())
            for key, array in read_file(folder / name).items()
        }

    return read


_WEIGHTS = {
    name: Format(
        path,
        _read_weights(path),
        ks.interop.WeightsFileError,
        write,
        changes=changes,
    )
    for name, path, write, changes in (
        (
            "npz",
            "w.npz",
            lambda folder: np.savez_compressed(folder / "w.npz", **_arrays()),
            (change_entry,),
        ),
        (
            "safetensors",
            "w.safetensors",
            _write_safetensors,
            (change_header,),
        ),
        ("pth", "w.pth", _write_pth, (change_entry,)),
        ("legacy pth", "w.pth", _write_legacy_pth, ()),
        ("h5", "w.h5", _write_h5, ()),
        ("keras", "w.keras", _write_keras, (change_entry,)),
        ("onnx", "w.onnx", _write_onnx, ()),
    )
}

# On the device.


def _write_tflite(folder):
    import keras

    images = keras.Input((*SIZE, 3))
    x = keras.layers.Conv2D(2, 3, 4)(images)
    embedder = keras.Model(
        images, keras.layers.Dense(4)(keras.layers.Flatten()(x))
    )
    point = ks.contract.OperatingPoint(far=0.1, threshold=0.2)
    ks.export.export_litert(
        embedder, folder / "face.tflite", operating_points=[point]
    )


def _write_image(folder):
    _write_tflite(folder)
    (folder / "image").write_bytes(_images()[0])


def _write_png(folder):
    _write_tflite(folder)
    (folder / "image").write_bytes(_images()[3])


def _read_image(folder):
    verifier = _VERIFIERS.get(folder)
    if verifier is None:
        verifier = ks.edge.FaceVerifier(folder / "face.tflite", threads=1)
        _VERIFIERS[folder] = verifier
    return verifier.embed((folder / "image").read_bytes()).tobytes()


_VERIFIERS: dict[Path, Any] = {}


def _write_gallery(folder, dtype="float32"):
    manifest = ks.contract.Manifest(
        ks.contract.FaceInput(), 8, package_version="0.1.0"
    )
    model = ks.edge.ModelIdentity.of_manifest(manifest, flip=False)
    gallery = ks.edge.Gallery(model, dtype=dtype)
    rng = np.random.default_rng(0)
    gallery.enrol([*"abcab"], rng.standard_normal((5, 8)))
    gallery.save(folder / "people.gallery")


def _read_gallery(folder):
    gallery = ks.edge.Gallery.load(folder / "people.gallery")
    found = gallery.search(np.eye(8), k=9) if len(gallery) else None
    if found is not None and not np.all(np.abs(found.scores) <= 1):
        raise AssertionError("a score is not a cosine")
    return (gallery.model, gallery.names, found and found.scores.tobytes())


def _seal_gallery(path):
    content = path.read_bytes()[:-32]
    path.write_bytes(content + hashlib.sha256(content).digest())


def _write_checkpoint(folder):
    Checkpoints(folder / "c").save(Checkpoint(3, _arrays(), {"epoch": 1}))


def _read_checkpoint(folder):
    step, arrays, notes = Checkpoints(folder / "c").newest()
    values = {name: array.tobytes() for name, array in arrays.items()}
    return step, values, notes


def _seal_checkpoint(path):
    if path.stat().st_size >= 64:
        write_trailing_checksum(path)


_DEVICE = {
    "tflite manifest": Format(
        "face.tflite",
        lambda folder: ks.edge.FaceVerifier(folder / "face.tflite").manifest,
        ValueError,
        _write_tflite,
        is_checked=True,
    ),
    "tflite graph": Format(
        "face.tflite",
        lambda folder: ks.edge.count_multiply_adds(folder / "face.tflite"),
        ks.edge.ModelFileError,
        _write_tflite,
    ),
    "gallery": Format(
        "people.gallery",
        _read_gallery,
        ks.edge.GalleryError,
        _write_gallery,
        is_checked=True,
    ),
    "gallery sealed again": Format(
        "people.gallery",
        _read_gallery,
        ks.edge.GalleryError,
        _write_gallery,
        seal=_seal_gallery,
    ),
    "int8 gallery sealed again": Format(
        "people.gallery",
        _read_gallery,
        ks.edge.GalleryError,
        lambda folder: _write_gallery(folder, dtype="int8"),
        seal=_seal_gallery,
    ),
    "jpeg": Format("image", _read_image, ValueError, _write_image),
    "png": Format("image", _read_image, ValueError, _write_png),
}
_RUNS = {
    "checkpoint": Format(
        "c/step-000000003.npz",
        _read_checkpoint,
        CheckpointError,
        _write_checkpoint,
        is_checked=True,
    ),
}
FORMATS = {**_SETS, **_PAIRS, **_WEIGHTS, **_DEVICE, **_RUNS}
