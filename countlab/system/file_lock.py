"""One process at a time: locks on files, which the system frees when their holder dies."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt

    def _wait_for(lock: int) -> None:
        while True:
            with contextlib.suppress(OSError):  # it gives up after ten seconds
                return msvcrt.locking(lock, msvcrt.LK_LOCK, 1)

    def _try(lock: int) -> None:
        msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _wait_for(lock: int) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX)

    def _try(lock: int) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file for the block; waits for whoever holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        _wait_for(lock.fileno())
        yield


def take(file: IO[Any]) -> bool:
    """Takes the lock of an open file until it is closed; false when somebody else has it."""
    try:
        _try(file.fileno())
    except OSError:
        return False
    return True
