"""The head and the embedder of a model that is being trained."""

from keras_sphereface.heads import MarginHead


def heads_of(model):
    """The heads of a `FaceRecognizer` or of a functional model.

    Args:
        model: `keras.Model`.

    Returns:
        List of `MarginHead`, each once.
    """
    candidates = [getattr(model, "head", None), *model.layers]
    found = [each for each in candidates if isinstance(each, MarginHead)]
    return list({id(each): each for each in found}.values())


def find_head(model, head=None):
    """The head of a `FaceRecognizer` or of a functional model.

    Args:
        model: `keras.Model`.
        head: `MarginHead`, taken if given. Defaults to `None`.

    Returns:
        `MarginHead`.
    """
    found = heads_of(model)
    if head is not None:
        found = [head] if isinstance(head, MarginHead) else []
    if len(found) != 1:
        raise ValueError(
            "`head` must be given as a MarginHead where the trained model has "
            f"not exactly one. Received: head={head!r}, model "
            f"{type(model).__name__} with {len(found)} heads"
        )
    return found[0]


def find_embedder(model, embedder=None):
    """The embedder of a `FaceRecognizer`, or the one given.

    Args:
        model: `keras.Model`.
        embedder: `keras.Model`, taken if given. Defaults to `None`.

    Returns:
        `keras.Model`.
    """
    if embedder is None:
        embedder = getattr(model, "embedder", None)
    if embedder is None:
        raise ValueError(
            "`embedder` must be given when the trained model has none. "
            f"Received: model={type(model).__name__}"
        )
    return embedder
