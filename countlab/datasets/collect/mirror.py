"""A collection at an address such as `s3://bucket/photos`: kept here first, then copied there.

A store of objects cannot add a line to a file, so the folder here is what a run goes on from; the
address gets every picture at once, and the list of products now and then and at the end.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

from countlab.datasets.collect.journal import Journal
from countlab.datasets.folder import COLLECTED, PICTURES
from countlab.errors import CountlabError

_LINES_BETWEEN = 20
_LIBRARIES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs"}


def is_address(text: str) -> bool:
    """Whether it names a store, and not a folder of this machine."""
    return "://" in text


def folder_for(address: str, home: Path) -> Path:
    """Where what goes to an address is kept first."""
    return home / "collect" / hashlib.sha256(address.encode()).hexdigest()[:16]


class Mirror:
    """Copies of a folder's files at an fsspec address."""

    def __init__(self, address: str, folder: Path) -> None:
        try:
            import fsspec  # type: ignore[import-untyped,unused-ignore]

            self._store, self._root = fsspec.core.url_to_fs(address)
        except ModuleNotFoundError as reason:
            if reason.name == "fsspec":
                raise
            raise _missing(address) from reason
        except ImportError as reason:
            raise _missing(address) from reason
        except ValueError as reason:
            raise CountlabError("bad_store_address", address=address, reason=reason) from reason
        self.address, self._folder, self._waiting = address, folder, 0

    def fetch_list(self) -> None:
        """Goes on with what another machine has collected there."""
        if not (self._folder / COLLECTED).is_file():
            with self._told("read"), contextlib.suppress(FileNotFoundError):
                self._folder.mkdir(parents=True, exist_ok=True)
                self._store.get_file(self._at(COLLECTED), str(self._folder / COLLECTED))

    def send_missing(self, journal: Journal) -> None:
        """What an interrupted run had not copied yet."""
        there = set()
        with self._told("read"), contextlib.suppress(FileNotFoundError):
            there = {Path(str(name)).name for name in self._store.ls(self._at(PICTURES), False)}
        for file in journal.all_files():
            if Path(file).name not in there and (self._folder / file).is_file():
                self.send(file)

    def send(self, file: str) -> None:
        with self._told("write"):
            self._store.makedirs(self._at(PICTURES), exist_ok=True)
            self._store.put_file(str(self._folder / file), self._at(file))

    def send_list(self, *, now: bool = False) -> None:
        self._waiting += 1
        if (now or self._waiting >= _LINES_BETWEEN) and (self._folder / COLLECTED).is_file():
            self._waiting = 0
            with self._told("write"):
                self._store.makedirs(self._root, exist_ok=True)
                self._store.put_file(str(self._folder / COLLECTED), self._at(COLLECTED))

    def _at(self, file: str) -> str:
        return f"{self._root.rstrip('/')}/{file}"

    def _told(self, what: str) -> Any:
        return _store_errors(self.address, what)


@contextlib.contextmanager
def _store_errors(address: str, what: str) -> Any:
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as reason:  # each store's library has errors of its own
        text = f"{type(reason).__name__}: {reason}"
        raise CountlabError("store_failed", address=address, what=what, reason=text) from reason


def _missing(address: str) -> CountlabError:
    protocol = address.partition("://")[0]
    library = _LIBRARIES.get(protocol, protocol)
    return CountlabError("store_library_missing", protocol=protocol, library=library)
