"""Memory of a run by its number of rows: everything is real but the looking at pictures.

The listing names one picture over and over, and the workers answer with its row at once: so ten
million rows take minutes, and what is measured is the listing, the pipes and the shards.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from countlab.batch.counter import PictureCounter
from countlab.batch.output import Output
from countlab.batch.question import Progress, Question
from countlab.batch.rows import Row
from countlab.batch.run import count_many
from countlab.errors import CountlabError
from countlab.options import PredictOptions
from countlab.settings import Settings

_PICTURE = Path(__file__).parent.parent / "images" / "fruits.jpg"


class RepeatingCounter(PictureCounter):
    """Looks at a picture once, and says the same of all others."""

    def __init__(self) -> None:
        super().__init__(PredictOptions(), Settings.from_environment())
        self._row = super().count(str(_PICTURE), _PICTURE.read_bytes())

    def read(self, address: str) -> bytes | CountlabError:  # noqa: ARG002
        return b""

    def count(self, name: str, data: bytes | CountlabError) -> Row:  # noqa: ARG002
        return {**self._row, "path": name}


def memory_by_rows(arguments: argparse.Namespace) -> dict[str, Any]:
    measured = []
    for rows in arguments.rows:
        measured.append(_measure(rows))
        print(measured[-1], flush=True)
    return {"runs": measured}


def _measure(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        question = Question((str(_PICTURE.parent),), folder, PredictOptions(), True)
        _write_listing(question, rows)
        started = time.perf_counter()
        with _highest_memory() as highest:
            manifest = count_many(
                question,
                Settings.from_environment(),
                workers=1,
                show=_quiet,
                make_counter=partial(RepeatingCounter),
            )
        assert manifest["pictures"] == rows
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    return {
        "rows": rows,
        "parent_mb": round(highest["rss"] / 1e6),
        "seconds": round(time.perf_counter() - started, 1),
        "output_mb": round(size / 1e6, 1),
    }


def _write_listing(question: Question, rows: int) -> None:
    """A listing as it is kept: names that differ, as if there were so many pictures."""
    output = Output(question.output)
    chunks = 0
    for first in range(0, rows, question.shard_rows):
        last = min(rows, first + question.shard_rows)
        output.write_listing(chunks, [f"/survey/{number:08}.jpg" for number in range(first, last)])
        chunks += 1
    output.end_listing({"chunks": chunks, "addresses": rows, "exact": True})


def _quiet(progress: Progress) -> None:
    """Nobody watches."""


@contextmanager
def _highest_memory() -> Iterator[dict[str, int]]:
    process, highest, ended = psutil.Process(), {"rss": 0}, threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            highest["rss"] = max(highest["rss"], process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield highest
    finally:
        ended.set()
        thread.join()
