"""Regular files of a bounded size: pipes, devices and endless files are refused at once."""

from __future__ import annotations

import errno
import os
import stat
from io import FileIO
from pathlib import Path

_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_STEP_BYTES = 1_000_000


def open_regular(path: Path, *, max_bytes: int) -> FileIO:
    """The file, open for reading; an `OSError` says why not.

    What was opened is looked at, not the name, which may lead elsewhere a moment later.
    """
    file = FileIO(os.open(path, os.O_RDONLY | _WITHOUT_WAITING), "rb")
    try:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if status.st_size > max_bytes:
            raise _too_large(path, max_bytes)
    except BaseException:
        file.close()
        raise
    return file


def read_regular(path: Path, *, max_bytes: int) -> bytes:
    """The file's bytes; some files of the system are endless, though they say they are empty."""
    with open_regular(path, max_bytes=max_bytes) as file:
        data = bytearray()
        while chunk := file.read(_STEP_BYTES):
            data += chunk
            if len(data) > max_bytes:
                raise _too_large(path, max_bytes)
    return bytes(data)


def _too_large(path: Path, max_bytes: int) -> OSError:
    return OSError(errno.EFBIG, f"more than {max_bytes} bytes", str(path))
