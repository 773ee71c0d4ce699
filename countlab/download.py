"""One file from the first of its addresses that gives the right bytes.

Bytes are gathered in a `.part` file beside the target, so that a download can be resumed; the
target itself appears only when size and SHA-256 are right. Knows nothing of models.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from countlab.catalogue import ModelFile
from countlab.errors import CountlabError

Progress = Callable[[str, int, "int | None"], None]
"""Told the file's name, the bytes that are here, and how many there will be."""

_CHUNK = 1 << 16
_MOST_RESUMES = 10


@dataclass(frozen=True)
class Patience:
    """How long an address may keep us waiting: for the connection, and between two pieces."""

    connect_s: float = 10.0
    stall_s: float = 30.0


def download(
    file: ModelFile, target: Path, *, patience: Patience, progress: Progress
) -> tuple[CountlabError, ...]:
    """Tries each address; empty when the file is in place, else one reason for each address."""
    if not file.sha256 or not file.bytes:
        return (CountlabError("unknown_bytes", file=file.name),)
    part = target.with_name(f"{target.name}.part")
    _check_space(part, file.bytes)
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
    file: ModelFile, part: Path, address: str, *, patience: Patience, progress: Progress
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
    raise CountlabError("file_cut", address=address, arrived=_size(part), expected=file.bytes)


def _stream(
    file: ModelFile, part: Path, address: str, *, patience: Patience, progress: Progress
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
        _check_answer(file, answer, address, have)
        resumed = answer.status_code == 206
        done = have if resumed else 0
        try:
            with part.open("ab" if resumed else "wb") as target:
                for piece in answer.iter_content(_CHUNK):
                    if not done and piece.lstrip()[:1] == b"<":
                        raise CountlabError("address_page", address=address)
                    target.write(piece)
                    done += len(piece)
                    if done > (file.bytes or 0):
                        break
                    progress(file.name, done, file.bytes)
        except requests.RequestException:
            pass  # cut or stalled: what counts is how much has come
    if done > (file.bytes or 0):
        part.unlink()
        raise CountlabError("wrong_size", address=address, arrived=done, expected=file.bytes)
    if done < (file.bytes or 0):
        raise CountlabError("file_cut", address=address, arrived=done, expected=file.bytes)


def _check_answer(file: ModelFile, answer: requests.Response, address: str, have: int) -> None:
    """Refuses what cannot be the file before a byte of it is written."""
    headers = answer.headers
    if answer.status_code not in (200, 206):
        raise CountlabError("address_refused", address=address, status=str(answer.status_code))
    if "html" in headers.get("Content-Type", ""):
        raise CountlabError("address_page", address=address)
    if answer.status_code == 206:
        start, _, total = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        if start.partition("-")[0] != str(have):
            raise CountlabError("address_refused", address=address, status="206 " + start)
    else:
        total = headers.get("Content-Length", "")
    if total.isdigit() and int(total) != file.bytes:
        raise CountlabError("wrong_size", address=address, arrived=int(total), expected=file.bytes)


def _check_space(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if free < needed - _size(part):
        raise CountlabError("disk_full", folder=part.parent, needed=needed, free=free)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
