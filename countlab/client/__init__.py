"""The HTTP clients for a countlab server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from countlab.client.answers import (
    BatchAnswer,
    CountAnswer,
    ExplainAnswer,
    PictureAnswer,
    SweepAnswer,
)
from countlab.client.client import Client, ServerRefused
from countlab.client.pictures import Upload

if TYPE_CHECKING:
    from countlab.client.async_client import AsyncClient

__all__ = [
    "AsyncClient",
    "BatchAnswer",
    "Client",
    "CountAnswer",
    "ExplainAnswer",
    "PictureAnswer",
    "ServerRefused",
    "SweepAnswer",
    "Upload",
]


def __getattr__(name: str) -> Any:
    """`AsyncClient` brings asyncio along, which a program without it need not load."""
    if name == "AsyncClient":
        from countlab.client.async_client import AsyncClient

        return AsyncClient
    raise AttributeError(f"module 'countlab.client' has no attribute {name!r}")
