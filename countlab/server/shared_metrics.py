"""Metrics that several workers share in a folder, in files that cannot take a worker along.

Prometheus' client writes through memory maps of sparse files: when the disk is full at that
moment, the system ends the process (SIGBUS). Here the blocks are reserved first, and a value that
gets no place is kept by its worker alone.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

_INITIAL_BYTES = 1 << 16
Value = tuple[float, float]


class ReservedDict(MmapedDict):
    """The client's dictionary of values in a file, of which every block exists."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        self._unshared: dict[str, Value] = {}
        self._f: Any = None
        self._positions: dict[str, int] = {}
        self._used = self._capacity = 0
        try:
            _reserve(filename, _INITIAL_BYTES)
            super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]
        except OSError:
            self.close()

    def _init_value(self, key: str) -> None:
        if self._f is None:
            raise OSError("no file")
        needed = self._used + len(key.encode()) + 32
        if needed > self._capacity:
            _reserve(self._fname, 2 * self._capacity)
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def read_value(self, key: str) -> Value:
        if key not in self._unshared:
            try:
                return super().read_value(key)  # type: ignore[no-untyped-call,no-any-return]
            except OSError:
                self._unshared[key] = 0.0, 0.0
        return self._unshared[key]

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        if key in self._unshared:
            self._unshared[key] = value, timestamp
        else:
            super().write_value(key, value, timestamp)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        if self._f is not None:
            super().close()  # type: ignore[no-untyped-call]
            self._f = None


def _reserve(filename: str, size: int) -> None:
    with Path(filename).open("a+b") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:  # macOS
            missing = size - file.seek(0, os.SEEK_END)
            file.write(bytes(max(0, missing)))


def use_reserved_files() -> None:
    """For all metrics made from now on in this process."""
    values.MmapedDict = ReservedDict  # type: ignore[attr-defined]


def forget_ended(folder: Path) -> None:
    """What was in progress in processes that were killed is no longer; what they counted stays.

    For processes that nobody supervises, as each of them starts.
    """
    for file in _files(folder):
        kind, _, pid = file.stem.rpartition("_")
        if kind.startswith("gauge_live") and (int(pid) == os.getpid() or not _runs(int(pid))):
            file.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    if os.name != "posix":  # elsewhere this asks for nothing, it ends the process
        return True
    try:
        os.kill(pid, 0)
    except OSError as reason:
        return isinstance(reason, PermissionError)
    return True


def render(folder: Path) -> bytes:
    """The sum of all workers; without the files that are damaged, or gone with their folder."""
    registry = CollectorRegistry()  # built each time, as workers start and end
    registry.register(_Merged(sorted(str(path) for path in _files(folder))))
    return generate_latest(registry)


class _Merged:
    def __init__(self, files: list[str]) -> None:
        self._files = files

    def collect(self) -> list[Any]:
        try:
            return _merge(self._files)
        except Exception:  # of any kind: each file holds what a process left when it was killed
            return _merge([file for file in self._files if _is_readable(file)])


def _merge(files: list[str]) -> list[Any]:
    return list(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]


def _files(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [path for path in folder.iterdir() if path.suffix == ".db"]
    return []


def _is_readable(file: str) -> bool:
    with contextlib.suppress(Exception):
        _merge([file])
        return True
    return False
