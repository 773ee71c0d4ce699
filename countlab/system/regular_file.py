"""Regular files of a bounded size: pipes, devices and endless files are refused at once."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: Path, *, max_bytes: int) -> bytes:
    """The file's bytes; `OSError` or `ValueError` says why not.

    What was opened is looked at, not the name, which may lead elsewhere a moment later.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | _WITHOUT_WAITING), "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        if status.st_size > max_bytes:
            raise ValueError(f"it has more than {max_bytes} bytes")
        data = bytearray()
        while chunk := file.read(1_000_000):  # some files of the system have no size
            data += chunk
            if len(data) > max_bytes:
                raise ValueError(f"it has more than {max_bytes} bytes")
    return bytes(data)
