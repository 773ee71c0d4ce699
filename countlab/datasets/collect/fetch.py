"""Requests to the shop, one after the other: paced, guarded, bounded, patient with a 429."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import httpx

from countlab import __version__
from countlab.datasets.collect.addresses import AddressGuard, host_and_port
from countlab.datasets.collect.robots import NOTHING_ALLOWED, Robots, parse_robots
from countlab.errors import CountlabError

ROBOT = "countlab"
USER_AGENT = f"{ROBOT}/{__version__} (countlab collect)"
_MAX_REDIRECTS = 5
_MAX_ROBOTS_BYTES = 500_000  # as much as RFC 9309 asks to be read
_MAX_WAIT_S = 300.0
_ATTEMPTS = 4
_TOTAL_S = 120.0
_AGAIN = (429, 500, 502, 503, 504)


class Fetcher:
    """Bytes of allowed addresses; `stopped` ends a wait early."""

    def __init__(
        self, guard: AddressGuard, *, delay_s: float, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self._guard, self._delay_s, self._stopped = guard, delay_s, stopped
        self._robots: dict[str, Robots] = {}
        self._next = 0.0
        # The environment's proxy would ask another address than the one that was checked.
        self._client = httpx.Client(
            headers={"User-Agent": USER_AGENT}, timeout=httpx.Timeout(20, connect=10),
            trust_env=False,
        )  # fmt: skip

    def close(self) -> None:
        self._client.close()

    def bytes_of(self, address: str, *, max_bytes: int) -> bytes:
        """What the address holds in the end; each redirect is checked as the first address was."""
        for _ in range(_MAX_REDIRECTS + 1):
            self.check(address)
            found = self._asked(address, max_bytes)
            if isinstance(found, bytes):
                return found
            address = urljoin(address, found.target)
        raise CountlabError("too_many_redirects", address=address, allowed=_MAX_REDIRECTS)

    def check(self, address: str) -> None:
        """Refuses what is no public http address, and what robots.txt asks to be left alone."""
        self._guard.check(address)
        if not self.robots(address).allows(address):
            raise CountlabError("robots_forbid", address=address)

    def robots(self, address: str) -> Robots:
        """Of the address's site, read once; a site that cannot say is left alone."""
        parts = urlsplit(address)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._robots:
            self._robots[site] = self._read_robots(f"{site}/robots.txt")
        return self._robots[site]

    def pace(self, address: str = "") -> None:
        """Waits until the next request may go out."""
        parts = urlsplit(address)
        known = self._robots.get(f"{parts.scheme}://{parts.netloc}", Robots())
        self.wait(self._next - time.monotonic())
        self._next = time.monotonic() + max(self._delay_s, min(known.delay_s, _MAX_WAIT_S))

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + min(seconds, _MAX_WAIT_S)
        while (left := end - time.monotonic()) > 0 and not self._stopped():
            time.sleep(min(0.1, left))

    def _read_robots(self, address: str) -> Robots:
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                found = self._asked(address, _MAX_ROBOTS_BYTES)
                if isinstance(found, bytes):
                    return parse_robots(found.decode("utf-8", "replace"), ROBOT)
                address = urljoin(address, found.target)
        except CountlabError as error:
            status = error.facts.get("status", 0)
            if error.code == "http_status" and 400 <= status < 500 and status != 429:
                return Robots()
            if error.code == "private_address":
                raise
        return NOTHING_ALLOWED

    def _asked(self, address: str, max_bytes: int) -> bytes | _Redirect:
        """One address, again after a while where the shop asks for that."""
        for attempt in range(1, _ATTEMPTS + 1):
            self.pace(address)
            try:
                return self._once(address, max_bytes)
            except _RepeatableError as reason:
                if attempt == _ATTEMPTS or self._stopped():
                    raise reason.error from reason
                self.wait(2.0**attempt if reason.after_s is None else reason.after_s)
        raise AssertionError("the last attempt raises")

    def _once(self, address: str, max_bytes: int) -> bytes | _Redirect:
        ends = time.monotonic() + _TOTAL_S
        try:
            with self._stream(address) as response:
                if response.is_redirect:
                    return _Redirect(response.headers["location"])
                if response.status_code != 200:
                    raise _refusal(address, response)
                return _bounded(response.iter_bytes(), max_bytes, ends, address)
        except httpx.HTTPError as reason:
            error = CountlabError("page_silent", address=address, reason=type(reason).__name__)
            raise _RepeatableError(error, None) from reason

    def _stream(self, address: str) -> AbstractContextManager[httpx.Response]:
        """Asks the IP address that was checked, under the name that was meant."""
        host, port = host_and_port(address)
        ip = self._guard.check(address)
        url = httpx.URL(address).copy_with(host=ip)
        parts = urlsplit(address)
        usual = port == (443 if parts.scheme == "https" else 80)
        name = f"[{host}]" if ":" in host else host
        headers = {"Host": name if usual else f"{name}:{port}"}
        return self._client.stream(
            "GET", url, headers=headers, extensions={"sni_hostname": host}, follow_redirects=False
        )


class _Redirect:
    def __init__(self, target: str) -> None:
        self.target = target


class _RepeatableError(Exception):
    """Worth another attempt, after so many seconds where the shop named them."""

    def __init__(self, error: CountlabError, after_s: float | None) -> None:
        super().__init__(str(error))
        self.error, self.after_s = error, after_s


def retry_after_s(header: str | None) -> float | None:
    """Seconds, or a date, as the header may have it."""
    if header is None:
        return None
    if re.fullmatch(r"[0-9]{1,6}", header.strip()):
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def _refusal(address: str, response: httpx.Response) -> Exception:
    error = CountlabError("http_status", address=address, status=response.status_code)
    if response.status_code in _AGAIN:
        return _RepeatableError(error, retry_after_s(response.headers.get("retry-after")))
    return error


def _bounded(blocks: Iterable[bytes], max_bytes: int, ends: float, address: str) -> bytes:
    """Not more bytes, and not longer, than one picture may need."""
    found = bytearray()
    for block in blocks:
        found += block
        if len(found) > max_bytes:
            raise CountlabError("too_many_bytes", arrived=len(found), allowed=max_bytes)
        if time.monotonic() > ends:
            raise CountlabError("page_silent", address=address, reason=f"{_TOTAL_S:.0f} s")
    return bytes(found)
