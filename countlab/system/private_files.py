"""Files and folders that only their owner can read: what was counted is nobody else's business."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_FILE, _FOLDER = 0o600, 0o700


def make_private_folder(path: Path) -> None:
    """Made with mode 0700; a folder that is there already stays as its owner wants it."""
    path.mkdir(mode=_FOLDER, parents=True, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Made empty with mode 0600; of a file that is there already, others lose their access."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, _FILE))
    _close_to_others(path)


def write_private_file(path: Path, data: bytes) -> None:
    with open(path, "wb", opener=private_opener) as file:
        file.write(data)


def private_opener(path: str, flags: int) -> int:
    """For `open(..., opener=private_opener)`."""
    return os.open(path, flags, _FILE)


def _close_to_others(path: Path) -> None:
    """The group may have been let in on purpose; everybody never is."""
    if os.name == "nt":
        return
    status = path.stat()
    if status.st_mode & stat.S_IRWXO and status.st_uid == os.getuid():
        path.chmod(stat.S_IMODE(status.st_mode) & ~stat.S_IRWXO)
