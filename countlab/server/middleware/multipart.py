"""Multipart forms (RFC 7578), read from a body that is in memory already.

Searches for boundaries with `bytes.find`, in steps that never hold the interpreter for long: a
parser that looks at each byte in Python keeps everybody waiting for 16 seconds over 40 MB. What a
form says of its own encoding is not believed: text is UTF-8.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from starlette.datastructures import FormData, Headers, UploadFile

from countlab.errors import CountlabError

_MAX_FIELDS = 16  # form fields that are not files
_MAX_BOUNDARY_BYTES = 200  # RFC 2046 allows 70
_MAX_HEADER_BYTES = 8_192
_MAX_HEADERS = 16
_MAX_FALSE_BOUNDARIES = 1_000
_STEP_BYTES = 1_000_000
_PARAMETER = re.compile(rb';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_LINE_BREAKS = re.compile(rb"[\r\n]{0,1000}")  # before the form, as some clients send them
_ESCAPED = re.compile(rb'\\(["\\])')

Body = bytes | bytearray


class _InMemoryFile(io.BytesIO):
    """Known to Starlette as one that needs no thread to be closed."""

    _rolled = False


def parse_multipart(
    body: Body, content_type: bytes, *, max_files: int, max_field_bytes: int
) -> FormData:
    """All fields in their order; files as `UploadFile` in memory."""
    boundary = _boundary(content_type)
    items: list[tuple[str, str | UploadFile]] = []
    files = fields = 0
    for raw_headers, content in _parts(body, boundary):
        headers = _headers(raw_headers)
        name, filename = _names(headers.get("content-disposition", "").encode("latin-1"))
        if filename is not None:
            files += 1
            if files > max_files:
                arrived = f"> {max_files}"
                raise CountlabError("too_many_pictures", arrived=arrived, allowed=max_files)
            data = _InMemoryFile(content)
            items.append((name, UploadFile(data, size=len(content), filename=filename,
                                           headers=headers)))  # fmt: skip
            continue
        fields += 1
        if fields > _MAX_FIELDS:
            raise _error(f"more than {_MAX_FIELDS} form fields that are not files")
        if len(content) > max_field_bytes:
            raise _error(f"a form field has more than {max_field_bytes} bytes")
        items.append((name, content.decode("utf-8", "replace")))
    return FormData(items)


def _boundary(content_type: bytes) -> bytes:
    parameters = {name.lower(): value for name, value in _PARAMETER.findall(content_type)}
    boundary: bytes = _unquoted(parameters.get(b"boundary", b""))
    if not 0 < len(boundary) <= _MAX_BOUNDARY_BYTES:
        raise _error("the form's Content-Type has no usable boundary")
    return boundary


def _parts(body: Body, boundary: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Headers and content of each part."""
    delimiter = b"--" + boundary
    if not body:
        return
    line_breaks = _LINE_BREAKS.match(body)
    start = line_breaks.end() if line_breaks else 0
    if not body.startswith(delimiter, start):
        raise _error("the form does not begin with its boundary")
    position = start + len(delimiter)
    while body[position : position + 2] != b"--":
        line_end = body.find(b"\r\n", position, position + 200)
        if line_end < 0 or body[position:line_end].strip(b" \t"):
            raise CountlabError("torn_form")
        head_start = line_end + 2
        if body[head_start : head_start + 2] == b"\r\n":
            raise _error("a part of the form has no headers")
        head_end = body.find(b"\r\n\r\n", head_start, head_start + _MAX_HEADER_BYTES)
        if head_end < 0:
            is_long = len(body) - head_start > _MAX_HEADER_BYTES
            raise _error("a part's headers are too long") if is_long else CountlabError("torn_form")
        end = _content_end(body, delimiter, head_end + 2)
        with memoryview(body) as view:
            headers, content = bytes(view[head_start:head_end]), bytes(view[head_end + 4 : end])
        yield headers, content
        position = end + 2 + len(delimiter)


def _content_end(body: Body, delimiter: bytes, start: int) -> int:
    """Where the line break before the next boundary begins."""
    needle = b"\r\n" + delimiter
    for _ in range(_MAX_FALSE_BOUNDARIES):
        found = _find(body, needle, start)
        if found < 0:
            raise CountlabError("torn_form")
        after = body[found + len(needle) : found + len(needle) + 2]
        if after in (b"--", b"\r\n") or after[:1] in (b" ", b"\t", b""):
            return found
        start = found + 1
    raise _error("the form's boundary is part of its content")


def _find(body: Body, needle: bytes, start: int) -> int:
    for step in range(start, len(body), _STEP_BYTES):
        found = body.find(needle, step, step + _STEP_BYTES + len(needle) - 1)
        if found >= 0:
            return found
    return -1


def _headers(raw: bytes) -> Headers:
    lines = raw.split(b"\r\n")
    if len(lines) > _MAX_HEADERS:
        raise _error(f"a part of the form has more than {_MAX_HEADERS} headers")
    pairs = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name.strip():
            raise _error("a part of the form has a header without a colon")
        pairs.append((name.strip().lower(), value.strip()))
    return Headers(raw=pairs)


def _names(disposition: bytes) -> tuple[str, str | None]:
    """The field's name, and the file's name if it is a file."""
    parameters = {name.lower(): value for name, value in _PARAMETER.findall(disposition)}
    if b"name" not in parameters:
        raise _error("a part of the form has no name")
    filename = parameters.get(b"filename")
    if filename is None and b"filename*" not in parameters:
        return _text(parameters[b"name"]), None
    return _text(parameters[b"name"]), _text(filename or b"")


def _text(value: bytes) -> str:
    raw = _unquoted(value)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _unquoted(value: bytes) -> bytes:
    value = value.strip()
    if value[:1] == b'"' and value[-1:] == b'"' and len(value) > 1:
        return _ESCAPED.sub(rb"\1", value[1:-1])
    return value


def _error(reason: str) -> CountlabError:
    return CountlabError("bad_request", reason=reason)
