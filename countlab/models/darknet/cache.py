"""Converted graphs, kept beside the weights they come from and keyed by their content."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from countlab.models.download import sha256_of

_VERSION = 1  # goes up when the same files give another graph


def converted(files: Mapping[str, Path], *, width: int, height: int) -> Path | bytes:
    """The graph's file; its bytes where the folder cannot be written, as in a shared install."""
    config, weights = files["config"], files["weights"]
    key = f"{_VERSION} {width}x{height} {sha256_of(config)} {sha256_of(weights)}"
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    kept = weights.parent / ".converted" / f"{weights.stem}-{digest}.onnx"
    if kept.is_file():
        return kept
    from countlab.models.darknet.convert import to_onnx  # loads onnx

    graph: bytes = to_onnx(config, weights, width=width, height=height).SerializeToString()
    part = kept.with_suffix(f".{os.getpid()}.part")
    try:
        kept.parent.mkdir(exist_ok=True)
        part.write_bytes(graph)
        part.replace(kept)
        for older in kept.parent.glob(f"{weights.stem}-*.onnx"):
            if older != kept:  # which another process may have made and be reading by now
                older.unlink(missing_ok=True)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        return graph
    return kept
