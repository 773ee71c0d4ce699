"""The likely interval of a true count, from observed differences between counts and truth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Tally = tuple[int, int, int]
"""Counted, true count, number of pictures with this pair."""
Interval = tuple[int, int]

# Among 19 differences, the smallest and the largest leave 5 % outside on either side in
# expectation; with fewer, a 90 % interval cannot be given.
_MIN_DIFFERENCES = 19
# A label's own pictures with other counts say more than other labels' pictures with this count;
# but errors grow with the count, so a count of 4 is judged by those from 1 to 7 at most.
_MAX_RELATIVE_REACH = 0.75


def likely_interval(pools: Iterable[Sequence[Tally]], counted: int) -> Interval | None:
    """The 90 % interval from the differences observed at this count or, if too few, near it.

    The first pool with enough differences decides. A count of 0 is judged by other counts of 0
    only: it can only be too low.
    """
    max_reach = math.ceil(counted * _MAX_RELATIVE_REACH)
    for tallies in pools:
        for reach in range(max_reach + 1):
            differences = _differences(tallies, counted, reach)
            if len(differences) >= _MIN_DIFFERENCES:
                rank = (len(differences) + 1) // 20  # 5 % on either side
                low, high = differences[rank - 1], differences[-rank]
                return max(0, counted + low), max(0, counted + high)
    return None


def _differences(tallies: Sequence[Tally], counted: int, reach: int) -> list[int]:
    """True count minus counted, sorted, of each picture whose count is within reach."""
    return sorted(
        true - other
        for other, true, pictures in tallies
        if abs(other - counted) <= reach and bool(other) == bool(counted)
        for _ in range(pictures)
    )
