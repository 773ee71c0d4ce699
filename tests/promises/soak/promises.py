"""What a soak must show, from what was seen; and the table that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

_WARM_UP = 0.2  # of the whole time, and at least
_WARM_UP_S = 30.0  # until the heaps have their size
_MEMORY_MAY_GROW = 1.05
_MEMORY_MAY_GROW_MB = 10.0
_FILES_MAY_GROW = 3
_P95_MAY_GROW = 2.0
_PIECE_S = 3.0


@dataclass(frozen=True)
class Sample:
    """The server at one moment."""

    time: float
    memory_mb: float
    files: int
    work_s: float
    """How long the machine took for a fixed piece of work that is not the server's."""


@dataclass(frozen=True)
class Promise:
    """One line of the table."""

    what: str
    rule: str
    seen: str
    kept: bool


@dataclass(frozen=True)
class Thirds:
    """The time after warm-up in three parts; the first and the last are compared."""

    start: float
    end: float

    @property
    def warm(self) -> float:
        whole = self.end - self.start
        return self.start + max(_WARM_UP * whole, min(_WARM_UP_S, whole / 2))

    def first(self, time: float) -> bool:
        return self.warm <= time < self.warm + (self.end - self.warm) / 3

    def last(self, time: float) -> bool:
        return self.end - (self.end - self.warm) / 3 <= time <= self.end


def about_memory(samples: Sequence[Sample], thirds: Thirds) -> Promise:
    first = median(sample.memory_mb for sample in samples if thirds.first(sample.time))
    last = median(sample.memory_mb for sample in samples if thirds.last(sample.time))
    kept = last <= max(first * _MEMORY_MAY_GROW, first + _MEMORY_MAY_GROW_MB)
    rule = "last third ≤ first third + 5 % or 10 MB"
    return Promise(
        "memory flat after warm-up (median RSS)", rule, f"{first:.0f} → {last:.0f} MB", kept
    )


def about_files(samples: Sequence[Sample], thirds: Thirds, before: int, after: int) -> Promise:
    first = median(sample.files for sample in samples if thirds.first(sample.time))
    last = median(sample.files for sample in samples if thirds.last(sample.time))
    kept = last <= first + _FILES_MAY_GROW and after <= before + _FILES_MAY_GROW
    rule = f"last third ≤ first third + {_FILES_MAY_GROW}; the same for idle before and after"
    seen = f"{first:.0f} → {last:.0f}; idle {before} → {after}"
    return Promise("open files flat", rule, seen, kept)


def about_p95(
    good: Sequence[tuple[float, float]], samples: Sequence[Sample], thirds: Thirds
) -> Promise:
    """Held against the machine's own pace: others may begin to use it midway."""
    first = _p95([answer for answer in good if thirds.first(answer[0])])
    last = _p95([answer for answer in good if thirds.last(answer[0])])
    before = median(sample.work_s for sample in samples if thirds.first(sample.time))
    after = median(sample.work_s for sample in samples if thirds.last(sample.time))
    kept = last <= _P95_MAY_GROW * first * max(1.0, after / before)
    rule = f"last third ≤ {_P95_MAY_GROW:g} × first third, more where the machine slowed down"
    seen = (
        f"{first * 1000:.0f} → {last * 1000:.0f} ms; "
        f"the machine's own pace {before * 1000:.0f} → {after * 1000:.0f} ms"
    )
    return Promise("p95 of good answers stable", rule, seen, kept)


def _p95(good: Sequence[tuple[float, float]]) -> float:
    """Of usual seconds: a burst of other work on the machine is none of the server's doing."""
    pieces: dict[int, list[float]] = {}
    for when, took in good:
        pieces.setdefault(int(when / _PIECE_S), []).append(took)
    return median(quantiles(times, n=20)[-1] for times in pieces.values() if len(times) > 1)


def table_of(promises: Sequence[Promise]) -> str:
    lines = ["| promise | rule | seen | |", "|---|---|---|---|"]
    lines += [
        f"| {one.what} | {one.rule} | {one.seen} | {'✓' if one.kept else '✗'} |" for one in promises
    ]
    return "\n".join(lines)
