"""HTTP protocol of uvicorn with limits for what it leaves unlimited.

A request's head (URL and headers) is limited in size and time. When the response is complete
before the body has arrived, the rest is discarded for a moment, so that the client reads the
response, and then the connection closes. A client that does not read its response is
disconnected.
"""

from __future__ import annotations

import asyncio
import http
import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from countlab.errors import CountlabError

_MAX_HEAD_BYTES = 32_768
_HEAD_TIMEOUT_S = 10.0
_DISCARD_S = 2.0  # of the rest of a body after an early response
_UNREAD_TIMEOUT_S = 20.0  # without any progress in reading the response
_STATUS = {"not_http": 400, "too_slow_sender": 408, "head_too_large": 431}


class HttpProtocol(HttpToolsProtocol):
    """One connection, with limits."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._head_bytes = 0
        self._error: CountlabError | None = None
        self._in_head, self._in_body = True, False
        self._discard_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._head_timer = self.loop.call_later(_HEAD_TIMEOUT_S, self._on_head_timeout)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._discard_timer, self._unread_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    # Size and time of the head.

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            if not self._head_bytes and self._head_timer.cancelled():
                self._head_timer = self.loop.call_later(_HEAD_TIMEOUT_S, self._on_head_timeout)
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > _MAX_HEAD_BYTES and not self.transport.is_closing():
            self._error = CountlabError("head_too_large", allowed=_MAX_HEAD_BYTES)
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body, self._head_bytes = False, True, 0
        self._head_timer.cancel()
        if (
            len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            > _MAX_HEAD_BYTES
        ):
            self._error = CountlabError("head_too_large", allowed=_MAX_HEAD_BYTES)
            raise self._error  # the parser stops here, and data_received() answers
        super().on_headers_complete()

    def _on_head_timeout(self) -> None:
        if self.transport.is_closing():
            return
        if not self._head_bytes:
            self.transport.close()  # connected, but sent nothing
            return
        arrived, seconds = self._head_bytes, round(_HEAD_TIMEOUT_S)
        self._error = CountlabError("too_slow_sender", arrived=arrived, seconds=seconds)
        self.send_400_response("")

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - replaced
        """Called by uvicorn for an invalid request; responds with problem details."""
        error = self._error or CountlabError("not_http")
        status, text = _STATUS[error.code], error.text()
        title = http.HTTPStatus(status).phrase
        problem = {"title": title, "status": status, "code": error.code, **text._asdict()}
        body = json.dumps({"type": "about:blank", **problem}).encode()
        head = (
            f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\n"
            f"x-content-type-options: nosniff\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    # The rest of a body after an early response.

    def on_message_complete(self) -> None:
        self._in_head, self._in_body = True, False
        super().on_message_complete()
        if self._discard_timer is not None:
            self._discard_timer.cancel()
            self._discard_timer = None
            if not self.transport.is_closing():
                self.timeout_keep_alive_task = self.loop.call_later(
                    self.timeout_keep_alive, self.timeout_keep_alive_handler
                )

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body and self.cycle.response_complete and not self.transport.is_closing():
            self._discard_timer = self.loop.call_later(_DISCARD_S, self.transport.close)

    # Responses that are not read.

    def pause_writing(self) -> None:
        super().pause_writing()
        self._check_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _check_reading(self, previous_bytes: int | None = None) -> None:
        """Disconnects a client that has read nothing since the last check."""
        unread_bytes = self.transport.get_write_buffer_size()
        if unread_bytes == previous_bytes:
            self.transport.abort()
        else:
            self._unread_timer = self.loop.call_later(
                _UNREAD_TIMEOUT_S, self._check_reading, unread_bytes
            )
