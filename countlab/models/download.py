"""One file from the first of its addresses that gives the right bytes.

Bytes are gathered in a `.part` file beside the target, so that a download can be resumed; the
target itself appears only when size and SHA-256 are right. Knows nothing of models.
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
"""Told the file's name, the bytes that are here, and how many there will be."""

_CHUNK = 1 << 16
_MOST_RESUMES = 10
_MOST_BYTES_UNSTATED = 1 << 20  # where the catalog states no size, only a small file is taken


@dataclass(frozen=True)
class Timeouts:
    """How long an address may keep us waiting: for the connection, and between two pieces."""

    connect_s: float = 10.0
    stall_s: float = 30.0


def download(
    file: ModelFile, target: Path, *, patience: Timeouts, progress: Progress
) -> tuple[CountlabError, ...]:
    """Tries each address; empty when the file is in place, else one reason for each address."""
    if not file.sha256 or not file.addresses:
        return (CountlabError("unknown_bytes", file=file.name),)
    part = target.with_name(f"{target.name}.part")
    _check_space(part, file.bytes or 0)
    reasons = []
    for address in file.addresses:
        try:
            _gather(file, part, address, patience=patience, progress=progress)
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
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _gather(
    file: ModelFile, part: Path, address: str, *, patience: Timeouts, progress: Progress
) -> None:
    """Resumes after a cut as long as that brings more bytes; ends with a verified part."""
    for _ in range(_MOST_RESUMES):
        before = _size(part)
        if before != file.bytes:
            try:
                _stream(file, part, address, patience=patience, progress=progress)
            except CountlabError as reason:
                if reason.code == "file_cut" and _size(part) > before:
                    continue
                raise
        arrived = sha256_of(part)
        if arrived == file.sha256:
            return
        part.unlink()  # never kept: the next try would build on wrong bytes
        if not before:
            raise CountlabError("wrong_bytes", address=address, arrived=arrived)
        # What lay there before may have been the wrong half: once more, from the start.
    raise CountlabError(
        "file_cut", address=address, arrived=_size(part), expected=file.bytes or "?"
    )


def _stream(
    file: ModelFile, part: Path, address: str, *, patience: Timeouts, progress: Progress
) -> None:
    """Adds to the part what the address gives, or begins it anew where Range is not known."""
    have = _size(part)
    asked = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    timeouts = patience.connect_s, patience.stall_s
    try:
        answer = requests.get(address, headers=asked, stream=True, timeout=timeouts)
    except requests.Timeout as reason:
        raise CountlabError("address_silent", address=address) from reason
    except requests.RequestException as reason:
        raise CountlabError("address_unreachable", address=address) from reason
    with answer:
        expected = _check_answer(file, answer, address, part)
        try:
            done = _write(file, answer, address, part, expected, progress)
        except requests.RequestException as reason:  # cut or stalled: what has come is kept
            raise CountlabError(
                "file_cut", address=address, arrived=_size(part), expected=expected or "?"
            ) from reason
    if expected is not None and done < expected:
        raise CountlabError("file_cut", address=address, arrived=done, expected=expected)


def _check_answer(
    file: ModelFile, answer: requests.Response, address: str, part: Path
) -> int | None:
    """The whole file's length as announced; what cannot be the file is refused unwritten."""
    headers, status = answer.headers, str(answer.status_code)
    if status not in ("200", "206"):
        if status == "416":  # the part is longer than what lies there
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
    if announced is not None and not _possible(file, announced):
        raise _wrong_size(file, address, announced)
    return file.bytes or announced


def _write(
    file: ModelFile,
    answer: requests.Response,
    address: str,
    part: Path,
    expected: int | None,
    progress: Progress,
) -> int:
    """Writes the pieces as they come; how many bytes are there then."""
    resumed = answer.status_code == 206
    done = _size(part) if resumed else 0
    pieces = answer.iter_content(_CHUNK)
    first = next(pieces, b"")
    if not done and first.lstrip().startswith(b"<"):
        raise CountlabError("address_page", address=address)
    with part.open("ab" if resumed else "wb") as target:
        for piece in chain([first], pieces):
            target.write(piece)
            done += len(piece)
            if done > (file.bytes or _MOST_BYTES_UNSTATED):
                break
            progress(file.name, done, expected)
    if done > (file.bytes or _MOST_BYTES_UNSTATED):
        part.unlink()
        raise _wrong_size(file, address, done)
    return done


def _possible(file: ModelFile, length: int) -> bool:
    return length == file.bytes if file.bytes else length <= _MOST_BYTES_UNSTATED


def _wrong_size(file: ModelFile, address: str, arrived: int) -> CountlabError:
    expected = file.bytes or f"≤ {_MOST_BYTES_UNSTATED}"
    return CountlabError("wrong_size", address=address, arrived=arrived, expected=expected)


def _check_space(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if free < needed - _size(part):
        raise CountlabError("disk_full", folder=part.parent, needed=needed, free=free)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
