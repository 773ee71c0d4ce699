"""What a student's server said over HTTP, and the ways to ask one."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter

_MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class Answer:
    """`status` is 0 where no answer came, with the reason in `failure`."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    failure: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """A client's mistake, answered as such."""
        return 400 <= self.status < 500

    @property
    def is_picture(self) -> bool:
        return self.body[:3] == b"\xff\xd8\xff" or self.body[:8] == b"\x89PNG\r\n\x1a\n"

    def json(self) -> Any:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def __str__(self) -> str:
        return str(self.status) if self.status else self.failure


class Asker:
    """Asks a server on this machine."""

    def __init__(self, base_url: str, *, timeout_s: float = 30) -> None:
        self.base_url, self._timeout_s = base_url.rstrip("/"), timeout_s
        self._session = _new_session()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | bytes | None = None,
        files: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        return _read_answer(
            self._session,
            method,
            self.base_url + path,
            timeout_s=self._timeout_s,
            params=params,
            data=data,
            files=files,
            headers=dict(headers or {}),
        )


def _new_session() -> requests.Session:
    """A connection for each request: one that a failing server closed is never used again."""
    session = requests.Session()
    session.trust_env = False
    session.headers["Connection"] = "close"
    session.mount("http://", HTTPAdapter(pool_maxsize=32))
    return session


def _read_answer(
    session: requests.Session, method: str, url: str, *, timeout_s: float, **sent: Any
) -> Answer:
    """Bounded in size and time; redirects are not followed."""
    end = time.monotonic() + timeout_s
    try:
        with session.request(
            method, url, timeout=(5, timeout_s), stream=True, allow_redirects=False, **sent
        ) as response:
            body = b""
            for piece in response.iter_content(1 << 16):
                body += piece
                if len(body) > _MOST_BYTES:
                    return Answer(0, failure="too_large")
                if time.monotonic() > end:
                    return Answer(0, failure="too_slow")
            return Answer(response.status_code, body, dict(response.headers))
    except requests.Timeout:
        return Answer(0, failure="too_slow")
    except (requests.RequestException, OSError, ValueError):
        return Answer(0, failure="no_answer")
