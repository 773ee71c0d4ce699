"""Admission control: queue, body, slot and deadline of each request that carries a body.

A request is admitted before its body is read, and its work begins when a slot is free. A client
that disconnects, or waits past the deadline, gives both back. `slots` has the limits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.server.middleware.body import (
    BodyLimits,
    ClientDisconnected,
    content_length,
    read_body,
)
from countlab.server.middleware.slots import Slots
from countlab.server.problems import send_problem
from countlab.system.deadline import Deadline


class Admission:
    """`applies_to` selects the requests that are limited; all others pass through."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        slots: Slots,
        limits: BodyLimits,
        deadline_s: float,
        applies_to: Callable[[Scope], bool],
    ) -> None:
        self._app, self._slots, self._limits = app, slots, limits
        self._deadline_s, self._applies_to = deadline_s, applies_to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._applies_to(scope):
            await self._app(scope, receive, send)
            return
        try:
            self._limits.check(scope["path"], content_length(scope))
            with self._slots.admit(self._limits.weight(scope["path"])):
                await self._run(scope, receive, send)
        except CountlabError as error:
            await send_problem(error, scope, receive, send)
        except ClientDisconnected:
            pass

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        deadline = Deadline(self._deadline_s)
        body = await read_body(scope, receive, self._limits, deadline)
        request = _AdmittedRequest(self._slots, deadline, body, receive, send)
        del body  # the request drops its own reference as soon as the route has read it
        try:
            await request.acquire_slot()
            deadline.activate()
            await request.run(self._app, scope)
        finally:
            request.close()


class _AdmittedRequest:
    """One request from the last byte of its body to its response; notices a disconnect."""

    def __init__(
        self, slots: Slots, deadline: Deadline, body: bytes, receive: Receive, send: Send
    ) -> None:
        self._slots, self._deadline = slots, deadline
        self._body: bytes | None = body
        self._receive, self._send = receive, send
        self._queue_scope = anyio.CancelScope()
        self._has_slot = self._response_started = False
        self._timeout_response: asyncio.Task[None] | None = None
        self._disconnect = asyncio.create_task(self._wait_for_disconnect())

    async def acquire_slot(self) -> None:
        self._has_slot = self._slots.try_acquire()
        if self._has_slot:
            return
        self._queue_scope.deadline = anyio.current_time() + self._deadline.remaining_s
        with self._queue_scope:
            await self._slots.acquire()
            self._has_slot = True
        if self._deadline.client_disconnected:
            raise ClientDisconnected
        if not self._has_slot:
            raise self._deadline.timeout_error()

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        loop = asyncio.get_running_loop()
        # For a route that only waits from here on, such as for the disk: others may use the slot.
        scope["state"]["work_done"] = partial(loop.call_soon_threadsafe, self._release_slot)
        timer = loop.call_later(self._deadline.remaining_s, self._send_timeout, scope)
        try:
            await app(scope, self._receive_body, self._send_response)
        finally:
            timer.cancel()
            if self._timeout_response is not None:
                await self._timeout_response

    def close(self) -> None:
        self._disconnect.cancel()
        self._release_slot()

    async def _wait_for_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._response_started:  # afterwards a disconnect is normal
            self._deadline.client_disconnected = True
            self._queue_scope.cancel()

    async def _receive_body(self) -> Message:
        """The routes' `receive`: the body in one piece, then the disconnect."""
        if self._body is None:
            await asyncio.wait([self._disconnect])
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def _send_response(self, message: Message) -> None:
        if self._timeout_response is None:
            self._response_started = True
            self._release_slot()  # the work is done, however slowly the client reads
            await self._send(message)

    def _send_timeout(self, scope: Scope) -> None:
        """The work itself ends at its next `check_deadline()` and keeps its slot until then."""
        if not self._response_started:
            self._response_started = True
            self._timeout_response = asyncio.create_task(
                send_problem(self._deadline.timeout_error(), scope, self._receive, self._send)
            )

    def _release_slot(self) -> None:
        if self._has_slot:
            self._has_slot = False
            self._slots.release()
