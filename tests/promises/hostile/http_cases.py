"""HTTP that is malformed, excessive, or means something else to another program."""

from __future__ import annotations

from tests.promises.hostile.raw import FORM, PICTURE, get, head, post
from tests.promises.hostile.table import CLOSED, OK, Answer, Hostile

NOT_HTTP: Answer = (400, "not_http")
BAD: Answer = (400, "bad_request")
HEAD: Answer = (431, "head_too_large")
HEADERS: Answer = (431, "too_many_headers")
NO_PAGE: Answer = (404, "no_such_page")
WRONG: Answer = (405, "wrong_method")
PARAMETER: Answer = (422, "bad_parameter")
COUNT = "/countObjects"
CHUNKED = head("POST", COUNT, f"Content-Type: {FORM}", "Transfer-Encoding: chunked")
MB = 1_000_000


def chunked(body: bytes = PICTURE, *, size: int = 1000, trailers: bytes = b"") -> bytes:
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + (
        b"0\r\n" + trailers + b"\r\n"
    )


def counted(*headers: str) -> bytes:
    return post(COUNT, PICTURE, FORM, *headers)


UPGRADES = [
    Hostile("h2c", counted("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                           "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"), (OK,)),
    Hostile("h2c in chunks", head("POST", COUNT, f"Content-Type: {FORM}", "Upgrade: h2c",
                                  "Connection: Upgrade", "Transfer-Encoding: chunked") + chunked(),
            (OK,)),
    Hostile("h2c of a GET", get("/health", "Connection: Upgrade", "Upgrade: h2c"), (OK,)),
    Hostile("WebSocket", get("/health", "Connection: Upgrade", "Upgrade: websocket",
                             "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"), (OK,)),
    Hostile("unknown protocol", counted("Connection: upgrade", "Upgrade: IRC/6.9, TLS/1.3"), (OK,)),
    Hostile("upgrade in capitals", counted("CONNECTION: UPGRADE", "UPGRADE: H2C"), (OK,)),
    Hostile("upgrade with two lengths",
            counted("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 3"), (NOT_HTTP,)),
    Hostile("upgrade with length and chunks",
            counted("Connection: Upgrade", "Upgrade: h2c", "Transfer-Encoding: chunked"),
            (NOT_HTTP,)),
    Hostile("HTTP/2 without asking", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (NOT_HTTP,)),
    Hostile("CONNECT", b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\nSSH-2.0", (NOT_HTTP, WRONG,
            NO_PAGE)),
    Hostile("CONNECT of a path", b"CONNECT /predict HTTP/1.1\r\nHost: x\r\n\r\nhello", (NOT_HTTP,
            WRONG)),
]  # fmt: skip
TRAILERS = [
    Hostile("small trailers", CHUNKED + chunked(trailers=b"X-Sum: 1\r\n"), (OK,)),
    Hostile("a key as trailer", CHUNKED + chunked(trailers=b"X-API-Key: a\r\nHost: b\r\n"), (OK,)),
    Hostile("40 MB of trailers", lambda: CHUNKED + b"0\r\n" + b"X-A: a\r\n" * (5 * MB),
            (HEAD, CLOSED)),
    Hostile("one trailer of 40 MB", lambda: CHUNKED + b"0\r\nX-A: " + b"a" * 40 * MB,
            (HEAD, CLOSED)),
    Hostile("trailer name of 40 MB", lambda: CHUNKED + b"0\r\n" + b"a" * 40 * MB, (HEAD, CLOSED)),
    Hostile("trailers after a body", lambda: CHUNKED + chunked()[:-2] + b"X: a\r\n" * MB,
            (HEAD, CLOSED)),
    Hostile("chunk extension of 40 MB", lambda: CHUNKED + b"1;" + b"a" * 40 * MB,
            (HEAD, CLOSED, NOT_HTTP)),
    Hostile("chunks of one byte", CHUNKED + chunked(size=1), (OK,)),
    Hostile("chunk extensions", CHUNKED + chunked().replace(b"\r\n--", b"\r\n--", 1), (OK,)),
]  # fmt: skip
SIZES = [
    Hostile("128 headers", get("/health", *["X-A: a"] * 126), (OK,)),
    Hostile("129 headers", get("/health", *["X-A: a"] * 127), (HEADERS,)),
    Hostile("30,000 headers", get("/health", *["a:"] * 30_000), (HEADERS, HEAD)),
    Hostile("header of 33 kB", get("/health", "X-A: " + "a" * 33_000), (HEAD,)),
    Hostile("header name of 33 kB", get("/health", "a" * 33_000 + ": a"), (HEAD,)),
    Hostile("path of 33 kB", get("/" + "a" * 33_000), (HEAD,)),
    Hostile("path of 30 kB", get("/" + "a" * 30_000), (NO_PAGE,)),
    Hostile("query of 30 kB", get("/health?" + "a" * 30_000), ((422, "unknown_parameter"),)),
    Hostile("10,000 parameters", get("/health?" + "a&" * 10_000), (BAD,)),
    Hostile("method of 9 kB", head("A" * 9000, "/"), (NOT_HTTP,)),
    Hostile("Accept-Language of 30 kB", get("/models", "Accept-Language: " + "es;q=0," * 4_000),
            (OK,)),
    Hostile("Accept of 30 kB", get("/", "Accept: " + "text/html," * 3_000), (OK,)),
    Hostile("cookies of 30 kB", get("/health", "Cookie: " + "a=b;" * 7_000), (OK,)),
    Hostile("a thousand ranges", get("/static-offline-docs/swagger-ui.css",
            "Range: bytes=" + ",".join(f"{n}-{n}" for n in range(0, 9000, 9))), (OK, (206, None),
            (416, None), (400, None))),
    Hostile("ranges from the end", get("/static-offline-docs/swagger-ui.css",
            "Range: bytes=" + "-1," * 9_000 + "-1"), (OK, (206, None), (416, None), (400, None))),
]  # fmt: skip
LENGTHS = [
    Hostile(f"Content-Length: {value[:20]!r}",
            head("POST", COUNT, f"Content-Length: {value}") + b"x", answers)
    for value, answers in {
        "+1": (NOT_HTTP,), "-1": (NOT_HTTP,), "0x1": (NOT_HTTP,), "1 1": (NOT_HTTP,),
        "": (NOT_HTTP,),
        "1, 1": (NOT_HTTP,), "9" * 19: (NOT_HTTP, (413, "too_many_bytes")), "9" * 5000: (NOT_HTTP,),
        "25020001": ((413, "too_many_bytes"),), "99999999999": ((413, "too_many_bytes"),),
        "\xb2": (NOT_HTTP,), "1_0": (NOT_HTTP,),
    }.items()
] + [
    Hostile("two equal lengths", counted(f"Content-Length: {len(PICTURE)}"), (NOT_HTTP,)),
    *[
        Hostile(f"Transfer-Encoding: {value}",
                head("POST", COUNT, f"Content-Type: {FORM}", f"Transfer-Encoding: {value}")
                + chunked(), (NOT_HTTP, OK, (501, None), (400, "torn_form"), BAD,
                              (422, "no_picture"), (408, "too_slow_sender")), seconds=15)
        for value in ("identity", "xchunked", "gzip, chunked", "chunked, gzip", "chunked, chunked",
                      " chunked", "CHUNKED", "chunked;q=1", "")
    ],
    *[
        Hostile(f"chunk size {size[:20]!r}", CHUNKED + size + b"\r\nx\r\n0\r\n\r\n", (NOT_HTTP,))
        for size in (b"-1", b"+1", b"0x1", b"g", b"F" * 17, b"F" * 5000, b" 1", b"")
    ],
    Hostile("chunk longer than it says", CHUNKED + b"1\r\nxyz\r\n0\r\n\r\n", (NOT_HTTP,)),
    Hostile("gzipped body", counted("Content-Encoding: gzip"), (OK,)),
    Hostile("body of a GET", get("/health", "Content-Length: 5") + b"hello", (OK,)),
    Hostile("body of a DELETE", head("DELETE", COUNT, "Content-Length: 5") + b"hello", (WRONG,)),
]  # fmt: skip
LINES = [
    Hostile(f"request line {line[:30]!r}",
            line + b"\r\nHost: x\r\nConnection: close\r\n\r\n", answers)
    for line, answers in {
        b"GET / HTTP/1.2": (OK, NOT_HTTP),
        b"GET / HTTP/9.9": (NOT_HTTP,),
        b"GET / HTTP/2.0": (NOT_HTTP, OK),
        b"GET / HTTP/1.1 x": (NOT_HTTP,),
        b"GET /": (NOT_HTTP, OK),
        b"get / HTTP/1.1": (NOT_HTTP,),
        b"GET  / HTTP/1.1": (NOT_HTTP, OK),
        b"GET\t/ HTTP/1.1": (NOT_HTTP,),
        b"GET /\0 HTTP/1.1": (NOT_HTTP,),
        b"GET /\xff\xfe HTTP/1.1": (NOT_HTTP, NO_PAGE),
        b"GET /%00 HTTP/1.1": (NO_PAGE,),
        b"GET /%ff%fe HTTP/1.1": (NO_PAGE,),
        b"GET /%zz HTTP/1.1": (NO_PAGE,),
        b"GET /%E0%80%AF HTTP/1.1": (NO_PAGE,),
        b"GET //evil.example/a HTTP/1.1": (NO_PAGE,),
        b"GET /models/%2e%2e%2f%2e%2e HTTP/1.1": (NO_PAGE, (404, "unknown_model")),
        b"GET http://evil.example/health HTTP/1.1": (OK,),
        b"GET http://[::1/health HTTP/1.1": (NOT_HTTP,),
        b"GET evil.example:80 HTTP/1.1": (NOT_HTTP,),
        b"GET ? HTTP/1.1": (NOT_HTTP,),
        b"GET /health# HTTP/1.1": (OK, NOT_HTTP),
        b"OPTIONS * HTTP/1.1": (NOT_HTTP, NO_PAGE, WRONG),
        b"TRACE / HTTP/1.1": (WRONG,),
        b"PURGE / HTTP/1.1": (WRONG, NOT_HTTP),
    }.items()
]  # fmt: skip
HEADER_LINES = [
    Hostile(f"header {line[:30]!r}",
            b"GET /health HTTP/1.1\r\nConnection: close\r\nHost: x\r\n" + line + b"\r\n\r\n",
            answers)
    for line, answers in {
        b"X A: a": (NOT_HTTP,),
        b": a": (NOT_HTTP,),
        b"X-A : a": (NOT_HTTP,),
        b"X-A: a\r\n b": (NOT_HTTP,),
        b"X-A: a\0": (NOT_HTTP,),
        b"X-A: \xff\xfe": (OK,),
        b"X-A: a\nX-B: b": (NOT_HTTP, OK),
        b"X-A: a\rX-B: b": (NOT_HTTP,),
        b"Host: y": (BAD,),
        b"X-Request-Id: \xff": (OK,),
        b"X-Request-Id: a\tb": (OK,),
        b"Expect: something": (OK,),
        b"Accept-Language: \xff": (OK,),
        b"Authorization: Bearer \xff": (OK,),
    }.items()
] + [
    Hostile(f"Host: {host[:30]!r}", get("/health", f"Host: {host}"), answers)
    for host, answers in {
        "a:port": (BAD,), "[::1": (BAD,), "[xyz]": (BAD,), "a b": (BAD,), "a/b": (BAD,), "": (OK,),
        "a" * 300: (BAD,), "user@evil.example": (BAD,), "127.0.0.1:99999": (OK,), "[::1]:80": (OK,),
        "\xe9": (BAD,), "<script>": (BAD,),
    }.items()
]  # fmt: skip
AHEAD = [
    Hostile("fifty requests ahead",
            get("/health").replace(b"Connection: close\r\n", b"") * 50, (OK,)),
    Hostile("twenty thousand requests ahead",
            lambda: b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000, (OK,)),
    Hostile("two hundred counts ahead",
            lambda: counted().replace(b"Connection: close\r\n", b"") * 200, (OK,)),
    Hostile("nonsense after a request",
            get("/health").replace(b"Connection: close\r\n", b"") + b"\0" * 100, (OK,)),
    Hostile("nonsense after a count",
            counted().replace(b"Connection: close\r\n", b"") + b"\0" * 100, (OK,)),
]  # fmt: skip
PARAMETERS = [
    Hostile(
        f"/countObjects?{query[:40]} of {len(query)}",
        post(f"{COUNT}?{query}", PICTURE, FORM),
        answers,
    )
    for query, answers in {
        "confidence=nan": (PARAMETER,),
        "confidence=inf": (PARAMETER,),
        "confidence=-0": (OK,),
        "confidence=1e-400": (OK,),
        "confidence=0x1p-1": (PARAMETER,),
        "confidence=" + "0" * 9000: (OK, PARAMETER),
        "confidence=0." + "9" * 9000: (OK, PARAMETER),
        "confidence=%F0%9D%9F%8E": (OK, PARAMETER),
        "tiles=9": ((422, "unknown_tiles"),),
        "tiles=-1": ((422, "unknown_tiles"),),
        "tiles=8": (OK,),
        "tiles=%00": ((422, "unknown_tiles"),),
        "nms=2": (PARAMETER,),
        "nms=1e309": (PARAMETER,),
        "engine=%2e%2e%2f": ((422, "unknown_engine"),),
        "engine=" + "a" * 9000: ((422, "unknown_engine"),),
        "model=%2e%2e": ((404, "unknown_model"),),
        "model=%00": ((404, "unknown_model"),),
        "model=" + "a" * 9000: ((404, "unknown_model"),),
        "model=fruits%2ffruits": ((404, "unknown_model"),),
        "model=%ED%A0%80": ((404, "unknown_model"),),
        "object=%ff%fe": ((422, "unknown_object"),),
        "object=%00": ((422, "unknown_object"),),
        "object=" + "a" * 9000: ((422, "unknown_object"),),
        "object=%E2%80%AE": ((422, "unknown_object"),),
        "confidence=0.5&confidence=0.6": ((422, "sent_twice"),),
        "confidence": (OK, PARAMETER),
        "confidence[]=1": ((422, "unknown_parameter"),),
        "__proto__=1": ((422, "unknown_parameter"),),
        "&&&": (OK, BAD),
        "=": (OK, (422, "unknown_parameter"), BAD),
        ";": (OK, (422, "unknown_parameter"), BAD),
        "%": (OK, (422, "unknown_parameter"), BAD),
        "a" * 9000: ((422, "unknown_parameter"),),
    }.items()
]
ROUTES = [
    Hostile(f"POST {path[:40]} of {len(path)}", post(path, PICTURE, FORM), answers)
    for path, answers in {
        "/count": (NO_PAGE,),
        "/count%00": ((422, "unknown_object"),),
        "/count" + "s" * 9000: (NO_PAGE, (404, "unknown_object"), (422, "unknown_object")),
        "/countOranges%2f": (
            (307, None),
            NO_PAGE,
            (404, "unknown_object"),
            (422, "unknown_object"),
        ),
        "/count%E2%80%AE": (NO_PAGE, (404, "unknown_object"), (422, "unknown_object")),
        "/predict/../health": (NO_PAGE, WRONG),
        "/predict/": (NO_PAGE, OK, (307, None)),
        "//predict": (NO_PAGE,),
        "/PREDICT": (NO_PAGE,),
        "/predict;a=b": (NO_PAGE,),
        "/models": (WRONG,),
        "/metrics": (WRONG,),
        "/health": (WRONG,),
        "/explain": (
            (422, "no_classifier"),
            (422, "nothing_to_explain"),
            (400, "nothing_to_explain"),
            NO_PAGE,
            OK,
        ),
        "/": (WRONG,),
    }.items()
]
CASES = [
    *PARAMETERS,
    *ROUTES,
    *UPGRADES,
    *TRAILERS,
    *SIZES,
    *LENGTHS,
    *LINES,
    *HEADER_LINES,
    *AHEAD,
]
