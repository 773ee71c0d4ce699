"""Bad requests are refused with the expected status and code, never with a 5xx."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.promises.hostile import pictures
from tests.promises.hostile.conftest import ServerProcess

OTHER_FILES = pictures.other_files()


@dataclass(frozen=True)
class Case:
    """A request with the expected status and code."""

    name: str
    status: int
    code: str
    data: bytes = pictures.PNG
    path: str = "/countObjects"
    method: str = "POST"
    kwargs: dict[str, Any] = field(default_factory=dict)
    """Of `requests.Request`, instead of the picture in the field `file`."""


PICTURES = [
    Case("empty file", 400, "empty_file", b""),
    Case("one byte", 415, "not_a_picture", b"\xff"),
    *[
        Case(f"not a picture: {name}", 415, "not_a_picture", OTHER_FILES[name])
        for name in OTHER_FILES
        if name != "heic"
    ],
    Case("start of a HEIC", 400, "broken_picture", OTHER_FILES["heic"]),
    *[
        Case(f"half of a {name}", 400, "broken_picture", pictures.half(name))
        for name in pictures.VALID
    ],
    Case("too many bytes", 413, "too_many_bytes", pictures.JPEG + bytes(25_000_001)),
    Case("start of a JPEG", 400, "broken_picture", pictures.JPEG[:3]),
    Case("JPEG without its end", 400, "broken_picture", pictures.JPEG[:-2]),
    Case(
        "JPEG headers only",
        400,
        "broken_picture",
        pictures.JPEG[: pictures.JPEG.index(b"\xff\xda") + 14],
    ),
    Case("JPEG of 65,535²", 413, "too_many_pixels", pictures.jpeg_with_size(65_535, 65_535)),
    Case("JPEG without height", 400, "broken_picture", pictures.jpeg_with_size(64, 0)),
    Case("JPEG with 500 scans", 413, "too_many_parts", pictures.jpeg_with_scans(500)),
    Case(
        "JPEG with 100,000 Exif segments",
        413,
        "too_many_parts",
        pictures.jpeg_with_exif_segments(100_000),
    ),
    Case("JPEG with 9 MB of padding", 413, "too_many_parts", pictures.jpeg_with_padding(9_000_000)),
    Case("start of a PNG", 400, "broken_picture", pictures.PNG[:8]),
    Case("PNG bomb", 413, "too_many_pixels", pictures.png(12_000, 12_000)),
    Case("PNG of 1 × 2³¹", 413, "too_many_pixels", pictures.png_without_data(1, 2**31 - 1)),
    Case("PNG without width", 400, "broken_picture", pictures.png_without_data(0, 9)),
    Case("PNG without data", 400, "broken_picture", pictures.png_without_data(9, 9)),
    Case("PNG with random data", 400, "broken_picture", pictures.png(9, 9, rows=b"noise")),
    Case(
        "PNG with a wrong checksum",
        400,
        "broken_picture",
        pictures.PNG[:29] + b"sums" + pictures.PNG[33:],
    ),
    Case(
        "PNG with 30,000 chunks",
        413,
        "too_many_parts",
        pictures.png(9, 9, pictures.chunk(b"teXt") * 30_000),
    ),
    Case("start of a GIF", 400, "broken_picture", b"GIF89a"),
    Case("GIF that is also a script", 400, "broken_picture", b"GIF89a/*\0\0*/=1;alert(1)"),
    Case("GIF with a comment of 9 MB", 413, "too_many_parts", pictures.gif_with_comment(35_000)),
    Case("GIF of 65,535²", 413, "too_many_pixels", pictures.gif_with_screen(65_535, 65_535)),
    Case(
        "GIF with a frame of 65,535²",
        413,
        "too_many_pixels",
        pictures.gif_with_frame(65_535, 65_535),
    ),
    Case("start of a WebP", 400, "broken_picture", pictures.VALID["WEBP"][:16]),
    Case("BMP of 60,000²", 413, "too_many_pixels", pictures.bmp_with_size(60_000, 60_000)),
    Case("BMP without width", 415, "not_a_picture", pictures.bmp_with_size(0, 9)),
    Case("start of a TIFF", 400, "broken_picture", b"II*\0"),
    Case("TIFF of 60,000²", 413, "too_many_pixels", pictures.tiff(width=60_000, height=60_000)),
    Case(
        "TIFF with text as tile width",
        400,
        "broken_picture",
        pictures.tiff_with_text_as_tile_width(),
    ),
    Case("TIFF with a huge tile", 413, "too_many_pixels", pictures.tiff(tile=20_000)),
    Case("TIFF with unknown compression", 400, "broken_picture", pictures.tiff(compression=9999)),
    Case("TIFF with 2⁶² tags", 413, "too_many_parts", pictures.big_tiff_with_many_tags()),
]


def bad_query(query: str, code: str, status: int = 422) -> Case:
    return Case(f"?{query[:40]}", status, code, path=f"/countObjects?{query}")


QUERIES = [
    bad_query("confidence=nan", "bad_parameter"),
    bad_query("confidence=inf", "bad_parameter"),
    bad_query("confidence=-0.1", "bad_parameter"),
    bad_query("confidence=1.1", "bad_parameter"),
    bad_query("confidence=0,5", "bad_parameter"),
    bad_query("confidence=", "bad_parameter"),
    bad_query("confidence=1e999", "bad_parameter"),
    bad_query("confidence=0.1&confidence=0.9", "sent_twice"),
    bad_query("nms=2", "bad_parameter"),
    bad_query("nms[]=1", "unknown_parameter"),
    bad_query("param=0.9", "unknown_parameter"),
    bad_query("__proto__=1", "unknown_parameter"),
    bad_query("%00=1", "unknown_parameter"),
    bad_query("model=../../../etc/passwd", "unknown_model", 404),
    bad_query("model=/etc/passwd%00", "unknown_model", 404),
    bad_query("model=%ff%fe", "unknown_model", 404),
    bad_query("model=" + "a" * 5000, "unknown_model", 404),
    bad_query("model=<script>alert(1)</script>", "unknown_model", 404),
    bad_query("engine=../cvlib", "unknown_engine"),
    bad_query("object=%F0%9F%8D%8A", "unknown_object"),
    bad_query("object=orange'--", "unknown_object"),
]

MULTIPART, URL_ENCODED = "multipart/form-data; boundary=", "application/x-www-form-urlencoded"
BATCH, TRAVERSAL = "/predict/batch", "/static-offline-docs/..%2f..%2fcore.py"


def form(body: bytes, media_type: str = MULTIPART + "x") -> dict[str, Any]:
    return {"data": body, "headers": {"Content-Type": media_type}}


def part(headers: bytes, body: bytes = b"x") -> bytes:
    return b"--x\r\n" + headers + b"\r\n\r\n" + body + b"\r\n--x--\r\n"


FILE_HEADER = b'Content-Disposition: form-data; name="file"; filename="x"'
FIELD_HEADER = b'Content-Disposition: form-data; name="a"'
FIVE_FILES = [("files", (f"{n}.png", pictures.PNG)) for n in range(5)]
FILE_AND_FIELDS = [("file", ("x.png", pictures.PNG)), *[(f"f{n}", (None, "x")) for n in range(20)]]
FORMS = [
    Case("no form", 422, "no_picture", kwargs={}),
    Case("JSON", 422, "no_picture", kwargs={"json": {"file": "x"}}),
    Case("URL-encoded form", 422, "no_picture", kwargs={"data": {"file": "x"}}),
    Case("URL-encoded form of 2 MB", 400, "bad_request", kwargs=form(b"a&" * 10**6, URL_ENCODED)),
    Case("picture without a form", 422, "no_picture", kwargs=form(pictures.PNG, "image/png")),
    Case("wrong field", 422, "unknown_form_field", kwargs={"files": {"picture": pictures.PNG}}),
    Case("additional field", 422, "unknown_form_field", kwargs={"files": FILE_AND_FIELDS[:2]}),
    Case(
        "two pictures in one field",
        422,
        "sent_twice",
        kwargs={"files": [FILE_AND_FIELDS[0], FILE_AND_FIELDS[0]]},
    ),
    Case("many fields", 400, "bad_request", kwargs={"files": FILE_AND_FIELDS}),
    Case(
        "picture in a text field",
        422,
        "no_picture",
        kwargs=form(part(FILE_HEADER[:-14], pictures.PNG)),
    ),
    Case("truncated form", 400, "torn_form", kwargs=form(b"--x\r\ntorn")),
    Case(
        "truncated form, title-case media type",
        400,
        "torn_form",
        kwargs=form(b"--x\r\ntorn", MULTIPART.title() + "x"),
    ),
    Case(
        "unknown field, title-case media type",
        422,
        "unknown_form_field",
        kwargs=form(part(FIELD_HEADER), MULTIPART.title() + "x"),
    ),
    Case("empty form", 422, "no_picture", kwargs=form(b"")),
    Case("no boundary", 400, "bad_request", kwargs=form(part(FILE_HEADER), "multipart/form-data")),
    Case("long boundary", 400, "bad_request", kwargs=form(b"", MULTIPART + "x" * 300)),
    Case("part without name", 400, "bad_request", kwargs=form(part(b"Content-Type: image/png"))),
    Case("part without headers", 400, "bad_request", kwargs=form(part(b""))),
    Case("part with a long header", 400, "bad_request", kwargs=form(part(b"X-A: " + b"a" * 9000))),
    Case(
        "part with many headers",
        400,
        "bad_request",
        kwargs=form(part(b"X-A: a\r\n" * 20 + FILE_HEADER)),
    ),
    Case("field of 100 kB", 400, "bad_request", kwargs=form(part(FIELD_HEADER, b"x" * 100_000))),
    Case(
        "five pictures, four allowed",
        413,
        "too_many_pictures",
        path=BATCH,
        kwargs={"files": FIVE_FILES},
    ),
    Case(
        "body of 41 MB", 413, "too_many_bytes_together", path=BATCH, kwargs=form(bytes(41_000_000))
    ),
    Case("empty batch", 422, "no_picture", path=BATCH, kwargs={}),
]
PATHS = [
    Case("unknown plural", 422, "unknown_object", path="/countNothings"),
    Case("long plural", 422, "unknown_object", path="/count" + "Oranges" * 500),
    Case("plural with path traversal", 404, "no_such_page", path="/count../../etc/passwd"),
    Case(
        "model with path traversal", 404, "no_such_page", path="/models/..%2f..%2fetc", method="GET"
    ),
    Case("unknown path", 404, "no_such_page", path="/wp-login.php"),
    Case("static file with path traversal", 404, "no_such_page", path=TRAVERSAL, method="GET"),
    Case("GET of a POST route", 405, "wrong_method", path="/predict", method="GET"),
    Case("DELETE", 405, "wrong_method", path="/models", method="DELETE"),
    Case("PUT of a GET route", 405, "wrong_method", path="/health", method="PUT"),
    Case("PROPFIND", 405, "wrong_method", path="/predict", method="PROPFIND"),
]
CASES = [*PICTURES, *QUERIES, *FORMS, *PATHS]


def send(server: ServerProcess, case: Case) -> requests.Response:
    kwargs = case.kwargs
    if case.method == "POST" and case not in FORMS:
        kwargs = {"files": {"file": ("x.jpg", case.data)}}
    url = server.url + case.path
    request = requests.Request(case.method, url, **kwargs).prepare()
    with requests.Session() as session:
        return session.send(request, timeout=90)


def test_there_are_at_least_60_different_bad_requests() -> None:
    assert len(CASES) >= 60
    assert len({(case.name, case.path) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_request_is_refused_with_its_status_and_code(
    server_process: ServerProcess, case: Case
) -> None:
    response = send(server_process, case)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (case.status, case.code), problem
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert problem["detail"]
    assert problem["fix"]
    assert len(response.content) < 5000, "the input is quoted in full"


def test_each_bad_picture_of_a_batch_has_its_own_problem(server_process: ServerProcess) -> None:
    contents = [pictures.PNG, b"", pictures.half("PNG"), OTHER_FILES["html"]]
    files = [("files", ("<script>alert(1)</script>.jpg", data)) for data in contents]
    response = requests.post(server_process.url + "/predict/batch", files=files, timeout=60)
    assert response.headers["content-type"] == "application/json"
    results = response.json()["results"]
    codes = [result.get("problem", {}).get("code") for result in results]
    assert codes == [None, "empty_file", "broken_picture", "not_a_picture"]
    assert results[0]["name"] == "<script>alert(1)</script>.jpg"
    assert json.loads(response.content) == response.json()
