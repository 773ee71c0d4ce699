"""Request schemas of the page's routes: submitted findings, with bounds against abuse."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from countlab.findings import Box, Finding

Confidence = Annotated[float, Field(ge=0, le=1)]
_Edge = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Edges = tuple[_Edge, _Edge, _Edge, _Edge]
"""left, top, right, bottom in pixels of the upright picture"""


class SubmittedFinding(BaseModel):
    label: str
    confidence: Confidence
    box: Edges | None

    @property
    def finding(self) -> Finding:
        return Finding(self.label, self.confidence, Box(*self.box) if self.box else None)


SubmittedFindings = Annotated[list[SubmittedFinding], Field(max_length=2000)]
