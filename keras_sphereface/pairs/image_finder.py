"""The images that a file of pairs names, under the names they have on disk."""

import os
from collections.abc import Sequence
from pathlib import Path

# As the verifiers read them; the first is taken where a name has several.
IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".bmp", ".webp"),
    *(".pgm", ".ppm", ".jfif", ".jpe"),
)
# Looked for one by one; for other names a folder is listed, once.
_USUAL_SUFFIXES = IMAGE_SUFFIXES[:3]
# `Ann_0007.jpg` of LFW, `Ann_7.jpg` of CPLFW, and others in use.
_WIDTHS = (4, 1, 3, 2, 5, 6, 7, 8)
# facenet's alignment calls the first face of `Ann_0007` `Ann_0007_0`.
_ENDINGS = ("", "_0")
# Folders at the start of a path that may be above `root`.
_MOST_ABOVE = 16
_LONGEST_PATH = 4096  # of Linux
# Where not one of so many is there, `root` is another folder's.
_ENOUGH_MISSING = 1000

# An image as a file of pairs names it: a path, or a person and a number.
ImageName = str | tuple[str, int]


class ImageFinder:
    """Finds images below a folder.

    `Ann/Ann_0007.jpg` may also be `Ann/Ann_0007.JPG`, `.png`, `.bmp` or any of
    `IMAGE_SUFFIXES`, `Ann/Ann_7.jpg`, `Ann/Ann_0007_0.png`, `Ann/0007.jpg` or
    `Ann_0007.jpg` without a folder. A path may lack its suffix or have another
    one, begin with a folder above `root`, or have Windows's separators.

    Each folder is listed once at most, so that time grows with the pairs and
    the files, not with their product.

    Args:
        root: folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._found: dict[ImageName, Path | None] = {}
        self._listings: dict[str, dict[str, str]] = {}
        # How many folders at the start of a path are above `root`; the first
        # image that is found says so for all.
        self._above: int | None = None

    def find_pairs(
        self,
        source: Path,
        lines: Sequence[tuple[int, ImageName, ImageName]],
    ) -> list[tuple[Path, Path]]:
        """The paths of the images of all pairs.

        Args:
            source: path of the file of pairs, for errors.
            lines: list of `(number, image, image)`, the line of a pair and
                its two images.

        Returns:
            List of two paths per pair.

        Raises:
            FileNotFoundError: an image is not there; the message has the
                first such line, the path, and how many there are, or that
                none of the first 1,000 is there.
            ValueError: both images of a pair are one file.
        """
        pairs = []
        missing: dict[ImageName, int] = {}
        for number, *names in lines:
            paths = [self.find(name) for name in names]
            for name, path in zip(names, paths, strict=True):
                if path is None:
                    missing.setdefault(name, number)
            if paths[0] is not None and paths[0] == paths[1]:
                raise ValueError(
                    f"{source}, line {number}: a pair must show two images. "
                    f"Received: {paths[0]} twice"
                )
            pairs.append(paths)
            if len(missing) == len(self._found) >= _ENOUGH_MISSING:
                found = f"none of the first {len(missing)} images"
                raise self._error(source, missing, found)
        if missing:
            found = f"{len(missing)} missing images"
            raise self._error(source, missing, found)
        return [(a, b) for a, b in pairs if a is not None and b is not None]

    def find(self, name: ImageName) -> Path | None:
        """The path of an image.

        Args:
            name: str, a path, or a tuple of a person and a number.

        Returns:
            Path, or `None` if there is no such image.
        """
        if name not in self._found:
            if isinstance(name, tuple):
                self._found[name] = self._find_numbered(*name)
            else:
                self._found[name] = self._find_path(name)
        return self._found[name]

    def _usual_path(self, name: ImageName) -> Path:
        if isinstance(name, tuple):
            person, number = name
            return self.root / person / f"{person}_{number:04d}.jpg"
        return self.root / name

    def _error(
        self, source: Path, missing: dict[ImageName, int], found: str
    ) -> FileNotFoundError:
        name, number = next(iter(missing.items()))
        return FileNotFoundError(
            f"{source}, line {number}: no image {self._usual_path(name)}, "
            f"nor one of another usual name. Received: {found}"
        )

    def _find_numbered(self, person: str, number: int) -> Path | None:
        folder = os.path.join(self.root, person)
        stem = os.path.join(folder, f"{person}_{number:04d}")
        for suffix in _USUAL_SUFFIXES:
            if os.path.isfile(stem + suffix):
                return Path(stem + suffix)
        numbers = _numbers(number)
        stems = [f"{person}_{n}{end}" for end in _ENDINGS for n in numbers]
        return self._listed(folder, [*stems, *numbers]) or self._listed(
            os.fspath(self.root), stems
        )

    def _find_path(self, text: str) -> Path | None:
        parts = [part for part in text.split("/") if part not in ("", ".")]
        if "\\" in text and not os.path.exists(self.root / text):
            parts = text.replace("\\", "/").split("/")
            parts = [part for part in parts if part not in ("", ".")]
        if not parts or len(text) > _LONGEST_PATH:
            return None
        if text.startswith("/"):
            found = self._below("/", parts)
            if found is not None:
                return found
        if self._above is not None:
            return self._below(self.root, parts[self._above :])
        for above in range(min(len(parts), _MOST_ABOVE)):
            is_name = above + 1 == len(parts)
            # A bare number may be anyone's.
            if above and is_name and Path(parts[-1]).stem.isdecimal():
                continue
            found = self._below(self.root, parts[above:])
            if found is not None:
                self._above = above
                return found
        return None

    def _below(self, root: str | Path, parts: list[str]) -> Path | None:
        if not parts:
            return None
        path = os.path.join(root, *parts)
        if os.path.isfile(path):
            return Path(path)
        folder, name = os.path.split(path)
        stem, suffix = os.path.splitext(name)
        if suffix.lower() not in IMAGE_SUFFIXES:
            stem = name
        folders = [folder]
        person, _, number = stem.rpartition("_")
        if len(parts) == 1 and person and number.isdecimal():
            folders.append(os.path.join(folder, person))
        for folder in folders:
            for usual in _USUAL_SUFFIXES:
                path = os.path.join(folder, stem + usual)
                if os.path.isfile(path):
                    return Path(path)
        stems = [stem]
        if person and number.isdecimal() and len(number) < 10:
            stems += [f"{person}_{n}" for n in _numbers(int(number))]
        stems = [stem + ending for ending in _ENDINGS for stem in stems]
        for folder in folders:
            found = self._listed(folder, stems)
            if found is not None:
                return found
        return None

    def _listed(self, folder: str, stems: list[str]) -> Path | None:
        listing = self._listing(folder)
        for stem in stems:
            if stem in listing:
                return Path(folder, listing[stem])
        return None

    def _listing(self, folder: str) -> dict[str, str]:
        """File names of images by their stem."""
        folder = os.path.normpath(folder)
        if folder in self._listings:
            return self._listings[folder]
        listing: dict[str, str] = {}
        ranks: dict[str, tuple[int, str]] = {}
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    stem, suffix = os.path.splitext(entry.name)
                    suffix = suffix.lower()
                    if suffix not in IMAGE_SUFFIXES or not entry.is_file():
                        continue
                    rank = (IMAGE_SUFFIXES.index(suffix), entry.name)
                    if stem not in ranks or rank < ranks[stem]:
                        ranks[stem], listing[stem] = rank, entry.name
        except (OSError, ValueError):
            pass  # no folder, or a name that none can have
        self._listings[folder] = listing
        return listing


def _numbers(number: int) -> list[str]:
    """A number in the widths in use."""
    return list(dict.fromkeys(f"{number:0{width}d}" for width in _WIDTHS))
