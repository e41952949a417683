"""What stands for the things in a pickle that are not plain values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """A class or function that the pickle speaks of, by name only."""

    module: str
    name: str

    def __str__(self):
        return f"{self.module}.{self.name}"


class Call:
    """A call that the pickle asks for and nobody made.

    Args:
        function: `Name`.
        arguments: tuple.
    """

    __slots__ = ("arguments", "function")

    def __init__(self, function, arguments):
        self.function = function
        self.arguments = arguments


@dataclass(frozen=True)
class Reference:
    """Something outside the pickle, such as a storage of numbers."""

    key: tuple


class Stateful:
    """What a call became that takes the state which BUILD brings."""

    __slots__ = ()

    def set_state(self, machine, state):
        """Takes the state, or raises `machine.error`.

        Args:
            machine: `PickleMachine`.
            state: a value of the pickle.
        """
        raise NotImplementedError
