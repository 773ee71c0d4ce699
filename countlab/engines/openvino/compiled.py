"""Compiled networks kept on disk: reading one back takes a fraction of compiling it again.

Beside the graph, in `.converted/`, keyed by all that decides what the compiler makes: the graph's
content, OpenVINO's version, the processor, and the properties. A file that is cut, altered or not
understood is compiled anew and replaced; where nothing can be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from countlab.engines.openvino.library import openvino

_VERSION = 1  # to be raised when graphs are prepared otherwise before they are compiled
_MAX_KEPT = 4  # of one graph: precisions, and machines that share the folder
_DIGEST_BYTES = 32


def load_or_compile(
    core: openvino.Core,
    prepare: Callable[[], openvino.Model],
    properties: Mapping[str, str],
    *,
    graph: Path | bytes,
    preparation: object,
) -> openvino.CompiledModel:
    """`prepare` makes the network to compile; `preparation` is what its result depends on."""
    kept = _path(core, graph, (*sorted(properties.items()), preparation))
    if kept is not None and (compiled := _load(core, kept, properties)) is not None:
        return compiled
    compiled = core.compile_model(prepare(), "CPU", dict(properties))
    if kept is not None:
        _keep(compiled, kept)
    return compiled


def _path(core: openvino.Core, graph: Path | bytes, facts: object) -> Path | None:
    """None where the graph itself could not be kept either."""
    if isinstance(graph, bytes):
        return None
    content = hashlib.sha256(graph.read_bytes()).hexdigest()
    processor = core.get_property("CPU", "FULL_DEVICE_NAME")
    abilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    key = repr((_VERSION, content, openvino.__version__, processor, sorted(abilities), facts))
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    folder = graph.parent if graph.parent.name == ".converted" else graph.parent / ".converted"
    return folder / f"{graph.stem}-{digest}.compiled"


def _load(
    core: openvino.Core, kept: Path, properties: Mapping[str, str]
) -> openvino.CompiledModel | None:
    """None where there is no such file, or where it is not what was written."""
    try:
        data = kept.read_bytes()
    except OSError:
        return None
    digest, network = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if hashlib.sha256(network).digest() != digest:
        return None
    try:
        return core.import_model(io.BytesIO(network), "CPU", dict(properties))
    except RuntimeError:
        return None


def _keep(compiled: openvino.CompiledModel, kept: Path) -> None:
    """Written whole beside its place, then moved there: no process reads half a file."""
    part = kept.with_suffix(f".{os.getpid()}.part")
    try:
        buffer = io.BytesIO()
        compiled.export_model(buffer)
        network = buffer.getvalue()
        kept.parent.mkdir(exist_ok=True)
        part.write_bytes(hashlib.sha256(network).digest() + network)
        part.replace(kept)
        _forget_older(kept)
    except (OSError, RuntimeError):  # a full disk, a read-only folder, an unsupported export
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _forget_older(kept: Path) -> None:
    stem = kept.name.rpartition("-")[0]
    found = sorted(kept.parent.glob(f"{stem}-*.compiled"), key=lambda path: path.stat().st_mtime)
    for older in found[:-_MAX_KEPT]:
        older.unlink(missing_ok=True)
