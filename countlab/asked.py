"""What may be said beside a picture: in the terminal, over HTTP, in a notebook, the same words."""

from __future__ import annotations

from typing import TypedDict


class AskedAtAny(TypedDict, total=False):
    """What holds at any confidence. What is left out, or None, is the model's or the settings'."""

    model: str | None
    engine: str | None
    nms: float | None
    tiles: int | str | None


class Asked(AskedAtAny, total=False):
    """Everything: what is counted at one confidence."""

    confidence: float
