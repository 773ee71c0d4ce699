"""The bytes of one file from one address, appended to the part that is already there.

Everything has an end: connecting, each piece, and the whole of it, however it drips.
"""

from __future__ import annotations

import re
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
from anyio.from_thread import start_blocking_portal

from countlab.errors import CountlabError
from countlab.models.entry import ModelFile
from countlab.models.timeouts import Progress, Timeouts

_MAX_REDIRECTS = 5
_MAX_BYTES_IF_UNSTATED = 1 << 20  # if the catalog states no size, only a small file is accepted


@dataclass(frozen=True)
class Transfer:
    """One file on its way into `part`, whichever address it comes from, until `ends`."""

    file: ModelFile
    part: Path
    timeouts: Timeouts
    progress: Progress
    ends: float

    @property
    def arrived(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def receive(self, address: str) -> None:
        """Appends the response to the part; starts over if the server ignores Range."""
        with start_blocking_portal() as portal:  # a notebook's thread runs a loop already
            portal.call(self._receive, address)

    async def _receive(self, address: str) -> None:
        try:
            with anyio.fail_after(self.ends - time.monotonic()):
                async with self._client() as client:
                    await self._stream(client, address)
        except TimeoutError as reason:
            raise CountlabError(
                "fetching_took_too_long",
                address=address,
                arrived=self.arrived,
                seconds=round(self.timeouts.total_s),
            ) from reason

    def _client(self) -> httpx.AsyncClient:
        timeout = httpx.Timeout(self.timeouts.stall_s, connect=self.timeouts.connect_s)
        return httpx.AsyncClient(
            timeout=timeout, follow_redirects=True, max_redirects=_MAX_REDIRECTS
        )

    async def _stream(self, client: httpx.AsyncClient, address: str) -> None:
        headers = {"Accept-Encoding": "identity"}
        if self.arrived:
            headers["Range"] = f"bytes={self.arrived}-"
        expected, began = self.file.bytes, False
        try:
            async with client.stream("GET", address, headers=headers) as response:
                began, expected = True, self._check(address, response)
                await self._write(address, response, expected)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as reason:
            if began:  # cut or stalled: what is here is kept
                raise self._cut(address, expected) from reason
            raise CountlabError(_no_response(reason), address=address) from reason
        if expected is not None and self.arrived < expected:
            raise self._cut(address, expected)

    def _check(self, address: str, response: httpx.Response) -> int | None:
        """The file's total length if announced; a response that cannot be the file is refused."""
        headers, status = response.headers, str(response.status_code)
        if status not in ("200", "206"):
            if status == "416":  # the part is longer than the file at this address
                self.part.unlink(missing_ok=True)
            raise CountlabError("address_refused", address=address, status=status)
        if "html" in headers.get("Content-Type", ""):
            raise CountlabError("address_page", address=address)
        total = headers.get("Content-Length", "")
        if status == "206":
            span, _, total = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
            if span.partition("-")[0] != str(self.arrived):
                raise CountlabError("address_refused", address=address, status=f"206 {span}")
        announced = int(total) if re.fullmatch("[0-9]{1,15}", total) else None
        if announced is not None and not self._is_expected(announced):
            raise self._wrong_size(address, announced)
        return self.file.bytes or announced

    async def _write(self, address: str, response: httpx.Response, expected: int | None) -> None:
        """Writes the pieces as they arrive."""
        resumed = response.status_code == 206
        done = self.arrived if resumed else 0
        pieces = response.aiter_raw()
        piece = await anext(pieces, b"")
        if not done and piece.lstrip().startswith(b"<"):
            raise CountlabError("address_page", address=address)
        with self.part.open("ab" if resumed else "wb", buffering=0) as target:
            while piece:
                target.write(piece)
                done += len(piece)
                if done > (self.file.bytes or _MAX_BYTES_IF_UNSTATED):
                    break
                self.progress(self.file.name, done, expected)
                piece = await anext(pieces, b"")
        if done > (self.file.bytes or _MAX_BYTES_IF_UNSTATED):
            self.part.unlink()
            raise self._wrong_size(address, done)

    def _is_expected(self, length: int) -> bool:
        return length == self.file.bytes if self.file.bytes else length <= _MAX_BYTES_IF_UNSTATED

    def _wrong_size(self, address: str, arrived: int) -> CountlabError:
        expected = self.file.bytes or f"≤ {_MAX_BYTES_IF_UNSTATED}"
        return CountlabError("wrong_size", address=address, arrived=arrived, expected=expected)

    def _cut(self, address: str, expected: int | None) -> CountlabError:
        return CountlabError(
            "file_cut", address=address, arrived=self.arrived, expected=expected or "?"
        )


def _no_response(reason: BaseException) -> str:
    """The code for an address from which not even headers came."""
    if isinstance(reason, httpx.TimeoutException):
        return "address_silent"
    cause: BaseException | None = reason
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "address_not_trusted"
        cause = cause.__cause__ or cause.__context__
    return "address_unreachable"
