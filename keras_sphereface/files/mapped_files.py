"""Files in memory, which end a process with words if they shrink."""

import ctypes
import os
import signal
import sys
import weakref

# Of a process that ends because a file cannot be read; `EX_IOERR` of sysexits.
EXIT_CODE = 74
_SA_SIGINFO = 4
_ADDRESS_OFFSET = 16  # of `si_addr` in Linux's `siginfo_t` of 64 bits

# Where the files are that were mapped: start, end and path.
_maps = []


class _SignalAction(ctypes.Structure):
    """What the C library of Linux takes in `sigaction`."""

    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_ubyte * 128),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


def name_when_cut(array, path):
    """Ends the process with words where a file in memory has become smaller.

    Memory cannot return an error: reading a part that was cut off ends the
    process by SIGBUS, without a word. From here on, on Linux, it ends with
    `EXIT_CODE` and a message that names the file, unless somebody else handles
    that signal.

    Args:
        array: NumPy array over a map of the file, which is watched as long as
            the array lives.
        path: path of the file.
    """
    start = array.ctypes.data
    place = (start, start + array.nbytes, os.fspath(path))
    _maps.append(place)
    weakref.finalize(array, _maps.remove, place)
    _watch()


def _watch():
    """Handles SIGBUS, unless that was done or somebody else does."""
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return
    if signal.getsignal(signal.SIGBUS) != signal.SIG_DFL:
        return
    library = ctypes.CDLL(None)
    now = _SignalAction()
    library.sigaction(signal.SIGBUS, None, ctypes.byref(now))
    if now.handler:  # not the default
        return
    library.sigaction(
        signal.SIGBUS,
        ctypes.byref(
            _SignalAction(
                handler=ctypes.cast(_handler, ctypes.c_void_p),
                flags=_SA_SIGINFO,
            )
        ),
        None,
    )


@ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def _handler(number, information, _):
    address = ctypes.c_void_p.from_address(information + _ADDRESS_OFFSET).value
    for start, end, path in [*_maps]:
        if start <= (address or 0) < end:
            os.write(
                2,
                f"\nOSError: {path} has become smaller while it was read; "
                "restore it, and start again.\n".encode(
                    errors="surrogateescape"
                ),
            )
            os._exit(EXIT_CODE)
    # Not ours: what it does by default, as soon as this returns.
    ctypes.CDLL(None).sigaction(number, ctypes.byref(_SignalAction()), None)
    os.kill(os.getpid(), number)
