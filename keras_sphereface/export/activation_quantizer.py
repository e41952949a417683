"""int8 and int16 activations, by the package ai-edge-quantizer.

It leaves PReLU, of which LiteRT has no fast integer form, in float between
two conversions, which the XNNPACK delegate takes: MobileFaceNet runs in 0.56
of the time of float32 on one thread of an x86 server. Slopes as int8
multiplications and additions take 0.8 of it, and TensorFlow's own int8 PReLU
3.6 times as long as float32.
"""

import contextlib
import io
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from keras_sphereface.contract import SIGNATURE
from keras_sphereface.export.tflite_model import signature_runner

# LiteRT adds int16 tensors in another way where all scales are powers of two,
# and refuses some; pixels scaled to [-1, 1] are such by accident.
_NO_POWER_OF_TWO = 1.003
_CHUNK = 16  # images whose activations are in memory together
_RECIPES = {"int8": "static_wi8_ai8", "int16x8": "static_wi8_ai16"}


def quantize_activations(
    content: bytes, quantization: str, images: np.ndarray
) -> bytes:
    """Brings the weights of a TFLite graph to int8, activations to integers.

    Weights have one range per channel, activations one range per tensor, taken
    from the images; that of the pixels is `[0, 255]`. Input and output stay
    float.

    Args:
        content: bytes of a float TFLite file with the signature `embed`, from
            `images` to `embeddings`.
        quantization: `"int8"` or `"int16x8"`, with int16 activations.
        images: uint8 or float32, `[num_images, height, width, 3]`.

    Returns:
        Bytes of a TFLite file.
    """
    quantizer_module, recipe, qtyping, algorithms = _packages()
    quantizer = quantizer_module.Quantizer(
        content, getattr(recipe, _RECIPES[quantization])()
    )
    for end in (
        qtyping.TFLOperationName.INPUT,
        qtyping.TFLOperationName.OUTPUT,
    ):
        quantizer.update_quantization_recipe(
            ".*", end, algorithm_key=algorithms.AlgorithmName.NO_QUANTIZE
        )
    with _quiet():
        ranges: dict[str, dict[str, np.ndarray]] = {}
        for start in range(0, len(images), _CHUNK):
            chunk = images[start : start + _CHUNK]
            _widen(ranges, quantizer.calibrate(_as_data(chunk[None])))
        pixels = signature_runner(content, SIGNATURE).get_input_details()
        ranges[pixels["images"]["name"]] = {
            "min": np.zeros((1, 1, 1, 1), np.float32),
            "max": np.full((1, 1, 1, 1), 255, np.float32),
        }
        if quantization == "int16x8":
            for each in ranges.values():
                for end in {"min", "max"} & set(each):
                    each[end] = each[end] * _NO_POWER_OF_TWO
        return bytes(quantizer.quantize(ranges).quantized_model)


def layer_errors(
    content: bytes, quantized: bytes, images: np.ndarray
) -> list[dict[str, Any]]:
    """How far the tensors of a quantized graph are from the float ones.

    Args:
        content: bytes of the float TFLite file.
        quantized: bytes that `quantize_activations` made of it.
        images: uint8 or float32, `[num_images, height, width, 3]`.

    Returns:
        List of dicts in the order of the graph, `tensor` its name, `cosine`
        and `signal_to_noise` in decibel, means over the images.
    """
    _packages()
    from ai_edge_quantizer import model_validator
    from ai_edge_quantizer.utils import validation_utils

    metric = validation_utils.ValidationErrorMetric
    with _quiet():
        compared = model_validator.compare_model(
            content,
            quantized,
            _as_data(images[:, None]),
            error_metrics=[metric.COSINE_SIMILARITY, metric.SNR],
            num_threads=1,
        ).get_signature_comparison_result(SIGNATURE)
    tensors = {**compared.intermediate_tensors, **compared.output_tensors}
    return [
        {
            # Of operations fused into one, the first names the tensor.
            "tensor": name.split(";")[0],
            "cosine": float(errors[metric.COSINE_SIMILARITY.value]),
            "signal_to_noise": float(10 * np.log10(errors[metric.SNR.value])),
        }
        for name, errors in tensors.items()
    ]


def _packages() -> tuple[Any, Any, Any, Any]:
    try:
        from ai_edge_quantizer import (
            algorithm_manager,
            qtyping,
            quantizer,
            recipe,
        )
    except ImportError as error:
        raise ImportError(
            "int8 and int16x8 need the package ai-edge-quantizer: "
            'pip install "keras-sphereface[quantize]"'
        ) from error
    return quantizer, recipe, qtyping, algorithm_manager


def _as_data(
    batches: Iterable[np.ndarray],
) -> dict[str, list[dict[str, np.ndarray]]]:
    return {
        SIGNATURE: [{"images": batch.astype(np.float32)} for batch in batches]
    }


def _widen(
    ranges: dict[str, dict[str, np.ndarray]],
    others: dict[str, dict[str, np.ndarray]],
) -> None:
    """Lets ranges hold others too; the package itself averages them."""
    for name, other in others.items():
        own = ranges.setdefault(name, other)
        own["min"] = np.minimum(own["min"], other["min"])
        own["max"] = np.maximum(own["max"], other["max"])


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps progress bars, size tables and warnings of the package back."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
