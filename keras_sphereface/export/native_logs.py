"""Keeping TensorFlow's converter from filling the terminal."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

_CHATTER = re.compile(
    rb"[IW]\d{4} |INFO:|fully_quantize: |WARNING: All log messages before absl"
)


@contextlib.contextmanager
def native_logs_hidden() -> Iterator[None]:
    """Drops the information and warning lines C++ writes to stderr.

    The converter logs a dozen lines per export past Python's logging. They are
    held back and every other line is passed on at the end; when the block
    raises, all of them are.
    """
    sys.stderr.flush()
    try:
        terminal = os.dup(2)
    except OSError:  # a process without stderr has nothing to keep quiet
        yield
        return
    finished = False
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
            finished = True
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            held.seek(0)
            lines = [
                line for line in held if not (finished and _CHATTER.match(line))
            ]
            if lines:
                sys.stderr.write(b"".join(lines).decode(errors="replace"))
