"""Rows on local disk while the database is away: JSON lines, a file for each process that writes.

A file is locked as long as its process writes to it. One that nobody holds (set aside, or left
by a process that died) may be brought into the database by anybody.
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
from countlab.system.file_lock import take

_AT_ONCE = 200


class Journal:
    """`write` returns when the rows are on disk; `bring_in` hands them on and forgets them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: FileIO | None = None
        self._writing = threading.Lock()

    def write(self, rows: list[Row]) -> None:
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows).encode()
        with self._writing:
            if self._file is None:
                self._file = self._new_file()
            whole = self._file.tell()
            try:
                if self._file.write(lines) != len(lines):
                    raise OSError("the disk took only a part")
                os.fsync(self._file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    self._file.truncate(whole)
                self._file.close()  # what came before stays; the next row gets a new file
                self._file = None
                raise

    def bring_in(self, write: Callable[[list[Row]], None]) -> int:
        """Writes every row that nobody holds; a file goes only after all its rows are there."""
        self.close()
        moved = 0
        for path in sorted(self._folder.glob("*.jsonl")):
            with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
                if not take(file):
                    continue  # another process writes to it
                rows = _whole_rows(file.read())
                for start in range(0, len(rows), _AT_ONCE):
                    write(rows[start : start + _AT_ONCE])
                try:
                    path.unlink()
                except PermissionError:  # Windows removes no file that is open
                    file.truncate(0)
                moved += len(rows)
        return moved

    def close(self) -> None:
        with self._writing:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _new_file(self) -> FileIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        while True:
            path = self._folder / f"{os.getpid()}-{secrets.token_hex(6)}.jsonl"
            file = FileIO(path, "x")
            # Somebody who brings rows in may have found it before it was locked, and removed it.
            if take(file) and path.exists():
                _sync_folder(self._folder)
                return file
            file.close()


def _whole_rows(data: bytes) -> list[Row]:
    """A line that was torn by a kill or a full disk belongs to an answer that never left."""
    rows = []
    for line in data.splitlines():
        with contextlib.suppress(ValueError):
            rows.append(json.loads(line))
    return rows


def _sync_folder(folder: Path) -> None:
    """Without it, a loss of power could take the new file's name, and its rows with it."""
    with contextlib.suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
