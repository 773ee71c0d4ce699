"""What bad requests are answered: each with its status and its code, and never a 5xx."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.promises.hostile import pictures as bad
from tests.promises.hostile.conftest import Running

OTHERS = bad.others()


@dataclass(frozen=True)
class Row:
    """A request, and what it must be answered."""

    what: str
    status: int
    code: str
    data: bytes = bad.PNG
    path: str = "/countObjects"
    method: str = "POST"
    asks: dict[str, Any] = field(default_factory=dict)
    """Instead of the picture in the field `file`: what `requests.request` takes."""


PICTURES = [
    Row("nothing", 400, "empty_file", b""),
    Row("one byte", 415, "not_a_picture", b"\xff"),
    *[Row(f"another thing: {name}", 415, "not_a_picture", OTHERS[name]) for name in OTHERS],
    *[Row(f"half a {name}", 400, "broken_picture", bad.half(name)) for name in bad.WHOLE],
    Row("too many bytes", 413, "too_many_bytes", bad.JPEG + bytes(10_000_001)),
    Row("a JPEG's first bytes", 400, "broken_picture", bad.JPEG[:3]),
    Row("a JPEG without its end", 400, "broken_picture", bad.JPEG[:-2]),
    Row("a JPEG's header", 400, "broken_picture", bad.JPEG[: bad.JPEG.index(b"\xff\xda") + 14]),
    Row("a JPEG of 65,535²", 413, "too_many_pixels", bad.jpeg_of_size(65_535, 65_535)),
    Row("a JPEG without height", 400, "broken_picture", bad.jpeg_of_size(64, 0)),
    Row("a JPEG of 500 scans", 413, "too_many_parts", bad.jpeg_of_many_scans(500)),
    Row("a JPEG of 100,000 Exifs", 413, "too_many_parts", bad.jpeg_of_many_segments(100_000)),
    Row("a JPEG, padded", 413, "too_many_parts", bad.jpeg_with_padding(9_000_000)),
    Row("a PNG's first bytes", 400, "broken_picture", bad.PNG[:8]),
    Row("a PNG that unpacks to gigabytes", 413, "too_many_pixels", bad.png(12_000, 12_000)),
    Row("a PNG of 1 × 2³¹", 413, "too_many_pixels", bad.png_head(1, 2**31 - 1)),
    Row("a PNG without width", 400, "broken_picture", bad.png_head(0, 9)),
    Row("a PNG without data", 400, "broken_picture", bad.png_head(9, 9)),
    Row("a PNG of noise", 400, "broken_picture", bad.png(9, 9, rows=b"noise")),
    Row("a PNG with a wrong sum", 400, "broken_picture", bad.PNG[:29] + b"sums" + bad.PNG[33:]),
    Row("a PNG of many chunks", 413, "too_many_parts", bad.png(9, 9, bad.chunk(b"teXt") * 30_000)),
    Row("a PNG with a text of 40 MB", 400, "broken_picture", bad.png_text_bomb()),
    Row("a GIF's first bytes", 400, "broken_picture", b"GIF89a"),
    Row("a GIF that is a script", 400, "broken_picture", b"GIF89a/*\0\0*/=1;alert(1)"),
    Row("a GIF with 9 MB of comment", 413, "too_many_parts", bad.gif_with_comment(35_000)),
    Row("a GIF of 65,535²", 413, "too_many_pixels", bad.gif_of_screen(65_535, 65_535)),
    Row("a GIF, frame of 65,535²", 413, "too_many_pixels", bad.gif_with_frame(65_535, 65_535)),
    Row("a WebP's first bytes", 400, "broken_picture", bad.WHOLE["WEBP"][:16]),
    Row("a BMP of 60,000²", 413, "too_many_pixels", bad.bmp_of_size(60_000, 60_000)),
    Row("a BMP without width", 415, "not_a_picture", bad.bmp_of_size(0, 9)),
    Row("a TIFF's first bytes", 400, "broken_picture", b"II*\0"),
    Row("a TIFF of 60,000²", 413, "too_many_pixels", bad.tiff(width=60_000, height=60_000)),
    Row("a TIFF's tile in words", 400, "broken_picture", bad.tiff_of_worded_tile()),
    Row("a TIFF's huge tile", 413, "too_many_pixels", bad.tiff(tile=20_000)),
    Row("a TIFF packed unknown", 400, "broken_picture", bad.tiff(compression=9999)),
    Row("a TIFF of 2⁶² tags", 400, "broken_picture", bad.big_tiff_of_many_tags()),
]


def query(asked: str, code: str, status: int = 422) -> Row:
    return Row(f"?{asked[:40]}", status, code, path=f"/countObjects?{asked}")


QUERIES = [
    query("confidence=nan", "bad_parameter"),
    query("confidence=inf", "bad_parameter"),
    query("confidence=-0.1", "bad_parameter"),
    query("confidence=1.1", "bad_parameter"),
    query("confidence=0,5", "bad_parameter"),
    query("confidence=", "bad_parameter"),
    query("confidence=1e999", "bad_parameter"),
    query("confidence=0.1&confidence=0.9", "sent_twice"),
    query("nms=2", "bad_parameter"),
    query("nms[]=1", "unknown_parameter"),
    query("param=0.9", "unknown_parameter"),
    query("__proto__=1", "unknown_parameter"),
    query("%00=1", "unknown_parameter"),
    query("model=../../../etc/passwd", "unknown_model", 404),
    query("model=/etc/passwd%00", "unknown_model", 404),
    query("model=%ff%fe", "unknown_model", 404),
    query("model=" + "a" * 5000, "unknown_model", 404),
    query("model=<script>alert(1)</script>", "unknown_model", 404),
    query("engine=../cvlib", "unknown_engine"),
    query("object=%F0%9F%8D%8A", "unknown_object"),
    query("object=orange'--", "unknown_object"),
]


FORM, WORDS = "multipart/form-data; boundary=", "application/x-www-form-urlencoded"
BATCH, STEPS_UP = "/predict/batch", "/static-offline-docs/..%2f..%2fcore.py"


def form(body: bytes, kind: str = FORM + "x") -> dict[str, Any]:
    return {"data": body, "headers": {"Content-Type": kind}}


def part(head: bytes, body: bytes = b"x") -> bytes:
    return b"--x\r\n" + head + b"\r\n\r\n" + body + b"\r\n--x--\r\n"


NAMED = b'Content-Disposition: form-data; name="file"; filename="x"'
PLAIN = b'Content-Disposition: form-data; name="a"'
MANY = [("files", (f"{n}.png", bad.PNG)) for n in range(5)]
MIXED = [("file", ("x.png", bad.PNG)), *[(f"f{n}", (None, "x")) for n in range(20)]]
FORMS = [
    Row("no form", 422, "no_picture", asks={}),
    Row("JSON", 422, "no_picture", asks={"json": {"file": "x"}}),
    Row("a form of words", 422, "no_picture", asks={"data": {"file": "x"}}),
    Row("2 MB of words", 400, "bad_request", asks=form(b"a&" * 10**6, WORDS)),
    Row("the bare picture", 422, "no_picture", asks=form(bad.PNG, "image/png")),
    Row("another field", 422, "unknown_form_field", asks={"files": {"picture": bad.PNG}}),
    Row("a field beside it", 422, "unknown_form_field", asks={"files": MIXED[:2]}),
    Row("two pictures for one", 422, "sent_twice", asks={"files": [MIXED[0], MIXED[0]]}),
    Row("many fields", 400, "bad_request", asks={"files": MIXED}),
    Row("a picture as words", 422, "no_picture", asks=form(part(NAMED[:-14], bad.PNG))),
    Row("a torn form", 400, "torn_form", asks=form(b"--x\r\ntorn")),
    Row("a torn form, loudly", 400, "torn_form", asks=form(b"--x\r\ntorn", FORM.title() + "x")),
    Row("a field, loudly", 422, "unknown_form_field", asks=form(part(PLAIN), FORM.title() + "x")),
    Row("an empty form", 422, "no_picture", asks=form(b"")),
    Row("no boundary", 400, "bad_request", asks=form(part(NAMED), "multipart/form-data")),
    Row("a long boundary", 400, "bad_request", asks=form(b"", FORM + "x" * 300)),
    Row("a part without name", 400, "bad_request", asks=form(part(b"Content-Type: image/png"))),
    Row("a part without head", 400, "bad_request", asks=form(part(b""))),
    Row("a part's long head", 400, "bad_request", asks=form(part(b"X-A: " + b"a" * 9000))),
    Row("a part's many heads", 400, "bad_request", asks=form(part(b"X-A: a\r\n" * 20 + NAMED))),
    Row("a field of 100 kB", 400, "bad_request", asks=form(part(PLAIN, b"x" * 100_000))),
    Row("five pictures of four", 413, "too_many_pictures", path=BATCH, asks={"files": MANY}),
    Row("41 MB", 413, "too_many_bytes_together", path=BATCH, asks=form(bytes(41_000_000))),
    Row("an empty batch", 422, "no_picture", path=BATCH, asks={}),
]
PLACES = [
    Row("a plural of nothing", 422, "unknown_object", path="/countNothings"),
    Row("a plural of everything", 422, "unknown_object", path="/count" + "Oranges" * 500),
    Row("a plural with a step up", 404, "no_such_page", path="/count../../etc/passwd"),
    Row("a model with a step up", 404, "no_such_page", path="/models/..%2f..%2fetc", method="GET"),
    Row("another page", 404, "no_such_page", path="/wp-login.php"),
    Row("a page of the machine", 404, "no_such_page", path=STEPS_UP, method="GET"),
    Row("reading where one sends", 405, "wrong_method", path="/predict", method="GET"),
    Row("deleting", 405, "wrong_method", path="/models", method="DELETE"),
    Row("writing where one reads", 405, "wrong_method", path="/health", method="PUT"),
    Row("a method of one's own", 405, "wrong_method", path="/predict", method="PROPFIND"),
]
TABLE = [*PICTURES, *QUERIES, *FORMS, *PLACES]


def ask(server: Running, row: Row) -> requests.Response:
    asks = row.asks
    if row.method == "POST" and row not in FORMS:
        asks = {"files": {"file": ("x.jpg", row.data)}}
    request = requests.Request(row.method, server.url + row.path, **asks).prepare()
    with requests.Session() as session:
        return session.send(request, timeout=90)


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 60
    assert len({(row.what, row.path) for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_bad_requests_are_answered_with_their_status_and_code(running: Running, row: Row) -> None:
    answer = ask(running, row)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (row.status, row.code), told
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert told["detail"]
    assert told["fix"]
    assert len(answer.content) < 5000, "what arrived is quoted in full"


def test_in_a_batch_each_bad_picture_has_its_own_problem(running: Running) -> None:
    sent = [bad.PNG, b"", bad.half("PNG"), OTHERS["page"]]
    files = [("files", ("<script>alert(1)</script>.jpg", data)) for data in sent]
    answer = requests.post(running.url + "/predict/batch", files=files, timeout=60)
    assert answer.headers["content-type"] == "application/json"
    results = answer.json()["results"]
    codes = [result.get("problem", {}).get("code") for result in results]
    assert codes == [None, "empty_file", "broken_picture", "not_a_picture"]
    assert results[0]["name"] == "<script>alert(1)</script>.jpg"
    assert json.loads(answer.content) == answer.json()
