"""The lister: keeps the listing in the output, chunk by chunk, ahead of those who count.

What is listed once stays as it was listed; a listing that broke off goes on behind its last name.
"""

from __future__ import annotations

import threading

from countlab.batch.listing import is_container, list_sources
from countlab.batch.output import Output, chunks_of
from countlab.batch.question import Progress, Question


class Lister:
    """`start` lists in a thread, `run` at once."""

    def __init__(self, question: Question, output: Output, progress: Progress) -> None:
        self._question, self._output, self._progress = question, output, progress
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run_aside, name="listing", daemon=True)
        self._error: Exception | None = None
        self._ended = False
        progress.chunks = output.listed_chunks()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2)

    @property
    def ended(self) -> bool:
        """Raises what kept it from ending."""
        if self._error is not None:
            raise self._error
        return self._ended

    def _run_aside(self) -> None:
        try:
            self.run()
        except Exception as error:
            self._error = error

    def run(self) -> None:
        progress, output = self._progress, self._output
        end = output.listing_end
        if end is None:
            self._list(self._last_listed())
            if self._stopping.is_set():
                return
            end = {
                "chunks": progress.chunks,
                "addresses": progress.listed,
                "exact": progress.exact,
            }
            output.end_listing(end)
        progress.chunks, progress.listed = end["chunks"], end["addresses"]
        progress.exact, progress.listing_ended = end["exact"], True
        self._ended = True

    def _last_listed(self) -> str:
        """The last name that an earlier run has kept; its listing is counted on the way."""
        after = ""
        for chunk in range(self._progress.chunks):
            addresses = self._output.read_listing(chunk)
            self._count(addresses)
            after = addresses[-1]
        return after

    def _list(self, after: str) -> None:
        question = self._question
        addresses = list_sources(
            question.sources,
            recursive=question.recursive,
            output=question.output,
            after=after,
        )
        for chunk in chunks_of(addresses, question.shard_rows):
            if self._stopping.is_set():
                return
            self._output.write_listing(self._progress.chunks, chunk)
            self._count(chunk)
            self._progress.chunks += 1

    def _count(self, addresses: list[str]) -> None:
        self._progress.listed += len(addresses)
        self._progress.exact = self._progress.exact and not is_container(addresses[0])
