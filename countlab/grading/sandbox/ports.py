"""Which TCP ports the processes below this one listen on (Linux)."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Set
from pathlib import Path


def listening_ports(without: Set[int], *, private: bool) -> set[int]:
    """TCP ports on which a process below this one listens; in a private network, all there are."""
    own = None if private else set(_inodes_below(os.getpid()))
    ports: set[int] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and (own is None or words[9] in own):
                    ports.add(int(words[1].rpartition(":")[2], 16))
    return ports - without


def _inodes_below(pid: int) -> Iterator[str]:
    """Sockets of the processes that came from this one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    ahead = list(children.get(pid, []))
    while ahead:
        process = ahead.pop()
        ahead += children.get(process, [])
        for file in Path(f"/proc/{process}/fd").glob("*"):
            with contextlib.suppress(OSError):
                if found := re.fullmatch(r"socket:\[(\d+)\]", str(file.readlink())):
                    yield found[1]
