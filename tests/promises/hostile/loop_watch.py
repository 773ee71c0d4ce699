"""A `countlab serve` that writes down how long its event loop was kept from other requests.

Run as `python -m tests.promises.hostile.loop_watch FILE serve …`. Measured is the processor time
of the loop's own thread between two of its turns, so that other programs on the machine do not
count; each turn above the threshold becomes a line with its moment and both times.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_INTERVAL_S = 0.005
_WORTH_A_LINE_S = 0.01


@dataclass(frozen=True)
class Turn:
    """One turn of the loop that took long."""

    end: float
    """By CLOCK_MONOTONIC, which all processes share."""
    busy_s: float
    """Of the loop's thread."""
    wall_s: float


def read_turns(file: Path, *, since: float) -> list[Turn]:
    lines = file.read_text().splitlines() if file.exists() else []
    turns = [Turn(*map(float, line.split())) for line in lines if line.count(" ") == 2]
    return [turn for turn in turns if turn.end >= since]


async def watch(file: Path) -> None:
    with file.open("a", buffering=1) as lines:
        while True:
            busy, wall = time.thread_time(), time.monotonic()
            await asyncio.sleep(_INTERVAL_S)
            end = time.monotonic()
            busy_s, wall_s = time.thread_time() - busy, end - wall
            if busy_s > _WORTH_A_LINE_S:
                lines.write(f"{end:.6f} {busy_s:.6f} {wall_s:.6f}\n")


def main() -> None:
    import uvicorn

    file = Path(sys.argv.pop(1))
    serve = uvicorn.Server.serve

    async def watched_serve(self: uvicorn.Server, *arguments: Any, **options: Any) -> None:
        watching = asyncio.create_task(watch(file))
        await serve(self, *arguments, **options)
        watching.cancel()

    uvicorn.Server.serve = watched_serve  # type: ignore[method-assign]
    from countlab.cli import main as countlab

    countlab()


if __name__ == "__main__":
    main()
