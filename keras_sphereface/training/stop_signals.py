"""Signals that end a run, once it has kept what it learned."""

import contextlib
import signal
import threading


class StopSignals:
    """SIGTERM and SIGINT, which schedulers and Ctrl-C send.

    Inside of the block they end the process as `SystemExit` with 128 and the
    number of the signal, which shells and schedulers understand: at once, or,
    while the run is `held`, when it calls `stop`. The second one does what it
    did before the block. A signal that was ignored before stays ignored.

    Args:
        is_active: bool. `False` leaves the signals as they are, for a process
            that cannot stop without others. Defaults to `True`.

    Attributes:
        received: int, the signal that came, or `None`.
    """

    def __init__(self, is_active=True):
        # Python takes handlers of signals from the main thread alone.
        is_main = threading.current_thread() is threading.main_thread()
        self.is_active = is_active and is_main
        self.received = None
        self._is_held = False
        self._before = {}

    def __enter__(self):
        if self.is_active:
            for number in (signal.SIGTERM, signal.SIGINT):
                before = signal.getsignal(number)
                # `None` is a handler that Python did not set.
                if before not in (signal.SIG_IGN, None):
                    self._before[number] = before
                    signal.signal(number, self._receive)
        return self

    def __exit__(self, *_):
        self._restore()

    @contextlib.contextmanager
    def held(self):
        """Lets the run go on until it calls `stop`, or the block ends."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        self.stop()

    def stop(self):
        """Ends the process if a signal came."""
        if self.received is not None:
            raise SystemExit(128 + self.received)

    def _receive(self, number, _):
        self._restore()
        self.received = number
        if not self._is_held:
            self.stop()

    def _restore(self):
        while self._before:
            signal.signal(*self._before.popitem())
