"""The likely interval of a true count, from observed differences between counts and truth.

Full conformal prediction: a difference is left out only if, put among the observed ones, it and
those that fit in no better are at most one in ten. Whatever the differences look like, the next
picture of the same kind then lies inside at least nine times in ten.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

Tally = tuple[int, int, int]
"""Counted, true count, number of pictures with this pair."""
Interval = tuple[int, int]

_MISSED = 0.1  # of the true counts, at most
# Of fewer than ten differences and one more, each is more than one in ten: nothing can be left out.
# With twenty a single odd picture can: it and the next like it would be two of 21.
_MIN_DIFFERENCES, _MIN_OF_ZEROS = 20, 10
# A label's own pictures with other counts say more than other labels' pictures with this count;
# but errors grow with the count, so a count of 4 is judged by those from 1 to 7 at most.
_MAX_RELATIVE_REACH = 0.75
_NEIGHBOR = 0.5  # what a difference says of one that is larger or smaller by one


def likely_interval(pools: Iterable[Sequence[Tally]], counted: int) -> Interval | None:
    """The 90 % interval from the differences observed at this count or, if too few, near it.

    The first pool with enough differences decides. A count of 0 is judged by other counts of 0
    only: it can only be too low.
    """
    max_reach = math.ceil(counted * _MAX_RELATIVE_REACH)
    needed = _MIN_DIFFERENCES if counted else _MIN_OF_ZEROS
    for tallies in pools:
        for reach in range(max_reach + 1):
            differences = _differences(tallies, counted, reach)
            if sum(differences.values()) >= needed:
                low, high = _range(differences)
                return max(0, counted + low), max(0, counted + high)
    return None


def _range(observed: Mapping[int, int]) -> Interval:
    """From the least difference that is not left out to the greatest."""
    low, high = min(observed), max(observed)
    while low < high and _share_as_strange(low, observed) <= _MISSED:
        low += 1
    while low < high and _share_as_strange(high, observed) <= _MISSED:
        high -= 1
    while _share_as_strange(low - 1, observed) > _MISSED:
        low -= 1
    while _share_as_strange(high + 1, observed) > _MISSED:
        high += 1
    return low, high


def _share_as_strange(difference: int, observed: Mapping[int, int]) -> float:
    """The share of all differences, this one among them, that fit in no better than this one."""
    together = Counter(observed)
    together[difference] += 1
    fit = {
        one: sum(number * _NEIGHBOR ** abs(one - other) for other, number in together.items())
        for one in together
    }
    strange = sum(number for one, number in together.items() if fit[one] <= fit[difference])
    return strange / sum(together.values())


def _differences(tallies: Sequence[Tally], counted: int, reach: int) -> Counter[int]:
    """True count minus counted, of the pictures whose count is within reach."""
    differences: Counter[int] = Counter()
    for other, true, pictures in tallies:
        if abs(other - counted) <= reach and bool(other) == bool(counted):
            differences[true - other] += pictures
    return differences
