"""A thread for searches of the history, so that no number of them takes those of counting."""

from __future__ import annotations

import asyncio
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
        self._inside = self._exports = 0

    async def run(self, call: Callable[[], T]) -> T:
        if self._inside >= _MAX_INSIDE:
            raise self._busy()
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        finally:
            self._inside -= 1

    def begin_export(self) -> None:
        """An export reads page after page, and may last as long as its client reads."""
        if self._exports >= _MAX_EXPORTS:
            raise self._busy()
        self._exports += 1

    def end_export(self) -> None:
        self._exports -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _busy(self) -> CountlabError:
        inside = self._inside + self._exports
        return CountlabError("history_busy", inside=inside, retry_after_s=_RETRY_AFTER_S)
