"""IJB-B or IJB-C as a folder of files that must agree with each other."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_sphereface.evaluation.ijb_format import (
    TemplateMedia,
    TemplatePairs,
    TemplateSubjects,
    read_template_media,
    read_template_pairs,
    read_template_subjects,
)
from keras_sphereface.evaluation.loose_faces import FacePoints, read_face_points

CROPS, META = "loose_crop", "meta"
POINTS = "_name_5pts_score.txt"
MEDIA = "_face_tid_mid.txt"
PAIRS = "_template_pair_label.txt"
GALLERY = "_1N_gallery_"
PROBES = "_1N_probe_mixed.csv"


@dataclass(frozen=True)
class IjbSet:
    """One of the two benchmarks, read and checked; no image is read yet.

    Args:
        name: str, `"ijbb"` or `"ijbc"`, what its files begin with.
        crops: `Path`, folder of the loose crops.
        points: `FacePoints`, one face per image.
        media: `TemplateMedia` of the same images in the same order.
        pairs: `TemplatePairs`, or `None` without 1:1.
        galleries: dict of str to `TemplateSubjects`, by what their file is
            called, such as `"G1"`; empty without 1:N.
        probes: `TemplateSubjects`, or `None` without 1:N.
    """

    name: str
    crops: Path
    points: FacePoints
    media: TemplateMedia
    pairs: TemplatePairs | None
    galleries: Mapping[str, TemplateSubjects]
    probes: TemplateSubjects | None

    @property
    def subjects(self) -> TemplateSubjects | None:
        """Who is on the templates of 1:N, or `None` without it."""
        known = [*self.galleries.values()]
        if self.probes is not None:
            known.append(self.probes)
        if not known:
            return None
        ids = np.concatenate([one.template_ids for one in known])
        people = np.concatenate([one.people for one in known])
        ids, firsts = np.unique(ids, return_index=True)
        return TemplateSubjects(ids, people[firsts])


def read_ijb(folder: str | os.PathLike) -> IjbSet:
    """Reads IJB-B or IJB-C as InsightFace publishes them.

    | in `folder` | |
    |---|---|
    | `loose_crop/` | the crops |
    | `meta/ijbc_name_5pts_score.txt` | `1.jpg x1 y1 ... x5 y5 0.999` |
    | `meta/ijbc_face_tid_mid.txt` | image, template, medium, in that order |
    | `meta/ijbc_template_pair_label.txt` | for 1:1 |
    | `meta/ijbc_1N_gallery_G1.csv`, `_G2.csv` (IJB-B: `S1`, `S2`) | for 1:N |
    | `meta/ijbc_1N_probe_mixed.csv` | for 1:N |

    Args:
        folder: str or path.

    Returns:
        `IjbSet`, with 1:1, 1:N or both.

    Raises:
        ValueError: a file is missing or wrong, or two contradict each other;
            the message names them.
    """
    folder = Path(folder)
    meta, name = _find(folder)
    crops = folder / CROPS
    points_path, media_path = meta / f"{name}{POINTS}", meta / f"{name}{MEDIA}"
    pairs_path, probes_path = meta / f"{name}{PAIRS}", meta / f"{name}{PROBES}"
    gallery_paths = sorted(meta.glob(f"{name}{GALLERY}*.csv"))
    if not crops.is_dir():
        raise _missing(folder, f"{CROPS}/, the folder of the images")
    if not media_path.is_file():
        raise _missing(folder, media_path.name)
    if gallery_paths and not probes_path.is_file():
        raise _missing(folder, f"{probes_path.name}, beside the galleries")
    if probes_path.is_file() and not gallery_paths:
        raise _missing(folder, f"{name}{GALLERY}*.csv, beside the probes")
    if not gallery_paths and not pairs_path.is_file():
        raise _missing(folder, f"{pairs_path.name} or the files of 1:N")
    points, media = (
        read_face_points(points_path),
        read_template_media(media_path),
    )
    _check_same_images(points_path, points, media_path, media)
    _check_crops(crops, points_path, points)
    known = np.unique(media.template_ids)
    pairs = None
    if pairs_path.is_file():
        pairs = read_template_pairs(pairs_path)
        both = np.concatenate([pairs.ids_a, pairs.ids_b])
        _check_templates(pairs_path, both, media_path, known)
    galleries, probes = {}, None
    for path in gallery_paths:
        called = path.stem.removeprefix(f"{name}{GALLERY}")
        galleries[called] = read_template_subjects(path)
        ids = galleries[called].template_ids
        _check_templates(path, ids, media_path, known)
    if gallery_paths:
        probes = read_template_subjects(probes_path)
        _check_templates(probes_path, probes.template_ids, media_path, known)
        # Raises for a template that shows two people in two files.
        read_template_subjects(*gallery_paths, probes_path)
    return IjbSet(name, crops, points, media, pairs, galleries, probes)


def _find(folder: Path) -> tuple[Path, str]:
    """The folder of the lists, and what their names begin with."""
    meta = folder / META
    found = sorted(meta.glob(f"*{POINTS}"))
    if len(found) == 1:
        return meta, found[0].name.removesuffix(POINTS)
    inside = sorted(
        path.parents[1].name for path in folder.glob(f"*/{META}/*{POINTS}")
    )
    hint = f" Perhaps one of its folders {inside}." if inside else ""
    raise ValueError(
        f"`folder` must have one {META}/ijbb{POINTS} or {META}/ijbc{POINTS}."
        f"{hint} Received: folder={os.fspath(folder)!r} with {len(found)}"
    )


def _missing(folder: Path, what: str) -> ValueError:
    return ValueError(
        f"`folder` must be IJB-B or IJB-C as published, with {what}. "
        f"Received: folder={os.fspath(folder)!r} without"
    )


def _check_same_images(
    points_path: Path,
    points: FacePoints,
    media_path: Path,
    media: TemplateMedia,
) -> None:
    if len(points.images) != len(media.images):
        raise ValueError(
            f"{points_path} and {media_path.name} must have one line per "
            f"image. Received: {len(points.images):,} and "
            f"{len(media.images):,} images"
        )
    for index, (one, other) in enumerate(
        zip(points.images, media.images, strict=True)
    ):
        if one != other:
            raise ValueError(
                f"{points_path} and {media_path.name} must list the images in "
                f"one order. Received: image {index + 1} is {one!r} in the "
                f"first and {other!r} in the second"
            )


def _check_crops(crops: Path, points_path: Path, points: FacePoints) -> None:
    there = {
        path.relative_to(crops).as_posix()
        for path in crops.rglob("*")
        if not path.is_dir()
    }
    missing = [
        (index, image)
        for index, image in enumerate(points.images)
        if os.path.normpath(image).replace(os.sep, "/") not in there
    ]
    if missing:
        index, image = missing[0]
        raise ValueError(
            f"{points_path}: image {index + 1} is not in {crops}. "
            f"Received: {image!r}, {len(missing):,} such of "
            f"{len(points.images):,} images"
        )


def _check_templates(
    path: Path, ids: np.ndarray, media_path: Path, known: np.ndarray
) -> None:
    unknown = ids[~np.isin(ids, known)]
    if len(unknown):
        raise ValueError(
            f"{path}: each template must have an image in {media_path.name}. "
            f"Received: template {unknown[0]}, {len(np.unique(unknown)):,} "
            "such templates"
        )
