"""The people a device knows."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import unit_embeddings
from keras_sphereface.contract.arguments import check_choice, check_integer
from keras_sphereface.edge.gallery_file import read_gallery, write_gallery
from keras_sphereface.edge.gallery_store import (
    BLOCK_SIZE,
    REMOVED,
    GalleryStore,
    Snapshot,
)
from keras_sphereface.edge.model_identity import ModelIdentity
from keras_sphereface.edge.snapshot_search import (
    POOLINGS,
    Matches,
    names_of,
    search_snapshot,
)
from keras_sphereface.edge.vector_kinds import KINDS


class GalleryArrays(NamedTuple):
    """A gallery as arrays, for other programs.

    Args:
        names: list of str, people in the order in which they were enrolled.
        counts: int64, `[num_people]`, how many crops each has.
        vectors: float32, `[num_crops, embedding_dim]`, rows of norm 1, those
            of each person together and in the order of `names`.
    """

    names: list[str]
    counts: np.ndarray
    vectors: np.ndarray


class Gallery:
    """Enrolled people, each with one embedding per crop.

    May be shared between threads: a search sees all of what was enrolled
    before it started and nothing of what comes after, and nobody waits for
    it. A gallery belongs to one model; embeddings of another are refused.

    Args:
        model: `ModelIdentity`, `FaceVerifier.model` of the verifier that
            embeds.
        dtype: `"float32"`, `"float16"` or `"int8"`, how embeddings are kept:
            in 4, 2 or 1 bytes per value. Scores then are within 1e-6, 2e-4 or
            5e-3 of those of `cosine_similarity` for 128 values or more, which
            is less than thresholds are known to. Defaults to `"float32"`.

    Example:

    ```python
    gallery = Gallery(verifier.model)
    verifier.enrol(gallery, "Ann", ["ann_1.png", "ann_2.png"])
    gallery.save("people.gallery")

    gallery = Gallery.load("people.gallery")
    print(verifier.identify("someone.png", gallery))
    ```
    """

    def __init__(self, model: ModelIdentity, *, dtype: str = "float32") -> None:
        if not isinstance(model, ModelIdentity):
            raise ValueError(
                "`model` must be a ModelIdentity, `verifier.model`. "
                f"Received: model={model!r}"
            )
        check_choice("dtype", dtype, tuple(KINDS))
        self.model = model
        self._store = GalleryStore(model.embedding_dim, KINDS[dtype])

    def __len__(self) -> int:
        """How many people there are."""
        return len(self._store)

    def __contains__(self, name: object) -> bool:
        return name in self._store

    def __repr__(self) -> str:
        return (
            f"Gallery({len(self)} people, {self.num_crops} crops, "
            f"{self.dtype}, model {self.model})"
        )

    @property
    def dtype(self) -> str:
        """How embeddings are kept."""
        return self._store.kind.name

    @property
    def names(self) -> list[str]:
        """Everybody's name, in the order in which they were enrolled."""
        return self._store.names()

    @property
    def num_crops(self) -> int:
        """How many embeddings there are."""
        return self._store.num_crops

    def check_model(self, model: ModelIdentity) -> None:
        """Raises unless the gallery belongs to this model.

        Args:
            model: `ModelIdentity`.
        """
        if model != self.model:
            raise ValueError(
                "The gallery belongs to another model, whose embeddings cannot "
                f"be compared: enrolled with {self.model}. "
                f"Received: model {model}"
            )

    def enrol(
        self, names: str | Sequence[str], embeddings: npt.ArrayLike
    ) -> None:
        """Adds embeddings, all of them or, with an error, none.

        Takes the same time in a gallery of any size.

        Args:
            names: str, whose they all are, or `num_embeddings` strings, whose
                each is. Somebody already there gets more crops.
            embeddings: float, `[num_embeddings, embedding_dim]`, or one
                embedding `[embedding_dim]`; any norm but zero.
        """
        embeddings = self.unit_rows("embeddings", embeddings)
        if isinstance(names, str):
            names = [names] * len(embeddings)
        names = list(names)
        if len(names) != len(embeddings) or not all(
            isinstance(name, str) and name for name in names
        ):
            raise ValueError(
                "`names` must be a str, or as many as there are embeddings, "
                "none empty. "
                f"Received: {len(names)} names, the first is "
                f"{names[0] if names else None!r}, for {len(embeddings)} "
                "embeddings"
            )
        self._store.add([str(name) for name in names], embeddings)

    def remove(self, name: str) -> None:
        """Erases somebody with all their crops.

        Args:
            name: str.
        """
        if not self._store.remove(name):
            raise ValueError(
                f"`name` must be somebody in the gallery. Received: "
                f"name={name!r}"
            )

    def search(
        self, embeddings: npt.ArrayLike, *, k: int = 1, pooling: str = "max"
    ) -> Matches:
        """Finds the people most like each face.

        A person's score is the cosine similarity with the most similar of
        their crops (`"max"`: one good crop under the same light is enough), or
        the mean over all of them (`"mean"`: steadier where every crop is
        good). Of people with equal scores the one enrolled first leads.

        Args:
            embeddings: float, `[num_probes, embedding_dim]`, or one embedding
                `[embedding_dim]`; any norm but zero.
            k: int, at least 1, people per probe. Defaults to `1`.
            pooling: `"max"` or `"mean"`. Defaults to `"max"`.

        Returns:
            `Matches`. Scores are those of `cosine_similarity` to 1e-6 where
            `dtype` is `"float32"`.
        """
        k = check_integer("k", k, at_least=1)
        check_choice("pooling", pooling, POOLINGS)
        units = self.unit_rows("embeddings", embeddings)
        return search_snapshot(self.snapshot(), units, k=k, pooling=pooling)

    def snapshot(self) -> Snapshot:
        """What a search looks at: the rows and names of this moment."""
        return self._store.snapshot()

    def to_arrays(self) -> GalleryArrays:
        """Everybody's names and vectors, as of one moment.

        `gallery.enrol(np.repeat(names, counts), vectors)` puts them into
        another gallery, of another `dtype` for example.

        Returns:
            `GalleryArrays`, copies.
        """
        snapshot = self.snapshot()
        owners = np.concatenate(
            [np.empty(0, np.int32), *(some for _, some in snapshot.blocks)]
        )
        # Rows by person; the removed ones come first.
        order = np.argsort(owners, kind="stable")
        order = order[len(order) - snapshot.num_crops :]
        vectors = np.empty((len(order), self.model.embedding_dim), np.float32)
        place = np.empty(len(owners), np.int64)
        place[order] = np.arange(len(order))
        start = 0
        for rows, some in snapshot.blocks:
            kept = some != REMOVED
            there = place[start : start + len(some)][kept]
            vectors[there] = snapshot.kind.decode(rows[kept])
            start += len(some)
        people, counts = np.unique(owners[order], return_counts=True)
        return GalleryArrays(names_of(snapshot, people), counts, vectors)

    def save(
        self, path: str | os.PathLike, *, key: bytes | None = None
    ) -> None:
        """Writes the gallery to a file that is complete or not there.

        Whatever stops the writing, an older file is kept whole. The file has
        a checksum and names the model; there is no pickle in it. It holds
        biometric data and is not encrypted.

        Args:
            path: str or path; an older file is replaced at the end.
            key: bytes, at least 16, secret, such as `secrets.token_bytes(32)`:
                the checksum becomes an HMAC, so that whoever has not the key
                cannot change the file unnoticed. Defaults to `None`: the
                checksum shows damage only.
        """
        write_gallery(path, self.snapshot(), self.model, key)

    @classmethod
    def load(
        cls, path: str | os.PathLike, *, key: bytes | None = None
    ) -> "Gallery":
        """Reads what `save` wrote.

        Args:
            path: str or path.
            key: bytes, the one of `save`; a file that was saved with another,
                or with none, is refused. Defaults to `None`, none.

        Returns:
            `Gallery`.

        Raises:
            GalleryError: no gallery, a truncated or damaged one, one of
                another version, or with an embedding that is not of norm 1.
            FileNotFoundError: there is no such file.
        """
        model, store = read_gallery(path, key)
        gallery = cls(model, dtype=store.kind.name)
        gallery._store = store
        return gallery

    def unit_rows(self, name: str, embeddings: npt.ArrayLike) -> np.ndarray:
        """Embeddings as a search compares them, checked.

        Args:
            name: str, what an error calls them.
            embeddings: float, `[num_rows, embedding_dim]`, or one embedding
                `[embedding_dim]`; any norm but zero.

        Returns:
            float32 array, `[num_rows, embedding_dim]`, rows of norm 1.
        """
        embeddings = np.asarray(embeddings)
        batch = embeddings[None] if embeddings.ndim == 1 else embeddings
        dim = self.model.embedding_dim
        if batch.ndim != 2 or batch.shape[1] != dim or not len(batch):
            raise ValueError(
                f"`{name}` must be [{dim}] or ['batch_size', {dim}], at "
                f"least one. Received: {name}.shape={embeddings.shape}"
            )
        # A block at a time, for less memory.
        units = np.empty(batch.shape, np.float32)
        for start in range(0, len(batch), BLOCK_SIZE):
            rows = slice(start, start + BLOCK_SIZE)
            units[rows] = unit_embeddings(batch[rows])
        return units
