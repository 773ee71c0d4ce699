"""Forwarded headers are believed from the proxies that the operator names, from nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from countlab.server.middleware.forwarded import ForwardedHeaders

PROXIES = ("127.0.0.1/32", "10.0.0.0/8")


def passed(headers: dict[str, str], *, client: str, trusted: tuple[str, ...]) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
        seen.update(scope)

    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "client": (client, 1), "scheme": "http", "headers": raw}
    asyncio.run(ForwardedHeaders(app, trusted=trusted)(scope, None, None))  # type: ignore[arg-type]
    return seen


HEADERS = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.b"}


@pytest.mark.parametrize(
    ("client", "trusted"), [("127.0.0.1", ()), ("9.9.9.9", PROXIES), ("?", PROXIES)]
)
def test_a_stranger_is_not_believed(client: str, trusted: tuple[str, ...]) -> None:
    others = {"Forwarded": "for=1.2.3.4", "X-Real-IP": "1.2.3.4", "X-Gradio-Server": "http://a"}
    scope = passed({**HEADERS, **others, "Accept": "*/*"}, client=client, trusted=trusted)
    assert scope["client"] == (client, 1)
    assert scope["scheme"] == "http"
    assert scope["headers"] == [(b"accept", b"*/*")]


def test_a_named_proxy_is_believed() -> None:
    scope = passed(HEADERS, client="127.0.0.1", trusted=PROXIES)
    assert scope["client"] == ("1.2.3.4", 0)
    assert scope["scheme"] == "https"
    assert dict(scope["headers"]) == {b"x-forwarded-host": b"a.b", b"x-forwarded-proto": b"https"}


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),  # the first one is the client's own claim
        ("6.6.6.6, 1.2.3.4, 10.1.1.1", "1.2.3.4"),  # through two named proxies
        ("nonsense", "127.0.0.1"),
        ("1.2.3.4, nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_named_proxy(said: str, client: str) -> None:
    scope = passed({"X-Forwarded-For": said}, client="127.0.0.1", trusted=PROXIES)
    assert scope["client"][0] == client


@pytest.mark.parametrize("host", ["a:port", "[::1", "a/b", "<script>", "a b", "é"])
def test_what_is_no_host_is_removed_also_from_a_named_proxy(host: str) -> None:
    headers = {"X-Forwarded-Host": host, "X-Forwarded-Proto": "javascript"}
    scope = passed(headers, client="127.0.0.1", trusted=PROXIES)
    assert scope["headers"] == []
    assert scope["scheme"] == "http"
