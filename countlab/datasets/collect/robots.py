"""robots.txt as RFC 9309 has it: the longest rule that fits decides; `*` and `$` are understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

_MAX_LINES = 20_000


@dataclass(frozen=True)
class Robots:
    """The rules for one robot on one site."""

    rules: tuple[tuple[str, bool], ...] = ()
    """Patterns of paths, and whether they allow."""
    delay_s: float = 0.0

    def allows(self, address: str) -> bool:
        parts = urlsplit(address)
        path = _plain(parts.path or "/") + (f"?{_plain(parts.query)}" if parts.query else "")
        fitting = [(len(pattern), allow) for pattern, allow in self.rules if _fits(pattern, path)]
        return max(fitting, default=(0, True))[1]


NOTHING_ALLOWED = Robots((("/", False),))


def parse_robots(text: str, robot: str) -> Robots:
    """The group of the robot's name, else that of `*`, else no rule at all."""
    groups: dict[str, list[tuple[str, str]]] = {}
    names: list[str] = []
    in_names = False
    for line in text.splitlines()[:_MAX_LINES]:
        field, colon, value = line.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if not colon:
            continue
        if field == "user-agent":
            names = [*names, value.lower()] if in_names else [value.lower()]
            in_names = True
            for name in names:
                groups.setdefault(name, [])
        else:
            in_names = False
            for name in names:
                groups[name].append((field, value))
    name = robot.lower()
    return _rules(groups[name] if name in groups else groups.get("*", []))


def _rules(lines: list[tuple[str, str]]) -> Robots:
    rules = [
        (_plain(value), field == "allow")
        for field, value in lines
        if field in ("allow", "disallow") and value
    ]
    delays = [float(value) for field, value in lines if field == "crawl-delay" and _number(value)]
    return Robots(tuple(rules), max(delays, default=0.0))


def _number(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text) is not None


def _plain(text: str) -> str:
    """One way of writing for what can be written in several."""
    return quote(unquote(text), safe="/*$?&=;:@!'()+,~%")


def _fits(pattern: str, path: str) -> bool:
    """From the path's beginning; without regular expressions, which a rule could make slow."""
    ends = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for place, piece in enumerate(rest):
        if ends and place == len(rest) - 1:
            return len(path) - at >= len(piece) and path.endswith(piece)
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not ends or at == len(path)
