"""What a soak must show, from what was seen; and the table that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

_WARM_UP = 0.2  # of the whole time
_MEMORY_MAY_GROW = 1.05
_MEMORY_MAY_GROW_MB = 10.0
_FILES_MAY_GROW = 3
_P95_MAY_GROW = 2.0  # the machine may do other things beside


@dataclass(frozen=True)
class Sample:
    """The server at one moment."""

    time: float
    memory_mb: float
    files: int


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
        return self.start + _WARM_UP * (self.end - self.start)

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


def about_p95(good: Sequence[tuple[float, float]], thirds: Thirds) -> Promise:
    first = _p95([took for when, took in good if thirds.first(when)])
    last = _p95([took for when, took in good if thirds.last(when)])
    rule = f"last third ≤ {_P95_MAY_GROW:g} × first third"
    seen = f"{first * 1000:.0f} → {last * 1000:.0f} ms"
    return Promise("p95 of good answers stable", rule, seen, last <= _P95_MAY_GROW * first)


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1]


def table_of(promises: Sequence[Promise]) -> str:
    lines = ["| promise | rule | seen | |", "|---|---|---|---|"]
    lines += [
        f"| {one.what} | {one.rule} | {one.seen} | {'✓' if one.kept else '✗'} |" for one in promises
    ]
    return "\n".join(lines)
