"""How the bytes of a request come in: counted as they arrive, for a limited time, into memory.

A picture is on disk only where somebody asked for it to be kept. Knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import anyio
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.system.deadline import Deadline

_ENVELOPE = 20_000  # bytes that a form puts around its pictures
_SLOW_START_S = 10.0
_SLOWEST = 20_000  # bytes a second, once the slow start is over
_MOST_FIELDS = 16  # form fields that are no files, and how large one may be
_LARGEST_FIELD = 65_536


class ClientDisconnected(Exception):  # noqa: N818 - reads as what happened
    """The connection closed while the body was on its way: there is nobody to answer."""


class Limits:
    """How many bytes a request may bring, by its address."""

    def __init__(self, settings: Settings) -> None:
        self._one, self._together = settings.max_bytes, settings.max_batch_bytes

    def weight(self, path: str) -> int:
        """How many pictures of the largest size a request may be, in memory."""
        return max(1, self._together // self._one) if _is_batch(path) else 1

    def check(self, path: str, arrived: int) -> None:
        if _is_batch(path):
            if arrived > self._together + _ENVELOPE:
                raise CountlabError(
                    "too_many_bytes_together", arrived=arrived, allowed=self._together
                )
        elif arrived > self._one + _ENVELOPE:
            raise CountlabError("too_many_bytes", arrived=arrived, allowed=self._one)


def _is_batch(path: str) -> bool:
    return path.endswith("/batch")


def declared_length(scope: Scope) -> int:
    """What the client says it will send; 0 where it does not say, as in chunked bodies."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def read_body(scope: Scope, receive: Receive, limits: Limits, patience: Deadline) -> bytes:
    """The whole body; a sender must get going in ten seconds, and then be no slower than 20 kB/s.

    Time grows with what has arrived: who drips single bytes is cut off, who has a slow line not.
    """
    chunks: list[bytes] = []
    arrived, start, more = 0, anyio.current_time(), True
    end = start + patience.left_s
    with anyio.CancelScope(deadline=min(end, start + _SLOW_START_S)) as waiting:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            chunk, more = message.get("body", b""), message.get("more_body", False)
            arrived += len(chunk)
            limits.check(scope["path"], arrived)
            chunks.append(chunk)
            waiting.deadline = min(end, start + _SLOW_START_S + arrived / _SLOWEST)
    if waiting.cancelled_caught:
        seconds = round(anyio.current_time() - start)
        raise CountlabError("too_slow_sender", arrived=arrived, seconds=seconds)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class _Parser(MultiPartParser):
    """Starlette's, without its files on disk: the body is in memory already, and is limited."""

    spool_max_size = 2**40
    begun = complete = False

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self.begun = True

    def on_end(self) -> None:
        self.complete = True


class FormRequest(Request):
    """A request whose form has few fields, and files that stay in memory."""

    async def form(self, **_: Any) -> FormData:  # type: ignore[override]
        if self._form is None:
            kind = self.headers.get("content-type", "").lower()
            if not kind.startswith("multipart/form-data"):
                return await super().form(max_fields=_MOST_FIELDS, max_part_size=_LARGEST_FIELD)
            allowed = self.app.state.lab.pipeline.settings.max_batch
            parser = _Parser(
                Headers(raw=self.scope["headers"]),
                self.stream(),
                max_files=allowed,
                max_fields=_MOST_FIELDS,
                max_part_size=_LARGEST_FIELD,
            )
            try:
                self._form = await parser.parse()
            except MultiPartException as reason:
                if reason.message.startswith("Too many files"):
                    raise CountlabError(
                        "too_many_pictures", arrived=f"> {allowed}", allowed=allowed
                    ) from reason
                raise CountlabError("bad_request", reason=reason.message.rstrip(".")) from reason
            if parser.begun and not parser.complete:
                raise CountlabError("torn_form")
        return self._form


class FormRoute(APIRoute):
    """A route whose forms are read by the rules above; also those that a student adds."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_form(request: Request) -> Response:
            with_form = FormRequest(request.scope, request.receive)
            if self.body_field is not None:
                await with_form.form()  # here, as FastAPI makes a plain 400 of whatever is wrong
            return await handle(with_form)

        return handle_form
