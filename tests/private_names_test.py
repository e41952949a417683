"""Private names of other packages stay where a reader finds their reason."""

import ast
import importlib
import pathlib
import pkgutil

import pytest

import keras_sphereface

PACKAGE = pathlib.Path(__file__).parents[1] / "keras_sphereface"
SOURCES = sorted(PACKAGE.glob("**/*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}
# The one file with names that Keras does not promise, and the tables in it.
INTERNALS = PACKAGE / "backend" / "keras_internals.py"
# Named tuples call their methods so.
NAMED_TUPLE = {"_asdict", "_fields", "_replace"}
# Names of other packages that start so: the one file that needs each.
PRIVATE_OF_OTHERS = {
    "_get_ops_details": "edge/delegate.py",
    "_exit": "files/mapped_files.py",  # documented, in spite of its name
}


def keras_names(table):
    """The names in a table of `keras_internals.py`, without their classes."""
    for node in TREES[INTERNALS].body:
        if isinstance(node, ast.Assign) and node.targets[0].id == table:
            return {n.rsplit(".", 1)[-1] for n in ast.literal_eval(node.value)}
    raise AssertionError(f"{INTERNALS.name} has no {table}")


def private_names(tree):
    """Private names that a file mentions: `(whose, name, method)`.

    `whose` is the source of the object or, of a name in quotes, `None`;
    `method` is the name of the function around it.
    """
    waiting = [(tree, None)]
    while waiting:
        node, method = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            method = node.name
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            is_public = node.attr.endswith("__")
            is_set = isinstance(node.ctx, ast.Store) and node.attr != "__doc__"
            if not is_public or is_set:
                yield ast.unparse(node.value), node.attr, method
        elif isinstance(node, ast.Constant) and (
            isinstance(node.value, str) and not node.value.endswith("__")
        ):
            yield None, node.value, method
        waiting += [(child, method) for child in ast.iter_child_nodes(node)]


def own_names(tree):
    """Private names that the classes of a file define or set on themselves."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for each in node.body:
                targets = getattr(each, "targets", [])
                targets = targets or [getattr(each, "target", None)]
                names |= {t.id for t in targets if isinstance(t, ast.Name)}
                names.add(getattr(each, "name", None))
        elif isinstance(node, ast.Attribute):
            is_set = isinstance(node.ctx, ast.Store)
            if is_set and ast.unparse(node.value) in ("self", "cls"):
                names.add(node.attr)
        elif isinstance(node, ast.Call) and (
            ast.unparse(node.func) == "object.__setattr__"
        ):
            names.add(getattr(node.args[1], "value", None))
    return names


OWN_NAMES = {path: own_names(tree) for path, tree in TREES.items()}


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path != INTERNALS],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_private_names_of_others_stay_in_the_file_that_lists_them(path):
    of_keras = keras_names("USED") | keras_names("PASSED")
    overridden = keras_names("OVERRIDDEN")
    in_the_package = set().union(*OWN_NAMES.values())
    for whose, name, method in private_names(TREES[path]):
        message = f"{path.name} mentions {whose}.{name}"
        assert name not in of_keras, f"{message} of Keras"
        if whose is None or name in NAMED_TUPLE:
            continue
        if whose == "super()":
            # A class may pass on to the method it overrides.
            assert name in in_the_package - overridden or (
                name in overridden and name == method
            ), message
        elif whose in ("self", "cls"):
            # A base class of ours may have set it.
            assert name in in_the_package - overridden, message
        elif name not in OWN_NAMES[path]:
            file = f"{path.parent.name}/{path.name}"
            assert PRIVATE_OF_OTHERS.get(name) == file, message


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("optimizer._steps", True),
        ("self.model._steps", True),
        ("super()._steps()", True),
        ("model.__name__ = 'Model'", True),
        ("getattr(model, '_steps')", True),
        ("model.__name__", False),
        ("model.steps", False),
        ("_steps", False),
    ],
)
def test_a_private_name_is_found_in_code(code, is_found):
    found = [
        name
        for whose, name, _ in private_names(ast.parse(code))
        if whose or name == "_steps"
    ]
    assert bool(found) == is_found


def classes_of_ours():
    package = keras_sphereface.__path__
    for folder in pkgutil.iter_modules(package):
        if folder.name in ("edge", "contract", "evaluation", "files"):
            continue
        module = importlib.import_module(f"keras_sphereface.{folder.name}")
        for file in pkgutil.iter_modules(getattr(module, "__path__", ())):
            name = f"{module.__name__}.{file.name}"
            try:
                found = importlib.import_module(name)
            except ImportError:  # What only an extra installs.
                continue
            for value in vars(found).values():
                if isinstance(value, type) and value.__module__ == name:
                    yield value


def keras_classes(ours):
    return [c for c in ours.__mro__ if c.__module__.startswith("keras.")]


def test_no_method_of_ours_takes_a_private_name_of_keras():
    taken = [
        f"{ours.__name__}.{name}"
        for ours in classes_of_ours()
        for name in vars(ours)
        if name.startswith("_")
        and not name.endswith("__")
        and any(name in vars(each) for each in keras_classes(ours))
        and name not in keras_names("OVERRIDDEN")
    ]
    assert not taken
