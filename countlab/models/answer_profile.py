"""How a model answers where all is as it was: shares of labels, confidences, unfamiliar pictures.

Measured when it is trained or published, kept as `profile.json` in its folder, and held later
against what it answers from day to day.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from countlab.system.regular_file import read_regular
from countlab.system.whole_file import write_whole

PROFILE = "profile.json"
_MAX_BYTES = 1_000_000
BINS = 10
UNFAMILIAR = "unfamiliar_picture"


@dataclass(frozen=True)
class Answer:
    """What matters of one answer here."""

    counts: Mapping[str, int]
    confidence: float | None
    """The mean of its findings; None where nothing was found, or it was not kept."""
    unfamiliar: bool = False


@dataclass(frozen=True)
class AnswerProfile:
    """Numbers, not shares: how sure a share is depends on how many pictures are behind it."""

    pictures: int
    labels: Mapping[str, int]
    """How many findings had each label."""
    confidences: tuple[int, ...]
    """How many answers were in each tenth from 0 to 1."""
    unfamiliar: int
    measured_on: str = ""


def profile_of(answers: Iterable[Answer], *, measured_on: str = "") -> AnswerProfile:
    labels: Counter[str] = Counter()
    bins, pictures, unfamiliar = [0] * BINS, 0, 0
    for answer in answers:
        pictures += 1
        unfamiliar += answer.unfamiliar
        labels.update(answer.counts)
        if answer.confidence is not None:
            bins[min(BINS - 1, int(answer.confidence * BINS))] += 1
    return AnswerProfile(pictures, dict(labels), tuple(bins), unfamiliar, measured_on)


def write_profile(folder: Path, profile: AnswerProfile) -> None:
    text = json.dumps(asdict(profile), indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / PROFILE, text.encode())


def read_profile(folder: Path) -> AnswerProfile | None:
    """None where none was measured, or the file is not one."""
    try:
        found = json.loads(read_regular(folder / PROFILE, max_bytes=_MAX_BYTES))
        profile = AnswerProfile(**{**found, "confidences": tuple(found["confidences"])})
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return profile if len(profile.confidences) == BINS else None
