"""Group commit: one thread writes what many hand over, as many rows at once as are waiting.

Knows neither databases nor files; what `write` has returned from is safe.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue

from countlab.history.table import Row

_AT_ONCE = 200  # rows in one commit: bounds how long a row waits for the others
_LAST_ROWS_S = 1.5


class GroupCommit:
    """`put(row).result()` returns when the row is where `write` puts it, or raises its reason."""

    def __init__(self, write: Callable[[list[Row]], None], name: str) -> None:
        self._write = write
        self._waiting: SimpleQueue[tuple[Row, Future[None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, row: Row) -> Future[None]:
        done: Future[None] = Future()
        self._waiting.put((row, done))
        return done

    def close(self) -> None:
        """Writes what was handed over before; a database that hangs is not waited for long."""
        self._waiting.put(None)
        self._thread.join(_LAST_ROWS_S)

    def _run(self) -> None:
        while first := self._waiting.get():
            batch, going = [first], True
            while going and len(batch) < _AT_ONCE:
                try:
                    more = self._waiting.get_nowait()
                except Empty:
                    break
                if more is None:
                    going = False
                else:
                    batch.append(more)
            self._commit(batch)
            if not going:
                return

    def _commit(self, batch: list[tuple[Row, Future[None]]]) -> None:
        try:
            self._write([row for row, _ in batch])
        except Exception as reason:  # whatever it is, those who wait must hear of it
            for _, done in batch:
                done.set_exception(reason)
        else:
            for _, done in batch:
                done.set_result(None)
