"""A vision endpoint that speaks OpenAI's chat protocol: asked patiently, believed carefully."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from countlab.datasets.weak_labels.cache import Answer
from countlab.errors import CountlabError

_MAX_ANSWER_BYTES = 1_000_000
_MAX_TOKENS = 64
_ATTEMPTS = 5
_FIRST_WAIT_S = 1.0
_MAX_WAIT_S = 120.0
"""A service that asks for a longer pause has no quota left; waiting on would look like a hang."""
_AGAIN = (408, 409, 425, 429, 500, 502, 503, 504, 529)


@dataclass(frozen=True)
class Endpoint:
    """Where to ask, and how long to wait; the key is never shown."""

    address: str
    """Up to `/v1`, as the service states it."""
    model: str
    key: str = field(default="", repr=False)
    timeout_s: float = 60.0

    @property
    def url(self) -> str:
        parts = urlsplit(self.address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CountlabError("not_web_address", address=self.address)
        return f"{self.address.rstrip('/')}/chat/completions"


class Asker:
    """Questions to one endpoint, from many threads; `stopped` ends a wait early."""

    def __init__(self, endpoint: Endpoint, *, stopped: Callable[[], bool]) -> None:
        self._endpoint, self._stopped = endpoint, stopped
        headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        self._client = httpx.Client(
            headers=headers, timeout=httpx.Timeout(endpoint.timeout_s, connect=10)
        )

    def close(self) -> None:
        self._client.close()

    def ask(self, jpeg: bytes, instruction: str) -> Answer:
        """The model's words; what one more attempt may mend gets one, after a growing pause."""
        body = _question(self._endpoint.model, jpeg, instruction)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._once(body)
            except _RepeatableError as reason:
                last = attempt == _ATTEMPTS or self._stopped()
                if last or (reason.after_s or 0) > _MAX_WAIT_S:
                    raise reason.error from reason
                pause = _FIRST_WAIT_S * 2 ** (attempt - 1)
                self._wait(max(pause, reason.after_s or 0) * random.uniform(1, 1.25))
        raise AssertionError("the last attempt raises")

    def _once(self, body: bytes) -> Answer:
        endpoint, ends = self._endpoint, time.monotonic() + self._endpoint.timeout_s
        headers = {"Content-Type": "application/json"}
        try:
            with self._client.stream("POST", endpoint.url, content=body, headers=headers) as found:
                data = self._read(found, ends)
                if found.status_code != 200:
                    raise self._refusal(found, data)
                streamed = "event-stream" in found.headers.get("content-type", "")
        except httpx.HTTPError as reason:
            raise self._no_answer(type(reason).__name__) from reason
        try:
            return _streamed(data) if streamed else _whole(json.loads(data))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as reason:
            start = data[:80].decode("utf-8", "replace")
            error = CountlabError("endpoint_lies", address=endpoint.address, arrived=start)
            raise _RepeatableError(error) from reason

    def _read(self, response: httpx.Response, ends: float) -> bytes:
        """A server that drips a byte now and then is left at the deadline."""
        data = bytearray()
        for block in response.iter_bytes():
            data += block
            if len(data) > _MAX_ANSWER_BYTES:
                raise self._no_answer(f"> {_MAX_ANSWER_BYTES} bytes")
            if time.monotonic() > ends:
                raise self._no_answer(f"> {self._endpoint.timeout_s:g} s")
        return bytes(data)

    def _refusal(self, response: httpx.Response, data: bytes) -> Exception:
        status, address = response.status_code, self._endpoint.address
        if status in (401, 403):
            return CountlabError("endpoint_key_refused", address=address, status=status)
        if status == 404:
            return CountlabError("endpoint_not_found", address=address, model=self._endpoint.model)
        words = _message(data)
        error = CountlabError("endpoint_refused", address=address, status=status, words=words)
        if status not in _AGAIN:
            return error
        after = response.headers.get("retry-after", "")
        return _RepeatableError(error, float(after) if after.isdigit() else None)

    def _no_answer(self, reason: str) -> _RepeatableError:
        return _RepeatableError(
            CountlabError("page_silent", address=self._endpoint.address, reason=reason)
        )

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._stopped():
            time.sleep(min(0.1, left))


class _RepeatableError(Exception):
    """Worth another attempt, after so many seconds where the server named them."""

    def __init__(self, error: CountlabError, after_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error, self.after_s = error, after_s


def _question(model: str, jpeg: bytes, instruction: str) -> bytes:
    picture = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
    content = [
        {"type": "text", "text": instruction},
        {"type": "image_url", "image_url": {"url": picture}},
    ]
    body = {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "temperature": 0,
        "max_tokens": _MAX_TOKENS,
    }
    return json.dumps(body).encode()


def _whole(document: dict[str, Any]) -> Answer:
    content = document["choices"][0]["message"]["content"]
    if isinstance(content, list):  # some servers send parts
        content = "".join(part["text"] for part in content if part.get("type") == "text")
    return _answer(content, document.get("usage"))


def _streamed(data: bytes) -> Answer:
    """Server-sent events, whether or not they were asked for."""
    words, usage, pieces = "", None, 0
    for line in data.decode("utf-8").splitlines():
        if not line.startswith("data:") or line[5:].strip() == "[DONE]":
            continue
        piece = json.loads(line[5:])
        usage = piece.get("usage") or usage
        for choice in piece["choices"][:1]:
            words += choice.get("delta", {}).get("content") or ""
            pieces += 1
    if not pieces:
        raise ValueError("no piece of an answer")
    return _answer(words, usage)


def _answer(content: Any, usage: Any) -> Answer:
    if not isinstance(content, str):
        raise TypeError("the answer is no text")
    tokens = usage if isinstance(usage, dict) else {}
    counts = (tokens.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return Answer(content, *(max(0, n) if isinstance(n, int) else 0 for n in counts))


def _message(data: bytes) -> str:
    """What the server says is wrong, if it says it as the protocol has it."""
    try:
        return str(json.loads(data)["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return data[:80].decode("utf-8", "replace")
