"""Reading the pickles of PyTorch checkpoints without running anything."""

from keras_sphereface.files.pickle_machine import FOLLOWED, PickleMachine
from keras_sphereface.files.pickle_opcodes import PYTHON_2_STRINGS
from keras_sphereface.interop.known_names import check_known
from keras_sphereface.interop.limits import (
    MAX_PICKLE_BYTES,
    MAX_PICKLE_STEPS,
    BoundedFile,
)
from keras_sphereface.interop.weights_errors import WeightsFileError

_OPCODES = FOLLOWED - {"BYTEARRAY8"}


def read_torch_pickle(file):
    """Reads one pickle into dicts, lists, tuples, plain values and names.

    A name outside the little that checkpoints hold, an opcode that they do not
    use, and whatever a damaged file says end in `WeightsFileError`.

    Args:
        file: binary file, seekable, at the start of the pickle; afterward
            just behind it.

    Returns:
        The value: `dict` (also for `OrderedDict`), `list`, `tuple`, `str`,
        `bytes`, numbers, `None`, `Name`, `Call` or `Reference`.
    """
    machine = PickleMachine(
        BoundedFile(file, MAX_PICKLE_BYTES),
        kind="checkpoint",
        error=WeightsFileError,
        check_name=check_known,
        max_steps=MAX_PICKLE_STEPS,
        max_copies=MAX_PICKLE_STEPS,
        calls={
            "collections.OrderedDict": _ordered_dict,
            "torch.Size": _size,
        },
        opcodes=_OPCODES,
        literal=_literal,
    )
    return machine.run()


def _literal(opcode, value):
    return value.decode("latin-1") if opcode in PYTHON_2_STRINGS else value


def _ordered_dict(machine, arguments):
    result = {}
    for pairs in arguments:
        machine.spend(len(pairs))
        for key, value in pairs:
            machine.set_items(result, [key, value])
    return result


def _size(machine, arguments):
    (sizes,) = arguments
    machine.spend(len(sizes))
    return tuple(sizes)
