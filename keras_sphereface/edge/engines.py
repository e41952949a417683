"""What runs a model file, whatever its kind."""

import numpy as np

from keras_sphereface.contract import Manifest, ManifestError
from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.litert_engine import LiteRTEngine
from keras_sphereface.edge.onnx_engine import OnnxEngine
from keras_sphereface.edge.onnx_file import read_model_property
from keras_sphereface.edge.registry import Engine, engine_of, register
from keras_sphereface.edge.tflite_file import read_metadata

register(".tflite", LiteRTEngine, read_manifest=read_metadata)
register(".onnx", OnnxEngine, read_manifest=read_model_property)


def open_engine(artifact: ArtifactFile, threads: int | None = None) -> Engine:
    """Loads a file into the runtime of its kind.

    Every engine has `input_shape`, `input_dtype`, `embedding_dim`,
    `fixed_batch` and `embed(images)`, and may be shared between threads.

    Args:
        artifact: `ArtifactFile`.
        threads: int, at least 1, or `None` for the runtime's own choice.
            Defaults to `None`.

    Returns:
        `LiteRTEngine`, `OnnxEngine`, or the engine registered for the suffix.

    Raises:
        ImportError: the runtime is not installed; the message says which.
        ValueError: the file is damaged or is not an embedder.
    """
    if threads is not None:
        threads = check_integer("threads", threads, at_least=1)
    return engine_of(artifact.suffix)(artifact, threads)


def warm_up(engine: Engine) -> None:
    """Embeds a gray image, so that the first face does not wait.

    Runtimes pack weights and take memory when they first run.

    Args:
        engine: what `open_engine` returned.
    """
    engine.embed(np.full((1, *engine.input_shape), 128, np.uint8))


def check_claims(manifest: Manifest, engine: Engine, name: str) -> None:
    """Raises unless a file is what its manifest says.

    Args:
        manifest: `contract.Manifest` of the file.
        engine: what `open_engine` returned.
        name: str, the file, for the error.
    """
    claims = {
        "input": (manifest.input.shape, engine.input_shape),
        "input.dtype": (
            manifest.input.dtype,
            np.dtype(engine.input_dtype).name,
        ),
        "embedding_dim": (manifest.embedding_dim, engine.embedding_dim),
    }
    for key, (claimed, found) in claims.items():
        if claimed != found:
            raise ManifestError(
                f"The manifest contradicts the model: `{key}` is {claimed}, "
                f"and the model has {found}. Received: path={name!r}"
            )
