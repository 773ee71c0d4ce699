"""Files of one JSON object a line that grow by whole lines: a line is there whole, or not at all.

Each line is forced to disk before its writer goes on, so a process that is killed loses at most
the line that it was writing; what is left of such a line is cut off by the next writer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from countlab.system.whole_file import write_whole

_BLOCK = 1 << 16


def read_lines(path: Path) -> list[dict[str, Any]]:
    """All whole lines; what a killed writer left of a line is no line."""
    if not path.is_file():
        return []
    return list(_objects(path.read_bytes()))


def append_line(path: Path, line: Mapping[str, Any]) -> None:
    """Adds one line and forces it to disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
    with path.open("ab+") as file:
        _cut_torn_line(file)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def remove_lines(path: Path, unwanted: Callable[[dict[str, Any]], bool]) -> None:
    """Writes the file anew without some lines; whoever appends to it must wait meanwhile."""
    if path.is_file():
        lines = [line for line in read_lines(path) if not unwanted(line)]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        write_whole(path, text.encode())


def _cut_torn_line(file: BinaryIO) -> None:
    size = end = file.seek(0, os.SEEK_END)
    while end:
        start = file.seek(max(0, end - _BLOCK))
        at = file.read(end - start).rfind(b"\n")
        if at >= 0:
            end = start + at + 1
            break
        end = start
    if end < size:
        file.truncate(end)


def _objects(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data[: data.rfind(b"\n") + 1].splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found
