r"""Turns a public PyTorch, Keras or ONNX face network into an embedder of ours.

    python tools/import_weights.py --weights=adaface_ir50_ms1mv2.ckpt \
        --output=embedder.keras

or one that is known by name, fetched once and verified:

    python tools/import_weights.py --name=mobilefacenet_casia \
        --output=embedder.keras

PyTorch is not needed, and nothing in the file is run. The embedder takes RGB
pixels in [0, 255], whatever the network was trained on. With --centers, which
may be the same file, a head with its class centers is saved too, to continue
training:

    python tools/import_weights.py --weights=last.ckpt --centers=last.ckpt \
        --head=adaface --output=recognizer.keras
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from absl import app, flags, logging

import keras_sphereface as ks

_WEIGHTS = flags.DEFINE_string(
    "weights",
    None,
    "A .pth, .pt, .ckpt, .safetensors, .npz, .h5, .keras or .onnx file.",
)
_NAME = flags.DEFINE_string(
    "name",
    None,
    "Instead of --weights, a public network, one of keras_sphereface.downloads."
    'names("network"); the rest of what is asked here is known of it.',
)
_OUTPUT = flags.DEFINE_string("output", None, "The .keras file to write.")
_FAMILY = flags.DEFINE_string(
    "family",
    None,
    "The project it is from, one of keras_sphereface.interop.family_names() or "
    "module:NAME of your own; found by the names of its weights if not given.",
)
_COLOR_ORDER = flags.DEFINE_enum(
    "color_order",
    None,
    ["RGB", "BGR"],
    "Of the images it was trained on; the family's if not given.",
)
_PIXEL_MEAN = flags.DEFINE_list(
    "pixel_mean",
    None,
    "It was trained on (pixel - mean) / scale: one number, or three in the "
    "order of --color_order; the family's if not given.",
)
_PIXEL_SCALE = flags.DEFINE_list("pixel_scale", None, "As --pixel_mean.")
_EMA = flags.DEFINE_bool(
    "ema", False, "Take the moving average of the weights, beside them."
)
_CENTERS = flags.DEFINE_list(
    "centers", [], "Files of class centers, in the order of the classes."
)
_HEAD = flags.DEFINE_string(
    "head", "spherefacer", "For --centers, one of keras_sphereface.heads."
)
flags.mark_flag_as_required("output")
flags.mark_flags_as_mutual_exclusive(["weights", "name"], required=True)
_OF_A_FILE = (_FAMILY, _COLOR_ORDER, _PIXEL_MEAN, _PIXEL_SCALE)


def _numbers(texts):
    """One number, or several."""
    if texts is None:
        return None
    numbers = [float(text) for text in texts]
    return numbers if len(numbers) > 1 else numbers[0]


def _named():
    """The network of --name, of which nothing has to be said."""
    said = [flag.name for flag in _OF_A_FILE if flag.value is not None]
    if _EMA.value:
        said.append("ema")
    if said:
        raise app.UsageError(f"--{said[0]} is for --weights, not for --name")
    model = ks.pretrained(_NAME.value)
    logging.info("%s: %s", _NAME.value, ks.downloads.get(_NAME.value))
    return model


def _of_file():
    model, report = ks.interop.import_embedder(
        _WEIGHTS.value,
        family=_FAMILY.value,
        color_order=_COLOR_ORDER.value,
        pixel_mean=_numbers(_PIXEL_MEAN.value),
        pixel_scale=_numbers(_PIXEL_SCALE.value),
        ema=_EMA.value,
    )
    logging.info("%s", report)
    return model


def main(_):
    model = _named() if _NAME.value else _of_file()
    if _CENTERS.value:
        centers = ks.interop.read_centers(
            _CENTERS.value, embedding_dim=model.output_shape[-1]
        )
        head = ks.heads.get(_HEAD.value, num_classes=centers.shape[1])
        ks.interop.load_centers(head, _CENTERS.value)
        model = ks.FaceRecognizer(model, head)
        logging.info("The head has %d classes", centers.shape[1])
    with ks.files.new_file(_OUTPUT.value) as temporary:
        model.save(temporary)
    logging.info("The model is in %s", _OUTPUT.value)


if __name__ == "__main__":
    app.run(main)
