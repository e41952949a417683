"""The thresholds of an artifact, measured on what it itself says."""

from dataclasses import replace

from keras_sphereface.contract import Manifest, QualityLimits, read_image
from keras_sphereface.contract.face_quality import MIN_CROP_SIZE
from keras_sphereface.contract.similarity import Embed
from keras_sphereface.evaluation import (
    PairSet,
    measure_thresholds,
    score_pairs,
)

# Images of pairs, for limits that hold but one in 500 back.
_LOOKED_AT = 1000


def measure_again(manifest: Manifest, embed: Embed, pairs: PairSet) -> Manifest:
    """The manifest with the thresholds of the artifact itself.

    Quantization moves scores, so the thresholds of the Keras model would stand
    for other rates.

    Args:
        manifest: `contract.Manifest`; the false accept rates are those of its
            operating points, or the usual ones if it has none.
        embed: callable, the artifact, images to embeddings.
        pairs: `PairSet`.

    Returns:
        `contract.Manifest`; unchanged operating points where the pairs are too
        few for any rate.
    """
    points = manifest.operating_points
    flip = any(point.flip for point in points)
    found = measure_thresholds(
        scores=score_pairs(embed, pairs, flip=flip),
        is_same=pairs.is_same,
        people=pairs.pair_people,
        fars=[point.far for point in points] or None,
        name=pairs.title,
        flip=flip,
    )
    return replace(
        manifest,
        operating_points=found.operating_points or points,
        calibration=found.calibration,
        histogram=found.histogram,
        quality=limits_of(pairs),
    )


def limits_of(pairs: PairSet) -> QualityLimits | None:
    """From where on faces are unlike those of the pairs.

    Args:
        pairs: `PairSet`; of more than 1,000 images, so many evenly spaced are
            looked at.

    Returns:
        `contract.QualityLimits`, or `None` of crops too small to tell.
    """
    count = len(pairs.images)
    chosen = range(0, count, -(-count // _LOOKED_AT))
    crops = [read_image(pairs.images[index]) for index in chosen]
    if min(crops[0].shape[:2]) < MIN_CROP_SIZE:
        return None
    return QualityLimits.of_faces(crops)
