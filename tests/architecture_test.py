"""Who may import whom; a reader can trust the flow of the folders."""

import ast
import collections
import graphlib
import importlib
import pathlib
import subprocess
import sys

import pytest

import keras_sphereface

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "keras_sphereface"
# Below everything: whole files or none, whoever writes; above `files` alone,
# the argument checks that every folder's constructors share.
SHARED_BY_ALL = {"files", "contract"}

# Folder: (folders of ours it imports beside those, third-party packages it
# imports).
# Pillow decodes images in `contract` and `data`, the same on every station.
# scipy, which scikit-learn stands on, has the beta distribution of exact
# binomial intervals.
TABLE = {
    "files": (set(), set()),
    "contract": (set(), {"numpy", "PIL"}),
    # Fetches with the standard library, on devices too.
    "downloads": (set(), set()),
    "edge": (
        set(),
        {
            "numpy",
            "ai_edge_litert",
            "flatbuffers",
            "onnxruntime",
            "usearch",
            "faiss",
        },
    ),
    # Images are read in batches as the contract reads one.
    "pairs": (set(), {"numpy"}),
    "evaluation": (
        {"pairs"},
        {"numpy", "scipy", "sklearn", "tqdm"},
    ),
    "reports": (
        {"pairs", "evaluation"},
        {"numpy", "matplotlib", "PIL"},
    ),
    # What `keras.ops` has no word for, on each backend.
    "backend": (set(), {"keras", "numpy", "tensorflow", "jax", "torch"}),
    "ops": ({"backend"}, {"keras"}),
    "class_softmax": ({"backend", "ops"}, {"keras"}),
    "layers": ({"backend", "ops"}, {"keras"}),
    # A loss on cosines is the margin and the class loss of a head.
    "losses": ({"backend", "class_softmax", "heads", "ops"}, {"keras"}),
    "heads": ({"backend", "class_softmax", "ops"}, {"keras"}),
    "optimizers": ({"backend", "ops"}, {"keras"}),
    # `backend` has the names that Keras does not promise.
    "backbones": ({"backend", "layers"}, {"keras"}),
    "models": (
        {
            "backend",
            "layers",
            "backbones",
            "heads",
            "losses",
            "optimizers",
        },
        {"keras", "numpy"},
    ),
    # Keras's augmentation layers are steps of a pipeline; where they draw from
    # is in `backend`.
    "data": ({"backend"}, {"numpy", "tensorflow", "PIL", "keras"}),
    # Detectors come from mtcnn and OpenCV, each in a file of its own, and from
    # `edge`, whose faces and rules they share.
    "alignment": ({"edge"}, {"numpy", "PIL", "tqdm", "mtcnn", "cv2"}),
    # Reads sets with `data` and writes a page in the style of `reports`.
    "inspection": ({"data", "reports"}, {"numpy"}),
    # `models` knows how an embedder embeds when it has replicas; diagnostics
    # take gradients with `ops` and write for TensorBoard.
    "callbacks": (
        {"backend", "evaluation", "pairs", "heads", "models"},
        {"keras", "numpy", "tqdm", "matplotlib"},
    ),
    # A file is read with NumPy and built as an embedder; `backend`
    # has the layers within layers; `downloads` has files by name.
    "interop": (
        {"downloads", "backend", "backbones", "models"},
        {"keras", "numpy", "onnx"},
    ),
    # A study of heads ends in a page in the style of `reports`.
    "training": (
        {
            "pairs",
            "evaluation",
            "reports",
            "backend",
            "class_softmax",
            "layers",
            "heads",
            "losses",
            "optimizers",
            "backbones",
            "models",
            "data",
            "callbacks",
        },
        {"keras", "tensorflow", "jax", "numpy", "ml_collections"},
    ),
    # `edge` because an artifact is opened as a device opens it; `evaluation`
    # compares its accuracy with Keras's.
    "export": (
        {"models", "edge", "evaluation"},
        {
            "ai_edge_quantizer",
            "onnx",
            "tf2onnx",
            "keras",
            "tensorflow",
            "numpy",
            "ai_edge_litert",
            "flatbuffers",
            "onnxruntime",
        },
    ),
}
# Packages that only the named files of a folder may import.
ONLY_IN = {
    # Decodes images, and shrinks and turns parts of them.
    ("contract", "PIL"): {"images.py", "picture_view.py"},
    ("edge", "ai_edge_litert"): {"litert_engine.py"},
    ("edge", "onnxruntime"): {"onnx_engine.py"},
    # Propose whom a probe may be, where they are installed.
    ("edge", "usearch"): {"vector_libraries.py"},
    ("edge", "faiss"): {"vector_libraries.py"},
    # Comes with ai_edge_litert; reads the manifest out of the file, and what
    # work is in it.
    ("edge", "flatbuffers"): {"tflite_file.py", "tflite_graph.py"},
    ("reports", "matplotlib"): {
        "figure_style.py",
        "figures.py",
        "sphere_plot.py",
    },
    ("reports", "PIL"): {"thumbnails.py"},
    ("interop", "keras"): {"centers.py", "matching.py"},
    ("interop", "onnx"): {"onnx_weights.py"},
    ("export", "onnxruntime"): {"foreign_onnx.py"},
    ("export", "onnx"): {"onnx.py"},
    ("export", "tf2onnx"): {"onnx.py"},
    ("export", "ai_edge_quantizer"): {"activation_quantizer.py"},
    ("data", "keras"): {"keras_augmentation.py", "random_choice.py"},
    ("alignment", "mtcnn"): {"mtcnn_detector.py"},
    ("alignment", "cv2"): {"yunet_detector.py"},
    ("callbacks", "matplotlib"): {"head_page.py"},
    # To make devices of a CPU.
    ("training", "jax"): {"strategy.py"},
    ("training", "ml_collections"): {"config_flag.py", "named_settings.py"},
}
# Backbones, heads and optimizers are found by name in the same words.
FILES_IN_TWO_ROOMS = {"registry.py"}
NAMES_OF_TWO_ROOMS = {"defaults", "get", "names", "register"}
SOURCES = sorted(PACKAGE.glob("*/**/*.py"))


