"""The answer that a lab's own clients expect: the names of its members, as data of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_CHOICES = {
    "class_as": ("text", "number"),
    "probabilities_as": ("object", "list"),
    "authorization": ("bearer", "plain"),
}


@dataclass(frozen=True)
class LabAnswer:
    """An entry's `[answer]` table; members that have no name are left out of the answer."""

    class_name: str = "class"
    class_as: str = "text"
    probability: str = "probability"
    probabilities: str = "probabilities"
    probabilities_as: str = "object"
    """`list` gives the probabilities in the order of the labels."""
    seconds: str = ""
    """How long it took; left out where it has no name."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """What the lab's clients call the labels, where they call them otherwise."""
    greeting: str = ""
    authorization: str = "bearer"
    """`plain`: the key itself stands in the Authorization header."""
    errors: Mapping[str, str] = field(default_factory=dict)
    """A sentence for the member `error`, by the problem's code."""


def read_answer(entry: Mapping[str, Any]) -> LabAnswer | None:
    """The table checked; None where a model has none."""
    if not entry:
        return None
    values = {"class_name" if name == "class" else name: value for name, value in entry.items()}
    if unknown := set(values) - set(LabAnswer.__dataclass_fields__):
        raise ValueError(f"[answer] does not know “{sorted(unknown)[0]}”")
    for name, value in values.items():
        if name in ("errors", "classes"):
            if not all(isinstance(text, str) for text in value.values()):
                raise ValueError(f"[answer.{name}] holds texts")
        elif not isinstance(value, str):
            raise ValueError(f"[answer] {name} is “{value}”; it must be text")
        elif name in _CHOICES and value not in _CHOICES[name]:
            raise ValueError(f"[answer] {name} is “{value}”; allowed: {', '.join(_CHOICES[name])}")
    return LabAnswer(**values)
