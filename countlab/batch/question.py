"""What a run is asked, and how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from countlab.options import OPTIONS, PredictOptions

SHARD_ROWS = 5_000


@dataclass(frozen=True)
class Question:
    """Which pictures, how, and where the rows go."""

    sources: tuple[str, ...]
    output: str
    options: PredictOptions
    recursive: bool = False
    shard_rows: int = SHARD_ROWS

    @property
    def facts(self) -> dict[str, Any]:
        """What `run.json` holds: runs that differ in it must not share a folder."""
        return {
            "sources": list(self.sources),
            "recursive": self.recursive,
            "options": {name: getattr(self.options, name) for name in OPTIONS},
            "shard_rows": self.shard_rows,
        }


@dataclass
class Progress:
    """How far a run is; read by whoever shows it."""

    counted: int = 0
    """In this run; of these, `failed` have an error instead of a count."""
    failed: int = 0
    before: int = 0
    """Counted by the runs that this one goes on from."""
    listed: int = 0
    listing_ended: bool = False
    exact: bool = True
    """Whether `listed` are pictures; a tar archive tells only at its end how many it holds."""
    chunks: int = 0
    chunks_done: int = 0
    """In this run."""
    chunks_before: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self.started, 1e-9)

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return self.counted / self.seconds

    @property
    def remaining_s(self) -> float | None:
        """None while nobody can know; from the files done where pictures cannot be known."""
        if not self.listing_ended or not self.counted:
            return None
        if self.exact:
            return max(0, self.listed - self.before - self.counted) / self.rate
        if not self.chunks_done:
            return None
        return (self.chunks - self.chunks_before - self.chunks_done) * (
            self.seconds / self.chunks_done
        )
