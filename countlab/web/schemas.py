"""Earlier answers of this server, sent back by the page: told from others by their signature."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field

from countlab.errors import CountlabError
from countlab.findings import Box, Finding
from countlab.server.signatures import Signer

MAX_ANSWER_BYTES = 600_000
_MAX_FINDINGS = 2000
_Edge = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Edges = tuple[_Edge, _Edge, _Edge, _Edge]
"""left, top, right, bottom in pixels of the upright picture"""


@dataclass(frozen=True)
class OwnAnswer:
    """What this server once answered to /countObjects or /sweep."""

    content: dict[str, Any]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(entry["label"], entry["confidence"], entry["box"] and Box(*entry["box"]))
            for entry in self.content["findings"]
        )

    @property
    def floor(self) -> float:
        """The lowest confidence of its findings."""
        steps = self.content.get("steps")
        return float(steps[0]["confidence"] if steps else self.content["confidence"])


def read_own_answer(request: Request, answer: str, signature: str) -> OwnAnswer:
    """The answer, if it is signed by this server; `answer_not_signed` otherwise."""
    signer: Signer = request.app.state.signer
    if not signer.is_own(answer.encode("utf-8", "replace"), signature):
        raise CountlabError("answer_not_signed")
    own = OwnAnswer(json.loads(answer))
    number = len(own.content["findings"])
    if number > _MAX_FINDINGS:
        raise CountlabError("answer_too_large", arrived=number, allowed=_MAX_FINDINGS)
    return own
