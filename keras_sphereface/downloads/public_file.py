"""What is known of a public file before a byte of it is fetched."""

import re
from dataclasses import KW_ONLY, dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from keras_sphereface.contract.arguments import (
    check_choice,
    check_integer,
    check_number,
)

KINDS = ("network", "detector")
ARCHIVES = (".whl", ".zip", ".tgz", ".tar.gz")


@dataclass(frozen=True)
class PublicFile:
    """A file that others publish, pinned to its bytes.

    Args:
        kind: `"network"`, which `pretrained` makes an embedder of, or
            `"detector"`, which is used as it is.
        url: str, `https`, of a commit or a release, so that the bytes behind
            it do not change.
        size: int, bytes behind `url`.
        sha256: str, of the bytes behind `url`, 64 hexadecimal digits.
        license: str, the terms in short, also where they are none.
        source: str, the page where a person can read about the file.
        member: str, the file's name in the archive (wheel, zip or tgz) that
            `url` is. Defaults to `None`: `url` is the file.
        member_size: int, bytes of the member. Defaults to `None`.
        member_sha256: str. Defaults to `None`.
        trained_on: str, name of the training set. Defaults to `""`.
        family: str, one of `interop.family_names()`. Defaults to `None`, found
            by the names of the weights.
        color_order: `"RGB"` or `"BGR"`, of the images it was trained on.
            Defaults to `None`, the family's.
        image_size: `(height, width)`. Defaults to `None`.
        embedding_dim: int. Defaults to `None`.
        accuracy: float in `[0, 1]`, ten-fold accuracy that this project
            measured on the embedder. Defaults to `None`.
        accuracy_interval: `(low, high)`, 95 % interval. Defaults to `None`.
        measured_on: str, on which pairs. Defaults to `""`.
    """

    kind: str
    _: KW_ONLY
    url: str
    size: int
    sha256: str
    license: str
    source: str
    member: str | None = None
    member_size: int | None = None
    member_sha256: str | None = None
    trained_on: str = ""
    family: str | None = None
    color_order: str | None = None
    image_size: tuple[int, int] | None = None
    embedding_dim: int | None = None
    accuracy: float | None = None
    accuracy_interval: tuple[float, float] | None = None
    measured_on: str = ""

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        check_choice("color_order", self.color_order, (None, "RGB", "BGR"))
        parts = urlsplit(self.url if isinstance(self.url, str) else "")
        if parts.scheme != "https" or not parts.netloc or parts.query:
            raise ValueError(
                "`url` must be an https address without a query. "
                f"Received: url={self.url!r}"
            )
        check_integer("size", self.size, at_least=1)
        self._check_sha256("sha256")
        for name in ("license", "source"):
            if not isinstance(getattr(self, name), str) or not getattr(
                self, name
            ):
                raise ValueError(
                    f"`{name}` must be a str that is not empty. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        if self.member is not None:
            if not parts.path.endswith(ARCHIVES):
                raise ValueError(
                    f"`member` must be of an archive, {list(ARCHIVES)}. "
                    f"Received: member={self.member!r}, url={self.url!r}"
                )
            check_integer("member_size", self.member_size, at_least=1)
            self._check_sha256("member_sha256")
        if self.accuracy is not None:
            check_number("accuracy", self.accuracy, at_least=0, at_most=1)
        for name in ("image_size", "accuracy_interval"):
            value: Any = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, tuple(value))

    def _check_sha256(self, name: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, str) or not re.fullmatch(
            "[0-9a-f]{64}", value
        ):
            raise ValueError(
                f"`{name}` must be 64 hexadecimal digits. "
                f"Received: {name}={value!r}"
            )

    @property
    def file_name(self) -> str:
        """The file's own name, without folders."""
        return PurePosixPath(self.member or urlsplit(self.url).path).name

    @property
    def file_size(self) -> int:
        """Bytes of the file, out of its archive."""
        return self.size if self.member_size is None else self.member_size

    @property
    def file_sha256(self) -> str:
        """SHA-256 of the file, out of its archive."""
        return self.member_sha256 or self.sha256

    def __str__(self) -> str:
        lines = [f"{self.file_name}, {self.file_size:,} bytes, {self.source}"]
        lines.append(f"license: {self.license}")
        if self.trained_on:
            lines.append(f"trained on: {self.trained_on}")
        if self.accuracy is not None:
            interval = ""
            if self.accuracy_interval is not None:
                low, high = self.accuracy_interval
                interval = f" [{100 * low:.2f}, {100 * high:.2f}]"
            lines.append(
                f"accuracy: {100 * self.accuracy:.2f} %{interval} on "
                f"{self.measured_on}"
            )
        return "\n".join(lines)
