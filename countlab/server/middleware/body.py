"""Request bodies: size limits, minimum speed, and their share of the memory.

Uploads are never spooled to disk. Knows nothing of pictures.
"""

from __future__ import annotations

import anyio
from starlette.types import Receive, Scope

from countlab.errors import CountlabError
from countlab.server.middleware.body_memory import Share
from countlab.settings import Settings
from countlab.system.deadline import Deadline

_FORM_OVERHEAD_BYTES = 20_000  # boundaries and headers that a form puts around its pictures
_GRACE_S = 10.0  # before the minimum speed applies
_MIN_BYTES_PER_S = 20_000


class ClientDisconnected(Exception):  # noqa: N818 - reads as what happened
    """The connection closed while the body was arriving, so no response can be sent."""


class BodyLimits:
    """How many bytes a request may have, depending on its path."""

    def __init__(self, settings: Settings) -> None:
        self._max_bytes, self._max_batch_bytes = settings.max_bytes, settings.max_batch_bytes

    @property
    def largest(self) -> int:
        return max(self._max_bytes, self._max_batch_bytes) + _FORM_OVERHEAD_BYTES

    def check(self, path: str, received_bytes: int) -> None:
        code, allowed = "too_many_bytes", self._max_bytes
        if path.endswith("/batch"):
            code, allowed = "too_many_bytes_together", self._max_batch_bytes
        if received_bytes > allowed + _FORM_OVERHEAD_BYTES:
            raise CountlabError(code, arrived=received_bytes, allowed=allowed)


def content_length(scope: Scope) -> int:
    """The declared length of the body; 0 where none is declared, as in chunked bodies."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


async def read_body(
    scope: Scope, receive: Receive, limits: BodyLimits, deadline: Deadline, share: Share
) -> bytearray:
    """The complete body; a client must send 20 kB/s on average after a grace of ten seconds.

    The time allowed grows with the bytes received: single bytes that drip in are cut off, a slow
    line is not. It grows as it arrives: joining forty megabytes at the end would keep the event
    loop from everybody for a twentieth of a second.
    """
    body, start, more = bytearray(), anyio.current_time(), True
    end = start + deadline.remaining_s
    with anyio.CancelScope(deadline=min(end, start + _GRACE_S)) as arriving:
        share.arriving = arriving
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected
            chunk, more = message.get("body", b""), message.get("more_body", False)
            limits.check(scope["path"], len(body) + len(chunk))
            share.grow(len(chunk))
            body += chunk
            arriving.deadline = min(end, start + _GRACE_S + len(body) / _MIN_BYTES_PER_S)
        share.arriving = None
    if arriving.cancelled_caught:
        duration_s = round(anyio.current_time() - start)
        raise CountlabError("too_slow_sender", arrived=len(body), seconds=duration_s)
    return body
