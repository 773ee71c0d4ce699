"""Models that follow the registry: which alias, which version, and how that goes.

What the follower writes and servers read; neither knows the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.messages import Language
from countlab.models.version_folder import VERSIONS
from countlab.system.whole_file import write_whole

CHAMPION, CANDIDATE = "champion", "candidate"
_STATUS = "following.json"


@dataclass(frozen=True)
class Followed:
    """A registered model and the alias that says which version is wanted."""

    name: str
    alias: str

    @property
    def link(self) -> str:
        """What the model is called here: the champion by its name alone."""
        return self.name if self.alias == CHAMPION else f"{self.name}@{self.alias}"


@dataclass
class State:
    """What an operator wants to know of one followed alias."""

    version: str | None = None
    since: float = 0.0
    registry: str = "ok"
    """Or `away`."""
    refused: str | None = None
    """The version that was wanted and is not served."""
    reason: Mapping[str, str] | None = None
    """Why, by language."""


def read_followed(text: str) -> Followed:
    """`weather@champion`; the champion is meant where no alias is named."""
    match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?:@([A-Za-z][A-Za-z0-9_-]{0,49}))?",
                         text)  # fmt: skip
    if match is None:
        raise CountlabError("bad_alias", arrived=text)
    return Followed(match[1], match[2] or CHAMPION)


def write_status(models: Path, states: Mapping[str, State]) -> None:
    """Only when something has changed."""
    text = json.dumps({name: asdict(state) for name, state in states.items()})
    path = models / VERSIONS / _STATUS
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_whole(path, text.encode())


def read_status(models: Path, language: Language = "en") -> dict[str, dict[str, Any]]:
    """What the follower of this models folder last said; empty where that cannot be read."""
    try:
        found: dict[str, dict[str, Any]] = json.loads(
            (models / VERSIONS / _STATUS).read_text(encoding="utf-8")
        )
        for state in found.values():
            state["reason"] = state["reason"] and state["reason"][language]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
    return found
