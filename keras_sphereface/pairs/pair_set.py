"""Pairs of faces to verify: the same person or not?"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import (
    FaceInput,
    StoredImages,
    check_first_images,
)
from keras_sphereface.contract.image_sources import Images
from keras_sphereface.pairs.lfw_format import read_lfw_pairs
from keras_sphereface.pairs.named_images import (
    check_images,
    image_batches,
    image_names,
)
from keras_sphereface.pairs.pair_files import read_pairs
from keras_sphereface.pairs.pair_people import check_people
from keras_sphereface.pairs.pair_sampling import sample_pairs


class PairSet:
    """Distinct images, and pairs of them in folds.

    Args:
        images: uint8 array `[num_images, height, width, 3]`, or a sequence
            of paths, of encoded images or of uint8 pixels; or a folder, or a
            data set such as `data.ImageFolder`, whose images are read when
            they are embedded; see `contract.list_images`. Each image once:
            however many pairs show it, it is embedded once.
        index_a: int, `[num_pairs]`, position in `images` of each pair's first
            image.
        index_b: int, `[num_pairs]`, position of the second image.
        is_same: bool, `[num_pairs]`, whether both show one person.
        folds: int, `[num_pairs]`, the fold of each pair. The folds of a
            trustworthy set share no person.
        names: what an error calls each image, `num_images` strings. Defaults
            to the paths, to what a data set calls them, or to `"image 0"`,
            `"image 1"`, ...
        people: int or str, `[num_images]`, who is on each image; with it the
            intervals of a report know which pairs share a person. Defaults to
            `None`, not known.
        title: str, what thresholds say they were measured on. Defaults to
            `None`, the number of pairs; of a file it is the name.

    Example:

    ```python
    pairs = PairSet.from_lfw("pairs.txt", "lfw")
    report = evaluate_pairs(embedder, pairs)
    ```
    """

    def __init__(
        self,
        images: Images,
        index_a: npt.ArrayLike,
        index_b: npt.ArrayLike,
        is_same: npt.ArrayLike,
        folds: npt.ArrayLike,
        names: Sequence[str] | None = None,
        people: npt.ArrayLike | None = None,
        title: str | None = None,
    ) -> None:
        self.images = check_images(images)
        num_images = len(self.images)
        self.index_a = _check_column("index_a", index_a, "iu", "int")
        self.index_b = _check_column("index_b", index_b, "iu", "int")
        self.is_same = _check_column("is_same", is_same, "b", "bool")
        self.folds = _check_column("folds", folds, "iu", "int")
        lengths = {
            name: len(getattr(self, name))
            for name in ("index_a", "index_b", "is_same", "folds")
        }
        if len(set(lengths.values())) != 1 or not len(self.is_same):
            raise ValueError(
                "`index_a`, `index_b`, `is_same` and `folds` must have one "
                f"value per pair, at least one. Received: lengths={lengths}"
            )
        for name in ("index_a", "index_b"):
            index = getattr(self, name)
            outside = np.flatnonzero((index < 0) | (index >= num_images))
            if len(outside):
                raise ValueError(
                    f"`{name}` must be in [0, {num_images}), the number of "
                    f"images. Received: {name}[{outside[0]}]="
                    f"{index[outside[0]]}"
                )
        itself = np.flatnonzero(self.index_a == self.index_b)
        if len(itself):
            raise ValueError(
                "A pair must show two images. Received: index_a and index_b "
                f"are both {self.index_a[itself[0]]} in pair {itself[0]}"
            )
        self.names = image_names(self.images, names)
        self.people: np.ndarray | None = None
        if people is not None:
            people = np.asarray(people)
            if people.shape != (num_images,):
                raise ValueError(
                    f"`people` must have one value per image, {num_images}. "
                    f"Received: people.shape={people.shape}"
                )
            check_people(self._in_pairs(people), self.is_same)
            self.people = people
        self._is_looked_at = False
        self.title = title or f"{len(self.is_same):,} pairs"

    @classmethod
    def from_lfw(
        cls, pairs_file: str | os.PathLike, root: str | os.PathLike
    ) -> "PairSet":
        """Reads a pairs file in the format of Labeled Faces in the Wild.

        The first line says how many folds there are and how many pairs of
        each kind a fold has (`10<TAB>300`), or only the latter (`300`). Each
        further line is a pair: `name 1 2` are two images of one person,
        `name 1 other 2` are two people. Image 7 of `Ann` is
        `root/Ann/Ann_0007.jpg`, or one of the other names of `from_file`.

        Args:
            pairs_file: path of the text file, separated by tabs or spaces.
            root: folder with one folder per person.

        Returns:
            `PairSet`.

        Raises:
            ValueError: a line cannot be read; it is named with its number.
            FileNotFoundError: an image is not there; the message has the line
                and the expected path.
        """
        return cls(**read_lfw_pairs(pairs_file, root))

    @classmethod
    def from_file(
        cls, path: str | os.PathLike, root: str | os.PathLike | None = None
    ) -> "PairSet":
        """Reads pairs in any of the formats of the field.

        What a file is, its content says. In place of `Ann_0007.jpg` there may
        be `.JPG`, `.png`, `.bmp` or another suffix, `Ann_7.jpg`,
        `Ann_0007_0.png`, and files without a folder per person.

        - `lfw.bin`, `cfp_fp.bin`, `agedb_30.bin` and the like of InsightFace;
          a pickle, of which nothing is run;
        - `pairs.txt` of LFW and `pairsDevTest.txt`, one fold, of its view 1;
          without the first line, the files of RFW;
        - `a/1.jpg b/1.jpg 0`, as InsightFace's `pairs_label.txt`, or
          `0 a/1.jpg b/1.jpg`, as the lists of OpenSphere;
        - two lines per pair, `pairs_CALFW.txt` and `pairs_CPLFW.txt`;
        - a CSV with the columns `image_a`, `image_b`, `is_same` and, if you
          like, `fold`, `person_a` and `person_b`, or other names in use;
        - LFW's `pairs.csv` and `matchpairsDevTest.csv` of Kaggle;
        - `AgeDB_30.mat`;
        - the folder of CFP, frontal to profile;
        - a file of a suffix that was given to `pairs.register`.

        Args:
            path: path of the file or folder.
            root: folder of the images that a file names. Defaults to `None`:
                for a CSV, the folder of the file.

        Returns:
            `PairSet`.

        Raises:
            ValueError: the file is of no known form, or damaged; the message
                has the line.
            FileNotFoundError: a file, a folder or an image is not there.
        """
        return cls(**{"title": Path(path).name, **read_pairs(path, root)})

    @classmethod
    def sample(
        cls,
        images: Images,
        labels: npt.ArrayLike,
        pairs_per_fold: int = 300,
        num_folds: int = 10,
        seed: int = 0,
    ) -> "PairSet":
        """Draws pairs from labeled images, half of them of one person.

        People are dealt to the folds so that no person is in two of them;
        within its fold every pair of one kind is as likely as any other, and
        none is drawn twice. Images in no pair are left out.

        Args:
            images: as in the constructor.
            labels: int, `[num_images]`, the person on each image.
            pairs_per_fold: even int. Defaults to `300`.
            num_folds: int, at least 2. Defaults to `10`.
            seed: int. The same seed draws the same pairs. Defaults to `0`.

        Returns:
            `PairSet` of `num_folds * pairs_per_fold` pairs.
        """
        images = check_images(images)
        labels = _check_column("labels", labels, "iu", "int")
        if len(labels) != len(images):
            raise ValueError(
                "`labels` must have one value per image. Received: "
                f"{len(labels)} labels of {len(images)} images"
            )
        columns = sample_pairs(
            labels,
            pairs_per_fold=pairs_per_fold,
            num_folds=num_folds,
            seed=seed,
        )
        both = np.stack([columns["index_a"], columns["index_b"]])
        used, (index_a, index_b) = np.unique(both, return_inverse=True)
        index_a, index_b = np.reshape([index_a, index_b], both.shape)
        names = None
        if isinstance(images, np.ndarray):
            names = [f"image {index} (label {labels[index]})" for index in used]
            images = images[used]
        elif isinstance(images, StoredImages):
            images = images.take(used)
        else:
            images = [images[index] for index in used]
        return cls(
            images,
            index_a,
            index_b,
            columns["is_same"],
            columns["folds"],
            names=names,
            people=labels[used],
        )

    def __len__(self) -> int:
        return len(self.is_same)

    def __repr__(self) -> str:
        return (
            f"PairSet({len(self)} pairs, {int(self.is_same.sum())} same, "
            f"{len(np.unique(self.folds))} folds, {len(self.images)} images)"
        )

    def batches(
        self, batch_size: int = 64, face_input: FaceInput | None = None
    ) -> Iterator[np.ndarray]:
        """Yields the distinct images in order, files read as they are needed.

        The first batch of a set is looked at: `contract.check_first_images`.

        Args:
            batch_size: int, at least 1; the last batch may be smaller.
                Defaults to `64`.
            face_input: `FaceInput` that each image must fit. Defaults to
                `None`: all must have the size of the first.

        Yields:
            uint8 arrays, `[<= batch_size, height, width, 3]`.
        """
        batches = image_batches(
            self.images,
            self.names,
            batch_size=batch_size,
            face_input=face_input,
        )
        return self._look_at_first(batches)

    def _look_at_first(
        self, batches: Iterator[np.ndarray]
    ) -> Iterator[np.ndarray]:
        for batch in batches:
            if not self._is_looked_at:
                check_first_images(batch)
                self._is_looked_at = True
            yield batch

    @property
    def pair_people(self) -> np.ndarray | None:
        """`[num_pairs, 2]`, who is on both images; `None` if not known."""
        return None if self.people is None else self._in_pairs(self.people)

    def _in_pairs(self, values: np.ndarray) -> np.ndarray:
        return np.stack([values[self.index_a], values[self.index_b]], axis=1)


def _check_column(
    name: str, values: npt.ArrayLike, kinds: str, expected: str
) -> np.ndarray:
    values = np.asarray(values)
    if values.ndim != 1 or (len(values) and values.dtype.kind not in kinds):
        raise ValueError(
            f"`{name}` must be {expected}, one-dimensional. Received: "
            f"{name}.dtype={values.dtype}, {name}.shape={values.shape}"
        )
    return values
