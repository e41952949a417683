"""The flags that `evaluate.py` and `evaluate_ijb.py` share: what a model takes.

They are for models of others; a file of this package says it itself.
"""

from absl import app, flags

import keras_sphereface as ks

_INPUT_LAYOUT = flags.DEFINE_enum(
    "input_layout", None, ["NHWC", "NCHW"], "Channels last, or first."
)
_COLOR_ORDER = flags.DEFINE_enum(
    "color_order", None, ["RGB", "BGR"], "What the network was trained on."
)
_PIXEL_MEAN = flags.DEFINE_list(
    "pixel_mean",
    None,
    "The network's value is (pixel - pixel_mean) / pixel_scale; one number, or "
    "three in its color order.",
)
_PIXEL_SCALE = flags.DEFINE_list("pixel_scale", None, "See --pixel_mean.")
_FIT = flags.DEFINE_enum(
    "fit",
    "width",
    ["width", "both"],
    "Crops of another size than the network's: their middle is cut out, or "
    "padded with black, in width only or in both.",
)


def open_models(paths):
    """Opens models; what is stated is of those of others.

    Args:
        paths: list of str.

    Returns:
        List of `OpenedEmbedder`.
    """
    stated = {
        "input_layout": _INPUT_LAYOUT.value,
        "color_order": _COLOR_ORDER.value,
        "pixel_mean": _numbers("pixel_mean", _PIXEL_MEAN.value),
        "pixel_scale": _numbers("pixel_scale", _PIXEL_SCALE.value),
    }
    given = {name: one for name, one in stated.items() if one is not None}
    foreign = [ks.export.is_foreign(path) for path in paths]
    if given and not any(foreign):
        raise app.UsageError(
            f"--{next(iter(given))} is for models of others, and there is "
            f"none: {', '.join(paths)}"
        )
    return [
        ks.export.open_embedder(
            path, fit=_FIT.value, **(given if is_foreign else {})
        )
        for path, is_foreign in zip(paths, foreign, strict=True)
    ]


def _numbers(name, texts):
    try:
        return None if texts is None else [float(text) for text in texts]
    except ValueError:
        raise app.UsageError(
            f"--{name} must be a number, or three: {','.join(texts)}"
        ) from None