def name_of(path):
    """A file's name in the package."""
    return path.relative_to(PACKAGE).as_posix()


def room_of(path):
    """The folder whose row a file follows; a sub-folder follows its room's."""
    return path.relative_to(PACKAGE).parts[0]


def imports_of(path):
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{a.name}" for a in node.names)


def test_every_folder_is_in_the_table():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == set(TABLE)


def test_no_rooms_import_each_other_in_a_circle():
    rooms = {room: ours for room, (ours, _) in TABLE.items()}
    graphlib.TopologicalSorter(rooms).prepare()  # or a CycleError


def test_no_file_name_stands_in_two_places():
    places = collections.defaultdict(list)
    for path in SOURCES:
        if path.name not in {"__init__.py", *FILES_IN_TWO_ROOMS}:
            places[path.name].append(name_of(path))
    assert not [names for names in places.values() if len(names) > 1]


def test_no_public_name_has_two_meanings():
    meanings = collections.defaultdict(dict)
    for room in TABLE:
        module = importlib.import_module(f"keras_sphereface.{room}")
        for name in set(module.__all__) - NAMES_OF_TWO_ROOMS:
            meanings[name][room] = getattr(module, name)
    for name, found in meanings.items():
        assert len(set(map(id, found.values()))) == 1, f"{name}: {[*found]}"


@pytest.mark.parametrize("room", sorted(TABLE))
def test_a_room_shows_its_public_names_and_its_files_only(room):
    module = importlib.import_module(f"keras_sphereface.{room}")
    files = {path.stem for path in (PACKAGE / room).iterdir()}
    shown = {name for name in dir(module) if not name.startswith("_")}
    assert shown - files <= set(module.__all__)
    for name in shown & files - set(module.__all__):
        assert getattr(module, name).__name__ == f"{module.__name__}.{name}"


