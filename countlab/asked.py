"""What may be said beside a picture: in the terminal, over HTTP, in a notebook, the same words."""

from __future__ import annotations

from typing import TypedDict


class Asked(TypedDict, total=False):
    """What is left out, or None, is the model's own or the settings'."""

    model: str | None
    engine: str | None
    confidence: float
    nms: float | None
