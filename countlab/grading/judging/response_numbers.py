"""The numbers in a server's answer, each with the place where it stands.

A count may come as a bare number, a member of an object, the length of a list or a word in a
sentence: the place that is right for most pictures is where the student's server counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from countlab.grading.judging.server_response import Answer

_MOST_PLACES = 300
_TELLING = ("count", "cant", "cont", "num", "total", "orange", "naranja", "n")


def numbers(answer: Answer) -> dict[str, int]:
    """Whole numbers by place, such as `$.count` or `$.boxes#`; none in an error or a picture."""
    if not answer.ok or answer.is_picture:
        return {}
    value = answer.json()
    if value is None:
        value = answer.body.decode("utf-8", "replace")[:10_000]
    found: dict[str, int] = {}
    for place, number in _walk(value, "$"):
        if len(found) < _MOST_PLACES:
            found.setdefault(place, number)
    return found


def best_place(found: Sequence[dict[str, int]], truth: Sequence[int]) -> tuple[str, int]:
    """The place that is right most often, and how often; telling names win a tie."""
    places = {place for each in found for place in each}
    best = ("", 0)
    for place in sorted(places, key=_untelling):
        right = sum(each.get(place) == true for each, true in zip(found, truth, strict=True))
        if right > best[1]:
            best = (place, right)
    return best


def put_number(value: Any, place: str, number: int) -> Any:
    """The same answer with another number at that place; a list grows or shrinks to it."""
    return _put(value, place, number, "$")


def _walk(value: Any, place: str, depth: int = 0) -> Iterator[tuple[str, int]]:
    if isinstance(value, bool) or value is None or depth > 6:
        return
    if isinstance(value, int | float) and abs(value) < 10**6:
        if float(value).is_integer():
            yield place, int(value)
    elif isinstance(value, str):
        for position, word in enumerate(re.findall(r"(?<![\w.])\d{1,4}(?![\w.]*\d)", value)[:5]):
            yield f"{place}~{position}", int(word)
    elif isinstance(value, list):
        yield f"{place}#", len(value)
        for position, each in enumerate(value[:10]):
            yield from _walk(each, f"{place}[{position}]", depth + 1)
    elif isinstance(value, dict):
        for name, each in list(value.items())[:40]:
            yield from _walk(each, f"{place}.{name}", depth + 1)


def _put(value: Any, place: str, number: int, here: str) -> Any:
    if here == place:
        return number
    if isinstance(value, dict):
        return {name: _put(each, place, number, f"{here}.{name}") for name, each in value.items()}
    if isinstance(value, list):
        if place == f"{here}#":
            return ((value or [0]) * (number + 1))[:number]
        return [_put(each, place, number, f"{here}[{n}]") for n, each in enumerate(value)]
    if isinstance(value, str) and place.startswith(f"{here}~"):
        return re.sub(r"\d+", str(number), value, count=1)
    return value


def _untelling(place: str) -> tuple[bool, int, str]:
    last = place.rpartition(".")[2].lower()
    return not any(part in last for part in _TELLING), len(place), place