@pytest.mark.parametrize("room", ["", *sorted(f".{room}" for room in TABLE)])
def test_public_names_are_there_and_documented(room):
    module = importlib.import_module(f"keras_sphereface{room}")
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        value = getattr(module, name)
        if callable(value):
            # Dataclasses and named tuples have their arguments for a start.
            doc = value.__doc__ or ""
            assert doc, name
            assert not doc.startswith(f"{name}("), name


def test_the_package_shows_its_public_names_only():
    names = {name for name in vars(keras_sphereface) if name[0] != "_"}
    assert names <= set(keras_sphereface.__all__)


def test_type_checkers_see_the_public_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname for node in block.body for alias in node.names}
    assert {*seen, "__version__"} == set(keras_sphereface.__all__)
    assert (PACKAGE / "py.typed").is_file()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_follow_the_table(path):
    folder = room_of(path)
    ours, third_party = TABLE[folder]
    for module in imports_of(path):
        parts = module.split(".")
        if parts[0] == "keras_sphereface":
            if len(parts) > 1 and (PACKAGE / parts[1]).is_dir():
                shared = set() if folder == "files" else SHARED_BY_ALL
                allowed = ours | shared | {folder}
                assert parts[1] in allowed, f"{folder} imports {module}"
        elif parts[0] not in sys.stdlib_module_names:
            assert parts[0] in third_party, f"{folder} imports {module}"
            files = ONLY_IN.get((folder, parts[0]), {path.name})
            assert path.name in files, f"{path.name} imports {module}"


@pytest.mark.parametrize("folder", ["tools", "examples"])
def test_tools_and_examples_use_public_names_only(folder):
    for path in (ROOT / folder).glob("*.py"):
        for module in imports_of(path):
            if module.startswith("keras_sphereface."):
                parts = module.split(".")
                target = PACKAGE / parts[1]
                assert target.is_dir(), module
                inner = target.joinpath(*parts[2:3]).with_suffix(".py")
                is_name = len(parts) < 3 or not inner.is_file()
                exported = (target / "__init__.py").read_text("utf-8")
                assert is_name or f'"{parts[2]}"' in exported, (
                    f"{path.name} reaches into {module}"
                )


@pytest.mark.parametrize(
    "subpackage",
    ["edge", "contract", "downloads", "pairs", "evaluation", "reports"],
)
def test_loads_with_tensorflow_keras_jax_and_torch_blocked(subpackage):
    program = (
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('tensorflow', 'keras', 'jax', 'torch'):\n"
        "            raise ImportError(f'{name} is blocked')\n"
        "sys.meta_path.insert(0, Blocker())\n"
        f"import keras_sphereface.{subpackage} as module\n"
        "assert all(hasattr(module, name) for name in module.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_importing_the_package_loads_nothing_heavy():
    program = (
        "import sys, keras_sphereface\n"
        "heavy = {'tensorflow', 'keras', 'jax', 'torch', 'numpy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert 'FaceRecognizer' in dir(keras_sphereface)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def registered_classes():
    """What saved models, optimizers and schedules may name."""
    for path in SOURCES:
        for node in ast.parse(path.read_text("utf-8")).body:
            decorators = getattr(node, "decorator_list", [])
            if any("serializable" in ast.unparse(each) for each in decorators):
                yield node.name


def test_beside_keras_the_package_registers_every_class_of_saved_files():
    names = sorted(registered_classes())
    assert {"FaceRecognizer", "ReplicaOptimizer", "WarmUp"} < set(names)
    program = (
        "import keras, keras_sphereface\n"
        f"for name in {names}:\n"
        "    assert keras.saving.get_registered_object(\n"
        "        f'keras_sphereface>{name}'), name\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_every_public_module_function_and_class_has_a_docstring():
    missing = []
    for path in SOURCES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(node, ast.ClassDef | ast.FunctionDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
                and not _is_overload(node)
            ):
                missing.append(f"{name_of(path)}: {node.name}")
    assert not missing


def _is_overload(node):
    return "overload" in map(ast.unparse, node.decorator_list)
