"""`GET /history` over real HTTP: what each route leaves there, pages, filters, the export."""

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
def keeping(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a history and a key."""
    settings = Settings(home=tmp_path_factory.mktemp("keeping"), api_keys="anna:secret-of-anna")
    server = serve(create_app(settings=settings, history=True), port=0)
    yield server
    server.stop()


KEY = {"X-API-Key": "secret-of-anna"}


def ask(server: Server, path: str, picture: bytes | None = None, **headers: str) -> Any:
    if picture is None:
        return requests.get(server.url + path, headers=KEY | headers, timeout=30)
    files = {"file": ("x.jpg", picture)}
    return requests.post(server.url + path, files=files, headers=KEY | headers, timeout=60)


def test_each_counting_route_leaves_a_row_that_says_all(
    keeping: Server, photo: bytes, jpeg: bytes
) -> None:
    before = datetime.now(timezone.utc)
    told = [
        ask(keeping, "/countObjects?confidence=0.4&object=orange", photo).json(),
        ask(keeping, "/countApples", photo, **{"X-Request-Id": "my-own.name"}).json(),
        ask(keeping, "/predict/single", photo).json(),
    ]
    drawn = ask(keeping, "/predict", photo)
    swept = ask(keeping, "/sweep", photo).json()
    files = [("files", ("a", photo)), ("files", ("b", b"no picture")), ("files", ("c", jpeg))]
    batch = requests.post(keeping.url + "/predict/batch", files=files, headers=KEY, timeout=60)
    rows = ask(keeping, "/history").json()["rows"][::-1][-7:]
    assert [row["object"] for row in rows] == ["orange", "apple", None, None, None, None, None]
    for row, answer in zip(rows, told, strict=False):
        for member in ("count", "counts", "model", "engine", "precision", "object", "receipt"):
            assert row[member] == answer[member]
        assert row["parameters"]["confidence"] == answer["confidence"]
        assert row["milliseconds"] == answer["milliseconds"]
        assert row["warnings"] == [warning["code"] for warning in answer["warnings"]]
        assert row["picture_sha256"] == answer["receipt"]["picture_sha256"]
    assert rows[1]["request_id"] == "my-own.name"
    assert rows[3]["count"] == int(drawn.headers["x-count"])
    assert rows[3]["request_id"] == drawn.headers["x-request-id"]
    assert rows[4]["count"] == swept["stable"]["count"]
    assert [row["count"] for row in rows[5:]] == [
        entry["result"]["count"] for entry in batch.json()["results"] if "result" in entry
    ]
    assert {row["key_name"] for row in rows} == {"anna"}
    times = [datetime.fromisoformat(row["time"]) for row in rows]
    assert before - timedelta(seconds=1) < times[0] <= times[-1] <= datetime.now(timezone.utc)


def test_what_was_refused_leaves_no_row_and_strangers_read_none(
    keeping: Server, photo: bytes
) -> None:
    before = len(ask(keeping, "/history?limit=1000").json()["rows"])
    assert ask(keeping, "/countObjects?object=horse", photo).status_code == 422
    assert ask(keeping, "/countObjects", b"no picture").status_code == 415
    assert len(ask(keeping, "/history?limit=1000").json()["rows"]) == before
    assert requests.get(keeping.url + "/history", timeout=10).status_code == 401


def test_pages_and_filters_and_the_export(keeping: Server, photo: bytes) -> None:
    start = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    for path in ("/countOranges", "/countApples", "/countObjects?confidence=1", "/predict/single"):
        ask(keeping, path, photo)
    listed, cursor = [], ""
    while cursor is not None:
        page = ask(keeping, f"/history?limit=1&from={start}{cursor and '&cursor='}{cursor}").json()
        listed += page["rows"]
        cursor = page["next"]
    assert len({row["id"] for row in listed}) == len(listed) == 4
    assert [row["time"] for row in listed] == sorted((row["time"] for row in listed), reverse=True)

    def found(query: str) -> int:
        return len(ask(keeping, f"/history?from={start}&{query}").json()["rows"])

    assert found("object=orange") == 2  # asked for, and found among everything
    assert found("object=pear") == found("key=otto") == found("model=planets") == 0
    assert found("key=anna&model=fruits") == 4
    assert found(f"to={start}") == 0
    assert found("to=2700-01-01T00:00:00Z") == found("to=9999-12-31T23:59:59-12:00") == 4
    export = ask(keeping, f"/history?from={start}&format=csv")
    assert export.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(export.text)))
    assert [row["id"] for row in rows] == [row["id"] for row in listed]
    assert rows[0]["counts"].split(", ")[0].split()[0] in ("apple", "orange", "banana", "lemon")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "cursor=x", "from=yesterday", "format=xml",
              "day=1", "object=%22", "from=2026-11-20T12:00:00"],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused_in_both_languages(
    keeping: Server, query: str
) -> None:
    for language in ("en", "es"):
        headers = KEY | {"Accept-Language": language}
        answer = requests.get(f"{keeping.url}/history?{query}", headers=headers, timeout=30)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()["detail"]
        assert "should" not in told, "a library's own sentence"
    assert " or " not in told


def test_without_a_history_there_is_no_such_page(server: Server) -> None:
    assert requests.get(server.url + "/history", timeout=10).status_code == 404


def test_an_app_served_again_keeps_its_rows_as_before(home: Path, photo: bytes) -> None:
    """A notebook stops its server and starts another for the same app."""
    app = create_app(settings=Settings(home=home), history=True)
    for times in (1, 2):
        server = serve(app, port=0)
        assert ask(server, "/countObjects", photo).ok
        assert len(ask(server, "/history").json()["rows"]) == times
        server.stop()
