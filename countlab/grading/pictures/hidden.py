"""Hidden pictures: fruit cut-outs put together from a seed, with counts that are known exactly.

A picture is kept only where the built-in model counts every fruit of it right, and would also at
neighbouring confidences, recompressed or slightly resized: a right server is never punished for
what the detector misses.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from countlab.findings import Finding
from countlab.grading.pictures.composition import compose, decode, encode
from countlab.grading.pictures.reference import KINDS, Reference

STEADY_AT = (0.35, 0.5, 0.65)
CONFIDENCES = (0.3, 0.6, 0.9)
"""For a picture that is judged by how it changes alone."""
_CONFIDENCES = ((0.3, 0.35, 0.27, 0.4), (0.6, 0.56, 0.65, 0.52), (0.9, 0.87, 0.84, 0.8))
_MARGIN = 0.04  # no score of a confidence picture lies nearer to one of these
_MOST_TRIES = 400


@dataclass(frozen=True)
class HiddenPicture:
    """A picture nobody has seen, and how many of each fruit are in it."""

    data: bytes
    counts: Mapping[str, int]
    found_at: Mapping[float, Mapping[str, int]] = field(default_factory=dict)
    """For one that is to show the confidence's work: what is found at three confidences."""


@dataclass(frozen=True)
class HiddenSet:
    """All pictures of one student."""

    counting: tuple[HiddenPicture, ...]
    confidence: tuple[HiddenPicture, ...]


def hidden_set(
    seed: str, reference: Reference, *, counting: int = 6, confidence: int = 2
) -> HiddenSet:
    """The same for the same seed; every kind of fruit has differing counts over the set."""
    rng = random.Random(seed)
    wanted = _wanted_counts(rng, counting)
    pictures = tuple(_steady(rng, counts, reference) for counts in wanted)
    return HiddenSet(pictures, tuple(_graded(rng, reference) for _ in range(confidence)))


def _wanted_counts(rng: random.Random, number: int) -> list[dict[str, int]]:
    """Oranges 1, 2, 3, 4, 5 and more or none, in any order; the others vary beside them."""
    oranges = [1, 2, 3, 4, 5, rng.choice((0, 6))][:number]
    rng.shuffle(oranges)
    others = {kind: rng.sample((0, 1, 1, 2, 2, 3), 6)[:number] for kind in KINDS[1:]}
    wanted = []
    for place, count in enumerate(oranges):
        counts = {"orange": count}
        for kind in rng.sample(KINDS[1:], 2):
            counts[kind] = others[kind][place]
        if sum(counts.values()) == count:  # never oranges alone: all fruit is not the answer
            counts[rng.choice(KINDS[1:])] = rng.choice((1, 2))
        wanted.append({kind: counts.get(kind, 0) for kind in KINDS})
    return wanted


def _steady(rng: random.Random, counts: Mapping[str, int], reference: Reference) -> HiddenPicture:
    for _ in range(_MOST_TRIES):
        data = encode(compose(rng, counts))
        findings = reference.findings(data, 0.2)  # one look tells all confidences above
        if all(_by_kind(findings, at) == counts for at in STEADY_AT):
            again = encode(decode(data), quality=80)  # as another decoder or a resave changes it
            if reference.counts(again) == counts:
                return HiddenPicture(data, counts)
    raise RuntimeError(f"no steady picture of {counts}")


def _graded(rng: random.Random, reference: Reference) -> HiddenPicture:
    """Some fruits easy, some hard, so that each higher confidence finds fewer."""
    for _ in range(_MOST_TRIES):
        counts = {kind: rng.randint(1, 3) for kind in KINDS}
        data = encode(compose(rng, counts, hard=True))
        findings = reference.findings(data, 0.2)
        clear = [_clear(findings, choices) for choices in _CONFIDENCES]
        found = {at: _by_kind(findings, at) for at in clear if at is not None}
        sums = [sum(each.values()) for each in found.values()]
        oranges = [each["orange"] for each in found.values()]
        falling = len(sums) == len(clear) and sums[0] > sums[1] > sums[2] >= 1
        if falling and oranges[0] > oranges[-1]:
            return HiddenPicture(data, counts, found)
    raise RuntimeError("no picture whose count falls with the confidence")


def _clear(findings: Sequence[Finding], choices: Sequence[float]) -> float | None:
    """A confidence that no score lies near, so that a right server cannot differ by a hair."""
    for at in choices:
        if all(abs(each.confidence - at) >= _MARGIN for each in findings):
            return at
    return None


def _by_kind(findings: Sequence[Finding], confidence: float) -> dict[str, int]:
    found = Counter(each.label for each in findings if each.confidence > confidence)
    return {kind: found[kind] for kind in KINDS}
