"""Which pictures teach, which choose, which judge: decided once, by content, and kept as a file.

Pictures that look alike go to the same part. Nothing but the pictures' bytes decides, so the same
pictures are split alike on every machine, and a picture added later moves no other.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from countlab.imaging.fingerprint import near_pairs
from countlab.system.whole_file import write_whole
from countlab.training.material import Example

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (TRAIN, VALIDATION, TEST)


def split(
    examples: Sequence[Example],
    shares: tuple[float, float, float],
    *,
    earlier: Mapping[str, str] | None = None,
) -> list[str]:
    """A part for each example; `earlier` tells the parts that digests already have."""
    known = dict(earlier or {})
    parts: dict[int, str] = {}
    waiting: dict[tuple[int, str | None], list[list[int]]] = defaultdict(list)
    for group in _groups(examples):
        first = min(group, key=lambda at: examples[at].digest)
        digests = [examples[at].digest for at in group]
        before = next((known[digest] for digest in digests if digest in known), None)
        own = examples[first].part
        if before or own in (TEST, VALIDATION):
            part = before or own or TEST
            parts |= {at: known.get(examples[at].digest, part) for at in group}
        else:
            waiting[examples[first].label, examples[first].part].append(group)
    chosen = any(entry.part == VALIDATION for entry in examples)
    for (_, own), groups in waiting.items():
        kept = shares
        if own == TRAIN:
            kept = (1.0, 0.0, 0.0) if chosen else (shares[0] + shares[2], shares[1], 0.0)
        groups.sort(key=lambda group: min(examples[at].digest for at in group))
        parts |= _dealt(groups, kept)
    return [parts[at] for at in range(len(examples))]


def _dealt(groups: list[list[int]], shares: tuple[float, float, float]) -> dict[int, str]:
    """Group after group to the part that is furthest behind its share."""
    counts = dict.fromkeys(PARTS, 0)
    parts: dict[int, str] = {}
    for group in groups:
        total = sum(counts.values()) + len(group)
        behind = {p: share * total - counts[p] for p, share in zip(PARTS, shares, strict=True)}
        part = max(PARTS, key=lambda p: behind[p])
        counts[part] += len(group)
        parts |= dict.fromkeys(group, part)
    return parts


def _groups(examples: Sequence[Example]) -> list[list[int]]:
    """Indices of pictures that must stay together: the same bytes or group, or looking alike."""
    leader = list(range(len(examples)))

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    first: dict[tuple[str, str], int] = {}
    for at, entry in enumerate(examples):
        leader[find(at)] = find(first.setdefault(("digest", entry.digest), at))
        if entry.group:
            leader[find(at)] = find(first.setdefault(("group", entry.group), at))
    marked = [(at, e.fingerprint) for at, e in enumerate(examples) if e.fingerprint]
    for left, right in near_pairs([mark for _, mark in marked]):
        leader[find(marked[left][0])] = find(marked[right][0])
    groups: dict[int, list[int]] = defaultdict(list)
    for at in range(len(examples)):
        groups[find(at)].append(at)
    return list(groups.values())


def read_split(path: Path) -> dict[str, str]:
    """Digest to part; empty where there is no such file yet."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["digest"]: row["part"] for row in csv.DictReader(file)}


def write_split(path: Path, examples: Sequence[Example], parts: Sequence[str]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["digest", "part", "name"])
    rows = sorted({(e.name, e.digest, part) for e, part in zip(examples, parts, strict=True)})
    writer.writerows([digest, part, name] for name, digest, part in rows)
    write_whole(path, text.getvalue().encode())
