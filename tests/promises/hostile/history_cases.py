"""Searches of the history that are wrong or want everything."""

from __future__ import annotations

from urllib.parse import quote

from tests.promises.hostile.raw import get, head
from tests.promises.hostile.table import OK, Answer, Hostile

BAD: Answer = (422, "bad_parameter")
UNKNOWN: Answer = (422, "unknown_parameter")
TWICE: Answer = (422, "sent_twice")
MOMENTS: dict[str, tuple[Answer, ...]] = {
    "0000-01-01T00:00:00Z": (BAD,), "9999-12-31T23:59:59Z": (OK,), "0001-01-01T00:00:00Z": (OK,),
    "0001-01-01T00:00:00+23:59": (OK, BAD), "9999-12-31T23:59:59-23:59": (OK, BAD),
    "99999-01-01T00:00:00Z": (BAD,), "2026-13-01T00:00:00Z": (BAD,), "2026-02-30T00:00:00Z": (BAD,),
    "2026-01-01": (BAD,), "2026-01-01T00:00:00": (BAD,), "infinity": (BAD,), "NaN": (BAD,),
    "-1": (BAD, OK), "1e400": (BAD,), "9" * 400: (BAD,), "now": (BAD,), "": (BAD,),
    "2026-01-01T00:00:00Z'--": (BAD,), "2026-01-01T25:00:00Z": (BAD,),
    "1969-12-31T23:59:59Z": (OK,),
}  # fmt: skip
NAMES: dict[str, tuple[Answer, ...]] = {
    "orange' OR 1=1--": (OK,), 'orange"': (BAD,), "orange\\": (BAD,), "\0": (BAD,), "": (BAD,),
    "a" * 101: (BAD,), "a" * 9000: (BAD,), "🍊": (OK,), "$.counts": (OK,), "%": (OK,), "_": (OK,),
    "'; DROP TABLE counts;--": (OK,), "\u202e": (OK,), "\n": (OK, BAD), "null": (OK,),
}  # fmt: skip
OTHERS: dict[str, tuple[Answer, ...]] = {
    "limit=0": (BAD,), "limit=1001": (BAD,), "limit=-1": (BAD,), "limit=1e3": (BAD,),
    "limit=abc": (BAD,), "limit=" + "9" * 5000: (BAD,), "limit=1&limit=2": (TWICE,),
    "limit=1000": (OK,), "cursor=" + "0" * 32: (OK,), "cursor=" + "f" * 32: (OK,),
    "cursor=x": (BAD,), "cursor=" + "0" * 5000: (BAD,), "cursor='--": (BAD,),
    "format=xml": (BAD,), "format=csv": (OK,), "format=csv&limit=1": (OK,),
    "order=asc": (UNKNOWN,), "offset=9": (UNKNOWN,),
    "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z": (OK,), "%ff=1": (UNKNOWN,),
}  # fmt: skip
CASES = [
    *[
        Hostile(f"{name}={value[:30]!r}", get(f"/history?{name}={quote(value)}"), answers)
        for name in ("from", "to")
        for value, answers in MOMENTS.items()
    ],
    *[
        Hostile(
            f"{name}={value[:30]!r} of {len(value)}",
            get(f"/history?{name}={quote(value)}"),
            answers,
        )
        for name in ("object", "model", "key")
        for value, answers in NAMES.items()
    ],
    *[Hostile(query[:40], get(f"/history?{query}"), answers) for query, answers in OTHERS.items()],
    Hostile("POST", head("POST", "/history", "Content-Length: 0"), ((405, "wrong_method"),)),
    *[
        Hostile(f"{len(query)} bytes of {query[:30]}", get(f"/history?{query}"), answers)
        for query, answers in {
            "from=2026-01-01T00:00:00%2B99:99": (BAD,),
            "from=2026-W01-1T00:00:00Z": (BAD, OK),
            "from=2026-01-01T00:00:00." + "9" * 900 + "Z": (BAD, OK),
            "from=2026-01-01T24:00:00Z": (BAD, OK),
            "from=2026-06-30T23:59:60Z": (BAD, OK),
            "from=%D9%A2%D9%A0%D9%A2%D9%A6-01-01T00:00:00Z": (BAD,),
            "object=%ED%A0%80": (BAD, OK),
            "object=%F0%9F%8D%8A%E2%80%8D": (OK,),
            "object=a&model=b&key=c&from=2026-01-01T00:00:00Z&limit=1": (OK,),
            "object=" + "%25" * 100: (OK,),
            "object=" + "_" * 100: (OK,),
            "key=" + "%5C" * 99: (OK, BAD),
            "format=CSV": (BAD,),
            "format=csv&format=json": (TWICE,),
            "format=csv&cursor=" + "0" * 32: (OK,),
            "limit=%2B1": (OK, BAD),
            "limit=1.0": (OK, BAD),
            "limit=%E0%A5%A7": (OK, BAD),
            "limit=": (BAD,),
            "limit=0x10": (BAD,),
            "limit=1_0": (OK, BAD),
            "cursor=" + "F" * 32: (BAD,),
            "cursor=" + "%00" * 32: (BAD,),
            "&".join(f"a{n}=1" for n in range(900)): (UNKNOWN, (400, "bad_request")),
        }.items()
    ],
]
