"""HTTP on the wire: what uvicorn leaves unbounded gets a bound here.

The head of a request (address and headers) has a size and a time; a body that nobody wants any
more is thrown away for a moment, so that the client reads its answer, and then the connection
closes; a client that does not read its answer is cut off. Knows nothing of what is served.
"""

from __future__ import annotations

import asyncio
import http
import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from countlab.errors import CountlabError

_LARGEST_HEAD = 32_768
_HEAD_S = 10.0
_LINGER_S = 2.0
_UNREAD_S = 20.0  # an answer of which nothing was read for that long
_STATUS = {"not_http": 400, "too_slow_sender": 408, "head_too_large": 431}


class HttpProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._head_bytes = 0
        self._fault: CountlabError | None = None
        self._in_head, self._in_body = True, False
        self._lingering: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._slow = self.loop.call_later(_HEAD_S, self._head_too_slow)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._slow, self._lingering, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    # The head.

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            if not self._head_bytes and self._slow.cancelled():
                self._slow = self.loop.call_later(_HEAD_S, self._head_too_slow)
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > _LARGEST_HEAD and not self.transport.is_closing():
            self._fault = CountlabError("head_too_large", allowed=_LARGEST_HEAD)
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        self._in_head, self._in_body, self._head_bytes = False, True, 0
        self._slow.cancel()
        if (
            len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            > _LARGEST_HEAD
        ):
            self._fault = CountlabError("head_too_large", allowed=_LARGEST_HEAD)
            raise self._fault  # the parser stops here, and data_received() answers
        super().on_headers_complete()

    def _head_too_slow(self) -> None:
        if self.transport.is_closing():
            return
        if not self._head_bytes:
            self.transport.close()  # somebody opened a connection and said nothing
            return
        arrived, seconds = self._head_bytes, round(_HEAD_S)
        self._fault = CountlabError("too_slow_sender", arrived=arrived, seconds=seconds)
        self.send_400_response("")

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says more
        """What uvicorn calls when it cannot make sense of a request: our kind of problem."""
        error = self._fault or CountlabError("not_http")
        status, text = _STATUS[error.code], error.text()
        title = http.HTTPStatus(status).phrase
        told = {"title": title, "status": status, "code": error.code, **text._asdict()}
        body = json.dumps({"type": "about:blank", **told}).encode()
        head = (
            f"HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\n"
            f"x-content-type-options: nosniff\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    # The rest of a body that was answered early.

    def on_message_complete(self) -> None:
        self._in_head, self._in_body = True, False
        super().on_message_complete()
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
            if not self.transport.is_closing():
                self.timeout_keep_alive_task = self.loop.call_later(
                    self.timeout_keep_alive, self.timeout_keep_alive_handler
                )

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body and self.cycle.response_complete and not self.transport.is_closing():
            self._lingering = self.loop.call_later(_LINGER_S, self.transport.close)

    # An answer that is not read.

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_unread()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _watch_unread(self, before: int | None = None) -> None:
        """Cuts off who has taken nothing since the last look."""
        left = self.transport.get_write_buffer_size()
        if left == before:
            self.transport.abort()
        else:
            self._unread = self.loop.call_later(_UNREAD_S, self._watch_unread, left)
