"""Forms and JSON that are wrong, endless, or lie about themselves."""

from __future__ import annotations

import base64

from tests.promises.hostile import pictures
from tests.promises.hostile.raw import FORM, PICTURE, part, post
from tests.promises.hostile.table import OK, Answer, Hostile

BAD: Answer = (400, "bad_request")
TORN: Answer = (400, "torn_form")
NONE: Answer = (422, "no_picture")
COUNT, BATCH, URL_ENCODED = "/countObjects", "/predict/batch", "application/x-www-form-urlencoded"
MB = 1_000_000
ENCODINGS = (
    "idna", "undefined", "unicode_escape", "raw_unicode_escape", "utf-7", "punycode", "hex",
    "base64", "rot13", "zlib", "utf-16", "../../etc/passwd", "%00", "x" * 5000,
)  # fmt: skip


def form(body: bytes, content_type: str = FORM, path: str = COUNT) -> bytes:
    return post(path, body, content_type)


def with_header(header: bytes, content: bytes = pictures.PNG) -> bytes:
    return form(b"--x\r\n" + header + b"\r\n\r\n" + content + b"\r\n--x--\r\n")


FILES = b'Content-Disposition: form-data; name="files"; filename="x"'
DISPOSITION = b'Content-Disposition: form-data; name="file"'
CHARSETS = [
    *[
        Hostile(f"form in {name[:20]}", form(PICTURE, f"{FORM}; charset={name}"), (OK,))
        for name in ENCODINGS
    ],
    *[
        Hostile(f"text in {name[:20]}", form(b"file=%FF%FE", f"{URL_ENCODED}; charset={name}"),
                (NONE,))
        for name in ENCODINGS[:8]
    ],
    Hostile("_charset_ field", form(part(b"idna", "_charset_", None) + PICTURE),
            ((422, "unknown_form_field"),)),
    Hostile("part in idna", with_header(DISPOSITION + b'; filename="x"\r\nContent-Type: text/plain;'
                                        b" charset=idna"), (OK,)),
]  # fmt: skip
LONG = [
    Hostile("40 MB of text fields to the batch",
            lambda: form(b"a=b&" * (10 * MB), URL_ENCODED, BATCH), (BAD,), megabytes=200),
    Hostile("40 MB of percent signs to the batch",
            lambda: form(b"%41" * (13 * MB), URL_ENCODED, BATCH), (BAD,), megabytes=200),
    Hostile("1 MB of percent signs", lambda: form(b"a=" + b"%41" * 333_000, URL_ENCODED), (NONE,)),
    Hostile("10 MB of text fields", lambda: form(b"&" * 10 * MB, URL_ENCODED), (BAD,)),
    Hostile("40 MB of line breaks", lambda: form(b"\r\n" * 20 * MB, FORM, BATCH), (BAD,),
            megabytes=260),
    Hostile("40 MB of other boundaries",
            lambda: form(part(b"\r\n--xy" * 6_600_000, "files"), FORM, BATCH), (BAD,),
            megabytes=260),
    Hostile("40 MB of half boundaries",
            lambda: form(b"--" + b"-" * 70 + b"\r\n" + DISPOSITION + b"\r\n\r\n"
                         + (b"\r\n--" + b"-" * 60) * 600_000,
                         "multipart/form-data; boundary=" + "-" * 70, BATCH), (TORN,),
            megabytes=260),
    Hostile("40 MB of dashes",
            lambda: form(b"--" + b"-" * 70 + b"\r\n" + FILES + b"\r\n\r\n" + b"-" * 39 * MB
                         + b"\r\n--" + b"-" * 69 + b"x",
                         "multipart/form-data; boundary=" + "-" * 70, BATCH), (OK,),
            megabytes=260),
    Hostile("a hundred thousand empty parts", lambda: form(b"--x\r\n\r\n" * 100_000), (BAD,)),
    Hostile("a million boundaries", lambda: form(b"--x\r\n" * MB), (BAD, TORN)),
    Hostile("a hundred thousand fields",
            lambda: form(part(b"", "a", None) * 100_000 + b"--x--\r\n"), (BAD,)),
    Hostile("a hundred thousand files",
            lambda: form(part(b"", "files") * 100_000 + b"--x--\r\n", FORM, BATCH),
            ((413, "too_many_pictures"),)),
    Hostile("9 MB after the form", lambda: form(PICTURE + bytes(9 * MB)), (OK,)),
    Hostile("9 MB before the form", lambda: form(bytes(9 * MB) + PICTURE), (BAD,)),
    Hostile("9 MB of line breaks before the form", lambda: form(b"\r\n" * 4 * MB + PICTURE),
            (BAD,)),
    Hostile("line breaks before the form", form(b"\r\n" * 9 + PICTURE), (OK,)),
    Hostile("field of 65,537 bytes", form(part(bytes(65_537), "a", None) + b"--x--\r\n"), (BAD,)),
    Hostile("header of 9 kB", with_header(DISPOSITION + b"\r\nX: " + b"a" * 9000), (BAD,)),
    Hostile("seventeen headers", with_header(DISPOSITION + b"\r\nX: a" * 17), (BAD,)),
    Hostile("header of 9 MB", lambda: with_header(b"X: " + b"a" * 9 * MB), (BAD,)),
]  # fmt: skip
ODD = [
    Hostile("no boundary", form(PICTURE, "multipart/form-data"), (BAD,)),
    Hostile("empty boundary", form(PICTURE, "multipart/form-data; boundary="), (BAD,)),
    Hostile("boundary of 201 bytes", form(b"", "multipart/form-data; boundary=" + "x" * 201),
            (BAD,)),
    Hostile("quoted boundary", form(PICTURE, 'multipart/form-data; boundary="x"'), (OK,)),
    Hostile("half-quoted boundary", form(PICTURE, 'multipart/form-data; boundary="x'), (BAD,)),
    Hostile("two boundaries", form(PICTURE, "multipart/form-data; boundary=y; boundary=x"), (OK,)),
    Hostile("boundary outside ASCII",
            form(PICTURE.replace(b"--x", b"--\xe9"), "multipart/form-data; boundary=\xe9"), (OK,)),
    Hostile("multipart/mixed", form(PICTURE, "multipart/mixed; boundary=x"), (NONE,)),
    Hostile("no type", form(PICTURE, ""), (NONE,)),
    Hostile("type of 9 kB", form(PICTURE, FORM + ";a=b" * 2500), (OK,)),
    Hostile("bare line feeds", form(PICTURE.replace(b"\r\n", b"\n")), (TORN, BAD)),
    Hostile("last boundary without its dashes", form(part() + b"--x\r\n"), (TORN,)),
    Hostile("no last boundary", form(part()), (TORN,)),
    Hostile("only the last boundary", form(b"--x--\r\n"), (NONE,)),
    Hostile("spaces after the boundary", form(PICTURE.replace(b"--x\r\n", b"--x  \t\r\n")), (OK,)),
    Hostile("header without colon", with_header(DISPOSITION + b"\r\nnonsense"), (BAD,)),
    Hostile("no disposition", with_header(b"Content-Type: image/png"), (BAD,)),
    Hostile("disposition without name", with_header(b"Content-Disposition: form-data"), (BAD,)),
    Hostile("attachment", with_header(DISPOSITION.replace(b"form-data", b"attachment")
                                      + b'; filename="x"'), (OK,)),
    Hostile("name twice", with_header(DISPOSITION + b'; name="b"; filename="x"'),
            ((422, "unknown_form_field"),)),
    Hostile("NUL in the name", with_header(DISPOSITION.replace(b"file", b"fi\0le")
                                           + b'; filename="x"'), ((422, "unknown_form_field"),)),
    Hostile("bytes that are no text in the name",
            with_header(DISPOSITION.replace(b"file", b"\xff\xfe") + b'; filename="x"'),
            ((422, "unknown_form_field"),)),
    *[
        Hostile(f"file name {name[:24]!r}",
                with_header(DISPOSITION + b'; filename="' + name + b'"'), (OK,))
        for name in (b"../../etc/passwd", b"C:\\\\a\\\\b.jpg", b"\xff\xfe\xfd", b"a\0b.jpg",
                     b"\xe2\x80\xaegpj.exe", b"=cmd|' /C calc'!A0", b"<script>alert(1)</script>",
                     b"a" * 7000, b'a\\"b', "🍊".encode(), b"\x1b[31mred", b"%00%ff")
    ],
    Hostile("file name in another encoding",
            with_header(DISPOSITION + b"; filename*=utf-7''%2BAGE-"), (OK,)),
    Hostile("empty file name, no file", with_header(DISPOSITION + b'; filename=""', b""),
            ((422, "no_file_chosen"),)),
    Hostile("no file name", with_header(DISPOSITION), (NONE,)),
    Hostile("base64 as in e-mail", with_header(
        DISPOSITION + b'; filename="x"\r\nContent-Transfer-Encoding: base64',
        base64.b64encode(pictures.PNG)), ((415, "not_a_picture"),)),
    Hostile("form inside the form", with_header(DISPOSITION + b'; filename="x"',
                                                b"--y\r\n\r\n\r\n--y--"),
            ((415, "not_a_picture"),)),
    Hostile("three hundred pictures in one field",
            form(part(b"x") * 300 + b"--x--\r\n"), ((413, "too_many_pictures"),)),
]  # fmt: skip
JSON = "application/json"
TEXTS: dict[str, tuple[bytes, tuple[Answer, ...]]] = {
    "deep": (b"[" * 900_000, (BAD, NONE)),
    "deep and closed": (b"[" * 400_000 + b"]" * 400_000, (BAD, NONE)),
    "deep objects": (b'{"a":' * 150_000, (BAD, NONE)),
    "integer of 10,000 digits": (b'{"answer":' + b"9" * 10_000 + b"}", (BAD, NONE)),
    "NaN": (b'{"answer":NaN,"signature":""}', (BAD, (422, "bad_parameter"))),
    "half a surrogate pair": (b'{"answer":"\\ud800","signature":"\\udfff"}',
                              ((422, "bad_parameter"), (422, "answer_not_signed"))),
    "no UTF-8": (b'{"answer":"\xff\xfe"}', (BAD,)),
    "UTF-16": ('{"answer":"x"}'.encode("utf-16"), (BAD, NONE)),
    "a list": (b"[]", (NONE, (422, "bad_parameter"))),
    "nothing": (b"", (NONE, BAD)),
    "a million items": (b'{"region":[' + b"[]," * 300_000 + b"0]}", (NONE, (422, "bad_parameter"))),
    "half": (b'{"answer":"x', (BAD, NONE, (422, "bad_parameter"))),
}  # fmt: skip
JSONS = [
    *[
        Hostile(f"JSON: {name}", post("/recount", body, JSON), answers)
        for name, (body, answers) in TEXTS.items()
    ],
    Hostile("JSON of 9 MB", lambda: post("/recount", b'"' + b"a" * 9 * MB + b'"', JSON),
            ((413, "too_many_bytes"),)),
    Hostile("JSON of 11 MB", lambda: post("/recount", bytes(11 * MB), JSON),
            ((413, "too_many_bytes"),)),
    Hostile("JSON to a counting route", post(COUNT, b'{"file":1}', JSON), (NONE,)),
]  # fmt: skip
NAMES = [
    Hostile(
        f"file named {name[:30]!r} of {len(name)}",
        form(part(filename=name) + b"--x--\r\n"),
        answers,
    )
    for name, answers in {
        "../../../etc/passwd": (OK,),
        "C:\\\\con": (OK,),
        "a\0b.jpg": (OK, BAD),
        "\u202egpj.exe": (OK,),
        "\udcff": (OK,),
        "x" * 7_000: (OK,),
        "x" * 9_000: (BAD,),
        "<script>alert(1)</script>": (OK,),
        "=cmd|' /C calc'!A0": (OK,),
        "\x1b[2J": (OK,),
        "\t": (OK,),
        ".": (OK,),
        "a;b=c": (OK,),
    }.items()
] + [
    Hostile(
        "two names of a file", with_header(DISPOSITION + b'; filename="a"; filename="b"'), (OK,)
    ),
    Hostile(
        "a file's name in another way only",
        with_header(DISPOSITION + b"; filename*=UTF-8''%ff%fe%00"),
        (OK,),
    ),
    Hostile(
        "two dispositions",
        with_header(FILES.replace(b"files", b"file") + b"\r\n" + FILES),
        (OK, BAD, (422, "unknown_form_field")),
    ),
    Hostile(
        "a disposition of 8 kB of parameters",
        with_header(DISPOSITION + b'; filename="x"' + b";a=b" * 1_900),
        (OK, BAD),
    ),
    Hostile(
        "a disposition of quotes",
        with_header(DISPOSITION + b'; filename="' + b'\\\\"' * 2_000),
        (OK, BAD, NONE, (422, "unknown_form_field")),
    ),
    Hostile(
        "a boundary that is a pattern",
        form(PICTURE.replace(b"--x", b"--(a+)+$"), 'multipart/form-data; boundary="(a+)+$"'),
        (OK, BAD),
    ),
    Hostile("a boundary of spaces", form(PICTURE, 'multipart/form-data; boundary="   "'), (BAD,)),
    Hostile("parameters without end", form(PICTURE, "multipart/form-data;" + ";" * 9_000), (BAD,)),
    Hostile(
        "boundaries by the thousand",
        form(PICTURE, "multipart/form-data" + "; boundary=y" * 900 + "; boundary=x"),
        (OK,),
    ),
    Hostile(
        "a thousand near boundaries",
        form(part(b"\r\n--xx" * 900, "file") + b"--x--\r\n"),
        ((415, "not_a_picture"), BAD),
    ),
    Hostile(
        "the same picture in 16 fields",
        form(part() * 16 + b"--x--\r\n"),
        ((422, "sent_twice"), (413, "too_many_pictures"), (422, "no_picture"), OK, BAD),
    ),
    Hostile(
        "confidence as a field",
        form(part(b"NaN", "confidence", None) + PICTURE),
        ((422, "unknown_form_field"), OK),
    ),
    Hostile(
        "a field without a name",
        form(part(b"x", "", None) + PICTURE),
        ((422, "unknown_form_field"), OK, BAD),
    ),
    Hostile("a batch of nothing", form(b"--x--\r\n", FORM, BATCH), (NONE,)),
    Hostile(
        "a batch of 64 empty files",
        form(part(b"", "files") * 64 + b"--x--\r\n", FORM, BATCH),
        (OK, NONE),
    ),
    Hostile(
        "a batch of 64 texts", form(part(b"x", "files") * 64 + b"--x--\r\n", FORM, BATCH), (OK,)
    ),
]
CASES = [*CHARSETS, *LONG, *ODD, *JSONS, *NAMES]
