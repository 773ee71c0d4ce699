"""`GET /history` over real HTTP: rows of each route, pages, filters, CSV export."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import requests

from countlab.notebook import Server, serve
from countlab.server import create_app
from countlab.settings import Settings


@pytest.fixture(scope="module")
def history_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a history and a key."""
    settings = Settings(home=tmp_path_factory.mktemp("history"), api_keys="anna:secret-of-anna")
    server = serve(create_app(settings=settings, history=True), port=0)
    yield server
    server.stop()


KEY = {"X-API-Key": "secret-of-anna"}


def send(server: Server, path: str, picture: bytes | None = None, **headers: str) -> Any:
    if picture is None:
        return requests.get(server.url + path, headers=KEY | headers, timeout=30)
    files = {"file": ("x.jpg", picture)}
    return requests.post(server.url + path, files=files, headers=KEY | headers, timeout=60)


def test_each_counting_route_writes_a_complete_row(
    history_server: Server, photo: bytes, jpeg: bytes
) -> None:
    before = datetime.now(timezone.utc)
    counts = [
        send(history_server, "/countObjects?confidence=0.4&object=orange", photo).json(),
        send(history_server, "/countApples", photo, **{"X-Request-Id": "my-own.name"}).json(),
        send(history_server, "/predict/single", photo).json(),
    ]
    picture = send(history_server, "/predict", photo)
    sweep = send(history_server, "/sweep", photo).json()
    files = [("files", ("a", photo)), ("files", ("b", b"no picture")), ("files", ("c", jpeg))]
    batch = requests.post(
        history_server.url + "/predict/batch", files=files, headers=KEY, timeout=60
    )
    rows = send(history_server, "/history").json()["rows"][::-1][-7:]
    assert [row["object"] for row in rows] == ["orange", "apple", None, None, None, None, None]
    for row, body in zip(rows, counts, strict=False):
        for member in ("count", "counts", "model", "engine", "precision", "object", "receipt"):
            assert row[member] == body[member]
        assert row["parameters"]["confidence"] == body["confidence"]
        assert row["milliseconds"] == body["milliseconds"]
        assert row["warnings"] == [warning["code"] for warning in body["warnings"]]
        assert row["picture_sha256"] == body["receipt"]["picture_sha256"]
    assert rows[1]["request_id"] == "my-own.name"
    assert rows[3]["count"] == int(picture.headers["x-count"])
    assert rows[3]["request_id"] == picture.headers["x-request-id"]
    assert rows[4]["count"] == sweep["stable"]["count"]
    assert [row["count"] for row in rows[5:]] == [
        entry["result"]["count"] for entry in batch.json()["results"] if "result" in entry
    ]
    assert {row["key_name"] for row in rows} == {"anna"}
    times = [datetime.fromisoformat(row["time"]) for row in rows]
    assert before - timedelta(seconds=1) < times[0] <= times[-1] <= datetime.now(timezone.utc)


def test_refused_requests_write_no_row_and_history_needs_a_key(
    history_server: Server, photo: bytes
) -> None:
    before = len(send(history_server, "/history?limit=1000").json()["rows"])
    assert send(history_server, "/countObjects?object=horse", photo).status_code == 422
    assert send(history_server, "/countObjects", b"no picture").status_code == 415
    assert len(send(history_server, "/history?limit=1000").json()["rows"]) == before
    assert requests.get(history_server.url + "/history", timeout=10).status_code == 401


def test_history_has_pages_filters_and_a_csv_export(history_server: Server, photo: bytes) -> None:
    start = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    for path in ("/countOranges", "/countApples", "/countObjects?confidence=1", "/predict/single"):
        send(history_server, path, photo)
    listed, cursor = [], ""
    while cursor is not None:
        page = send(
            history_server, f"/history?limit=1&from={start}{cursor and '&cursor='}{cursor}"
        ).json()
        listed += page["rows"]
        cursor = page["next"]
    assert len({row["id"] for row in listed}) == len(listed) == 4
    assert [row["time"] for row in listed] == sorted((row["time"] for row in listed), reverse=True)

    def number_of_rows(query: str) -> int:
        return len(send(history_server, f"/history?from={start}&{query}").json()["rows"])

    assert number_of_rows("object=orange") == 2  # one requested it, one found it
    assert (
        number_of_rows("object=pear")
        == number_of_rows("key=otto")
        == number_of_rows("model=planets")
        == 0
    )
    assert number_of_rows("key=anna&model=fruits") == 4
    assert number_of_rows(f"to={start}") == 0
    assert (
        number_of_rows("to=2700-01-01T00:00:00Z")
        == number_of_rows("to=9999-12-31T23:59:59-12:00")
        == 4
    )
    export = send(history_server, f"/history?from={start}&format=csv")
    assert export.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(export.text)))
    assert [row["id"] for row in rows] == [row["id"] for row in listed]
    assert rows[0]["counts"].split(", ")[0].split()[0] in ("apple", "orange", "banana", "lemon")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "cursor=x", "from=yesterday", "format=xml",
              "day=1", "object=%22", "from=2026-11-20T12:00:00"],
)  # fmt: skip
def test_invalid_history_query_is_refused_in_both_languages(
    history_server: Server, query: str
) -> None:
    for language in ("en", "es"):
        headers = KEY | {"Accept-Language": language}
        response = requests.get(
            f"{history_server.url}/history?{query}", headers=headers, timeout=30
        )
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        detail = response.json()["detail"]
        assert "should" not in detail, "a message of pydantic's"
    assert " or " not in detail


def test_history_route_is_absent_without_a_history(server: Server) -> None:
    assert requests.get(server.url + "/history", timeout=10).status_code == 404


def test_app_served_again_keeps_its_history(home: Path, photo: bytes) -> None:
    """As when a notebook stops its server and starts another one for the same app."""
    app = create_app(settings=Settings(home=home), history=True)
    for rows in (1, 2):
        server = serve(app, port=0)
        assert send(server, "/countObjects", photo).ok
        assert len(send(server, "/history").json()["rows"]) == rows
        server.stop()
