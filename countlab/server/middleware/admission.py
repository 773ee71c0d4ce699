"""Admission control: body, queue, slot and deadline of each request that carries a body.

A body arrives within the memory that all bodies share, and holds nothing else meanwhile. When it is
complete the request takes its place in the queue, and its work begins when a slot is free. A
client that disconnects, or waits past the deadline, gives everything back. `slots` and
`body_memory` have the limits.

Requests that only read (such as `/models`) have slots of their own, so that their threads are
never all of those that counting needs. `/health` needs no thread and no slot.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial

import anyio
import anyio.from_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.server.middleware.auth import client_of
from countlab.server.middleware.body import (
    BodyLimits,
    ClientDisconnected,
    content_length,
    read_body,
)
from countlab.server.middleware.body_memory import BodyMemory, Share
from countlab.server.middleware.slots import Slots
from countlab.server.problems import send_problem
from countlab.system.deadline import Deadline
from countlab.system.memory_budget import waiting_aside

_WITHOUT_SLOT = ("/health", "/health/ready")


class Admission:
    """`applies_to` selects the requests that carry a body."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        slots: Slots,
        reads: Slots,
        memory: BodyMemory,
        limits: BodyLimits,
        deadline_s: float,
        applies_to: Callable[[Scope], bool],
    ) -> None:
        self._app, self._slots, self._reads = app, slots, reads
        self._memory, self._limits = memory, limits
        self._deadline_s, self._applies_to = deadline_s, applies_to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._applies_to(scope):
                await self._run(scope, receive, send)
            elif scope["type"] == "http" and scope["path"] not in _WITHOUT_SLOT:
                await self._read(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        except CountlabError as error:
            await send_problem(error, scope, receive, send)
        except ClientDisconnected:
            pass

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        deadline, client = Deadline(self._deadline_s), client_of(scope)
        with self._memory.share(client) as share:
            body = await self._read_body(scope, receive, deadline, share)
            request = _AdmittedRequest(self._slots, client, deadline, body, receive, send)
            del body  # the request drops its own reference as soon as the route has read it
            try:
                await request.acquire_slot()
                deadline.activate()
                await request.run(self._app, scope)
            finally:
                request.close()

    async def _read_body(
        self, scope: Scope, receive: Receive, deadline: Deadline, share: Share
    ) -> bytearray:
        """The body; where there is no room for it, it is refused before its first byte is read."""
        announced = content_length(scope)
        self._limits.check(scope["path"], announced)
        try:
            if self._slots.refuses(share.client):
                raise self._slots.error()
            self._memory.check_announced(share.client, announced)
            return await read_body(scope, receive, self._limits, deadline, share)
        except CountlabError as error:
            # For the connection: a sender that found no room must not come back at once.
            scope["state"]["found_no_room"] = error.code == "too_busy"
            raise

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Holds a read's slot until its response begins."""
        client, deadline = client_of(scope), Deadline(self._deadline_s)
        if not self._reads.try_acquire(client):
            with anyio.move_on_after(self._deadline_s) as waiting:
                await self._reads.acquire(client)
            if waiting.cancelled_caught:
                raise deadline.timeout_error()
        has_slot = True

        def release() -> None:
            nonlocal has_slot
            if has_slot:
                has_slot = False
                self._reads.release(client)

        async def send_and_release(message: Message) -> None:
            release()
            await send(message)

        try:
            await self._app(scope, receive, send_and_release)
        finally:
            release()


class _AdmittedRequest:
    """One request from the last byte of its body to its response; notices a disconnect."""

    def __init__(
        self,
        slots: Slots,
        client: str,
        deadline: Deadline,
        body: bytearray,
        receive: Receive,
        send: Send,
    ) -> None:
        self._slots, self._client, self._deadline = slots, client, deadline
        self._body: bytearray | None = body
        self._receive, self._send = receive, send
        self._queue_scope = anyio.CancelScope()
        self._has_slot = self._response_started = False
        self._slot_since = 0.0
        self._timeout_response: asyncio.Task[None] | None = None
        self._disconnect = asyncio.create_task(self._wait_for_disconnect())

    async def acquire_slot(self, *, returns: bool = False) -> None:
        if self._slots.try_acquire(self._client):
            self._has_slot, self._slot_since = True, time.monotonic()
            return
        self._queue_scope = anyio.CancelScope(
            deadline=anyio.current_time() + self._deadline.remaining_s
        )
        with self._queue_scope:
            await self._slots.acquire(self._client, returns=returns)
            self._has_slot, self._slot_since = True, time.monotonic()
        if self._deadline.client_disconnected:
            raise ClientDisconnected
        if not self._has_slot:
            raise self._deadline.timeout_error()

    async def _yield_slot(self) -> None:
        """Lets those who wait go first: between two pictures of a batch."""
        if self._has_slot and self._slots.waiting:
            self._release_slot()
            await self.acquire_slot(returns=True)

    @contextlib.contextmanager
    def _aside(self) -> Iterator[None]:
        """For a thread that waits for memory: others use the slot meanwhile."""
        anyio.from_thread.run_sync(self._release_slot)
        yield
        anyio.from_thread.run(partial(self.acquire_slot, returns=True))

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        loop = asyncio.get_running_loop()
        # For a route that only waits from here on, such as for the disk: others may use the slot.
        scope["state"]["work_done"] = partial(loop.call_soon_threadsafe, self._release_slot)
        scope["state"]["yield_slot"] = partial(anyio.from_thread.run, self._yield_slot)
        waiting_aside.set(self._aside)
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
            self._slots.release(self._client, time.monotonic() - self._slot_since)
