"""HTTP protocol of uvicorn with limits for what it leaves unlimited.

A request's head (URL and headers) is limited in size, number and time; what surrounds its body
(chunk sizes, trailers) in size; requests sent ahead of their turn in number. When the response is
complete before the body has arrived, the rest is dropped for a moment (`refused_bodies`), so that
the client reads the response, and then the connection closes.

An offer to change the protocol (`Upgrade: h2c`, as Java's HttpClient and `curl --http2` send it)
is ignored, as RFC 9110 allows, and the request answered over HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import functools
import http
import json
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from countlab.errors import CountlabError
from countlab.serving.refused_bodies import Pace, RestOfBody
from countlab.serving.unread_responses import UnreadResponses

_MAX_HEAD_BYTES = 32_768
_MAX_HEADERS = 128
_MAX_FRAMING_BYTES = 32_768  # chunk sizes and trailers between two pieces of a body
_MAX_AHEAD = 64  # requests on one connection that wait for the response to an earlier one
_HEAD_TIMEOUT_S = 10.0
_STATUS = {"not_http": 400, "too_slow_sender": 408, "head_too_large": 431, "too_many_headers": 431}
_UPGRADE_HEADERS = (b"upgrade", b"http2-settings")


class HttpProtocol(HttpToolsProtocol):
    """One connection, with limits."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._head_bytes = self._framing_bytes = 0
        self._error: CountlabError | None = None
        self._in_head, self._in_body = True, False
        self._upgrading = self._ended = self._closes = False
        self._rest: RestOfBody | None = None
        self._head_timer = self.loop.call_later(_HEAD_TIMEOUT_S, self._on_head_timeout)
        state = self.server_state.__dict__  # one for all connections of the server
        self._unread: UnreadResponses = state.setdefault("unread_responses", UnreadResponses())
        self._pace: Pace = state.setdefault("refused_bodies", Pace())
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unread.remove(self.transport)
        self._head_timer.cancel()
        self._end_rest()
        super().connection_lost(exc)

    # Limits of what arrives.

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        if self._in_head:
            if not self._head_bytes and self._head_timer.cancelled():
                self._head_timer = self.loop.call_later(_HEAD_TIMEOUT_S, self._on_head_timeout)
            self._head_bytes += len(data)
        elif self._in_body:
            self._framing_bytes += len(data)
        self._unset_keepalive_if_required()
        self._feed(data)
        if self._ended or self.transport.is_closing():
            return
        if self._in_head and self._head_bytes > _MAX_HEAD_BYTES:
            self._refuse(CountlabError("head_too_large", allowed=_MAX_HEAD_BYTES))
        elif self._in_body and self._framing_bytes > _MAX_FRAMING_BYTES:
            self._refuse(CountlabError("head_too_large", allowed=_MAX_FRAMING_BYTES))

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._upgrading:
                self._ignore_upgrade(bytes(data[upgrade.args[0] :]))
            else:
                self._end_after_responses()  # CONNECT: what follows is not HTTP
        except httptools.HttpParserError:
            if not self._ended:
                self._refuse(self._error or CountlabError("not_http"))

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Reads the request once more without the offer: the parser took its body for the new
        protocol's first bytes."""
        self._upgrading, self._head_bytes = False, 0
        lines = [b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url)]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                value = b", ".join(t for t in tokens if t.lower() not in _UPGRADE_HEADERS)
            if name not in _UPGRADE_HEADERS:
                lines.append(name + b": " + value)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._feed(b"\r\n".join([*lines, b"", rest]))

    # Callbacks of the parser.

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:
            return  # trailers, which nothing here asks for: `data_received` limits them
        if len(self.headers) >= _MAX_HEADERS:
            self._error = CountlabError("too_many_headers", allowed=_MAX_HEADERS)
            raise self._error  # the parser stops here, and `_feed` refuses
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_timer.cancel()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > _MAX_HEAD_BYTES:
            self._error = CountlabError("head_too_large", allowed=_MAX_HEAD_BYTES)
            raise self._error
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            self._upgrading = True
            return
        if len(self.pipeline) >= _MAX_AHEAD:
            self._end_after_responses()
            raise CountlabError("not_http")  # only stops the parser
        super().on_headers_complete()  # raises where the URL is none
        self.cycle.send = functools.partial(self._send, self.cycle)  # type: ignore[method-assign]
        self._in_head, self._in_body = False, True
        self._head_bytes = self._framing_bytes = 0

    def on_body(self, body: bytes) -> None:
        self._framing_bytes = 0
        if self._rest is not None:
            self._rest.arrived(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._upgrading:
            return
        self._in_head, self._in_body = True, False
        super().on_message_complete()
        if self._rest is not None:
            self._end_rest()
            if self._closes:
                self.transport.close()
            elif not self.transport.is_closing():
                self.timeout_keep_alive_task = self.loop.call_later(
                    self.timeout_keep_alive, self.timeout_keep_alive_handler
                )

    # Refusals.

    def _on_head_timeout(self) -> None:
        if self.transport.is_closing():
            return
        if not self._head_bytes:
            self.transport.close()  # connected, but sent nothing
            return
        seconds = round(_HEAD_TIMEOUT_S)
        self._refuse(CountlabError("too_slow_sender", arrived=self._head_bytes, seconds=seconds))

    def _refuse(self, error: CountlabError) -> None:
        """Responds with problem details where that cannot be taken for another response."""
        cycle = self.cycle
        if self._in_head and cycle is not None and not cycle.response_complete:
            self._end_after_responses()  # an earlier request is still being answered
            return
        self._ended = True
        if not self._in_head and (self.pipeline or cycle.response_started):
            self.transport.abort()
            return
        if not self._in_head:
            cycle.disconnected = True  # its app must not respond any more
            cycle.message_event.set()
        self._send_problem(error)

    def _send_problem(self, error: CountlabError) -> None:
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

    def _end_after_responses(self) -> None:
        """Reads nothing more, and closes the connection after the last response."""
        self._ended = True
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.cycle.keep_alive = False  # the newest: responses go out in order

    # Responses.

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()  # first the requests that are here
        if not self.cycle.response_complete or self.transport.is_closing():
            return
        if self._in_body:
            is_slow = self.cycle.scope["state"].get("found_no_room")
            self._rest = RestOfBody(self.transport, self.flow, self._pace if is_slow else None)

    async def _send(self, cycle: RequestResponseCycle, message: Any) -> None:
        """Uvicorn would close with the response, and who is still sending would not read it."""
        ends = message["type"] == "http.response.body" and not message.get("more_body", False)
        if ends and self._in_body and cycle is self.cycle and not cycle.keep_alive:
            self._closes = cycle.keep_alive = True
        await RequestResponseCycle.send(cycle, message)

    def _end_rest(self) -> None:
        if self._rest is not None:
            self._rest.end()
            self._rest = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread.add(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread.remove(self.transport)
