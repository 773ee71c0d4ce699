"""Pictures that are the same or look alike, and where that lets a model cheat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from countlab.datasets.explore.survey import Surveyed
from countlab.imaging.fingerprint import near_pairs


@dataclass(frozen=True)
class Group:
    """Pictures that belong together."""

    pictures: tuple[Surveyed, ...]
    same_bytes: bool

    @property
    def leaks(self) -> bool:
        """Whether it stands in more than one part of the split: judged on what was learnt."""
        return len({each.part for each in self.pictures if each.part}) > 1

    @property
    def disputed(self) -> bool:
        """Whether its pictures have different labels: one of them is wrong."""
        return len({each.label for each in self.pictures if each.label}) > 1


def duplicates(pictures: Sequence[Surveyed]) -> list[Group]:
    """The same bytes under several names."""
    same: dict[str, list[Surveyed]] = defaultdict(list)
    for each in pictures:
        same[each.digest].append(each)
    return [Group(tuple(group), True) for group in same.values() if len(group) > 1]


def near_duplicates(pictures: Sequence[Surveyed]) -> list[Group]:
    """Re-saved, resized, mirrored: alike by the same measure that splits the data for training."""
    first = list({each.digest: each for each in pictures}.values())
    leader = list(range(len(first)))

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    for left, right in near_pairs([each.fingerprint for each in first]):
        leader[find(left)] = find(right)
    groups: dict[int, list[Surveyed]] = defaultdict(list)
    for at, each in enumerate(first):
        groups[find(at)].append(each)
    return [Group(tuple(group), False) for group in groups.values() if len(group) > 1]
