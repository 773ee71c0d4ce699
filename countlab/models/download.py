"""Download of one file, from the first of its addresses that sends the expected bytes.

Bytes are collected in a `.part` file beside the target, so that a download can be resumed; the
target itself appears only when size and SHA-256 match.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import requests
from urllib3.exceptions import HTTPError

from countlab.errors import CountlabError
from countlab.models.catalog import ModelFile

Progress = Callable[[str, int, "int | None"], None]
"""Called with the file's name, the bytes downloaded so far, and the total if it is known."""

_CHUNK_BYTES = 1 << 16
_HASH_CHUNK_BYTES = 1 << 20
_MAX_RESUMES = 10
_MAX_REDIRECTS = 5
_MAX_BYTES_IF_UNSTATED = 1 << 20  # if the catalog states no size, only a small file is accepted


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a connection, between two pieces, and for a file in all."""

    connect_s: float = 10.0
    stall_s: float = 30.0
    total_s: float = 1800.0


def download(
    file: ModelFile, target: Path, *, timeouts: Timeouts, progress: Progress
) -> tuple[CountlabError, ...]:
    """Tries each address; returns () on success, else the reason of failure for each address."""
    if not file.sha256 or not file.addresses:
        return (CountlabError("unknown_bytes", file=file.name),)
    part = target.with_name(f"{target.name}.part")
    transfer = _Transfer(file, part, timeouts, progress, time.monotonic() + timeouts.total_s)
    _check_space(part, file.bytes or 0)
    reasons = []
    for address in file.addresses:
        try:
            _download_from(address, transfer)
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


@dataclass(frozen=True)
class _Transfer:
    """One file on its way, whichever address it comes from."""

    file: ModelFile
    part: Path
    timeouts: Timeouts
    progress: Progress
    ends: float

    def check_time(self, address: str) -> None:
        if time.monotonic() > self.ends:
            raise CountlabError(
                "fetching_took_too_long",
                address=address,
                arrived=_size(self.part),
                seconds=round(self.timeouts.total_s),
            )


def _download_from(address: str, transfer: _Transfer) -> None:
    """Resumes interrupted transfers while they make progress; leaves a verified part file."""
    file, part = transfer.file, transfer.part
    for _ in range(_MAX_RESUMES):
        before = _size(part)
        if before != file.bytes:
            try:
                _stream(address, transfer)
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


def _stream(address: str, transfer: _Transfer) -> None:
    """Appends the response to the part; starts over if the server ignores Range."""
    transfer.check_time(address)
    existing = _size(transfer.part)
    with _response(address, existing, transfer.timeouts) as response:
        expected = _check_response(address, response, transfer)
        try:
            done = _write(address, response, expected, transfer)
        except (requests.RequestException, HTTPError) as reason:  # cut or stalled: it is kept
            raise CountlabError(
                "file_cut",
                address=address,
                arrived=_size(transfer.part),
                expected=expected or "?",
            ) from reason
    if expected is not None and done < expected:
        raise CountlabError("file_cut", address=address, arrived=done, expected=expected)


class _Session(requests.Session):
    """Follows no redirect: requests would first read what comes with it, which may drip forever."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None


def _response(address: str, existing: int, timeouts: Timeouts) -> requests.Response:
    headers = {"Accept-Encoding": "identity"}
    if existing:
        headers["Range"] = f"bytes={existing}-"
    timeout, at = (timeouts.connect_s, timeouts.stall_s), address
    try:
        for _ in range(_MAX_REDIRECTS):
            with _Session() as session:
                response = session.get(at, headers=headers, stream=True, timeout=timeout)
            if not response.is_redirect:
                return response
            response.close()
            at = urljoin(at, response.headers["Location"])
        raise CountlabError("address_unreachable", address=address)
    except requests.Timeout as reason:
        raise CountlabError("address_silent", address=address) from reason
    except requests.exceptions.SSLError as reason:
        raise CountlabError("address_not_trusted", address=address) from reason
    except (requests.RequestException, HTTPError, ValueError) as reason:  # odd redirects too
        raise CountlabError("address_unreachable", address=address) from reason


def _check_response(address: str, response: requests.Response, transfer: _Transfer) -> int | None:
    """The file's total length if announced; a response that cannot be the file is refused."""
    file, part = transfer.file, transfer.part
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
    announced = int(total) if re.fullmatch("[0-9]{1,15}", total) else None
    if announced is not None and not _is_expected_size(file, announced):
        raise _wrong_size(file, address, announced)
    return file.bytes or announced


def _write(
    address: str, response: requests.Response, expected: int | None, transfer: _Transfer
) -> int:
    """Writes the pieces as they arrive; returns the size of the part."""
    file, part = transfer.file, transfer.part
    resumed = response.status_code == 206
    done = _size(part) if resumed else 0
    # What has arrived, however little: one that waits for a full piece sees no time pass.
    read = getattr(response.raw, "read1", response.raw.read)
    first = read(_CHUNK_BYTES)
    if not done and first.lstrip().startswith(b"<"):
        raise CountlabError("address_page", address=address)
    with part.open("ab" if resumed else "wb") as target:
        chunk = first
        while chunk:
            target.write(chunk)
            done += len(chunk)
            if done > (file.bytes or _MAX_BYTES_IF_UNSTATED):
                break
            transfer.progress(file.name, done, expected)
            transfer.check_time(address)
            chunk = read(_CHUNK_BYTES)
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
