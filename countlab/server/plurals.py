"""Plurals of labels, as the routes such as `/countOranges` use them."""

from __future__ import annotations

from countlab.errors import CountlabError, closest
from countlab.models.catalog import Model

_IRREGULAR = {
    "person": "people",
    "mouse": "mice",
    "knife": "knives",
    "sheep": "sheep",
    "skis": "skis",
    "scissors": "scissors",
}


def plural_of(label: str) -> str:
    """`traffic light` → `TrafficLights`, `bus` → `Buses`, `person` → `People`."""
    *first, last = label.split()
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        last += "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return "".join(word[:1].upper() + word[1:] for word in [*first, last])


def label_of(plural: str, model: Model) -> str:
    """The label of a plural in any letter case; `unknown_object` lists the closest label first."""
    by_plural = {plural_of(label).lower(): label for label in model.labels}
    if plural.lower() in by_plural:
        return by_plural[plural.lower()]
    suggestion = by_plural.get(closest(plural, by_plural) or "")
    known = sorted(model.labels, key=lambda label: (label != suggestion, label))
    raise CountlabError("unknown_object", model=model.name, arrived=plural, known=known)
