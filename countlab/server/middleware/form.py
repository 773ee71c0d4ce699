"""Requests whose body is parsed within bounds, and the route class that makes them.

What takes longer than a moment is parsed in a thread: the event loop serves everybody.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from anyio import to_thread
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from countlab.errors import CountlabError
from countlab.server.middleware.multipart import parse_multipart

_MAX_FIELDS = 16
_MAX_FIELD_BYTES = 65_536
_MAX_TEXT_BYTES = 1_000_000  # of a body that is JSON or a form of text alone
_IN_LOOP_BYTES = 50_000  # parsed within a millisecond

T = TypeVar("T")


class FormRequest(Request):
    """A request whose form or JSON is parsed in memory, with few fields and a limited size."""

    max_field_bytes = _MAX_FIELD_BYTES

    @property
    def is_json(self) -> bool:
        return self.headers.get("content-type", "").lower().startswith("application/json")

    async def form(self, **_: Any) -> FormData:  # type: ignore[override]
        if self._form is None:
            items = (await self._parse_form()).multi_items()
            # What a browser sends for a file field in which nobody chose a file.
            self.state.unchosen_files = {name for name, value in items if _is_unchosen(value)}
            self._form = FormData([item for item in items if not _is_unchosen(item[1])])
            files = [value for _, value in items if not isinstance(value, str)]
            if len(files) == 1:
                self.state.filename = files[0].filename
        return self._form

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            body = await self.body()
            _check_text(len(body))
            try:
                self._json = await _parse(len(body), json.loads, body)
            except RecursionError:
                raise CountlabError("bad_request", reason="the JSON is nested too deeply") from None
        return self._json

    async def _parse_form(self) -> FormData:
        media_type = self.headers.get("content-type", "").lower()
        if media_type.startswith("multipart/form-data"):
            chunks = [chunk async for chunk in self.stream()]
            body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            del chunks  # its pictures are copied out of it, so that it need not stay

            def parse(body: bytes) -> FormData:
                return parse_multipart(
                    body,
                    self.headers["content-type"].encode("latin-1"),
                    max_files=self.app.state.lab.pipeline.settings.max_batch,
                    max_field_bytes=self.max_field_bytes,
                )

            return await _parse(len(body), parse, body)
        if media_type.startswith("application/x-www-form-urlencoded"):
            body = await self.body()
            if len(body) > _MAX_TEXT_BYTES:
                reason = f"the form has more than {_MAX_TEXT_BYTES} bytes"
                raise CountlabError("bad_request", reason=reason)
            return await _parse(len(body), _parse_url_encoded, body)
        return FormData()


def _is_unchosen(value: str | UploadFile) -> bool:
    return not isinstance(value, str) and not value.filename and not value.size


async def _parse(size: int, parser: Callable[[bytes], T], body: bytes) -> T:
    if size <= _IN_LOOP_BYTES:
        return parser(body)
    return await to_thread.run_sync(parser, body)


def _check_text(size: int) -> None:
    if size > _MAX_TEXT_BYTES:
        raise CountlabError("too_many_bytes", arrived=size, allowed=_MAX_TEXT_BYTES)


def _parse_url_encoded(body: bytes) -> FormData:
    if body.count(b"&") >= _MAX_FIELDS:
        reason = f"more than {_MAX_FIELDS} form fields"
        raise CountlabError("bad_request", reason=reason)
    text = body.decode("latin-1")
    pairs = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="replace")
    return FormData(list[tuple[str, str | UploadFile]](pairs))


class FormRoute(APIRoute):
    """The app's route class: reads forms as `FormRequest` does, also in routes added later."""

    request_class = FormRequest

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_form(request: Request) -> Response:
            form_request = self.request_class(request.scope, request.receive)
            if self.body_field is not None:
                # Parsed before FastAPI does it, which answers any error with a plain 400.
                await form_request.form()
                if form_request.is_json:
                    with contextlib.suppress(ValueError):  # FastAPI says where it breaks off
                        await form_request.json()
            return await handle(form_request)

        return handle_form
