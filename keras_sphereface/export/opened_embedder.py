"""A model file of any kind as a function of images."""

from collections.abc import Callable

import numpy as np

from keras_sphereface.contract.arguments import check_choice
from keras_sphereface.contract.centered_fit import FITS, fit_crops


class OpenedEmbedder:
    """Images to embeddings; call it.

    Args:
        embed: callable, images as the model takes them to embeddings.
        name: str, what notes call the model.
        size: `(height, width)` of the images it takes, or `None`: any.
        fit: `"width"` or `"both"`, how images of another size are cut or
            padded, see `contract.fit_crops`; `None`: they are an error.
        notes: strs, what was stated or guessed of the model. Defaults to `()`.

    Attributes:
        size: as the argument.
        notes: tuple of str; says too how images were cut or padded, once
            there were some.
    """

    def __init__(
        self,
        embed: Callable[[np.ndarray], np.ndarray],
        name: str,
        *,
        size: tuple[int, int] | None,
        fit: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        check_choice("fit", fit, (None, *FITS))
        self._embed = embed
        self.name = name
        self.size = size
        self.fit = fit
        self.notes = notes

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Embeds images.

        Args:
            images: uint8, `[batch_size, height, width, 3]`, RGB.

        Returns:
            Array, `[batch_size, embedding_dim]`.
        """
        shape = tuple(getattr(images, "shape", ()))
        if len(shape) == 4 and self.size not in (None, shape[1:3]):
            images = self._fitted(np.asarray(images))
        return self._embed(images)

    def _fitted(self, images: np.ndarray) -> np.ndarray:
        came = f"{images.shape[1]}x{images.shape[2]}"
        wanted = "x".join(map(str, self.size or ()))
        if self.fit is None:
            raise ValueError(
                f"`images` must be {wanted} (height x width), as the model "
                "takes them; align the faces to that size, or let `fit=` cut "
                f"or pad them. Received: images of {came} for {self.name!r}"
            )
        images = fit_crops(images, self.size or (1, 1), fit=self.fit)
        note = (
            f"Crops of {came} were cut or padded with black around their "
            f"middle to the {wanted} of {self.name}."
        )
        if note not in self.notes:
            self.notes = (*self.notes, note)
        return images
