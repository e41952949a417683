"""Public weights into an embedder of ours, all of them or none."""

import dataclasses
import pathlib
from typing import Any, NamedTuple

import numpy as np

from keras_sphereface.contract.arguments import check_flag, check_sizes
from keras_sphereface.contract.face_input import IMAGE_SIZE
from keras_sphereface.interop.families import find_network
from keras_sphereface.interop.import_report import ImportReport
from keras_sphereface.interop.matching import match_weights
from keras_sphereface.interop.onnx_weights import read_onnx
from keras_sphereface.interop.pixels import Pixels, check_pixels
from keras_sphereface.interop.state import read_both
from keras_sphereface.interop.weights_errors import WeightsMismatchError
from keras_sphereface.models import build_embedding_model
from keras_sphereface.models.embedding_model import SCALING

_BOTH = "as training left them; `ema=True` takes their average, in the file too"
_AVERAGE = "the moving average, of two kinds in the file"
_AVERAGE_ALONE = "the moving average, the only ones in the file"


class ImportedEmbedder(NamedTuple):
    """A public network as a model of ours.

    Attributes:
        embedder: `keras.Model`, RGB pixels in `[0, 255]` to embeddings.
        report: `ImportReport`.
    """

    embedder: Any
    report: ImportReport


def load_weights(
    embedder,
    path,
    *,
    family=None,
    color_order=None,
    pixel_mean=None,
    pixel_scale=None,
    ema=False,
):
    """Loads the weights of a public model into an embedder.

    Either every weight of the embedder gets its value and every weight of the
    network in the file its place, or nothing changes and the error lists what
    matched and what did not.

    Args:
        embedder: `keras.Model` of `build_embedding_model`.
        path: str or path, a file for `read_state`, or an `.onnx` file of
            InsightFace.
        family: str, one of `family_names()`, or `"module:name"` of a `Family`
            of your own; `None` finds it by the names in the file. Defaults to
            `None`.
        color_order: `"RGB"` or `"BGR"`, of the images that the network was
            trained on; the embedder takes RGB in any case. `None` is what the
            family does. Defaults to `None`.
        pixel_mean: float in `[0, 255]`, or three in the order of
            `color_order`: the network was trained on `(pixel - pixel_mean) /
            pixel_scale`. `None` is what the family does. The embedder must
            have been built for another mean than 127.5, as `import_embedder`
            does. Defaults to `None`.
        pixel_scale: float above 0, or three, as `pixel_mean`. Means and
            deviations of pixels in `[0, 1]` are here 255 times as large.
            Defaults to `None`.
        ema: bool. `True` takes the moving average of the weights where the file
            has one beside them, as `state_dict_ema` or `model_ema`. Defaults
            to `False`, the weights as training left them; the report says
            which were taken.

    Returns:
        `ImportReport`, which says what was taken for granted too: color order,
        mean and scale of the pixels.

    Example:

    ```python
    embedder = ks.build_embedding_model("iresnet50")
    print(ks.interop.load_weights(embedder, "backbone.pth"))
    ```
    """
    check_pixels(color_order, pixel_mean, pixel_scale)
    found, which = _find(path, family, check_flag("ema", ema))
    # SFNet of both kinds has the same names; the embedder is of one kind.
    attempts = []
    for network in found:
        pixels = Pixels.of(network.family, color_order, pixel_mean, pixel_scale)
        attempts.append((*match_weights(embedder, network, pixels), pixels))
    report, values, pixels = max(
        attempts, key=lambda attempt: attempt[0].matched
    )
    if report.mismatches:
        raise WeightsMismatchError(
            "The weights in the file must be those of `embedder`; none was "
            f"loaded. Received: path={str(path)!r}",
            report,
        )
    _check_mean(embedder, pixels)
    for variable, value in values:
        variable.assign(value)
    return dataclasses.replace(report, weights=which)


