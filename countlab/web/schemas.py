"""What the page sends back to the server, as types."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

_Edge = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Edges = tuple[_Edge, _Edge, _Edge, _Edge]
"""left, top, right, bottom in pixels of the upright picture"""
