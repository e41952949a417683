"""Locks that a forked process does not find held for ever."""

import functools
import os
import threading
import weakref
from types import TracebackType

_LOCKS: "weakref.WeakSet[ForkLock]" = weakref.WeakSet()
# Held while `_LOCKS` grows, and from before a fork until after it.
_REGISTRATION = threading.Lock()


class ForkLock:
    """A lock that threads share, free in every process that is forked.

    A fork copies one thread, and the locks that the others held as they were:
    held, by nobody. So a fork waits until every lock of this class is free,
    and what it protects is whole in the child.

    Example:

    ```python
    lock = ForkLock()
    with lock:
        ...
    ```
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _watch_forks()
        with _REGISTRATION:
            _LOCKS.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()


@functools.cache
def _watch_forks() -> None:
    if not hasattr(os, "register_at_fork"):
        return  # a system without forks
    held: list[ForkLock] = []

    def take_all() -> None:
        _REGISTRATION.acquire()
        held.extend(_LOCKS)
        for lock in held:
            lock.__enter__()

    def free_all() -> None:
        while held:
            held.pop().__exit__(None, None, None)
        _REGISTRATION.release()

    os.register_at_fork(
        before=take_all, after_in_parent=free_all, after_in_child=free_all
    )
