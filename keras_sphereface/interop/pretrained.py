"""A public network by its name."""

from keras_sphereface.downloads import get, names, pretrained_file
from keras_sphereface.interop.load_weights import import_embedder


def pretrained(name):
    """Builds a public network, with its weights.

    The file is fetched at the first call, verified at every one, and read
    without PyTorch and without running anything in it; see
    `pretrained_file`. Mind the license, which is logged when it is fetched:
    most public networks are for research only.

    Args:
        name: str, one of `downloads.names("network")`; what is known of it,
            the accuracy too, is `downloads.get(name)`.

    Returns:
        `keras.Model`, RGB pixels in `[0, 255]`, `[batch_size, height, width,
        3]`, to embeddings `[batch_size, embedding_dim]`.

    Raises:
        DownloadError: the file could not be fetched, or is another one.

    Example:

    ```python
    embedder = ks.pretrained("mobilefacenet_casia")
    ```
    """
    if name not in names("network"):
        raise ValueError(
            f"`name` must be one of {names('network')}; `pretrained_file` "
            "gives the path of a file that is no network. "
            f"Received: name={name!r}"
        )
    public = get(name)
    return import_embedder(
        pretrained_file(name),
        family=public.family,
        image_size=public.image_size,
        color_order=public.color_order,
    ).embedder
