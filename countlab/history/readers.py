"""A thread for searches of the history, so that no number of them takes those of counting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from countlab.errors import CountlabError

_THREADS = 1  # two would keep counting from the interpreter twice as often
_MAX_INSIDE = 32
_MAX_EXPORTS = 4
_RETRY_AFTER_S = 2

T = TypeVar("T")


class Readers:
    """`run` waits for a thread; with too many waiting, `history_busy` says to come back."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="history reader")
        self._inside = 0
        self._exports: Counter[str] = Counter()

    async def run(self, call: Callable[[], T]) -> T:
        if self._inside >= _MAX_INSIDE:
            raise self._busy()
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        finally:
            self._inside -= 1

    def begin_export(self, client: str) -> None:
        """An export reads page after page, and may last as long as its client reads: one client
        has half of them at most, however slowly it reads."""
        if self._exports.total() >= _MAX_EXPORTS or self._exports[client] >= _MAX_EXPORTS // 2:
            raise self._busy()
        self._exports[client] += 1

    def end_export(self, client: str) -> None:
        self._exports[client] -= 1
        self._exports += Counter()  # forgets those that have none

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _busy(self) -> CountlabError:
        inside = self._inside + self._exports.total()
        return CountlabError("history_busy", inside=inside, retry_after_s=_RETRY_AFTER_S)
