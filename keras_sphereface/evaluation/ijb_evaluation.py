"""IJB-B and IJB-C from loose crops to the tables."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.contract import IMAGE_SIZE, FaceInput, StoredImages
from keras_sphereface.contract.arguments import check_flag
from keras_sphereface.contract.similarity import Embed
from keras_sphereface.evaluation.extraction import extract_embeddings
from keras_sphereface.evaluation.full_report import ALL_FARS
from keras_sphereface.evaluation.identification_report import (
    DEFAULT_FPIRS,
    IdentificationReport,
    identify,
)
from keras_sphereface.evaluation.ijb_format import TemplateSubjects
from keras_sphereface.evaluation.ijb_report import IjbReport
from keras_sphereface.evaluation.ijb_set import IjbSet
from keras_sphereface.evaluation.insightface_tables import (
    InsightFaceSearch,
    nearest_far_tars,
    search_like_insightface,
)
from keras_sphereface.evaluation.loose_faces import LooseFaces
from keras_sphereface.evaluation.pair_verification import verify_scores
from keras_sphereface.evaluation.template_people import template_people
from keras_sphereface.evaluation.templates import Templates, pool_templates


def embed_ijb(
    embed: Embed,
    ijb: IjbSet,
    path: str | os.PathLike,
    *,
    flip: bool = True,
    size: tuple[int, int] = IMAGE_SIZE,
    batch_size: int = 64,
    progress: bool = False,
) -> np.ndarray:
    """Aligns the loose crops and embeds them into a file, with their norms.

    If it is stopped it resumes when called again, as `extract_embeddings`.

    Args:
        embed: callable, uint8 images `[batch_size, height, width, 3]` to
            embeddings `[batch_size, embedding_dim]`, as array or tensor.
        ijb: `IjbSet`.
        path: file to write, ending in `.npy`; its folder is made if it is
            missing.
        flip: bool, whether the mirror image's embedding is added, norms and
            all, as InsightFace does. Defaults to `True`.
        size: `(height, width)` of the aligned faces. Defaults to `(112, 112)`.
        batch_size: int, at least 1. Defaults to `64`.
        progress: bool, whether to show a progress bar. Defaults to `False`.

    Returns:
        Read-only float32 array on the file, `[num_images, embedding_dim]`.
    """
    faces = LooseFaces(ijb.crops, ijb.points, size)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return extract_embeddings(
        embed,
        StoredImages(faces),
        path,
        flip=flip,
        normalize=False,
        batch_size=batch_size,
        face_input=FaceInput(*faces.size),
        progress=progress,
    )


def measure_ijb(
    embeddings: np.ndarray,
    ijb: IjbSet,
    *,
    weighting: str = "norm",
    detector_score: bool = True,
    flip: bool | None = None,
    fars: Sequence[float] = ALL_FARS,
    resamples: int = 1000,
    name: str | None = None,
    notes: Sequence[str] = (),
    progress: bool = False,
) -> IjbReport:
    """Pools embeddings into templates and measures 1:1 and 1:N.

    The defaults are those behind InsightFace's published tables.

    Args:
        embeddings: float, `[num_images, embedding_dim]`, what `embed_ijb`
            made.
        ijb: `IjbSet`.
        weighting: `"mean"` or `"norm"`, see `pool_templates`. Defaults to
            `"norm"`.
        detector_score: bool, whether images weigh by the detector's score
            besides. Defaults to `True`.
        flip: bool, how the embeddings were made; the report says so. Defaults
            to `None`, not known.
        fars: floats in `(0, 1]`, see `verify_scores`. Defaults to 1e-1, 1e-2,
            ... 1e-6.
        resamples: int, draws of people behind the intervals of 1:1; `0`
            leaves intervals out. A thousand take a quarter of an hour for the
            pairs of IJB-C. Defaults to `1000`.
        name: str, what is measured. Defaults to `None`, the set's name.
        notes: strs, what is to be known of the embeddings. Defaults to `()`.
        progress: bool, whether to show a progress bar. Defaults to `False`.

    Returns:
        `IjbReport`.
    """
    detector_score = check_flag("detector_score", detector_score)
    if len(embeddings) != len(ijb.points.images):
        raise ValueError(
            "`embeddings` must have one row per image of the set, "
            f"{len(ijb.points.images):,}. Received: {len(embeddings):,} rows"
        )
    name = ijb.name if name is None else name
    templates = pool_templates(
        embeddings,
        ijb.media.template_ids,
        ijb.media.media_ids,
        weighting=weighting,
        detector_scores=ijb.points.scores if detector_score else None,
    )
    verification = _verify(templates, ijb, fars, resamples, name, flip)
    identification = _identify(templates, ijb, name, progress)
    search, reason = _search(templates, ijb)
    notes = [*notes, *([reason] if reason else [])]
    for missing, what in ((verification, "1:1"), (identification, "1:N")):
        if not missing:
            notes.append(f"{what} was not measured: its files are not there.")
    media = np.stack([ijb.media.template_ids, ijb.media.media_ids])
    return IjbReport(
        name=name,
        num_images=len(embeddings),
        num_media=np.unique(media, axis=1).shape[1],
        num_templates=len(templates.ids),
        weighting=weighting,
        detector_score=detector_score,
        flip=flip,
        identification=identification,
        insightface_search=search,
        notes=tuple(notes),
        **verification,
    )


def _verify(
    templates: Templates,
    ijb: IjbSet,
    fars: Sequence[float],
    resamples: int,
    name: str,
    flip: bool | None,
) -> dict[str, Any]:
    """What an `IjbReport` says of 1:1."""
    if ijb.pairs is None:
        return {}
    scores = templates.score(ijb.pairs.ids_a, ijb.pairs.ids_b)
    truth: dict[str, Any] = {"scores": scores, "is_same": ijb.pairs.is_same}
    return {
        **truth,
        "insightface_tars": nearest_far_tars(**truth),
        "verification": verify_scores(
            **truth,
            people=template_people(ijb.pairs, ijb.subjects),
            fars=fars,
            name=name,
            flip=flip is True,
            resamples=resamples,
        ),
    }


def _identify(
    templates: Templates, ijb: IjbSet, name: str, progress: bool
) -> dict[str, IdentificationReport]:
    """A report per gallery, and one of all together, without strangers."""
    if ijb.probes is None:
        return {}
    sides = dict(ijb.galleries)
    if len(sides) > 1:
        sides["all galleries"] = _together(ijb)
    probes = templates.embeddings[templates.rows(ijb.probes.template_ids)]
    return {
        called: identify(
            templates.embeddings[templates.rows(gallery.template_ids)],
            gallery.people,
            probes,
            ijb.probes.people,
            name=f"{name} {called}",
            progress=progress,
            fpirs=DEFAULT_FPIRS if called in ijb.galleries else (),
        )
        for called, gallery in sides.items()
    }


def _search(
    templates: Templates, ijb: IjbSet
) -> tuple[InsightFaceSearch | None, str | None]:
    """InsightFace's search, or why there is none."""
    if ijb.probes is None:
        return None, None
    gallery = _together(ijb)
    try:
        search = search_like_insightface(
            templates.embeddings[templates.rows(gallery.template_ids)],
            gallery.people,
            templates.embeddings[templates.rows(ijb.probes.template_ids)],
            ijb.probes.people,
        )
    except ValueError as error:
        return None, f"1:N by InsightFace's rules was left out: {error}"
    return search, None


def _together(ijb: IjbSet) -> TemplateSubjects:
    parts = [*ijb.galleries.values()]
    return TemplateSubjects(
        np.concatenate([part.template_ids for part in parts]),
        np.concatenate([part.people for part in parts]),
    )
