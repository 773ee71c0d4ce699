"""Which language a client wants to be answered in."""

from __future__ import annotations

from fastapi import Request

from countlab.messages import Language, pick_language


def language_of(request: Request) -> Language:
    return pick_language(request.headers.get("accept-language", ""))