def import_embedder(
    path,
    *,
    family=None,
    image_size=None,
    color_order=None,
    pixel_mean=None,
    pixel_scale=None,
    ema=False,
):
    """Builds the embedder that a public file holds, with its weights.

    Kind, depth, width, embedding size and image size come from the names and
    shapes in the file.

    Args:
        path: as for `load_weights`.
        family: as for `load_weights`. The two SFNets of OpenSphere without
            batch norm have the same names and must be told apart here.
        image_size: `(height, width)`; `None` takes a square one where the
            file tells only the number of places, and `(112, 112)` where the
            network takes any. Defaults to `None`.
        color_order: as for `load_weights`.
        pixel_mean: as for `load_weights`, of any value.
        pixel_scale: as for `load_weights`.
        ema: as for `load_weights`.

    Returns:
        `ImportedEmbedder`.

    Example:

    ```python
    embedder, report = ks.interop.import_embedder("adaface_ir50_ms1mv2.ckpt")
    ```
    """
    check_pixels(color_order, pixel_mean, pixel_scale)
    found, which = _find(path, family, check_flag("ema", ema))
    if len(found) > 1:
        raise ValueError(
            "`family` must be given for this file, whose names are those of "
            f"{[network.family.name for network in found]}. "
            f"Received: family={family!r}"
        )
    (network,) = found
    try:
        plan = network.family.plan(network.state)
    except (KeyError, IndexError) as error:
        raise WeightsMismatchError(
            f"The file must hold a whole {network.family.name}. It has no "
            f"{network.prefix}{error.args[0]}. Received: path={str(path)!r}"
        ) from error
    image_size = _image_size(plan.map_places, image_size)
    embedder = build_embedding_model(
        plan.build((*image_size, 3)),
        plan.embedding_dim,
        image_size=image_size,
        neck=plan.neck,
        batch_norm=plan.batch_norm,
    )
    pixels = Pixels.of(network.family, color_order, pixel_mean, pixel_scale)
    if not pixels.is_centered:
        # Before anything was traced with the usual one.
        embedder.get_layer(SCALING).offset = pixels.offsets()
    report, values = match_weights(embedder, network, pixels)
    if report.mismatches:
        raise WeightsMismatchError(
            f"The file must hold a whole {network.family.name}, and nothing "
            f"else with it. Received: path={str(path)!r}",
            report,
        )
    for variable, value in values:
        variable.assign(value)
    report = dataclasses.replace(report, weights=which)
    return ImportedEmbedder(embedder, report)


def _find(path, family, ema):
    """The networks that a file may hold, and which of its weights they are."""
    is_onnx = pathlib.Path(path).suffix == ".onnx"
    raw, average = (read_onnx(path), {}) if is_onnx else read_both(path)
    if ema and not average:
        raise WeightsMismatchError(
            "`ema` must be False for a file without a moving average of the "
            f"weights. Received: ema=True, path={str(path)!r}"
        )
    if ema:
        return find_network(
            average, family
        ), _AVERAGE if raw else _AVERAGE_ALONE
    if average and not raw:
        return find_network(average, family), _AVERAGE_ALONE
    return find_network(raw, family), _BOTH if average else ""


def _check_mean(embedder, pixels):
    names = [layer.name for layer in embedder.layers]
    if SCALING in names:
        offset = embedder.get_layer(SCALING).offset
        if np.allclose(offset, pixels.offsets(), atol=1e-6):
            return
    elif pixels.is_centered:
        return  # what a backbone does itself is its own affair
    raise ValueError(
        "`pixel_mean` must be what `embedder` was built for; `import_embedder` "
        f"builds one. Received: pixel_mean={pixels.mean}"
    )


def _image_size(places, image_size):
    """Image size of a last map, which is 16 times smaller."""
    if image_size is not None:
        image_size = check_sizes(
            "image_size",
            image_size,
            length=2,
            reason="is (height, width), so it",
        )
    if places is None:
        return tuple(image_size or IMAGE_SIZE)
    if isinstance(places, tuple):
        told = tuple(16 * size for size in places)
    else:
        side = round(places**0.5)
        told = (16 * side, 16 * side) if side * side == places else None
    fits = image_size is None or (
        tuple(image_size) == told
        if isinstance(places, tuple)
        else image_size[0] * image_size[1] == 256 * places
    )
    if not fits or (image_size is None and told is None):
        raise ValueError(
            "`image_size` must be 16 times the last feature map, which the "
            f"file says has {places} places. Received: image_size={image_size}"
        )
    return tuple(image_size or told)
