"""What the page sends back of an answer. Anybody may send anything: what it may be stands here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from countlab.findings import Box, Finding
from countlab.server.schemas import FindingSchema

Confidence = Annotated[float, Field(ge=0, le=1)]
_Edge = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Edges = tuple[_Edge, _Edge, _Edge, _Edge]
"""left, top, right, bottom in pixels of the upright picture"""


class SubmittedFinding(FindingSchema):
    confidence: Confidence
    box: Edges | None  # type: ignore[assignment]

    @property
    def finding(self) -> Finding:
        return Finding(self.label, self.confidence, Box(*self.box) if self.box else None)


SubmittedFindings = Annotated[list[SubmittedFinding], Field(max_length=2000)]
