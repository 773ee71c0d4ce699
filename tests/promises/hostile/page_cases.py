"""The page and its helpers, asked by strangers."""

from __future__ import annotations

import json

from tests.promises.hostile.raw import FORM, PICTURE, get, head, part, post
from tests.promises.hostile.table import OK, Answer, Hostile

NOT_SIGNED: Answer = (422, "answer_not_signed")
NO_PAGE: Answer = (404, "no_such_page")
NOT_FOUND: Answer = (404, None)
WRONG: Answer = (405, "wrong_method")
JSON = "application/json"
EVIL = "evil.example"
HOSTS = (f"{EVIL}", "a:port", "[::1", f"{EVIL}, b", f"{EVIL}/path", f"{EVIL}?a=b", f"user@{EVIL}",
         "", "a" * 9000, "\xe9", "javascript:alert(1)")  # fmt: skip
FINDING = {"label": "orange", "confidence": 0.5, "box": [0, 0, 9, 9]}
ANSWER = {
    "model": "fruits", "engine": "openvino", "precision": "f32", "nms": 0.45, "tiles": 0,
    "milliseconds": {}, "warnings": [], "findings": [FINDING],
    "steps": [{"confidence": 0.2}], "width": 100, "height": 100,
}  # fmt: skip


def recount(answer: object, **selection: object) -> bytes:
    body = {"answer": json.dumps(answer), "signature": "0" * 64, **selection}
    return post("/recount", json.dumps(body).encode(), JSON)


def redraw(*fields: bytes) -> bytes:
    return post("/redraw", b"".join(fields) + PICTURE, FORM)


