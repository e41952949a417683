"""NumPy's arrays and numbers in a pickle, understood without NumPy.

Old releases call their modules `numpy.core`, those from 2.0 on `numpy._core`.
What comes of them are `PickledArray`s, which refer to the bytes of the pickle
and copy none.
"""

import math

from keras_sphereface.files.pickle_values import Name, Stateful

_MAX_AXES = 32
_OBJECTS = ("O", "O4", "O8")
_ORDERS = ("|", "<", ">", "=")


class PickledType(Stateful):
    """The type of an array.

    Attributes:
        code: str, a letter and bytes per value, such as `"u1"`; `"O"` for
            objects.
        order: str, `"<"`, `">"` or `"|"`, the order of the bytes.
    """

    __slots__ = ("code", "order")

    def __init__(self, code):
        self.code = code
        self.order = "|"

    @property
    def is_object(self):
        return self.code in _OBJECTS

    def set_state(self, machine, state):
        # Version, order, and the fields of records, which have none here.
        plain = isinstance(state, tuple) and len(state) >= 5
        order = _text_of(state[1]) if plain else None
        if order not in _ORDERS or any(one is not None for one in state[2:5]):
            raise machine.error("the pickle has an array of another type")
        self.order = order


class PickledArray(Stateful):
    """An array, or a number of NumPy's as one without axes.

    Attributes:
        dtype: `PickledType`, or `None` before the array is filled.
        shape: tuple of int.
        content: bytes of the values, or a list of objects.
    """

    __slots__ = ("content", "dtype", "shape")

    def __init__(self, dtype=None, shape=(), content=b""):
        self.dtype = dtype
        self.shape = shape
        self.content = content

    @property
    def is_object(self):
        return isinstance(self.content, list)

    @property
    def size(self):
        """How many values the shape promises."""
        return math.prod(self.shape)

    def set_state(self, machine, state):
        if not isinstance(state, tuple) or len(state) not in (4, 5):
            raise machine.error("the pickle has a damaged array")
        # The first releases wrote no version before the other four.
        shape, dtype, _, content = state[-4:]
        _fill(machine, self, dtype, shape, content)


def _fill(machine, array, dtype, shape, content):
    is_shape = (
        isinstance(shape, tuple)
        and len(shape) <= _MAX_AXES
        and all(type(n) is int and 0 <= n < 2**48 for n in shape)
    )
    if not is_shape or not isinstance(dtype, PickledType):
        raise machine.error("the pickle has a damaged array")
    kind = list if dtype.is_object else bytes
    if not isinstance(content, kind):
        raise machine.error("the pickle has a damaged array")
    array.dtype, array.shape, array.content = dtype, shape, content


def _make_type(machine, arguments):
    code = _text_of(arguments[0]) if arguments else None
    known = code in _OBJECTS or (
        code is not None
        and 2 <= len(code) <= 10
        and code[0] in "biufS"
        and code[1:].isdecimal()
    )
    if not known:
        raise machine.error("the pickle has an array of another type")
    return PickledType(code)


def _make_empty(machine, arguments):
    if not arguments or arguments[0] != Name("numpy", "ndarray"):
        raise machine.error("the pickle makes another array than NumPy's")
    return PickledArray()


def _make_scalar(machine, arguments):
    if len(arguments) != 2:
        raise machine.error("the pickle has a damaged number")
    number = PickledArray()
    _fill(machine, number, arguments[0], (), arguments[1])
    return number


def _make_of_buffer(machine, arguments):
    if len(arguments) != 4:
        raise machine.error("the pickle has a damaged array")
    content, dtype, shape, _ = arguments
    array = PickledArray()
    _fill(machine, array, dtype, shape, content)
    return array


def _text_of(value):
    """Text, which Python 2 wrote as bytes; `None` for anything else."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value if isinstance(value, str) else None


# What `PickleMachine` is given as `calls`.
NUMPY_CALLS = {
    "numpy.dtype": _make_type,
    **{
        f"{core}.{name}": call
        for core in ("numpy.core", "numpy._core")
        for name, call in (
            ("multiarray._reconstruct", _make_empty),
            ("multiarray.scalar", _make_scalar),
            ("numeric._frombuffer", _make_of_buffer),
        )
    },
}
# The names that a pickle of arrays speaks of.
NUMPY_NAMES = frozenset({*NUMPY_CALLS, "numpy.ndarray"})
