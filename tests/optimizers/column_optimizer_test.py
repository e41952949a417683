"""Columns with a gradient move; the others, and what is remembered, wait."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.optimizers import ColumnOptimizer

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(
        0.1, momentum=0.9, nesterov=True, weight_decay=0.01
    ),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.01),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01, momentum=0.5),
    "adam amsgrad": lambda: keras.optimizers.Adam(0.01, amsgrad=True),
    "lion": lambda: keras.optimizers.Lion(0.01),
    "average": lambda: keras.optimizers.SGD(0.1, use_ema=True),
}


def make_variable(path, num_columns=4, moves_by_column=True):
    random = np.random.default_rng(len(path))
    scope, name = path.split("/")
    with keras.name_scope(scope):
        variable = keras.Variable(
            random.normal(size=(3, num_columns)).astype("float32"), name=name
        )
    assert variable.path == path
    if moves_by_column:
        variable.moves_by_column = True
    return variable


def make_gradient(columns, num_columns=4, seed=0):
    gradient = np.zeros((3, num_columns), "float32")
    random = np.random.default_rng(seed)
    gradient[:, columns] = random.normal(size=(3, len(columns)))
    return ops.convert_to_tensor(gradient)


def values(variables):
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_column_goes_where_it_would_alone(name):
    """Each column is trained by a matrix of its own on its own steps."""
    steps = [[0, 1], [1], [1, 3], [0], [1, 0]]
    whole = make_variable("head/centers")
    start = ops.convert_to_numpy(whole).copy()
    optimizer = ColumnOptimizer(OPTIMIZERS[name]())
    for seed, columns in enumerate(steps):
        optimizer.apply([make_gradient(columns, seed=seed)], [whole])
    found = ops.convert_to_numpy(whole)
    np.testing.assert_array_equal(found[:, 2], start[:, 2])
    if name in ("adamw", "adam amsgrad"):
        return  # Their bias correction counts the steps of all columns.
    for column in (0, 1, 3):
        alone = keras.Variable(start[:, column : column + 1], name="alone")
        inner = OPTIMIZERS[name]()
        for seed, columns in enumerate(steps):
            if column in columns:
                gradient = make_gradient(columns, seed=seed)
                inner.apply([gradient[:, column : column + 1]], [alone])
        np.testing.assert_allclose(
            found[:, column], ops.convert_to_numpy(alone)[:, 0], rtol=1e-5
        )


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_other_variables_are_those_of_the_inner_optimizer(name):
    results = []
    for wrap in (ColumnOptimizer, lambda inner: inner):
        other = make_variable("dense/kernel", moves_by_column=False)
        optimizer = wrap(OPTIMIZERS[name]())
        for seed in range(3):
            optimizer.apply([make_gradient([1], seed=seed)], [other])
        results.append(values([other, *optimizer.variables[-2:]]))
    for own, plain in zip(*results, strict=True):
        np.testing.assert_array_equal(own, plain)


# The path of the one ends as that of the other does, or begins so.
NEIGHBORS = [
    ("head/centers", "my_head/centers"),
    ("head/centers", "head/centers_other"),
    ("head/centers", "head_1/centers"),
]


@pytest.mark.parametrize("paths", NEIGHBORS)
@pytest.mark.parametrize("name", ["sgd", "adamw", "lion"])
def test_heads_of_similar_names_keep_apart(name, paths):
    gradients = {paths[0]: ([0, 1], 0), paths[1]: ([1, 2], 9)}

    def train(*paths):
        variables = [make_variable(path) for path in paths]
        optimizer = ColumnOptimizer(OPTIMIZERS[name]())
        for step in range(4):
            steps = [
                make_gradient(columns, seed=seed + step)
                for columns, seed in map(gradients.get, paths)
            ]
            optimizer.apply(steps, variables)
        return values(variables)

    together = train(*paths)
    for path, found in zip(paths, together, strict=True):
        np.testing.assert_array_equal(found, train(path)[0])


def test_a_variable_without_a_gradient_is_passed_on():
    variables = [make_variable("head/centers"), make_variable("more/centers")]
    before = values(variables)
    optimizer = ColumnOptimizer(keras.optimizers.SGD(0.1))
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizer.apply([None, make_gradient([2])], variables)
    after = values(variables)
    np.testing.assert_array_equal(after[0], before[0])
    moved = (after[1] != before[1]).any(axis=0)
    np.testing.assert_array_equal(moved, [False, False, True, False])
    assert int(optimizer.iterations) == 1


@pytest.mark.parametrize("paths", [["head/centers"], ["a/b_c", "a_b/c"]])
def test_memory_that_cannot_be_kept_apart_is_refused_before_a_step(paths):
    variables = [make_variable(path) for path in paths]
    inner = {
        1: keras.optimizers.Adafactor(0.1),  # Sums over rows and columns.
        2: keras.optimizers.SGD(0.1, momentum=0.9),  # Both are `a_b_c`.
    }[len(paths)]
    optimizer = ColumnOptimizer(inner)
    with pytest.raises(ValueError, match="Received: "):
        optimizer.build(variables)
    # Nobody asks for columns of the others.
    for variable in variables:
        variable.moves_by_column = False
    ColumnOptimizer(inner).build(variables)
