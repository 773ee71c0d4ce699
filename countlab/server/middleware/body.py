"""Request bodies and forms: size limits, minimum speed, and parsing in memory.

Uploads are never spooled to disk. Knows nothing of pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import anyio
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.system.deadline import Deadline

_FORM_OVERHEAD_BYTES = 20_000  # boundaries and headers that a form puts around its pictures
_GRACE_S = 10.0  # before the minimum speed applies
_MIN_BYTES_PER_S = 20_000
_MAX_FIELDS = 16  # form fields that are not files
_MAX_FIELD_BYTES = 65_536


class ClientDisconnected(Exception):  # noqa: N818 - reads as what happened
    """The connection closed while the body was arriving, so no response can be sent."""


class BodyLimits:
    """How many bytes a request may have, depending on its path."""

    def __init__(self, settings: Settings) -> None:
        self._max_bytes, self._max_batch_bytes = settings.max_bytes, settings.max_batch_bytes

    def weight(self, path: str) -> int:
        """How many pictures of the largest size the body may hold, for the memory it takes."""
        return max(1, self._max_batch_bytes // self._max_bytes) if _is_batch(path) else 1

    def check(self, path: str, received_bytes: int) -> None:
        code, allowed = "too_many_bytes", self._max_bytes
        if _is_batch(path):
            code, allowed = "too_many_bytes_together", self._max_batch_bytes
        if received_bytes > allowed + _FORM_OVERHEAD_BYTES:
            raise CountlabError(code, arrived=received_bytes, allowed=allowed)


def _is_batch(path: str) -> bool:
    return path.endswith("/batch")


def content_length(scope: Scope) -> int:
    """The declared length of the body; 0 where none is declared, as in chunked bodies."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def read_body(
    scope: Scope, receive: Receive, limits: BodyLimits, deadline: Deadline
) -> bytes:
    """The complete body; a client must send 20 kB/s on average after a grace of ten seconds.

    The time allowed grows with the bytes received: single bytes that drip in are cut off, a slow
    line is not.
    """
    chunks: list[bytes] = []
    received_bytes, start, more = 0, anyio.current_time(), True
    end = start + deadline.remaining_s
    with anyio.CancelScope(deadline=min(end, start + _GRACE_S)) as timeout:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            chunk, more = message.get("body", b""), message.get("more_body", False)
            received_bytes += len(chunk)
            limits.check(scope["path"], received_bytes)
            chunks.append(chunk)
            timeout.deadline = min(end, start + _GRACE_S + received_bytes / _MIN_BYTES_PER_S)
    if timeout.cancelled_caught:
        duration_s = round(anyio.current_time() - start)
        raise CountlabError("too_slow_sender", arrived=received_bytes, seconds=duration_s)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class _InMemoryParser(MultiPartParser):
    """Starlette's parser without temporary files: the body is in memory and limited already."""

    spool_max_size = 2**40
    has_parts = is_complete = False

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self.has_parts = True

    def on_end(self) -> None:
        self.is_complete = True


class FormRequest(Request):
    """A request whose form is parsed in memory, with few fields and a limited number of files."""

    async def form(self, **_: Any) -> FormData:  # type: ignore[override]
        if self._form is None:
            media_type = self.headers.get("content-type", "").lower()
            if not media_type.startswith("multipart/form-data"):
                return await super().form(max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES)
            max_files = self.app.state.lab.pipeline.settings.max_batch
            parser = _InMemoryParser(
                Headers(raw=self.scope["headers"]),
                self.stream(),
                max_files=max_files,
                max_fields=_MAX_FIELDS,
                max_part_size=_MAX_FIELD_BYTES,
            )
            try:
                self._form = await parser.parse()
            except MultiPartException as reason:
                raise _form_error(reason, max_files) from reason
            if parser.has_parts and not parser.is_complete:
                raise CountlabError("torn_form")
            # FastAPI takes them for missing; problems tells a person that they chose no file.
            self.scope.setdefault("state", {})["unchosen_files"] = {
                name
                for name, value in self._form.multi_items()
                if isinstance(value, UploadFile) and not value.filename
            }
        return self._form


def _form_error(reason: MultiPartException, max_files: int) -> CountlabError:
    if reason.message.startswith("Too many files"):
        return CountlabError("too_many_pictures", arrived=f"> {max_files}", allowed=max_files)
    return CountlabError("bad_request", reason=reason.message.rstrip("."))


class FormRoute(APIRoute):
    """The app's route class: reads forms as `FormRequest` does, also in routes added later."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_form(request: Request) -> Response:
            form_request = FormRequest(request.scope, request.receive)
            if self.body_field is not None:
                # Parsed before FastAPI does it, which answers any error with a plain 400.
                await form_request.form()
            return await handle(form_request)

        return handle_form
