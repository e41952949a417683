"""Embedders as artifacts: SavedModel folders, TFLite and ONNX files."""

from keras_sphereface.export.artifact import is_foreign, open_embedder
from keras_sphereface.export.artifact_manifest import read_operating_points
from keras_sphereface.export.embedder import load_embedder
from keras_sphereface.export.export_error import ExportError
from keras_sphereface.export.export_report import ExportReport
from keras_sphereface.export.litert import export_litert
from keras_sphereface.export.onnx import export_onnx
from keras_sphereface.export.opened_embedder import OpenedEmbedder
from keras_sphereface.export.saved_model import export_saved_model

__all__ = [
    "ExportError",
    "ExportReport",
    "OpenedEmbedder",
    "export_litert",
    "export_onnx",
    "export_saved_model",
    "is_foreign",
    "load_embedder",
    "open_embedder",
    "read_operating_points",
]
