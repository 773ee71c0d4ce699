"""Storage: files on disk, in a bucket or behind HTTP, each known by one address.

Plain paths need nothing installed; `s3://…`, `gs://…`, `az://…`, `https://…` go through fsspec.
An outage is waited out: what fails is tried again for ten minutes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import IO, Any, TypeVar

from countlab.errors import CountlabError

PATIENCE_S = 600
_LONGEST_PAUSE_S = 10.0
_SAID_AT = 5  # a moment's trouble is nobody's concern
_MOST_TRIES = 6 + int(PATIENCE_S / _LONGEST_PAUSE_S)
_WHOLE_BY_THEMSELVES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "memory"}
"""Object stores: an object is there when all of it is."""
LASTING = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError)
"""Errors that waiting does not mend."""
_OF_RIGHTS = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}
"""By name: libraries of storages, which may not be here, have no class in common for it."""

T = TypeVar("T")
log = logging.getLogger("countlab.storage")


@dataclass(frozen=True)
class Entry:
    """A file or a folder in a listing."""

    address: str
    is_folder: bool


def is_remote(address: str) -> bool:
    return "://" in address


def join(folder: str, *names: str) -> str:
    return "/".join([folder.rstrip("/") or "/", *names]).replace("//", "/") if (
        not is_remote(folder)
    ) else "/".join([folder.rstrip("/"), *names])  # fmt: skip


def patiently(action: Callable[[], T], address: str) -> T:
    """What the action returns, once it succeeds; an outage that lasts is a `CountlabError`."""
    for tries in count(1):
        try:
            return action()
        except (CountlabError, ModuleNotFoundError, *LASTING):
            raise
        except Exception as reason:  # each kind of storage raises classes of its own
            if type(reason).__name__ in _OF_RIGHTS:
                raise PermissionError(str(reason)) from reason
            pause(tries, address, reason)
    raise AssertionError


def pause(tries: int, address: str, reason: Exception) -> None:
    """Waits longer after each failed try; after `PATIENCE_S` in all, it is an error."""
    if tries == _SAID_AT:
        log.warning("%s: %s", address, CountlabError("storage_waited_for", reason=_brief(reason)))
    if tries > _MOST_TRIES:
        raise CountlabError(
            "storage_away", address=address, reason=_brief(reason), seconds=PATIENCE_S
        ) from reason
    time.sleep(min(0.25 * 2.0 ** (tries - 1), _LONGEST_PAUSE_S))


def read(address: str, *, most: int | None = None) -> bytes:
    """The bytes at an address, of larger files no more than `most`."""
    if not is_remote(address):
        with Path(address).open("rb") as file:
            return file.read(-1 if most is None else most)
    system, path = _remote(address)
    return patiently(lambda: bytes(_cat(system, path, most)), address)


def exists(address: str) -> bool:
    if not is_remote(address):
        return Path(address).exists()
    system, path = _remote(address)
    return patiently(lambda: bool(system.exists(path)), address)


def is_folder(address: str) -> bool:
    if not is_remote(address):
        return Path(address).is_dir()
    if address.endswith("/"):
        return True
    system, path = _remote(address)
    return patiently(lambda: bool(system.isdir(path)), address)


@contextlib.contextmanager
def opened(address: str) -> Iterator[IO[bytes]]:
    """The file, to be read from its beginning on."""
    if not is_remote(address):
        with Path(address).open("rb") as file:
            yield file
        return
    system, path = _remote(address)
    with patiently(lambda: system.open(path, "rb", cache_type="readahead"), address) as file:
        yield file


def entries(folder: str) -> Iterator[Entry]:
    """What lies in a folder, sorted by name."""
    if not is_remote(folder):
        with os.scandir(folder) as found:
            named = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in found)
        yield from (Entry(join(folder, name), is_dir) for name, is_dir in named)
        return
    system, path = _remote(folder)
    listed = patiently(lambda: system.ls(path, detail=True, refresh=True), folder)
    for info in sorted(listed, key=lambda info: str(info["name"])):
        address = str(system.unstrip_protocol(info["name"]))
        if address.rstrip("/") != folder.rstrip("/"):
            yield Entry(address, info["type"] == "directory")


def keys_below(folder: str, *, after: str = "") -> Iterator[str] | None:
    """All objects below a folder of S3, page by page in order of their names; elsewhere None.

    `after` is the address to go on behind: what lies before it is not asked for again.
    """
    if not folder.startswith(("s3://", "s3a://")):
        return None
    system, path = _remote(folder)
    return _s3_keys(system, path.rstrip("/") + "/", after)


def _s3_keys(system: Any, path: str, after: str) -> Iterator[str]:
    bucket, _, prefix = path.partition("/")
    behind = _remote(after)[1].partition("/")[2] if after else ""
    token = ""
    while True:
        asked = {"ContinuationToken": token} if token else {"StartAfter": behind} if behind else {}
        page = patiently(
            lambda asked=asked: system.call_s3(  # type: ignore[misc]
                "list_objects_v2", Bucket=bucket, Prefix=prefix, **asked
            ),
            path,
        )
        for entry in page.get("Contents") or ():
            if entry["Key"] > behind:  # some servers do not know StartAfter
                yield f"s3://{bucket}/{entry['Key']}"
        token = page.get("NextContinuationToken") or ""
        if not page.get("IsTruncated") or not token:
            return


def write_whole(address: str, data: bytes) -> None:
    """The file is there with all of its bytes, or as it was before."""
    if not is_remote(address):
        _write_on_disk(Path(address), data)
        return
    system, path = _remote(address)
    patiently(lambda: _put(system, path, data), address)


def _write_on_disk(target: Path, data: bytes) -> None:
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as reason:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise CountlabError("cannot_write", path=target, reason=reason.strerror) from reason


def _put(system: Any, path: str, data: bytes) -> None:
    protocols = {system.protocol} if isinstance(system.protocol, str) else {*system.protocol}
    if protocols & _WHOLE_BY_THEMSELVES:
        system.pipe_file(path, data)
        return
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    system.pipe_file(f"{path}.part", data)
    system.mv(f"{path}.part", path)


def _cat(system: Any, path: str, most: int | None) -> Any:
    if most is None:
        return system.cat_file(path)
    size = system.size(path)  # a range that ends behind the file is not understood everywhere
    return system.cat_file(path) if size is None or size <= most else system.cat_file(path, 0, most)


@lru_cache(maxsize=16)
def _system(protocol: str, example: str) -> Any:
    try:
        import fsspec
    except ModuleNotFoundError as reason:
        raise CountlabError("extra_missing", module="fsspec", extra="batch") from reason
    try:
        return fsspec.core.url_to_fs(example)[0]
    except (ImportError, ValueError) as reason:  # it says in a sentence what to install
        raise CountlabError("storage_unknown", protocol=protocol, reason=str(reason)) from reason


def _remote(address: str) -> tuple[Any, str]:
    protocol, _, rest = address.partition("://")
    system = _system(protocol, f"{protocol}://{rest.split('/')[0]}/")
    return system, str(system._strip_protocol(address))


def _brief(reason: Exception) -> str:
    return f"{type(reason).__name__}: {reason}"[:200]
