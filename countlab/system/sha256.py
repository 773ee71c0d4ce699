"""The SHA-256 of a file."""

from __future__ import annotations

import hashlib
from pathlib import Path

from countlab.system.regular_file import open_regular

_CHUNK_BYTES = 1 << 20
_MAX_BYTES = 1 << 50  # whoever sums up a file has bounds of its own


def sha256_of(path: Path) -> str:
    """Of a regular file: a pipe in its place is refused, not waited for."""
    digest = hashlib.sha256()
    with open_regular(path, max_bytes=_MAX_BYTES) as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
