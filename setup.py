"""Packaging of keras-sphereface; tool settings are in pyproject.toml."""

import pathlib
import re

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent
INIT = (HERE / "keras_sphereface" / "__init__.py").read_text("utf-8")

EDGE = ["ai-edge-litert>=2.0"]
ONNX = ["tf2onnx>=1.17", "onnx>=1.17", "onnxruntime>=1.20"]
QUANTIZE = ["ai-edge-quantizer>=0.10"]
PLOTS = ["matplotlib>=3.8"]
TENSORBOARD = ["tensorboard>=2.18"]
ALIGN = ["mtcnn>=1.0"]
BACKBONES = ["keras-hub>=0.20", "keras-cv>=0.9"]
SEARCH = ["faiss-cpu>=1.8", "usearch>=2.16"]
TEST = [
    *EDGE,
    *QUANTIZE,
    *ONNX,
    *PLOTS,
    *TENSORBOARD,
    "hypothesis>=6.100",
    "pyeer>=0.5.6",
    "pytest>=8.0",
    "pytest-xdist>=3.6",
]

setup(
    name="keras-sphereface",
    version=re.search(r'__version__ = "(.+)"', INIT).group(1),
    description="Hyperspherical face recognition for Keras 3",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=["keras_sphereface", "keras_sphereface.*"]),
    package_data={"keras_sphereface": ["py.typed", "downloads/*.toml"]},
    install_requires=[
        "absl-py>=2.0",
        "keras>=3.13",
        "ml-collections>=1.0",
        "numpy>=1.26",
        "pillow>=13.0",
        "scikit-learn>=1.4",
        "scipy>=1.11",
        "tensorflow>=2.20",
        "tqdm>=4.60",
    ],
    extras_require={
        "edge": EDGE,
        "quantize": [*EDGE, *QUANTIZE],
        "onnx": ONNX,
        "plots": PLOTS,
        "tensorboard": TENSORBOARD,
        "align": ALIGN,
        "backbones": BACKBONES,
        "search": SEARCH,
        "test": TEST,
        "all": [*EDGE, *QUANTIZE, *ONNX, *PLOTS, *TENSORBOARD, *ALIGN],
    },
)
