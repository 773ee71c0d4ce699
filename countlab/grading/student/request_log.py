"""Writes down what this notebook asks over HTTP, so that `check("2.2")` can look at it.

It works by noticing every request that the library `requests` sends from this process. That is
good enough to help a student; the grader never relies on it.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from requests.adapters import HTTPAdapter

from countlab.grading.judging.server_response import Answer
from countlab.grading.running.recorder import RecordedRequest

_MOST = 400
requests_seen: list[RecordedRequest] = []
"""What was sent since the notebook began to watch, oldest first."""
_plain_send = HTTPAdapter.send
watching = False


def watch() -> None:
    """From now on; called again it only forgets what was seen before."""
    global watching
    requests_seen.clear()
    if not watching:
        HTTPAdapter.send = _noticing  # type: ignore[method-assign]
        watching = True


def _noticing(
    self: HTTPAdapter, request: requests.PreparedRequest, *arguments: Any, **named: Any
) -> requests.Response:
    body = _bytes_of(request)
    response = _plain_send(self, request, *arguments, **named)
    if len(requests_seen) < _MOST:
        parts = urlsplit(request.url or "")
        picture, fields = _form(str(request.headers.get("Content-Type", "")), body)
        answer = Answer(response.status_code, b"" if named.get("stream") else response.content)
        parameters = {**fields, **dict(parse_qsl(parts.query))}
        requests_seen.append(
            RecordedRequest(
                request.method or "", parts.path, parameters, picture, response.status_code, answer
            )
        )
    return response


def _bytes_of(request: requests.PreparedRequest) -> bytes:
    body: Any = request.body
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else b""


def _form(content_type: str, body: bytes) -> tuple[bytes | None, dict[str, str]]:
    """The first file of a form, and its other fields; nothing of what cannot be read."""
    files: list[bytes] = []
    fields: dict[str, str] = {}

    def on_field(field: Any) -> None:
        fields[field.field_name.decode()] = (field.value or b"").decode("utf-8", "replace")

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        files.append(file.file_object.read())
        file.close()

    if content_type.startswith("multipart/form-data"):
        headers = {"Content-Type": content_type.encode(), "Content-Length": str(len(body)).encode()}
        with contextlib.suppress(FormParserError, ValueError):
            parse_form(headers, io.BytesIO(body), on_field, on_file)
    return (files[0] if files else None), fields
