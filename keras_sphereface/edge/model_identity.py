"""Which model embeddings come from, so that two are never mixed."""

import re
from dataclasses import asdict, dataclass, fields
from typing import Any

from keras_sphereface.contract import Manifest


@dataclass(frozen=True)
class ModelIdentity:
    """The file that made embeddings, and how it was used.

    Embeddings of two models, or of two quantizations of one, have nothing in
    common that a threshold could rest on.

    Args:
        checksum: str, 64 hexadecimal digits, the manifest's; that from before
            where thresholds were measured again.
        embedding_dim: int, at least 1.
        flip: bool, whether mirror images were embedded too.
        quantization: str, as in the manifest; for people to read.
        package_version: str, as in the manifest; for people to read.
    """

    checksum: str
    embedding_dim: int
    flip: bool
    quantization: str
    package_version: str

    def __post_init__(self) -> None:
        wrong = {
            "checksum": not isinstance(self.checksum, str)
            or not re.fullmatch("[0-9a-f]{64}", self.checksum),
            "embedding_dim": type(self.embedding_dim) is not int
            or self.embedding_dim < 1,
            "flip": not isinstance(self.flip, bool),
            "quantization": not isinstance(self.quantization, str),
            "package_version": not isinstance(self.package_version, str),
        }
        for name, is_wrong in wrong.items():
            if is_wrong:
                raise ValueError(
                    f"`{name}` is not part of a model's identity. "
                    f"Received: {name}={getattr(self, name)!r}"
                )

    @classmethod
    def of_manifest(cls, manifest: Manifest, *, flip: bool) -> "ModelIdentity":
        """The identity of an exported file.

        Args:
            manifest: `contract.Manifest` of the file.
            flip: bool, whether mirror images are embedded too.

        Returns:
            `ModelIdentity`.
        """
        return cls(
            checksum=manifest.model_checksum or manifest.checksum,
            embedding_dim=manifest.embedding_dim,
            flip=flip,
            quantization=manifest.quantization,
            package_version=manifest.package_version,
        )

    def to_dict(self) -> dict[str, Any]:
        """The identity as JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "ModelIdentity":
        """Rebuilds what `to_dict` wrote; a wrong key is an error.

        Args:
            content: dict with exactly the keys of `to_dict`.

        Returns:
            `ModelIdentity`.
        """
        expected = {item.name for item in fields(cls)}
        if not isinstance(content, dict) or set(content) != expected:
            raise ValueError(
                f"A model's identity has the keys {sorted(expected)}. "
                f"Received: {content!r}"
            )
        return cls(**content)

    def __str__(self) -> str:
        flip = " with mirror images" if self.flip else ""
        return (
            f"{self.quantization} {self.checksum[:12]}, "
            f"{self.embedding_dim} dimensions{flip}, "
            f"of keras_sphereface {self.package_version}"
        )
