"""The way of a request to its work: a place, its body, a workplace, its answer in time.

Every request that brings a body takes a place before the body is read; its work begins when one
of the few workplaces is free. A client that hangs up, or waits past the deadline, gives both back.
How many there are of each is told in `workplaces.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.server.middleware.body import ClientDisconnected, Limits, declared_length, read_body
from countlab.server.middleware.slots import Slots
from countlab.server.problems import refuse
from countlab.system.deadline import Deadline


class Admission:
    def __init__(
        self,
        app: ASGIApp,
        *,
        places: Slots,
        limits: Limits,
        deadline_s: float,
        concerns: Callable[[Scope], bool],
    ) -> None:
        self._app, self._places, self._limits = app, places, limits
        self._deadline_s, self._concerns = deadline_s, concerns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._concerns(scope):
            await self._app(scope, receive, send)
            return
        try:
            self._limits.check(scope["path"], declared_length(scope))
            with self._places.entered(self._limits.weight(scope["path"])):
                await self._admitted(scope, receive, send)
        except CountlabError as error:
            await refuse(error, scope, receive, send)
        except ClientDisconnected:
            pass

    async def _admitted(self, scope: Scope, receive: Receive, send: Send) -> None:
        patience = Deadline(self._deadline_s)
        body = await read_body(scope, receive, self._limits, patience)
        visit = _Visit(self._places, patience, body, receive, send)
        del body  # the visit lets go of it as soon as it is read
        try:
            await visit.wait()
            patience.begin()
            await visit.work(self._app, scope)
        finally:
            visit.end()


class _Visit:
    """One request from its last byte to its answer, watched for a client that hangs up."""

    def __init__(
        self, places: Slots, patience: Deadline, body: bytes, receive: Receive, send: Send
    ) -> None:
        self._places, self._patience = places, patience
        self._body: bytes | None = body
        self._receive, self._send = receive, send
        self._queueing = anyio.CancelScope()
        self._working = self._answered = False
        self._too_late: asyncio.Task[None] | None = None
        self._watch = asyncio.create_task(self._until_hung_up())

    async def wait(self) -> None:
        self._working = self._places.take()
        if self._working:
            return
        self._queueing.deadline = anyio.current_time() + self._patience.left_s
        with self._queueing:
            await self._places.wait()
            self._working = True
        if self._patience.client_left:
            raise ClientDisconnected
        if not self._working:
            raise self._patience.timeout_error()

    async def work(self, app: ASGIApp, scope: Scope) -> None:
        loop = asyncio.get_running_loop()
        # For a route that has only to wait any more, such as for the disk: another may work.
        scope["state"]["work_done"] = partial(loop.call_soon_threadsafe, self._leave_workplace)
        alarm = loop.call_later(self._patience.left_s, self._answer_too_late, scope)
        try:
            await app(scope, self._replay, self._answer)
        finally:
            alarm.cancel()
            if self._too_late is not None:
                await self._too_late

    def end(self) -> None:
        self._watch.cancel()
        self._leave_workplace()

    async def _until_hung_up(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._answered:  # afterwards it is no news
            self._patience.client_left = True
            self._queueing.cancel()

    async def _replay(self) -> Message:
        """What the routes receive: the body in one piece, and later that the client is gone."""
        if self._body is None:
            await asyncio.wait([self._watch])
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def _answer(self, message: Message) -> None:
        if self._too_late is None:
            self._answered = True
            self._leave_workplace()  # the work is done; how slowly the client reads is its affair
            await self._send(message)

    def _answer_too_late(self, scope: Scope) -> None:
        """The work itself ends at its next `check_deadline()` and keeps its slot until then."""
        if not self._answered:
            self._answered = True
            error = self._patience.timeout_error()
            self._too_late = asyncio.create_task(refuse(error, scope, self._receive, self._send))

    def _leave_workplace(self) -> None:
        if self._working:
            self._working = False
            self._places.leave()
