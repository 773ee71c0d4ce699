"""The promises that a soak checks, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

_WARM_UP_SHARE = 0.2  # of the duration, and at least
_WARM_UP_S = 30.0  # until the heaps have grown
_MAX_MEMORY_GROWTH = 1.05
_MAX_MEMORY_GROWTH_MB = 10.0
_MAX_FILE_GROWTH = 10  # the history opens connections with need: up to five, two files each
_MAX_P95_GROWTH = 2.0
_P95_WINDOW_S = 3.0


@dataclass(frozen=True)
class Sample:
    """The server at one moment."""

    time: float
    memory_mb: float
    files: int
    work_s: float
    """Duration of a fixed piece of work outside the server: the speed of the machine."""


@dataclass(frozen=True)
class Promise:
    """One line of the table."""

    name: str
    rule: str
    result: str
    kept: bool


@dataclass(frozen=True)
class Thirds:
    """The time after warm-up in three parts, of which the first and the last are compared."""

    start: float
    end: float

    @property
    def warm(self) -> float:
        duration_s = self.end - self.start
        return self.start + max(_WARM_UP_SHARE * duration_s, min(_WARM_UP_S, duration_s / 2))

    def first(self, time: float) -> bool:
        return self.warm <= time < self.warm + (self.end - self.warm) / 3

    def last(self, time: float) -> bool:
        return self.end - (self.end - self.warm) / 3 <= time <= self.end


def check_memory(samples: Sequence[Sample], thirds: Thirds) -> Promise:
    first = median(sample.memory_mb for sample in samples if thirds.first(sample.time))
    last = median(sample.memory_mb for sample in samples if thirds.last(sample.time))
    kept = last <= max(first * _MAX_MEMORY_GROWTH, first + _MAX_MEMORY_GROWTH_MB)
    rule = "last third ≤ first third + 5 % or 10 MB"
    return Promise(
        "memory flat after warm-up (median RSS)", rule, f"{first:.0f} → {last:.0f} MB", kept
    )


def check_open_files(samples: Sequence[Sample], thirds: Thirds, before: int, after: int) -> Promise:
    first = median(sample.files for sample in samples if thirds.first(sample.time))
    last = median(sample.files for sample in samples if thirds.last(sample.time))
    kept = last <= first + _MAX_FILE_GROWTH and after <= before + _MAX_FILE_GROWTH
    rule = f"last third ≤ first third + {_MAX_FILE_GROWTH}; the same for idle before and after"
    result = f"{first:.0f} → {last:.0f}; idle {before} → {after}"
    return Promise("open files flat", rule, result, kept)


def check_p95(
    responses: Sequence[tuple[float, float]], samples: Sequence[Sample], thirds: Thirds
) -> Promise:
    """Relative to the speed of the machine, which others may start to use meanwhile."""
    first = _p95([response for response in responses if thirds.first(response[0])])
    last = _p95([response for response in responses if thirds.last(response[0])])
    before = median(sample.work_s for sample in samples if thirds.first(sample.time))
    after = median(sample.work_s for sample in samples if thirds.last(sample.time))
    kept = last <= _MAX_P95_GROWTH * first * max(1.0, after / before)
    rule = f"last third ≤ {_MAX_P95_GROWTH:g} × first third, more where the machine slowed down"
    result = (
        f"{first * 1000:.0f} → {last * 1000:.0f} ms; "
        f"speed of the machine {before * 1000:.0f} → {after * 1000:.0f} ms"
    )
    return Promise("p95 of counts stable", rule, result, kept)


def _p95(responses: Sequence[tuple[float, float]]) -> float:
    """The median over short windows, so that a burst of other work does not count."""
    windows: dict[int, list[float]] = {}
    for time, duration_s in responses:
        windows.setdefault(int(time / _P95_WINDOW_S), []).append(duration_s)
    return median(quantiles(times, n=20)[-1] for times in windows.values() if len(times) > 1)


def format_table(promises: Sequence[Promise]) -> str:
    lines = ["| promise | rule | result | |", "|---|---|---|---|"]
    lines += [
        f"| {promise.name} | {promise.rule} | {promise.result} | {'✓' if promise.kept else '✗'} |"
        for promise in promises
    ]
    return "\n".join(lines)