FRAMEWORK = [
    *[
        Hostile(f"/ui/?{query[:30]}", get(f"/ui/?{query}"), (OK,))
        for query in ("page=x", "page=", "page=../../etc", "page=x&page=y", "page[]=1",
                      "deep_link=x", "deep_link=../../x", "view=api", "__theme=dark",
                      "session_hash=" + "a" * 9000, "%ff=%fe", "page=%00")
    ],
    *[
        Hostile(f"X-Forwarded-Host: {host[:20]!r}", get("/ui/", f"X-Forwarded-Host: {host}"), (OK,))
        for host in HOSTS
    ],
    *[
        Hostile(f"X-Gradio-Server: {host[:20]!r}",
                get("/ui/", f"X-Gradio-Server: http://{host}"), (OK,))
        for host in HOSTS
    ],
    *[
        Hostile(f"X-Forwarded-Proto: {proto}", get("/ui/", f"X-Forwarded-Proto: {proto}"), (OK,))
        for proto in ("https", "javascript", "https, http", EVIL)
    ],
    Hostile("Forwarded", get("/ui/", f"Forwarded: for=1.2.3.4;host={EVIL};proto=https"), (OK,)),
    *[
        Hostile(f"GET {path}", get(path), (NO_PAGE, NOT_FOUND, (307, None)))
        for path in ("/ui/files/..%2f..%2fmount.py", "/ui/files/%2e%2e/mount.py",
                     "/ui/assets/..%2f..%2froutes.py", "/ui/static/..%2f..%2froutes.py",
                     "/ui/static/%00", "/ui/files/%00", "/ui/files/" + "a" * 300,
                     "/ui/file=/etc/passwd", "/ui/gradio_api/file=/etc/passwd", "/ui/login_check",
                     "/ui/gradio_api/queue/status", "/ui/theme.css/x", "/ui/config",
                     "/ui/proxy=http://127.0.0.1/")
    ],
    *[
        Hostile(f"{method} /ui/", head(method, "/ui/", "Content-Length: 0"), (WRONG, NO_PAGE,
                NOT_FOUND, (405, None)))
        for method in ("POST", "PUT", "DELETE", "PATCH")
    ],
]  # fmt: skip
HELPERS = [
    Hostile("recount of an answer of one's own", recount(ANSWER), (NOT_SIGNED,)),
    Hostile("recount of 5,000 findings", lambda: recount({**ANSWER, "findings": [FINDING] * 5000}),
            (NOT_SIGNED,)),
    Hostile("recount of 9 MB", lambda: recount({**ANSWER, "findings": [FINDING] * 130_000}),
            ((413, "too_many_bytes"),)),
    Hostile("recount of 1,024 long labels", lambda: recount(
        {**ANSWER, "findings": [{**FINDING, "label": f"{n}" * 100} for n in range(1024)]}),
            (NOT_SIGNED,)),
    Hostile("recount from confidence 0.995", recount({**ANSWER, "steps": [{"confidence": 0.995}]}),
            (NOT_SIGNED,)),
    Hostile("recount with a long precision", recount({**ANSWER, "precision": "f" * 100_000}),
            (NOT_SIGNED,)),
    Hostile("recount of half a surrogate pair", recount(ANSWER, object="\ud800"),
            (NOT_SIGNED, (422, "bad_parameter"))),
    Hostile("recount of a million-pixel region", recount(ANSWER, region=[0, 0, 10**400, 1]),
            ((422, "bad_parameter"), (400, "bad_request"))),
    Hostile("recount of a long region", lambda: recount(ANSWER, region=[0] * 100_000),
            ((422, "bad_parameter"),)),
    Hostile("recount without a signature", post("/recount", json.dumps(ANSWER).encode(), JSON),
            ((422, "no_picture"), (422, "bad_parameter"))),
    Hostile("recount as a form", post("/recount", PICTURE, FORM),
            ((400, "bad_request"), (422, "no_picture"), (422, "bad_parameter"))),
    Hostile("redraw of an answer of one's own",
            redraw(part(json.dumps(ANSWER).encode(), "answer", None),
                   part(b"0" * 64, "signature", None)), (NOT_SIGNED,)),
    Hostile("redraw without an answer", redraw(), ((422, "no_picture"),)),
    Hostile("redraw with a signature of 60 kB",
            redraw(part(b"{}", "answer", None), part(b"0" * 60_000, "signature", None)),
            (NOT_SIGNED,)),
    Hostile("redraw of an answer of 700 kB",
            lambda: redraw(part(b"0" * 700_000, "answer", None), part(b"0", "signature", None)),
            ((400, "bad_request"),)),
    Hostile("redraw with an answer that is no text",
            redraw(part(b"\xff\xfe", "answer", None), part(b"\xff", "signature", None)),
            (NOT_SIGNED,)),
    Hostile("redraw with the answer as a file",
            redraw(part(b"{}", "answer"), part(b"0", "signature", None)), ((422, "no_picture"),)),
]  # fmt: skip
LANGUAGES = [
    Hostile(f"the page in {language[:30]!r}", get("/ui/", f"Accept-Language: {language}"), (OK,))
    for language in (
        "es;q=nan",
        "*;q=1e400",
        "../../etc",
        "\xff",
        "es" * 9000,
        "<script>",
        ",,,,",
        "",
    )
]
FILES = [
    Hostile(
        f"GET {path[:50]}", get(path), (NO_PAGE, NOT_FOUND, (404, "no_such_page"), OK, (307, None))
    )
    for path in (
        "/ui/files/",
        "/ui/files",
        "/ui/files//",
        "/ui/files/./page.css",
        "/ui/files/\\\\..\\\\x",
        "/ui/files/page.css%00.png",
        "/ui/files/con",
        "/ui/files/examples",
        "/ui//files/page.css",
        "/ui/files/%c0%ae%c0%ae/x",
        "/ui/files/" + "../" * 3_000,
        "/ui/" + "%2e" * 3_000,
    )
]
RANGES = [
    Hostile(
        f"page.css, {header[:40]}",
        get("/ui/files/page.css", header),
        (OK, (206, None), (304, None), (400, None), (416, None), (412, None)),
    )
    for header in (
        "Range: bytes=0-0,-1",
        "Range: bytes=9-1",
        "Range: bytes=" + "9" * 4_000 + "-",
        "Range: x",
        "If-None-Match: " + '"a",' * 5_000,
        "If-Modified-Since: \xff",
        "If-Modified-Since: " + "9" * 9_000,
        "If-Range: \0x",
    )
    if "\0" not in header
]
CASES = [*FRAMEWORK, *HELPERS, *LANGUAGES, *FILES, *RANGES]
