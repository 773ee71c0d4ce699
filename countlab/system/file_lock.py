"""File locks between processes; the system releases a lock when its holder dies."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        while True:
            with contextlib.suppress(OSError):  # LK_LOCK gives up after ten seconds
                return msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def _lock_without_waiting(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _lock_without_waiting(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file for the block; waits while another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        _lock(file.fileno())
        yield


def try_lock(file: IO[Any]) -> bool:
    """Locks an open file until it is closed; false if another process holds the lock."""
    try:
        _lock_without_waiting(file.fileno())
    except OSError:
        return False
    return True
