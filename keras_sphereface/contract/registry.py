"""Things by name: ours, a user's own, and those of another module."""

import importlib
from collections.abc import Callable
from typing import Any, TypeVar, overload

_Thing = TypeVar("_Thing")


class Registry:
    """Names of one kind of thing, open to users.

    A name that holds a colon, `module:name`, is imported from that module,
    so that a configuration reaches what nobody registered.

    Args:
        kind: str, what the things are, such as `"head"`.
        of: type of the things. Defaults to `None`: anything callable.
    """

    def __init__(self, kind: str, of: type | None = None) -> None:
        self.kind = kind
        self.of = of
        self._things: dict[str, Any] = {}

    @overload
    def register(self, name: str) -> Callable[[_Thing], _Thing]: ...

    @overload
    def register(self, name: str, thing: _Thing) -> _Thing: ...

    def register(self, name: str, thing: Any = None) -> Any:
        """Gives a thing a name, as a call or as a decorator.

        Args:
            name: str, without a colon, not given to another thing.
            thing: callable, or of the registry's type. Defaults to `None`: a
                decorator comes back.

        Returns:
            `thing`, or a decorator that returns what it is given.
        """
        if not isinstance(name, str) or not name or ":" in name:
            raise ValueError(
                "`name` must be a string without a colon. "
                f"Received: name={name!r}"
            )
        if thing is None:
            return lambda thing: self.register(name, thing)
        self._check(thing, repr(thing))
        present = self._things.setdefault(name, thing)
        if _path(present) != _path(thing):
            raise ValueError(
                f"`name` must not be given to another {self.kind} already. "
                f"Received: name={name!r}, which is {_path(present)}"
            )
        self._things[name] = thing
        return thing

    def names(self) -> list[str]:
        """Names that are registered, sorted."""
        return sorted(self._things)

    def get(self, name: str) -> Any:
        """The thing of a name.

        Args:
            name: str, one of `names()`, or `"module:name"`.

        Returns:
            What was registered, or is found in the module.
        """
        if isinstance(name, str) and ":" in name:
            return self._import(name)
        if name not in self._things:
            raise ValueError(
                f"`name` must be one of {self.names()}, or 'module:name' of "
                f"a {self.kind} of your own. Received: name={name!r}"
            )
        return self._things[name]

    def _import(self, path: str) -> Any:
        module, _, name = path.partition(":")
        try:
            thing = importlib.import_module(module)
            for part in name.split("."):
                thing = getattr(thing, part)
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(
                f"`name` must be 'module:name' of a {self.kind} that can be "
                f"imported. Received: name={path!r} ({error})"
            ) from error
        self._check(thing, f"name={path!r}, which is {thing!r}")
        return thing

    def _check(self, thing: object, received: str) -> None:
        is_right = (
            callable(thing) if self.of is None else (isinstance(thing, self.of))
        )
        if not is_right:
            what = "callable" if self.of is None else f"a {self.of.__name__}"
            raise ValueError(
                f"A {self.kind} must be {what}. Received: {received}"
            )


def _path(thing: object) -> str:
    return (
        f"{getattr(thing, '__module__', '')}."
        f"{getattr(thing, '__qualname__', repr(thing))}"
    )
