"""Download of one file, from the first of its addresses that sends the expected bytes.

Bytes are collected in a `.part` file beside the target, so that a download can be resumed; the
target itself appears only when size and SHA-256 match.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import requests

from countlab.errors import CountlabError
from countlab.models.catalog import ModelFile

Progress = Callable[[str, int, "int | None"], None]
"""Called with the file's name, the bytes downloaded so far, and the total if it is known."""

_CHUNK_BYTES = 1 << 16
_HASH_CHUNK_BYTES = 1 << 20
_MAX_RESUMES = 10
_MAX_BYTES_IF_UNSTATED = 1 << 20  # if the catalog states no size, only a small file is accepted


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a connection, and between two chunks."""

    connect_s: float = 10.0
    stall_s: float = 30.0


def download(
    file: ModelFile, target: Path, *, timeouts: Timeouts, progress: Progress
) -> tuple[CountlabError, ...]:
    """Tries each address; returns () on success, else the reason of failure for each address."""
    if not file.sha256 or not file.addresses:
        return (CountlabError("unknown_bytes", file=file.name),)
    part = target.with_name(f"{target.name}.part")
    _check_space(part, file.bytes or 0)
    reasons = []
    for address in file.addresses:
        try:
            _download_from(file, part, address, timeouts=timeouts, progress=progress)
            part.replace(target)
        except CountlabError as reason:
            reasons.append(reason)
        except OSError as reason:
            raise CountlabError("cannot_write", path=part, reason=reason.strerror) from reason
        else:
            return ()
    return tuple(reasons)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _download_from(
    file: ModelFile, part: Path, address: str, *, timeouts: Timeouts, progress: Progress
) -> None:
    """Resumes interrupted transfers while they make progress; leaves a verified part file."""
    for _ in range(_MAX_RESUMES):
        before = _size(part)
        if before != file.bytes:
            try:
                _stream(file, part, address, timeouts=timeouts, progress=progress)
            except CountlabError as reason:
                if reason.code == "file_cut" and _size(part) > before:
                    continue
                raise
        arrived = sha256_of(part)
        if arrived == file.sha256:
            return
        part.unlink()  # never kept: the next attempt would append to wrong bytes
        if not before:
            raise CountlabError("wrong_bytes", address=address, arrived=arrived)
        # The part from an earlier attempt may be from another file: try again from the start.
    raise CountlabError(
        "file_cut", address=address, arrived=_size(part), expected=file.bytes or "?"
    )


def _stream(
    file: ModelFile, part: Path, address: str, *, timeouts: Timeouts, progress: Progress
) -> None:
    """Appends the response to the part; starts over if the server ignores Range."""
    existing = _size(part)
    headers = {"Accept-Encoding": "identity"}
    if existing:
        headers["Range"] = f"bytes={existing}-"
    timeout = timeouts.connect_s, timeouts.stall_s
    try:
        response = requests.get(address, headers=headers, stream=True, timeout=timeout)
    except requests.Timeout as reason:
        raise CountlabError("address_silent", address=address) from reason
    except requests.RequestException as reason:
        raise CountlabError("address_unreachable", address=address) from reason
    with response:
        expected = _check_response(file, response, address, part)
        try:
            done = _write(file, response, address, part, expected, progress)
        except requests.RequestException as reason:  # cut or stalled: the part is kept
            raise CountlabError(
                "file_cut", address=address, arrived=_size(part), expected=expected or "?"
            ) from reason
    if expected is not None and done < expected:
        raise CountlabError("file_cut", address=address, arrived=done, expected=expected)


def _check_response(
    file: ModelFile, response: requests.Response, address: str, part: Path
) -> int | None:
    """The file's total length if announced; a response that cannot be the file is refused."""
    headers, status = response.headers, str(response.status_code)
    if status not in ("200", "206"):
        if status == "416":  # the part is longer than the file at this address
            part.unlink(missing_ok=True)
        raise CountlabError("address_refused", address=address, status=status)
    if "html" in headers.get("Content-Type", ""):
        raise CountlabError("address_page", address=address)
    total = headers.get("Content-Length", "")
    if status == "206":
        span, _, total = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        if span.partition("-")[0] != str(_size(part)):
            raise CountlabError("address_refused", address=address, status=f"206 {span}")
    announced = int(total) if total.isdigit() else None
    if announced is not None and not _is_expected_size(file, announced):
        raise _wrong_size(file, address, announced)
    return file.bytes or announced


def _write(
    file: ModelFile,
    response: requests.Response,
    address: str,
    part: Path,
    expected: int | None,
    progress: Progress,
) -> int:
    """Writes the chunks as they arrive; returns the size of the part."""
    resumed = response.status_code == 206
    done = _size(part) if resumed else 0
    chunks = response.iter_content(_CHUNK_BYTES)
    first = next(chunks, b"")
    if not done and first.lstrip().startswith(b"<"):
        raise CountlabError("address_page", address=address)
    with part.open("ab" if resumed else "wb") as target:
        for chunk in chain([first], chunks):
            target.write(chunk)
            done += len(chunk)
            if done > (file.bytes or _MAX_BYTES_IF_UNSTATED):
                break
            progress(file.name, done, expected)
    if done > (file.bytes or _MAX_BYTES_IF_UNSTATED):
        part.unlink()
        raise _wrong_size(file, address, done)
    return done


def _is_expected_size(file: ModelFile, length: int) -> bool:
    return length == file.bytes if file.bytes else length <= _MAX_BYTES_IF_UNSTATED


def _wrong_size(file: ModelFile, address: str, arrived: int) -> CountlabError:
    expected = file.bytes or f"≤ {_MAX_BYTES_IF_UNSTATED}"
    return CountlabError("wrong_size", address=address, arrived=arrived, expected=expected)


def _check_space(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if free < needed - _size(part):
        raise CountlabError("disk_full", folder=part.parent, needed=needed, free=free)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
