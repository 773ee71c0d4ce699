"""Error profile of a model: measured counting errors, and the likely range of a true count.

`evaluation` measures a profile; it is stored as JSON beside the model or in the user's home. A
profile belongs to the exact files it was measured with: other weights or labels of the same name
do not inherit it. Nothing is said where nothing was measured.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.findings import Finding
from countlab.models.alarms import Alarms, alarms_from_json
from countlab.models.catalog import Model
from countlab.models.evidence import Evidence, evidence
from countlab.models.likely_interval import Interval as Interval
from countlab.models.likely_interval import Tally as Tally
from countlab.models.likely_interval import likely_interval as likely_interval
from countlab.system.regular_file import read_regular
from countlab.system.sha256 import sha256_of

Steps = Mapping[float, Mapping[str, Sequence[Tally]]]
"""Tallies by confidence and by kind of evidence."""

STEPS_PER_ONE = 20  # measured at 0.20, 0.25, … 0.95
_MAX_BYTES, _MAX_NUMBER = 20_000_000, 1_000_000_000


@dataclass(frozen=True)
class ErrorProfile:
    """The measured errors of one model in one precision."""

    model: str
    precision: str
    nms: float
    files: Mapping[str, str]
    measured_on: str
    pictures: int
    labels: Mapping[str, Steps]
    """Of labels that a picture shows, and of every label in pictures without any."""
    all_labels: Steps
    """Total counts over all labels, of pictures where all of them are known."""
    alarms: Alarms = field(default_factory=Alarms)
    _intervals: dict[tuple[str | None, float, str, int], Interval | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    def likely(
        self, label: str | None, *, confidence: float, nms: float, seen: Sequence[Finding]
    ) -> Interval | None:
        """The 90 % interval of the true count; between two measured steps, the union of both.

        `seen` is everything found from LOWEST upwards, of every label. Of a picture unlike those
        that were measured, their errors tell nothing.
        """
        if nms != self.nms or self.alarms.is_unfamiliar(seen):
            return None
        shown = evidence(seen, label, confidence)
        position = round(confidence * STEPS_PER_ONE, 6)
        steps = {step / STEPS_PER_ONE for step in (math.floor(position), math.ceil(position))}
        at_steps = [self._interval_at(label, step, shown) for step in steps]
        intervals = [interval for interval in at_steps if interval]
        if len(intervals) < len(at_steps):
            return None
        low, high = min(low for low, _ in intervals), max(high for _, high in intervals)
        return low, max(high, shown.possible)

    def _interval_at(self, label: str | None, step: float, shown: Evidence) -> Interval | None:
        key = label, step, shown.kind, shown.counted
        if key not in self._intervals:
            pools = self._pools(label, step, shown.kind)
            self._intervals[key] = likely_interval(pools, shown.counted)
        return self._intervals[key]

    def _pools(self, label: str | None, step: float, kind: str) -> list[Sequence[Tally]]:
        """The label's own tallies of this kind, then wider ones, for where these are too few."""
        total = self.all_labels.get(step, {})
        if label is None:
            return [total.get(kind, ()), _joined([total])]
        if label not in self.labels:
            return []
        own = self.labels[label].get(step, {})
        every = [steps.get(step, {}) for steps in self.labels.values()]
        # Where nothing at all was found, the label asked for makes no difference.
        first = [total.get(kind, ())] if kind == "nothing" else []
        of_kind = [tally for kinds in every for tally in kinds.get(kind, ())]
        return [*first, own.get(kind, ()), of_kind, _joined([own]), _joined(every)]

    def as_json(self) -> dict[str, Any]:
        return {
            "about": "counted, true, in how many pictures: by label, confidence, kind of evidence",
            "model": self.model,
            "precision": self.precision,
            "nms": self.nms,
            "files": dict(self.files),
            "measured_on": self.measured_on,
            "pictures": self.pictures,
            "labels": {label: _steps_as_json(steps) for label, steps in self.labels.items()},
            "everything": _steps_as_json(self.all_labels),
            "alarms": self.alarms.as_json(),
        }

    def summary(self, confidence: float = 0.5) -> dict[str, Any]:
        """Per label at one confidence: the share of exact counts and the mean absolute error."""
        return {
            "measured_on": self.measured_on,
            "pictures": self.pictures,
            "precision": self.precision,
            "confidence": confidence,
            "by_label": {
                label: _summarize(_joined([steps.get(confidence, {})]))
                for label, steps in self.labels.items()
            },
        }


