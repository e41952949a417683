"""Public weights into an embedder of ours, all of them or none."""

import pathlib
from typing import Any, NamedTuple

from keras_sphereface.contract.arguments import (
    check_choice,
    check_number,
    check_sizes,
)
from keras_sphereface.contract.face_input import IMAGE_SIZE
from keras_sphereface.interop.families import find_network
from keras_sphereface.interop.import_report import ImportReport
from keras_sphereface.interop.matching import match_weights
from keras_sphereface.interop.onnx_weights import read_onnx
from keras_sphereface.interop.state import read_state
from keras_sphereface.interop.weights_errors import WeightsMismatchError
from keras_sphereface.models import build_embedding_model


class ImportedEmbedder(NamedTuple):
    """A public network as a model of ours.

    Attributes:
        embedder: `keras.Model`, RGB pixels in `[0, 255]` to embeddings.
        report: `ImportReport`.
    """

    embedder: Any
    report: ImportReport


def load_weights(
    embedder, path, *, family=None, color_order=None, pixel_scale=None
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
        pixel_scale: float above 0: the network was trained on `(pixel -
            127.5) / pixel_scale`. `None` is what the family does. Defaults to
            `None`.

    Returns:
        `ImportReport`.

    Example:

    ```python
    embedder = ks.build_embedding_model("iresnet50")
    print(ks.interop.load_weights(embedder, "backbone.pth"))
    ```
    """
    _check(color_order, pixel_scale)
    found = find_network(_read(path), family)
    # SFNet of both kinds has the same names; the embedder is of one kind.
    attempts = [
        match_weights(embedder, network, color_order, pixel_scale)
        for network in found
    ]
    report, values = max(attempts, key=lambda attempt: attempt[0].matched)
    if report.mismatches:
        raise WeightsMismatchError(
            "The weights in the file must be those of `embedder`; none was "
            f"loaded. Received: path={str(path)!r}",
            report,
        )
    for variable, value in values:
        variable.assign(value)
    return report


def import_embedder(
    path, *, family=None, image_size=None, color_order=None, pixel_scale=None
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
        pixel_scale: as for `load_weights`.

    Returns:
        `ImportedEmbedder`.

    Example:

    ```python
    embedder, report = ks.interop.import_embedder("adaface_ir50_ms1mv2.ckpt")
    ```
    """
    _check(color_order, pixel_scale)
    found = find_network(_read(path), family)
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
    report, values = match_weights(embedder, network, color_order, pixel_scale)
    if report.mismatches:
        raise WeightsMismatchError(
            f"The file must hold a whole {network.family.name}, and nothing "
            f"else with it. Received: path={str(path)!r}",
            report,
        )
    for variable, value in values:
        variable.assign(value)
    return ImportedEmbedder(embedder, report)


def _read(path):
    is_onnx = pathlib.Path(path).suffix == ".onnx"
    return read_onnx(path) if is_onnx else read_state(path)


def _check(color_order, pixel_scale):
    check_choice("color_order", color_order, (None, "RGB", "BGR"))
    if pixel_scale is not None:
        check_number("pixel_scale", pixel_scale, above=0)


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
