"""What stands before the routes: keys, rates, origins, headers; asked over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import socket
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import requests
from fastapi import FastAPI, Request

from benchmarks import middleware as cost
from countlab import cli
from countlab.client.client import Client, ServerRefused
from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.server.middleware.rate_limit import RateLimiter
from countlab.settings import Rate, Settings
from tests.conftest import ROOT

FRUITS_PHOTO = ROOT / "images" / "fruits.jpg"


KEY, OTHER = "wide-open-sesame", "another-one"


SPANISH = {"Accept-Language": "es"}


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[Server]:
    server = serve(app, port=0)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two keys, a rate, one origin, and a route that tells whose key came."""
    hashed = hashlib.sha256(OTHER.encode()).hexdigest()
    settings = Settings(
        home=tmp_path_factory.mktemp("locked"),
        api_keys=f"classroom:{KEY}, library:sha256:{hashed}",
        origins=("https://lab.example.org",),
    )
    app = create_app(settings=settings)

    @app.get("/who")
    def who(request: Request) -> dict[str, Any]:
        return {"key": request.state.key_name}

    @app.get("/fails")
    def fails() -> None:
        raise RuntimeError("on purpose")

    with served(app) as server:
        yield server


def problem(answer: requests.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["fix"]
    return answer.status_code, answer.json()["code"]


WAYS = [
    {"X-API-Key": KEY},
    {"Authorization": KEY},
    {"Authorization": f"Bearer {KEY}"},
    {"authorization": f"bearer  {KEY} "},
    {"X-API-Key": "wrong", "Authorization": KEY},
]


@pytest.mark.parametrize("headers", WAYS)
def test_a_key_is_taken_in_every_usual_header(locked: Server, headers: dict[str, str]) -> None:
    answer = requests.get(locked.url + "/who", headers=headers, timeout=10)
    assert answer.json() == {"key": "classroom"}


def test_a_key_of_which_only_the_hash_is_known_opens_too(locked: Server) -> None:
    answer = requests.get(locked.url + "/who", headers={"X-API-Key": OTHER}, timeout=10)
    assert answer.json() == {"key": "library"}


def test_without_a_key_or_with_a_wrong_one_nothing_is_told(locked: Server, photo: bytes) -> None:
    for path, send in (("/models", requests.get), ("/predict", requests.post)):
        none = send(locked.url + path, timeout=10)
        assert problem(none) == (401, "no_key")
        assert none.headers["www-authenticate"].startswith("Bearer")
        for wrong in (KEY[:-1], KEY + "x", KEY.upper(), "", "Bearer", "Basic eDp5", "\xff\xfe"):
            headers = {"Authorization": wrong.encode("latin-1")}
            refused = send(locked.url + path, headers=headers, timeout=10)
            assert problem(refused)[0] in (401, 403), wrong
    spanish = requests.get(locked.url + "/models", headers=SPANISH, timeout=10).json()
    assert "clave" in spanish["detail"]
    files = {"file": photo}
    assert requests.post(
        locked.url + "/predict", files=files, headers={"X-API-Key": KEY}, timeout=30
    ).ok


def test_a_stranger_is_refused_before_the_body_is_read(locked: Server) -> None:
    """The client asks whether to go on, and is told no instead of 100 Continue."""
    with socket.create_connection(("127.0.0.1", locked.port), timeout=5) as connection:
        connection.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\nExpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")


def test_what_is_open_stays_open_and_docs_can_be_authorized(locked: Server) -> None:
    for path in ("/", "/health", "/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css"):
        assert requests.get(locked.url + path, timeout=10).ok, path
    document = requests.get(locked.url + "/openapi.json", timeout=10).json()
    schemes = document["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} == {"apiKey", "http"}
    assert document["security"]
    assert document["paths"]["/health"]["get"]["security"] == []
    assert {"401", "403", "429"} <= set(document["paths"]["/predict"]["post"]["responses"])


def test_a_server_without_keys_offers_no_authorize_button(server: Server) -> None:
    assert "security" not in requests.get(server.url + "/openapi.json", timeout=10).json()


def test_our_own_client_has_a_key_too(
    locked: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ServerRefused) as caught:
        Client(locked.url).count(FRUITS_PHOTO)
    assert (caught.value.code, caught.value.status) == ("no_key", 401)
    counted = Client(locked.url, api_key=KEY).count(FRUITS_PHOTO).count
    monkeypatch.setenv("COUNTLAB_API_KEY", KEY)
    with pytest.raises(SystemExit, match="0"):
        cli.main(["count", str(FRUITS_PHOTO), "--url", locked.url, "--json"])
    assert f'"count": {counted}' in capsys.readouterr().out


def test_who_asks_too_often_waits(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path, api_keys=f"classroom:{KEY},library:{OTHER}", rate=Rate(3, 60)
    )
    with served(create_app(settings=settings)) as server:

        def ask(key: str) -> requests.Response:
            return requests.get(server.url + "/models", headers={"X-API-Key": key}, timeout=10)

        assert [ask(KEY).status_code for _ in range(3)] == [200] * 3
        refused = ask(KEY)
        assert problem(refused) == (429, "too_often")
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert ask(OTHER).ok, "one key's haste is another's wait"
        assert [ask("guess").status_code for _ in range(4)] == [403, 403, 403, 429]
        assert requests.get(server.url + "/health", timeout=10).ok


def test_a_rate_lets_through_what_it_says_and_no_more() -> None:
    rates = RateLimiter(Rate(5, 1))
    start, through = time.monotonic(), 0
    while time.monotonic() - start < 1.5:
        through += not rates.wait_s("a")
        time.sleep(0.002)
    assert 11 <= through <= 13  # five at once, then one each 0.2 s


def test_clients_without_number_do_not_fill_the_memory() -> None:
    rates = RateLimiter(Rate(1, 3600))
    for number in range(60_000):
        rates.wait_s(str(number))
    assert len(rates._paid_off) <= 20_001
    assert rates.wait_s("59999") > 3000, "the latest was forgotten"


def test_pages_of_others_are_shut_out_unless_they_are_named(locked: Server) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key,x-request-id,content-type",
    }
    ours, theirs = {"Origin": "https://lab.example.org"}, {"Origin": "https://evil.example.org"}
    allowed = requests.options(locked.url + "/predict", headers={**asked, **ours}, timeout=10)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == ours["Origin"]
    assert "X-API-Key" in allowed.headers["access-control-allow-headers"]
    refused = requests.options(locked.url + "/predict", headers={**asked, **theirs}, timeout=10)
    assert "access-control-allow-origin" not in refused.headers
    told = requests.get(locked.url + "/models", headers=ours, timeout=10)
    assert told.status_code == 401
    assert told.headers["access-control-allow-origin"] == ours["Origin"], "unreadable refusal"
    assert "X-Count" in told.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in told.headers


def test_without_a_list_every_other_origin_is_shut_out(server: Server) -> None:
    origin = {"Origin": "https://lab.example.org"}
    answer = requests.get(server.url + "/models", headers=origin, timeout=10)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_every_answer_tells_browsers_what_not_to_do(locked: Server) -> None:
    key = {"X-API-Key": KEY}
    for path in ("/", "/docs", "/models", "/nothing", "/fails", "/health"):
        for headers in (key, {}):
            answer = requests.get(locked.url + path, headers=headers, timeout=10)
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.headers["x-frame-options"] in ("DENY", "SAMEORIGIN"), path
            assert "frame-ancestors" in answer.headers["content-security-policy"], path
            assert answer.headers["referrer-policy"] == "same-origin", path
            assert "server" not in answer.headers, path
    failed = requests.get(locked.url + "/fails", headers=key, timeout=10)
    assert problem(failed) == (500, "internal")
    assert "on purpose" not in failed.text


def test_the_guard_costs_far_less_than_a_count() -> None:
    """The least of several rounds: other work on the machine only ever adds to it."""

    async def least() -> float:
        behind = cost.guarded()
        return min([await cost.microseconds(behind) for _ in range(4)])

    assert asyncio.run(least()) < 300


def test_the_reader_of_forms_is_one_without_known_holes() -> None:
    version = tuple(int(part) for part in metadata.version("python-multipart").split("."))
    assert version >= (0, 0, 32)


def test_a_name_in_an_address_comes_back_as_data(server: Server) -> None:
    answer = requests.get(server.url + "/<script>alert(1)</script>", timeout=10)
    assert problem(answer) == (404, "no_such_page")
    assert json.loads(answer.text)["detail"]
