"""Cache of converted graphs, beside the weights they come from and keyed by their content."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from countlab.system.sha256 import sha256_of

_VERSION = 1  # to be raised when the converter gives another graph for the same files


def load_or_convert(files: Mapping[str, Path], *, width: int, height: int) -> Path | bytes:
    """The graph's file; its bytes where the folder is read-only, as in a shared installation."""
    config, weights = files["config"], files["weights"]
    key = f"{_VERSION} {width}x{height} {sha256_of(config)} {sha256_of(weights)}"
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    cached = weights.parent / ".converted" / f"{weights.stem}-{digest}.onnx"
    if cached.is_file():
        return cached
    from countlab.models.darknet.convert import to_onnx  # loads onnx

    graph: bytes = to_onnx(config, weights, width=width, height=height).SerializeToString()
    part = cached.with_suffix(f".{os.getpid()}.part")
    try:
        cached.parent.mkdir(exist_ok=True)
        part.write_bytes(graph)
        part.replace(cached)
        for older in cached.parent.glob(f"{weights.stem}-*.onnx"):
            if older != cached:  # another process may be reading it already
                older.unlink(missing_ok=True)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        return graph
    return cached
