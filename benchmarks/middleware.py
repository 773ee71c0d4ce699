"""Cost of the middleware per request, in microseconds of processor time.

    .venv/bin/python -m benchmarks.middleware

The same small app receives a picture of 200 kB, bare and behind API keys, rate limit, origins,
headers and admission, in turns; no network, so that nothing else is measured.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from itertools import repeat

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countlab.server.middleware import stack as stack
from countlab.settings import Rate, Settings

_ROUNDS, _REQUESTS = 15, 400
_CHUNKS = [bytes(65_536)] * 3
_HEADERS = [
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"benchmark"),
    (b"accept", b"application/json"),
    (b"content-type", b"multipart/form-data; boundary=x"),
    (b"content-length", b"196608"),
    (b"origin", b"https://lab.example.org"),
    (b"x-api-key", b"wide-open-sesame"),
]


async def bare(_: Scope, receive: Receive, send: Send) -> None:
    """Reads the body and responds: as little as an app can do."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    start = {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"a")]}
    await send(start)
    await send({"type": "http.response.body", "body": b"{}"})


def guarded() -> ASGIApp:
    settings = Settings(
        api_keys="classroom:wide-open-sesame,office:another-one",
        rate=Rate(10**6, 1),
        origins=("https://lab.example.org",),
    )
    app, wrapped = FastAPI(), bare
    stack.install(app, settings)
    for layer in reversed(app.user_middleware):
        wrapped = layer.cls(wrapped, *layer.args, **layer.kwargs)  # type: ignore[assignment]
    return wrapped


async def send_request(app: ASGIApp) -> None:
    messages: Iterator[Message] = (
        {"type": "http.request", "body": chunk, "more_body": more_body}
        for chunk, more_body in zip(_CHUNKS, (True, True, False), strict=True)
    )
    disconnected = asyncio.Event()

    async def receive() -> Message:
        message = next(messages, None)
        if message is None:
            await disconnected.wait()
        return message or {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        assert message.get("status", 200) == 200, "a refusal is cheaper than an answer"

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/countObjects",
        "headers": _HEADERS,
        "client": ("127.0.0.1", 50_000),
    }
    await app(scope, receive, send)


async def microseconds(app: ASGIApp) -> float:
    started = time.process_time()
    for _ in repeat(None, _REQUESTS):
        await send_request(app)
    return (time.process_time() - started) / _REQUESTS * 1e6


async def main() -> None:
    guarded_app, differences = guarded(), []
    for _ in range(_ROUNDS):
        bare_us = await microseconds(bare)
        differences.append(await microseconds(guarded_app) - bare_us)
    median_us = statistics.median(differences)
    print(f"The guard costs {median_us:.0f} µs of processor time for each request")
    print(f"({_ROUNDS} rounds in turns, {min(differences):.0f} to {max(differences):.0f} µs)")


if __name__ == "__main__":
    asyncio.run(main())
