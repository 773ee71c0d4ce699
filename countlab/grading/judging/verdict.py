"""What a check says: how much of it was reached, and why, by a code with its facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from countlab.messages import Language, Text, render

RIGHT = "grade_right"
_SHARED = re.compile("^(predict|count)_(?=bad_value|text_file|parallel)")  # said alike of both


@dataclass(frozen=True)
class Verdict:
    """`credit` from 0 to 1; the code's sentences stand in messages.toml."""

    check: str
    credit: float
    code: str = RIGHT
    facts: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: Language) -> Text:
        return render(self.code, language, self.facts)

    def as_json(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "credit": self.credit,
            "code": self.code,
            "facts": dict(self.facts),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        return cls(data["check"], float(data["credit"]), data["code"], data["facts"])


def failed(check: str, reason: str, /, credit: float = 0, **facts: Any) -> Verdict:
    """`failed("count_right", "all_objects")` is explained by `grade_count_right_all_objects`."""
    name = _SHARED.sub("", check)
    return Verdict(check, round(credit, 4), f"grade_{name}_{reason}", facts)


def right(check: str) -> Verdict:
    return Verdict(check, 1.0)
