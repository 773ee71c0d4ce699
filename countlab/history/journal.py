"""The journal: rows on local disk while the database is offline, as JSON lines.

Each process writes its own file and keeps it locked. A file without a lock (finished, or left by
a process that died) may be moved into the database by any process.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import threading
from collections.abc import Callable
from io import FileIO
from pathlib import Path

from countlab.history.table import Row
from countlab.system.file_lock import try_lock
from countlab.system.private_files import make_private_folder, private_opener

_MAX_ROWS = 200  # per write into the database


class Journal:
    """`write` returns when the rows are on disk; `drain` moves them into the database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: FileIO | None = None
        self._lock = threading.Lock()

    def write(self, rows: list[Row]) -> None:
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows).encode()
        with self._lock:
            if self._file is None:
                self._file = self._new_file()
            size = self._file.tell()
            try:
                if self._file.write(lines) != len(lines):
                    raise OSError("the disk took only a part")
                os.fsync(self._file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    self._file.truncate(size)
                self._file.close()  # earlier rows stay; the next row gets a new file
                self._file = None
                raise

    def drain(self, write: Callable[[list[Row]], None]) -> int:
        """Writes the rows of all unlocked files; each file is removed after its last row."""
        self.close()
        moved = 0
        for path in sorted(self._folder.glob("*.jsonl")):
            with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
                if not try_lock(file):
                    continue  # another process writes to it
                rows = _complete_rows(file.read())
                for start in range(0, len(rows), _MAX_ROWS):
                    write(rows[start : start + _MAX_ROWS])
                try:
                    path.unlink()
                except PermissionError:  # Windows does not remove open files
                    file.truncate(0)
                moved += len(rows)
        return moved

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _new_file(self) -> FileIO:
        make_private_folder(self._folder)
        while True:
            path = self._folder / f"{os.getpid()}-{secrets.token_hex(6)}.jsonl"
            file = FileIO(path, "x", opener=private_opener)
            # Another process may have drained and removed it before it was locked.
            if try_lock(file) and path.exists():
                _sync_folder(self._folder)
                return file
            file.close()


def _complete_rows(data: bytes) -> list[Row]:
    """Skips a line torn by a kill or a full disk: its response was never sent."""
    rows = []
    for line in data.splitlines():
        with contextlib.suppress(ValueError):
            rows.append(json.loads(line))
    return rows


def _sync_folder(folder: Path) -> None:
    """Without it a power loss could lose the new file's directory entry, and with it the rows."""
    with contextlib.suppress(OSError):  # Windows cannot open folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
