"""The threshold that decides, and how probable an answer is."""

from typing import Any

from keras_sphereface.contract import Manifest
from keras_sphereface.contract.arguments import check_flag, check_number
from keras_sphereface.edge.score_drift import ScoreDrift


class DecisionRule:
    """What a manifest says of scores.

    Args:
        manifest: `contract.Manifest`.
        far: float, one of its false accept rates, or `None`, the strictest
            that is steady.
        flip: bool, whether mirror images are embedded too, or `None`, as the
            operating point was measured.

    Attributes:
        operating_point: `contract.OperatingPoint`, or `None` if the manifest
            has none.
        flip: bool.
        drift: `ScoreDrift`, or `None` if the manifest has no distribution of
            scores made in this way.
    """

    def __init__(
        self, manifest: Manifest, far: float | None, flip: bool | None
    ) -> None:
        self._manifest = manifest
        self.operating_point = None
        if far is not None or manifest.operating_points:
            self.operating_point = manifest.operating_point(far)
        if flip is None:
            flip = (
                self.operating_point is not None and self.operating_point.flip
            )
        self.flip = check_flag("flip", flip)
        self.drift = None
        if manifest.histogram is not None and self._is_as_measured():
            data = manifest.operating_point().data or "the manifest"
            self.drift = ScoreDrift(manifest.histogram, data)

    def of(self, threshold: float | None) -> dict[str, Any]:
        """The threshold to decide by, and where it comes from.

        Args:
            threshold: float in `[-1, 1]`, the caller's, or `None`.

        Returns:
            Dict of `threshold` and, unless it is the caller's, of `far`,
            `data` and `point`.
        """
        if threshold is not None:
            threshold = check_number(
                "threshold",
                threshold,
                at_least=-1,
                at_most=1,
                reason="is a cosine similarity, so it",
            )
            return {"threshold": threshold}
        point = self.operating_point
        if point is None:
            raise ValueError(
                "The file has no operating points, so a decision needs a "
                "`threshold`. Pass one, or export the model with "
                "`operating_points=`. Received: threshold=None"
            )
        return {
            "threshold": point.threshold,
            "far": point.far,
            "data": point.data,
            "point": point,
        }

    def see(self, score: float) -> float | None:
        """Counts a score for `drift`, and tells how probable one person is.

        Args:
            score: float in `[-1, 1]`.

        Returns:
            Float in `[0, 1]`, at even odds; `None` without a calibration.
        """
        if self.drift is not None:
            self.drift.add(score)
        calibration = self._manifest.calibration
        if calibration is None or not self._is_as_measured():
            return None
        return float(calibration.probability(score, prior=0.5))

    def _is_as_measured(self) -> bool:
        """Whether scores are made as those that the manifest speaks of."""
        points = self._manifest.operating_points
        return bool(points) and self.flip == any(p.flip for p in points)
