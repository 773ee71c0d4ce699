"""Group commit: one thread writes the rows of many callers, all that are waiting in one commit.

Independent of databases and files; rows are safe once `write` has returned.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue

from countlab.history.table import Row

_MAX_ROWS = 200  # per commit: bounds how long a row waits for the others
_CLOSE_TIMEOUT_S = 1.5


class GroupCommit:
    """`put(row).result()` returns when `write` has written the row, or raises its error."""

    def __init__(self, write: Callable[[list[Row]], None], name: str) -> None:
        self._write = write
        self._queue: SimpleQueue[tuple[Row, Future[None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, row: Row) -> Future[None]:
        written: Future[None] = Future()
        self._queue.put((row, written))
        return written

    def close(self) -> None:
        """Writes the rows put before; a database that hangs is not waited for long."""
        self._queue.put(None)
        self._thread.join(_CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        while first := self._queue.get():
            batch, is_open = [first], True
            while is_open and len(batch) < _MAX_ROWS:
                try:
                    entry = self._queue.get_nowait()
                except Empty:
                    break
                if entry is None:
                    is_open = False
                else:
                    batch.append(entry)
            self._commit(batch)
            if not is_open:
                return

    def _commit(self, batch: list[tuple[Row, Future[None]]]) -> None:
        try:
            self._write([row for row, _ in batch])
        except Exception as error:  # of any kind: the callers must get it
            for _, written in batch:
                written.set_exception(error)
        else:
            for _, written in batch:
                written.set_result(None)
