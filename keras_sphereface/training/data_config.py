"""Where the faces of a run come from, and how batches are made of them."""

from dataclasses import dataclass

from keras_sphereface.contract.arguments import check_choice, check_sizes
from keras_sphereface.training.config_checks import check_counts, check_flags
from keras_sphereface.training.verified_pairs import verified_pairs

_SAMPLINGS = ("image", "balanced", "identity")
_SAMPLING_SETTINGS = {
    "min_images": "balanced",
    "images_per_identity": "identity",
}
_AUGMENTATIONS = ("adaface", "erasing", "randaugment")


@dataclass(frozen=True)
class DataConfig:
    """Where faces come from.

    Args:
        folder: folder with one sub-folder per identity, with InsightFace's
            `train.rec`, or with TFRecords of tools/make_tfrecords.py; `None`
            for synthetic faces.
        format: one of `data.names()`, or `"module:name"` of an opener as
            `data.register` takes it; `None` tells it by what is in `folder`.
        pairs: pairs of other people, for evaluation: LFW's `pairs.txt`, a
            `.csv`, a `.bin` of InsightFace, or CFP's folder. Several are a
            tuple of files, each called by its name without the suffix, or a
            dict of files by name. With `folder` and without pairs nothing is
            verified.
        pairs_root: folder of the images that `pairs` names; a `.bin` needs
            none. For several, one folder for all that need one, or a dict by
            the name of the pairs.
        main_pairs: name of the pairs that give the thresholds of an export and
            decide which embedder is best; `None` takes the first.
        image_size: `(height, width)`, pixels.
        stored_size: `(height, width)` of the images in `folder` and of
            `pairs`, which are kept in memory at `image_size` then; `None`
            takes images of `image_size` only.
        identities: path of the `identities.json` of an earlier run, whose
            labels `folder` takes over; `None` numbers the identities there.
        leave_out: path of a CSV of images of `folder` to leave out, as
            tools/inspect_dataset.py writes it; `None` leaves out none.
        check_images: bool, whether every image is decoded once, or every
            shard compared with its checksum, before training.
        flip: bool, whether half of the images are mirrored.
        augmentation: tuple of `"adaface"` (crop, low resolution and photometric
            changes, each of a fifth of the images), `"erasing"` (a patch of
            half of them) and `"randaugment"`, in this order after the flip.
        sampling: `"image"`, each image once per epoch; `"balanced"`, each
            identity at least `min_images` times; or `"identity"`,
            `images_per_identity` images of each identity of a batch.
        min_images: int, for `"balanced"`.
        images_per_identity: int, for `"identity"`; divides the batch size.
        cache: bool, whether the images of `folder` are decoded once and kept
            in memory, 38 kB each at 112x112; `None` does so up to 1 GiB.
        synthetic_identities: int, identities to train on without `folder`.
        synthetic_images: int, images of each.
        synthetic_unseen: int, other identities, to verify.
        synthetic_pairs: int, pairs of them in each of ten folds.
    """

    folder: str | None = None
    format: str | None = None
    pairs: str | tuple[str, ...] | dict[str, str] | None = None
    pairs_root: str | dict[str, str] | None = None
    main_pairs: str | None = None
    image_size: tuple[int, int] = (112, 112)
    stored_size: tuple[int, int] | None = None
    identities: str | None = None
    leave_out: str | None = None
    check_images: bool = True
    flip: bool = True
    augmentation: tuple[str, ...] = ()
    sampling: str = "image"
    min_images: int = 1
    images_per_identity: int = 4
    cache: bool | None = None
    synthetic_identities: int = 200
    synthetic_images: int = 20
    synthetic_unseen: int = 120
    synthetic_pairs: int = 200

    def __post_init__(self):
        check_choice("sampling", self.sampling, _SAMPLINGS)
        check_counts(
            self,
            min_images=1,
            images_per_identity=2,
            synthetic_identities=1,
            synthetic_images=1,
            synthetic_unseen=1,
            synthetic_pairs=2,
        )
        check_flags(self, "check_images", "flip", "cache")
        for name in ("image_size", "stored_size"):
            if getattr(self, name) is not None or name == "image_size":
                size = check_sizes(name, getattr(self, name), length=2)
                object.__setattr__(self, name, size)
        for name, reader in _SAMPLING_SETTINGS.items():
            default = type(self).__dataclass_fields__[name].default
            if getattr(self, name) != default and self.sampling != reader:
                raise ValueError(
                    f"`{name}` is read by sampling {reader!r} only. Received: "
                    f"{name}={getattr(self, name)!r}, "
                    f"sampling={self.sampling!r}"
                )
        for name in self.augmentation:
            check_choice("augmentation", name, _AUGMENTATIONS)
        for name in ("identities", "leave_out"):
            value = getattr(self, name)
            if value is not None and self.folder is None:
                raise ValueError(
                    f"`{name}` needs `folder`: synthetic faces have no names. "
                    f"Received: folder=None, {name}={value!r}"
                )
        if self.stored_size is not None and self.folder is None:
            raise ValueError(
                "`stored_size` needs `folder`: synthetic faces are drawn in "
                "any size. Received: folder=None, "
                f"stored_size={self.stored_size!r}"
            )
        verified_pairs(self.pairs, self.pairs_root, self.main_pairs)
        if self.folder is None and self.pairs:
            raise ValueError(
                "`pairs` needs `folder`: synthetic faces are verified on "
                f"synthetic pairs. Received: folder=None, pairs={self.pairs!r}"
            )
