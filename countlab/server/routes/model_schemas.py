"""What `/models` answers, as types: for `/docs` and for who writes a client."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict


class ModelJson(TypedDict):
    name: str
    title: str
    task: str
    origin: str
    version: str | None
    """Its number in the registry; None for a model that came from none."""
    following: dict[str, Any] | None
    """How following its alias goes: `version`, `since`, `registry` (ok, away), and the version
    that was `refused`, with the `reason`."""
    on_disk: bool
    """False: the first request that names it fetches it."""
    bytes: int | None
    input: list[int] | None
    labels: list[str]
    names: dict[str, dict[str, str]]
    """Labels in other languages: by language, by label."""
    nms: float
    licence: str | None
    counting_error: dict[str, Any] | None
    """How far off its counts were where the truth was known."""


class ModelsJson(TypedDict):
    default: str
    models: list[ModelJson]
    unreadable: list[str]
    """Model folders that are not understood, each with the reason."""
