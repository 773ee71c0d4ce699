"""The models' files on this disk: there or not, whole or not, fetched when they are published.

Built-in models and people's own are never fetched. How bytes travel is `download`'s business.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from countlab.errors import CountlabError
from countlab.models.catalog import Model, ModelFile
from countlab.models.timeouts import Progress, Timeouts
from countlab.system.file_lock import locked
from countlab.system.sha256 import sha256_of

_REMEMBER_FAILURE_S = 60.0  # a server asked for a model it cannot get does not ask around anew
_RETRY_AFTER_S = 5
_MAX_BYTES = 4_000_000_000  # of one file: a sparse one would be summed up for hours


@dataclass
class _Fetch:
    """A download at work in a thread of its own."""

    thread: threading.Thread
    done: dict[str, int]

    @property
    def bytes(self) -> int:
        return sum(self.done.values())


class Store:
    """`Store().files(model)` gives paths that are safe to open."""

    def __init__(self, *, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._failed: dict[str, tuple[float, CountlabError]] = {}
        self._fetches: dict[str, _Fetch] = {}
        self._lock = threading.Lock()

    def files(self, model: Model, *, wait: bool = True) -> dict[str, Path]:
        """The path for each role; what is missing is fetched, what is damaged is refused.

        Who does not wait hears `model_being_fetched` while a thread of its own fetches it.
        """
        if model.origin == "published" and self._missing(model):
            fetch = self._fetch_aside(model)
            if not wait and fetch.thread.is_alive():
                raise CountlabError(
                    "model_being_fetched",
                    model=model.name,
                    done=fetch.bytes,
                    total=model.bytes or "?",
                    retry_after_s=_RETRY_AFTER_S,
                )
            fetch.thread.join()
            self._raise_if_failed(model)
        return self._described(model)

    def has(self, model: Model) -> bool:
        """Whether all files are there by name and size; SHA-256 is judged when they are opened."""
        paths = self._paths(model)
        return all(_right_size(paths[role], file) for role, file in model.files.items())

    def damaged(self, model: Model) -> list[Path]:
        """The files that are there, but are not what the catalog says."""
        paths = self._paths(model)
        return [
            paths[role]
            for role, file in model.files.items()
            if paths[role].is_file() and not _right(paths[role], file)
        ]

    def hashes(self, model: Model) -> dict[str, str]:
        """The SHA-256 of each file; one that the catalog knows was compared on the way here."""
        paths = self._paths(model)
        return {role: file.sha256 or sha256_of(paths[role]) for role, file in model.files.items()}

    def fetch(self, model: Model, progress: Progress | None = None) -> dict[str, Path]:
        """Brings every file that is missing or damaged; other processes wait and then find it."""
        from countlab.models.download import download  # HTTP, which counting does without

        if model.origin != "published":
            return self._described(model)
        paths = self._paths(model)
        with _writing_alone(model.folder):
            for role, file in model.files.items():
                if paths[role].is_file() and _right(paths[role], file):
                    continue
                reasons = download(
                    file, paths[role], timeouts=self._timeouts, progress=progress or _silent
                )
                if reasons:
                    raise CountlabError(
                        "model_not_fetched", model=model.name, reasons=reasons, folder=model.folder
                    )
        return paths

    def _fetch_aside(self, model: Model) -> _Fetch:
        """The download of a model at work, begun now if there is none."""
        with self._lock:
            fetch = self._fetches.get(model.name)
            if fetch is None or not fetch.thread.is_alive():
                self._raise_if_failed(model)
                done: dict[str, int] = {}
                thread = threading.Thread(
                    target=self._fetch_and_remember, args=(model, done), daemon=True
                )
                fetch = self._fetches[model.name] = _Fetch(thread, done)
                thread.start()
            return fetch

    def _fetch_and_remember(self, model: Model, done: dict[str, int]) -> None:
        try:
            self.fetch(model, lambda name, arrived, _: done.update({name: arrived}))
        except CountlabError as failure:
            self._failed[model.name] = time.monotonic(), failure

    def _raise_if_failed(self, model: Model) -> None:
        when, error = self._failed.get(model.name, (0.0, None))
        if error and time.monotonic() - when < _REMEMBER_FAILURE_S:
            raise CountlabError(error.code, **error.facts)

    def _described(self, model: Model) -> dict[str, Path]:
        """The paths, when every file is there and is what the catalog says."""
        if missing := self._missing(model):
            raise CountlabError(
                "model_not_here", model=model.name, missing=missing, folder=model.folder
            )
        if wrong := self.damaged(model):
            reason = CountlabError("other_bytes", path=wrong[0])
            raise CountlabError("model_damaged", model=model.name, reason=reason)
        return self._paths(model)

    def _missing(self, model: Model) -> list[str]:
        return [path.name for path in self._paths(model).values() if not path.is_file()]

    def _paths(self, model: Model) -> dict[str, Path]:
        return {role: model.folder / file.name for role, file in model.files.items()}


def file_stamps(model: Model) -> tuple[tuple[str, int, int, int], ...]:
    """Name, time, size and inode of all that decides an answer: equal while nothing changes."""
    paths = [model.folder / file.name for file in model.files.values()]
    stamps = []
    for path in [model.folder / "model.toml", model.labels_file, *paths]:
        try:
            status = path.stat()
        except OSError:  # missing, or being replaced
            stamps.append((path.name, 0, 0, 0))
        else:
            stamps.append((path.name, status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(stamps)


def _right(path: Path, file: ModelFile) -> bool:
    return _right_size(path, file) and file.sha256 in (None, sha256_of(path))


def _right_size(path: Path, file: ModelFile) -> bool:
    if not path.is_file():
        return False
    size = path.stat().st_size
    return size <= _MAX_BYTES and file.bytes in (None, size)


def _silent(name: str, done: int, total: int | None) -> None:
    """Nobody watches."""


@contextlib.contextmanager
def _writing_alone(folder: Path) -> Iterator[None]:
    """Other processes that want to write there wait."""
    with contextlib.ExitStack() as holding:
        try:
            holding.enter_context(locked(folder / ".lock"))
        except OSError as reason:
            raise CountlabError("cannot_write", path=folder, reason=reason.strerror) from reason
        yield
