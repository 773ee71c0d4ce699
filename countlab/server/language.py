"""The language of a response, from the request's `Accept-Language`."""

from __future__ import annotations

from fastapi import Request

from countlab.messages import Language, pick_language


def language_of(request: Request) -> Language:
    return pick_language(request.headers.get("accept-language", ""))