def _joined(many: Iterable[Mapping[str, Sequence[Tally]]]) -> list[Tally]:
    return [tally for kinds in many for tallies in kinds.values() for tally in tallies]


def _summarize(tallies: Sequence[Tally]) -> dict[str, Any]:
    pictures = sum(number for _, _, number in tallies)
    exact = sum(number for counted, true, number in tallies if counted == true)
    error = sum(abs(counted - true) * number for counted, true, number in tallies)
    return {
        "pictures": pictures,
        "exact": round(exact / pictures, 3) if pictures else None,
        "mean_absolute_error": round(error / pictures, 3) if pictures else None,
    }


def load_error_profile(model: Model, precision: str, home: Path) -> ErrorProfile | None:
    """The profile of exactly these files: the user's own measurement, or the one shipped."""
    for path in (_path_in_home(model, precision, home), _path_beside(model, precision)):
        profile = _read(path, path.stat().st_mtime_ns) if path.is_file() else None
        if profile and profile.precision == precision and profile.files == file_hashes(model):
            return profile
    return None


def save_error_profile(profile: ErrorProfile, model: Model, home: Path) -> Path:
    """Saves beside a user's own model; for any other model, in the user's home."""
    if model.origin == "own":
        path = _path_beside(model, profile.precision)
    else:
        path = _path_in_home(model, profile.precision, home)
    text = json.dumps(profile.as_json(), indent=1, ensure_ascii=False)
    nested_list = re.compile(r"\[\s+\[.*?\]\s+\]", flags=re.S)  # written on one line
    text = nested_list.sub(lambda match: re.sub(r"\s", "", match[0]), text)
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as reason:
        raise CountlabError("cannot_write", path=path, reason=reason.strerror) from reason
    return path


def file_hashes(model: Model) -> dict[str, str]:
    """The SHA-256 of every file that decides a count: network, weights, labels."""
    stated = {model.folder / file.name: file.sha256 for file in model.files.values()}
    return {
        path.name: sha256 or _current_sha256(path)
        for path, sha256 in {**stated, model.labels_file: stated.get(model.labels_file)}.items()
    }


def _path_in_home(model: Model, precision: str, home: Path) -> Path:
    return home / "errors" / f"{model.name}-{precision}.json"


def _path_beside(model: Model, precision: str) -> Path:
    return model.folder / f"counting-error-{precision}.json"


def _current_sha256(path: Path) -> str:
    if not path.is_file():
        return "not here"
    status = path.stat()
    return _cached_sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _cached_sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    return sha256_of(path)


@lru_cache(maxsize=64)
def _read(path: Path, _mtime_ns: int) -> ErrorProfile | None:
    """None for a damaged file: counting goes on without a profile."""
    try:
        data = json.loads(read_regular(path, max_bytes=_MAX_BYTES))
        return ErrorProfile(
            model=data["model"],
            precision=data["precision"],
            nms=float(data["nms"]),
            files=data["files"],
            measured_on=str(data["measured_on"]),
            pictures=_number(data["pictures"]),
            labels={label: _steps_from_json(steps) for label, steps in data["labels"].items()},
            all_labels=_steps_from_json(data["everything"]),
            alarms=alarms_from_json(data.get("alarms", {})),
        )
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError,
            RecursionError):  # fmt: skip
        return None


def _steps_as_json(steps: Steps) -> dict[str, dict[str, list[list[int]]]]:
    return {
        f"{step:.2f}": {kind: [list(tally) for tally in tallies] for kind, tallies in kinds.items()}
        for step, kinds in steps.items()
    }


def _steps_from_json(data: Mapping[str, Any]) -> Steps:
    """Files of earlier versions have one list a step, of no kind."""
    return {
        float(step): {
            kind: tuple((_number(counted), _number(true), _number(n)) for counted, true, n in rows)
            for kind, rows in (kinds if isinstance(kinds, Mapping) else {"": kinds}).items()
        }
        for step, kinds in data.items()
    }


def _number(value: Any) -> int:
    number = int(value)
    if not 0 <= number <= _MAX_NUMBER:
        raise ValueError(f"{number} is no number of objects or pictures")
    return number
